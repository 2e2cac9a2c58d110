"""The SRP steps of a sign-in: a challenge for a user or for nobody, and the proof that answers it.

Users without an SRP verifier, and names without a user where that must not show, get a challenge
like any other; it cannot be answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from poolgate.credentials import srp
from poolgate.credentials.srp import OpenedBlock, Verifier
from poolgate.store.call import Call
from poolgate.userpools import passwords, usernames, users
from poolgate.userpools.pools import UserPool
from poolgate.userpools.situations import Situation
from poolgate.userpools.stored_passwords import PasswordScheme
from poolgate.userpools.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A client's proof, as it was sent."""

    signature: str
    secret_block: str
    timestamp: str


@dataclass(frozen=True, slots=True)
class SrpChallenge:
    """The parameters of PASSWORD_VERIFIER, and the identity of the block among them."""

    parameters: Mapping[str, str]
    block_digest: bytes


def challenge(
    call: Call, situation: Situation, srp_a: str, *, is_part: bool = False
) -> SrpChallenge:
    """Return the server's half of an exchange; raise SrpPublicValueRefused."""
    whom = _whom(call, situation)
    begun = srp.begin(
        call.vault,
        pool_id=situation.pool.pool_id,
        client_id=situation.app_client.client_id,
        whom=whom,
        srp_a=srp_a,
        now=call.now,
        carried=situation.device_key or "",
        is_part=is_part,
        target_level=situation.target_level,
    )
    return SrpChallenge(
        {
            "SALT": begun.salt,
            "SECRET_BLOCK": begun.secret_block,
            "SRP_B": begun.srp_b,
            "USERNAME": whom.user_id,
            "USER_ID_FOR_SRP": whom.user_id,
        },
        begun.digest,
    )


def open_block(call: Call, situation: Situation, secret_block: str) -> OpenedBlock:
    """Return the exchange that a client answers; raise WrongPassword."""
    return srp.open_secret_block(
        call.vault,
        secret_block,
        pool_id=situation.pool.pool_id,
        client_id=situation.app_client.client_id,
        now=call.now,
        lifetime_seconds=situation.app_client.auth_session_seconds,
    )


def verify(call: Call, situation: Situation, block: OpenedBlock, claim: Claim) -> None:
    """Raise WrongPassword unless the client knows the password. Slow: outside transactions."""
    user = situation.user
    whom = _verifier_of(call, situation.pool, user) if user else None
    srp.verify_claim(
        block,
        whom or srp.nobody(call.vault, situation.pool.pool_id, block.exchange.user_id),
        signature=claim.signature,
        timestamp=claim.timestamp,
        now=call.now,
    )


def _whom(call: Call, situation: Situation) -> Verifier:
    pool, user = situation.pool, situation.user
    verifier = _verifier_of(call, pool, user) if user else None
    if verifier and not situation.hides_user_existence:
        return verifier
    # Made up for users as well, as is the work for others: the time must not tell who is one.
    if verifier is None:
        passwords.work_as_unsealing(call)
    made_up = srp.nobody(call.vault, pool.pool_id, users.username_key(pool, situation.login_name))
    return verifier or Verifier(
        user_id=user_id_of(situation),
        # A block with no sub in it would be shorter than others, and so tell who has no account.
        sub=situation.stand_in,
        salt=made_up.salt,
        verifier=made_up.verifier,
    )


def user_id_of(situation: Situation) -> str:
    """Return the user's username, or what a user of that name would be called.

    Real users are challenged by their username, so a made-up id stands only where the name typed
    is an address and not the username.
    """
    if situation.user:
        return situation.user.username
    if usernames.is_address(situation.pool, situation.login_name):
        return situation.stand_in
    return situation.login_name


def _verifier_of(call: Call, pool: UserPool, user: User) -> Verifier | None:
    if user.password is None or user.password.scheme is not PasswordScheme.SRP:
        return None
    return Verifier(
        user_id=user.username,
        sub=user.sub,
        salt=user.password.salt,
        verifier=passwords.unseal(call, pool, user.sub, user.password),
    )
