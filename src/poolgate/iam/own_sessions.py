"""Temporary keys that a user or the root makes for itself, or for somebody it vouches for.

# AWS API_GetSessionToken, API_GetFederationToken
"""

from poolgate.iam import mfa_devices, session_requests, temporary_keys
from poolgate.iam.mfa_devices import MfaProof
from poolgate.iam.session_requests import SessionWishes
from poolgate.iam.temporary_keys import IssuedKeys, RoleSession, SessionKind
from poolgate.policy.principal import Principal
from poolgate.store.call import Call

DEFAULT_SECONDS = 43_200
# AWS: what is longer is lowered silently.
ROOT_SECONDS = 3600


def begin_same_caller(call: Call, *, seconds: int | None, mfa_proof: MfaProof | None) -> IssuedKeys:
    """Return temporary keys of the caller; raise MfaProofWrong."""
    caller = _caller(call)
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()
    if mfa_proof is not None:
        mfa_devices.verify(call, caller, mfa_proof)
        context = (("aws:MultiFactorAuthPresent", ("true",)),)
    session = RoleSession(kind=SessionKind.SAME_CALLER, context=context)
    with call.db.writing() as transaction:
        return temporary_keys.issue(
            transaction,
            call,
            owner_id=_owner_id(caller),
            session=session,
            seconds=_seconds(caller, seconds),
        )


def begin_federated(call: Call, wishes: SessionWishes) -> IssuedKeys:
    """Return keys of a federated user, who may do what both the policies and the caller may."""
    caller = _caller(call)
    session_requests.verify_tags(wishes, {})
    session = RoleSession(
        kind=SessionKind.FEDERATED_USER,
        name=wishes.name,
        is_limited=True,
        policies=wishes.policies,
        policy_arns=wishes.policy_arns,
        tags=wishes.tags,
    )
    with call.db.writing() as transaction:
        session_requests.verify_policies(transaction, wishes)
        return temporary_keys.issue(
            transaction,
            call,
            owner_id=_owner_id(caller),
            session=session,
            seconds=_seconds(caller, wishes.seconds),
        )


def _caller(call: Call) -> Principal:
    if call.principal is None:
        raise ValueError("an unsigned call has no keys of its own")
    return call.principal


def _owner_id(caller: Principal) -> str | None:
    return None if caller.is_root else caller.user_id


def _seconds(caller: Principal, wished: int | None) -> int:
    seconds = wished or DEFAULT_SECONDS
    return min(seconds, ROOT_SECONDS) if caller.is_root else seconds
