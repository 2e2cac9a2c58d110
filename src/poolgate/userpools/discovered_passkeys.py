"""Signing in with a passkey that says whose it is: at the login pages nobody needs to type a name.

    offer ──> options for the browser, and what was asked, sealed ──> find ──> prove, once

Nothing is stored for pages that are only looked at: what was asked travels with the page.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, replace

import msgspec

from poolgate.credentials import passkeys as ceremonies
from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.ids import ClientId, Sub
from poolgate.store.call import Call
from poolgate.userpools import (
    first_factors,
    passkey_sign_in,
    passkeys,
    situations,
    step_up,
)
from poolgate.userpools.auth_flows import Attempt, AuthFlow
from poolgate.userpools.auth_sessions import AuthSessionExpired, AuthSessionInvalid, Door
from poolgate.userpools.challenges import Challenge
from poolgate.userpools.passkey_responses import parse_assertion
from poolgate.userpools.passkey_sign_in import PasskeyRefused
from poolgate.userpools.passkeys import Passkey, PasskeysNotEnabled, RelyingPartyMissing
from poolgate.userpools.pools import UserPool
from poolgate.userpools.sign_in_progress import Progress
from poolgate.userpools.situations import Situation
from poolgate.userpools.spent_proofs import SpentProof

# As long as somebody may look at a page before going on.
LIFETIME_MILLIS = 15 * 60 * 1000
_PURPOSE = "passkey of the login page"


@dataclass(frozen=True, slots=True)
class Offered:
    """What a browser needs to use a passkey, and what was asked, for the answer to bring back."""

    options: str
    sealed: str


@dataclass(frozen=True, slots=True)
class Found:
    """Whose passkey answered, before it is known whether it did so rightly."""

    situation: Situation
    held: tuple[Passkey, ...]
    credential: str
    challenge: bytes
    spent_proof: SpentProof


class _Asked(msgspec.Struct, frozen=True, array_like=True):
    client_id: ClientId
    challenge: bytes
    expires_at: int


def offer(call: Call, pool: UserPool, client_id: ClientId) -> Offered | None:
    """Return what lets any passkey of the pool sign in to the app client, if there can be one."""
    with call.db.reading() as transaction:
        try:
            relying_party = passkeys.relying_party(call, transaction, pool)
        except (PasskeysNotEnabled, RelyingPartyMissing):
            return None
    asked = _Asked(client_id, ceremonies.new_challenge(), call.now_millis + LIFETIME_MILLIS)
    sealed = call.vault.seal(msgspec.msgpack.encode(asked), purpose=_PURPOSE, bound_to=pool.pool_id)
    return Offered(
        passkey_sign_in.render_options(
            pool, relying_party.relying_party_id, (), asked.challenge, LIFETIME_MILLIS
        ),
        base64.urlsafe_b64encode(sealed).decode(),
    )


def find(
    call: Call, client_id: ClientId, sealed: str, credential: str, *, acr_values: str
) -> Found:
    """Return whose passkey answered what a page of the app client asked.

    Raises PasskeyMalformed, PasskeyRefused where it is nobody's or not enough to begin with,
    AuthSessionInvalid and AuthSessionExpired.
    """
    asker = situations.read(call, client_id, at_pages=True)
    asked, digest = _opened(call, asker, sealed)
    handle = parse_assertion(credential).user_handle
    try:
        sub = Sub((handle or b"").decode("ascii"))
    except UnicodeDecodeError as error:
        raise PasskeyRefused from error
    situation = situations.about(call, asker, sub)
    user = situation.user
    if user is None:
        # Who exists is not told by that: the ids of users are random.
        raise PasskeyRefused(private_detail="nobody")
    held = tuple(passkey_sign_in.held(call, situation))
    choices = first_factors.offered(situation.pool, user, has_passkey=bool(held))
    if Challenge.WEB_AUTHN not in choices:
        raise PasskeyRefused(private_detail="not enough to begin with")
    attempt = Attempt(door=Door.PAGES, flow=AuthFlow.USER_AUTH, target_acr_values=acr_values)
    level = step_up.level_at_pages(situation, attempt, choices)
    return Found(
        replace(situation, login_name=user.username, target_level=level),
        held,
        credential,
        asked.challenge,
        SpentProof(digest, asked.expires_at),
    )


def prove(call: Call, found: Found) -> Progress:
    """Return the sign-in with the passkey proven; an answer counts once.

    Raises what `passkey_sign_in.prove` raises.
    """
    progress = passkey_sign_in.prove(
        call,
        found.situation,
        found.held,
        found.credential,
        door=Door.PAGES,
        challenge=found.challenge,
        answered=None,
    )
    return replace(progress, spent_proof=found.spent_proof)


def _opened(call: Call, asker: Situation, sealed: str) -> tuple[_Asked, bytes]:
    try:
        raw = base64.urlsafe_b64decode(sealed.encode("ascii"))
        opened = call.vault.unseal(raw, purpose=_PURPOSE, bound_to=asker.pool.pool_id)
    except (ValueError, binascii.Error, UnsealingFailed) as error:
        raise AuthSessionInvalid from error
    asked = msgspec.msgpack.decode(opened, type=_Asked)
    if asked.client_id != asker.app_client.client_id:
        raise AuthSessionInvalid
    if call.now_millis >= asked.expires_at:
        raise AuthSessionExpired
    return asked, hashlib.sha256(asked.challenge).digest()
