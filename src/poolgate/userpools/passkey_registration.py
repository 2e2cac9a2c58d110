"""New passkeys: a challenge for a user's browser, and the credential that comes back.

    begin ──> creation options (one waits for each user) ──> finish ──> a passkey

The challenge is taken by the registration that succeeds, and by no second one.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from poolgate.credentials import passkeys as ceremonies
from poolgate.credentials.cose_keys import ALGORITHMS
from poolgate.credentials.passkeys import ChallengeMismatch, KeptCredential, RelyingPartyMismatch
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.jose.base64url import encode_base64url
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction
from poolgate.userpools import passkeys, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.passkey_names import name_of
from poolgate.userpools.passkey_responses import NewPasskeyResponse
from poolgate.userpools.passkey_settings import NO_PASSKEY_SETTINGS
from poolgate.userpools.passkeys import Passkey, TooManyPasskeys
from poolgate.userpools.pools import UserPool
from poolgate.userpools.tables import passkey_registrations
from poolgate.userpools.users import User

LIFETIME_MILLIS = 5 * 60 * 1000
_SHOWN_TIMEOUT_MILLIS = 60 * 1000


class RegistrationNotBegun(Failure):
    """No challenge waits for this registration: none was asked for, or it expired or was used."""


class RegistrationOfAnotherClient(Failure):
    """The registration was begun by a user of another app client."""


_PUT = Put(passkey_registrations)
_OF_USER = sa.and_(
    passkey_registrations.c.pool_id == sa.bindparam("of_pool"),
    passkey_registrations.c.sub == sa.bindparam("of_sub"),
)
_GET = sa.select(passkey_registrations).where(_OF_USER)
_CONSUME = sa.delete(passkey_registrations).where(
    _OF_USER, passkey_registrations.c.challenge == sa.bindparam("of_challenge")
)
_PURGE = sa.delete(passkey_registrations).where(
    passkey_registrations.c.expires_at <= sa.bindparam("now")
)


def begin(call: Call, signed_in: SignedIn) -> Mapping[str, object]:
    """Return the options that the user's browser makes a passkey by.

    They take the place of earlier ones. Raises PasskeysNotEnabled, RelyingPartyMissing or
    TooManyPasskeys.
    """
    pool, user = signed_in.pool, signed_in.user
    challenge = ceremonies.new_challenge()
    with call.db.reading() as transaction:
        relying_party = passkeys.relying_party(call, transaction, pool)
    with call.db.writing(about=users.rows_of(user.pool_id, user.sub)) as transaction:
        users.get_to_change(transaction, user.pool_id, user.sub)
        known = passkeys.of_user(transaction, user.pool_id, user.sub)
        if len(known) >= passkeys.MAX_PASSKEYS_OF_A_USER:
            raise TooManyPasskeys
        transaction.put(
            _PUT,
            {
                "pool_id": user.pool_id,
                "sub": user.sub,
                "client_id": signed_in.app_client.client_id,
                "relying_party_id": relying_party.relying_party_id,
                "challenge": challenge,
                "expires_at": call.now_millis + LIFETIME_MILLIS,
            },
        )
    return _creation_options(pool, user, relying_party.relying_party_id, challenge, known)


def finish(call: Call, signed_in: SignedIn, response: NewPasskeyResponse) -> None:
    """Keep the passkey that the user's browser made.

    Raises RegistrationNotBegun, RegistrationOfAnotherClient, PasskeyKnown and what
    `verify_registration` raises; after these the challenge can still be answered rightly.
    """
    pool, user = signed_in.pool, signed_in.user
    with call.db.reading() as transaction:
        relying_party = passkeys.relying_party(call, transaction, pool)
        waiting = transaction.one(_GET, _key(user.pool_id, user.sub))
    if waiting is None or call.now_millis >= waiting.expires_at:
        raise RegistrationNotBegun
    if waiting.client_id != signed_in.app_client.client_id:
        raise RegistrationOfAnotherClient
    if waiting.relying_party_id != relying_party.relying_party_id:
        raise RelyingPartyMismatch
    try:
        made = ceremonies.verify_registration(
            response.registration, waiting.challenge, relying_party
        )
    except ChallengeMismatch as mismatch:
        raise RegistrationNotBegun from mismatch
    passkey = Passkey(
        credential_id=made.credential_id,
        relying_party_id=relying_party.relying_party_id,
        kept=KeptCredential(
            public_key=made.public_key,
            sign_count=made.sign_count,
            is_backup_eligible=made.is_backup_eligible,
        ),
        name=name_of(made.aaguid, response.attachment),
        attachment=response.attachment,
        transports=response.transports,
        created_at=call.now_millis,
    )
    with call.db.writing(about=users.rows_of(user.pool_id, user.sub)) as transaction:
        users.get_to_change(transaction, user.pool_id, user.sub)
        # INVARIANT: one challenge waits for a user, so what `begin` found of the limit holds.
        passkeys.insert(transaction, user, passkey)
        taken = {**_key(user.pool_id, user.sub), "of_challenge": waiting.challenge}
        if not transaction.run(_CONSUME, taken):
            raise RegistrationNotBegun


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget challenges that are too old to be answered."""
    return transaction.run(_PURGE, {"now": now_millis})


def _creation_options(
    pool: UserPool, user: User, relying_party_id: str, challenge: bytes, known: Sequence[Passkey]
) -> Mapping[str, object]:
    settings = pool.passkeys or NO_PASSKEY_SETTINGS
    # AWS API_StartWebAuthnRegistration: a PublicKeyCredentialCreationOptionsJSON of WebAuthn 3.
    return {
        "rp": {"id": relying_party_id, "name": relying_party_id},
        "user": {
            "id": encode_base64url(user.sub.encode()).decode(),
            "name": _known_as(pool, user),
            "displayName": _known_as(pool, user),
        },
        "challenge": encode_base64url(challenge).decode(),
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
        "timeout": _SHOWN_TIMEOUT_MILLIS,
        "excludeCredentials": [{"type": "public-key", "id": passkey.shown_id} for passkey in known],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": settings.asks_for.value,
        },
    }


def _known_as(pool: UserPool, user: User) -> str:
    """Return the name by which a person tells the passkey from those of other accounts."""
    # Where addresses are the usernames, what is stored as username is a number.
    for attribute in pool.username_attributes:
        if address := user.attributes.get(attribute):
            return address
    return user.username


def _key(pool_id: PoolId, sub: Sub) -> dict[str, object]:
    return {"of_pool": pool_id, "of_sub": sub}
