"""Proving a password during a sign-in: as it is, or by SRP."""

from dataclasses import replace

from poolgate.credentials.passwords import WrongPassword
from poolgate.credentials.srp import OpenedBlock
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import begun_sign_in, lockout, passwords, situations, srp_proofs
from poolgate.userpools.auth_sessions import AuthSessionInvalid, Door, PresentedAuthSession
from poolgate.userpools.begun_sign_in import Begun
from poolgate.userpools.challenge_answers import Answer, means
from poolgate.userpools.challenges import Challenge, Factor
from poolgate.userpools.issued_challenges import ChallengeIssued
from poolgate.userpools.sign_in_progress import Progress, proven_user
from poolgate.userpools.situations import Situation
from poolgate.userpools.spent_proofs import SpentProof
from poolgate.userpools.users import UserDisabled, UserNotFound


def verify_known(situation: Situation) -> None:
    """Raise for a missing or disabled user, unless that must not show before the password is."""
    if situation.hides_user_existence:
        return
    if situation.user is None:
        raise UserNotFound
    if not situation.user.enabled:
        raise UserDisabled


def prove(
    call: Call,
    situation: Situation,
    password: Secret,
    *,
    door: Door,
    answered: PresentedAuthSession | None = None,
) -> Progress:
    """Return the sign-in with the password proven; a wrong one is counted.

    The auth session that asked for it stays usable after a wrong one.
    """
    user = proven_user(
        call, situation, lambda: passwords.verify(call, situation.pool, situation.user, password)
    )
    return Progress(
        situation=situation,
        user=passwords.kept_anew(call, situation.pool, user, password),
        door=door,
        proven=frozenset({Factor.PASSWORD}),
        password=password,
        answered=answered,
    )


def begin_srp(call: Call, situation: Situation, srp_a: str) -> ChallengeIssued:
    """Return the server's half of an exchange; raise SrpPublicValueRefused."""
    return ChallengeIssued(
        challenge=Challenge.PASSWORD_VERIFIER,
        parameters=srp_proofs.challenge(call, situation, srp_a).parameters,
    )


def prove_by_srp(call: Call, asker: Situation, answer: Answer) -> Progress:
    """Return the sign-in with the password proven by SRP; a wrong proof is counted."""
    responses = answer.responses
    claim = srp_proofs.Claim(
        signature=responses["PASSWORD_CLAIM_SIGNATURE"],
        secret_block=responses["PASSWORD_CLAIM_SECRET_BLOCK"],
        timestamp=responses["TIMESTAMP"],
    )
    block = srp_proofs.open_block(call, asker, claim.secret_block)
    custom, presented = None, None
    if block.exchange.is_part:
        begun = _custom_sign_in_of(call, asker, answer, block)
        situation, presented = begun.situation, begun.answered
        custom = begun.custom and begun.custom.after(answer.challenge, succeeded=True)
    else:
        situation = situations.about(call, asker, block.exchange.sub or asker.stand_in)
        situation = situation.carrying_device(block.exchange.carried)
        situation = replace(situation, target_level=block.exchange.target_level)
    lockout.verify_open(situation.failures, call.now_millis)
    verify_known(situation)
    lifetime = situation.app_client.auth_session_seconds * 1000
    spent_proof = SpentProof(block.digest, block.exchange.begun_at + lifetime)
    user = proven_user(
        call,
        situation,
        lambda: srp_proofs.verify(call, situation, block, claim),
        spent_proof=spent_proof,
    )
    if not means(situation.pool, user, responses["USERNAME"]):
        raise WrongPassword
    return Progress(
        situation=situation,
        user=user,
        door=answer.door,
        proven=frozenset({Factor.PASSWORD}),
        spent_proof=spent_proof,
        answered=presented,
        custom=custom,
    )


def _custom_sign_in_of(call: Call, asker: Situation, answer: Answer, block: OpenedBlock) -> Begun:
    """Return the sign-in that an exchange is part of; raise AuthSessionInvalid for any other.

    INVARIANT: such an exchange proves nothing outside of it, so nobody passes by the pool's
    functions.
    """
    begun = begun_sign_in.resume(call, asker, answer, challenges=frozenset({answer.challenge}))
    if begun.custom is None or begun.custom.block_digest != block.digest:
        raise AuthSessionInvalid
    return begun
