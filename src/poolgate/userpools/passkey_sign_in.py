"""Passkeys as the first factor of a sign-in: what is asked for, and the proof that comes back.

A name that nobody has holds made-up passkeys, the same each time, or none, as users do. Their
proofs are looked at as others are, and never accepted.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from poolgate.credentials import passkeys as ceremonies
from poolgate.credentials.cose_keys import SignatureRefused
from poolgate.credentials.passkeys import (
    ChallengeMismatch,
    CounterWentBack,
    KeptCredential,
    OriginNotAllowed,
    PasskeyMalformed,
    ProvenAssertion,
    RelyingParty,
    RelyingPartyMismatch,
    UserNotVerified,
)
from poolgate.foundation.failure import Failure
from poolgate.jose.base64url import encode_base64url
from poolgate.store.call import Call
from poolgate.userpools import account_events, log_delivery, passkeys
from poolgate.userpools.auth_sessions import Door, PresentedAuthSession
from poolgate.userpools.challenges import Factor, may_passkey_count_twice
from poolgate.userpools.passkey_responses import PasskeyResponse, parse_assertion
from poolgate.userpools.passkey_settings import NO_PASSKEY_SETTINGS
from poolgate.userpools.passkeys import Passkey, PasskeyUse, RelyingPartyMissing
from poolgate.userpools.pools import UserPool
from poolgate.userpools.sign_in_progress import Progress, count_failure
from poolgate.userpools.situations import Situation
from poolgate.userpools.users import User


class PasskeyRefused(Failure):
    """The proof is none of a passkey of the user for this challenge."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a passkey is to sign, and the challenge's parameters that say so."""

    challenge: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)


def held(call: Call, situation: Situation) -> Sequence[Passkey]:
    """Return the passkeys that the sign-in could begin with; nobody's are made up."""
    pool = situation.pool
    if not passkeys.is_enabled(pool):
        return ()
    with call.db.reading() as transaction:
        try:
            relying_party = passkeys.relying_party(call, transaction, pool)
        except RelyingPartyMissing:
            return ()
        found = passkeys.of_user(transaction, pool.pool_id, situation.stand_in)
    if situation.user is None:
        return _made_up(call, situation, relying_party)
    relying_party_id = relying_party.relying_party_id
    return [passkey for passkey in found if passkey.relying_party_id == relying_party_id]


def ask(situation: Situation, choices: Sequence[Passkey]) -> Asked:
    """Return what one of these passkeys is to sign; nothing where there is none."""
    if not choices:
        return Asked()
    challenge = ceremonies.new_challenge()
    options = render_options(
        situation.pool,
        choices[0].relying_party_id,
        choices,
        challenge,
        situation.app_client.auth_session_seconds * 1000,
    )
    return Asked(challenge, {"CREDENTIAL_REQUEST_OPTIONS": options})


def render_options(
    pool: UserPool,
    relying_party_id: str,
    choices: Sequence[Passkey],
    challenge: bytes,
    timeout_millis: int,
) -> str:
    """Return what a browser needs to have one of these passkeys sign the challenge.

    Without choices any passkey will do that the browser has for the relying party.
    """
    settings = pool.passkeys or NO_PASSKEY_SETTINGS
    # AWS API_RespondToAuthChallenge: a PublicKeyCredentialRequestOptionsJSON of WebAuthn 3.
    options = {
        "challenge": encode_base64url(challenge).decode(),
        "timeout": timeout_millis,
        "rpId": relying_party_id,
        "allowCredentials": [
            {
                "type": "public-key",
                "id": passkey.shown_id,
                **({"transports": passkey.transports} if passkey.transports else {}),
            }
            for passkey in choices
        ],
        "userVerification": settings.asks_for,
    }
    return msgspec.json.encode(options).decode()


def prove(
    call: Call,
    situation: Situation,
    choices: Sequence[Passkey],
    credential: str,
    *,
    door: Door,
    challenge: bytes,
    answered: PresentedAuthSession | None,
) -> Progress:
    """Return the sign-in with one of these passkeys proven; a wrong proof is counted.

    The auth session, if there is one, stays usable after a wrong one. Raises PasskeyMalformed for
    what is no proof at all, PasskeyRefused or LockedOut.
    """
    response = parse_assertion(credential)
    try:
        user, proven = _proven(call, situation, choices, response, challenge)
    except PasskeyRefused:
        with call.db.writing() as transaction:
            count_failure(transaction, call, situation)
            event = account_events.record_refusal(transaction, call, situation, is_password=False)
        log_delivery.tell(call, situation.pool, situation.user, event)
        raise
    factors = {Factor.WEB_AUTHN}
    if proven.is_user_verified and may_passkey_count_twice(user, situation.pool):
        factors.add(Factor.USER_VERIFICATION)
    return Progress(
        situation=situation,
        user=user,
        door=door,
        proven=frozenset(factors),
        answered=answered,
        passkey_use=PasskeyUse(response.credential_id, proven.sign_count),
    )


def _proven(
    call: Call,
    situation: Situation,
    choices: Sequence[Passkey],
    response: PasskeyResponse,
    challenge: bytes,
) -> tuple[User, ProvenAssertion]:
    by_id = {passkey.credential_id: passkey for passkey in choices}
    passkey = by_id.get(response.credential_id)
    # SPEC WebAuthn 3 s7.2: the user is known by name, so a handle may be left out.
    is_meant = response.user_handle in {None, situation.stand_in.encode()}
    if passkey is None or not is_meant or not challenge:
        raise PasskeyRefused(private_detail="another passkey or another user")
    with call.db.reading() as transaction:
        relying_party = passkeys.relying_party(call, transaction, situation.pool)
    try:
        proven = ceremonies.verify_assertion(
            response.assertion, challenge, relying_party, passkey.kept
        )
    except _REFUSALS as refusal:
        raise PasskeyRefused from refusal
    if situation.user is None:
        raise PasskeyRefused(private_detail="nobody")
    return situation.user, proven


# Which of them it was is for the log: the answer is the same for a user and for nobody.
_REFUSALS = (
    PasskeyMalformed,
    ChallengeMismatch,
    OriginNotAllowed,
    RelyingPartyMismatch,
    UserNotVerified,
    SignatureRefused,
    CounterWentBack,
)

# SPEC WebAuthn 3 s16.1: a point of the curve, so that a proof for nobody takes the same time.
_SOMEBODYS_KEY = bytes.fromhex(
    "a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df6122582093"
    "0a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220"
)


def _made_up(call: Call, situation: Situation, relying_party: RelyingParty) -> Sequence[Passkey]:
    """Return what somebody of that name could hold, the same each time: no passkey, or one."""
    name = f"{situation.pool.pool_id}\0{situation.stand_in}".encode()
    drawn = hmac.digest(call.vault.derived_key("made-up passkey"), name, "sha256")
    # Half of the names hold none: neither answer tells whether there is such a user.
    if drawn[0] % 2:
        return ()
    return [
        Passkey(
            # As long as those of the most used password managers.
            credential_id=drawn[1:21],
            relying_party_id=relying_party.relying_party_id,
            kept=KeptCredential(public_key=_SOMEBODYS_KEY, sign_count=0, is_backup_eligible=True),
            name="",
            attachment=None,
            transports=("hybrid", "internal"),
            created_at=0,
        )
    ]
