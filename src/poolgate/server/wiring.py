"""Wires the rooms: a database, a master key and settings become one `Installation`.

The first start decides what stays for good: the account id, whose master key this data is sealed
under, and the root's access key.
"""

import base64
from dataclasses import dataclass

from poolgate.credentials.sealing import UnsealingFailed, Vault
from poolgate.delivery.queue import Medium
from poolgate.foundation.clock import Clock, epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccessKeyId, AccountId, Region
from poolgate.foundation.secret import Secret
from poolgate.iam.access_keys import create_root_access_key
from poolgate.outbound.documents import HttpDocuments
from poolgate.store import installation as decided
from poolgate.store.call import ActivityLog, BreachedPasswords, Documents, Functions
from poolgate.store.database import Database
from poolgate.store.key_stock import KeyStock
from poolgate.wire.installation import Installation

_MASTER_KEY_PROOF, _STARTED = "master_key_proof", "first_start_finished"
_PURPOSE = "master key proof"


class MasterKeyForeign(Failure):
    """The data was sealed under another master key than the one given."""


@dataclass(frozen=True, slots=True)
class RootAccessKey:
    """The root's access key, shown at the first start only."""

    access_key_id: AccessKeyId
    secret_access_key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What settings decide about an installation.

    INVARIANT: `dev` must not listen on anything but loopback.
    """

    region: Region
    issuer_base: str | None
    public_url: str
    functions: Functions
    breached_passwords: BreachedPasswords
    activity_log: ActivityLog
    account_id: AccountId | None = None
    dev: bool = False
    strict_oauth: bool = False
    media: frozenset[Medium] = frozenset()
    documents: Documents | None = None


def make_installation(
    db: Database, vault: Vault, clock: Clock, key_stock: KeyStock, choices: Choices
) -> Installation:
    """Return the installation of a database whose schema is current.

    Raises MasterKeyForeign and AccountIdDiffers before anything is served.
    """
    _verify_master_key(db, vault)
    account_id = decided.ensure_account_id(db, choices.account_id)
    return Installation(
        db=db,
        vault=vault,
        clock=clock,
        account_id=account_id,
        region=choices.region,
        issuer_base=choices.issuer_base,
        public_url=choices.public_url.rstrip("/"),
        key_stock=key_stock,
        functions=choices.functions,
        documents=choices.documents or HttpDocuments(),
        breached_passwords=choices.breached_passwords,
        activity_log=choices.activity_log,
        media=frozenset(medium.value for medium in choices.media),
        strict_oauth=choices.strict_oauth,
        dev=choices.dev,
    )


def first_root_access_key(installation: Installation) -> RootAccessKey | None:
    """Return the root's access key until `finish_first_start` was called, then None."""
    with installation.db.reading() as transaction:
        if decided.find(transaction, _STARTED) is not None:
            return None
    now_millis = epoch_millis(installation.clock.now())
    access_key_id, secret_access_key = create_root_access_key(
        installation.db, installation.vault, now_millis
    )
    return RootAccessKey(access_key_id, secret_access_key)


def finish_first_start(installation: Installation) -> None:
    """Remember that the operator has the root's access key."""
    with installation.db.writing() as transaction:
        decided.remember(transaction, _STARTED, "yes")


def _verify_master_key(db: Database, vault: Vault) -> None:
    """Raise MasterKeyForeign unless this master key sealed the data; fresh data becomes its own."""
    proof = base64.b64encode(vault.seal(b"poolgate", purpose=_PURPOSE, bound_to="")).decode()
    with db.writing() as transaction:
        decided.remember(transaction, _MASTER_KEY_PROOF, proof)
        kept = decided.find(transaction, _MASTER_KEY_PROOF) or ""
    try:
        vault.unseal(base64.b64decode(kept), purpose=_PURPOSE, bound_to="")
    except UnsealingFailed as failure:
        raise MasterKeyForeign from failure
