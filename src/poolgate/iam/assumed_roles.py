"""Assuming a role: the trust policy and the caller's own policies decide together.

A trust policy that names the caller is enough; one that names the account only lets the caller's
own policies decide. Tags and a source identity are further actions that both sides must allow.
# AWS API_AssumeRole, reference_policies_evaluation-logic
"""

from collections.abc import Mapping
from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Arn
from poolgate.iam import mfa_devices, roles, session_requests, temporary_keys, trust_policies
from poolgate.iam.authorization import AccessDenied, decision_on, policies_of
from poolgate.iam.mfa_devices import MfaProof
from poolgate.iam.roles import Role
from poolgate.iam.session_requests import SessionWishes
from poolgate.iam.signers import session_arn
from poolgate.iam.temporary_keys import IssuedKeys, RoleSession, SessionKind
from poolgate.policy.access import AccessRequest, environment_context
from poolgate.policy.decisions import PolicySet, decide
from poolgate.policy.principal import Principal, PrincipalType
from poolgate.policy.statements import Policy
from poolgate.store.call import Call

ASSUME_ROLE = "sts:AssumeRole"
TAG_SESSION = "sts:TagSession"
SET_SOURCE_IDENTITY = "sts:SetSourceIdentity"

Context = Mapping[str, tuple[str, ...]]


class RootMayNotAssume(Failure):
    """The root assumes no roles."""


class TrustDenied(Failure):
    """The role does not trust what was shown, or there is no such role. Facts: action."""


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """The keys of a role's new session, and what the session is called."""

    keys: IssuedKeys
    arn: Arn
    session_id: str
    source_identity: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VouchedIdentity:
    """Whom an identity provider vouches for.

    `provider` is what trust policies name as Federated; `context` are the condition keys that its
    token gives for the trust policy, `kept_context` those for all requests of the session, the
    same ones where it is None.
    """

    provider: str
    context: Context
    kept_context: Context | None = None
    for_pool_user: bool = False


def assume(
    call: Call,
    role_arn: str,
    wishes: SessionWishes,
    *,
    external_id: str | None = None,
    mfa_proof: MfaProof | None = None,
) -> AssumedRole:
    """Return a session of the role for the signed caller.

    Raise AccessDenied, in the same words for a role that does not exist.
    """
    caller = call.principal
    if caller is None:
        raise ValueError("an unsigned call assumes no role")
    if caller.is_root:
        raise RootMayNotAssume
    if caller.type is PrincipalType.FEDERATED_USER:
        # AWS API_GetFederationToken: these keys call no STS operation but GetCallerIdentity.
        raise _denied(caller, ASSUME_ROLE, role_arn)
    calling = _calling_session(call, caller)
    inherited = session_requests.inherited_tags(calling)
    session_requests.verify_tags(wishes, inherited)
    source_identity = wishes.source_identity or (calling.source_identity if calling else None)
    context: dict[str, tuple[str, ...]] = {
        "sts:RoleSessionName": (wishes.name,),
        **session_requests.tag_context(wishes),
    }
    if external_id is not None:
        context["sts:ExternalId"] = (external_id,)
    if source_identity is not None:
        context["sts:SourceIdentity"] = (source_identity,)
    if mfa_proof is not None:
        mfa_devices.verify(call, caller, mfa_proof)
        context |= {"aws:MultiFactorAuthPresent": ("true",), "aws:MultiFactorAuthAge": ("0",)}
    with call.db.reading() as transaction:
        role = roles.find_by_arn(transaction, call.account_id, role_arn)
    for action in _actions(ASSUME_ROLE, wishes):
        _verify_both_sides(call, caller, role, role_arn, action=action, context=context)
    if role is None:
        raise ValueError("a role that does not exist trusts nobody")
    is_chained = caller.type is PrincipalType.ASSUMED_ROLE
    session = RoleSession(
        kind=SessionKind.ASSUMED_ROLE,
        name=wishes.name,
        is_limited=wishes.is_limited,
        policies=wishes.policies,
        policy_arns=wishes.policy_arns,
        tags=(*inherited.items(), *wishes.tags),
        transitive_tag_keys=(*inherited, *wishes.transitive_tag_keys),
        source_identity=source_identity,
        for_pool_user=calling is not None and calling.for_pool_user,
    )
    seconds = session_requests.session_seconds(wishes.seconds, role, is_chained=is_chained)
    return _begin(call, role, wishes, session, seconds)


def assume_vouched(
    call: Call,
    role_arn: str,
    wishes: SessionWishes,
    vouched: VouchedIdentity,
    *,
    action: str,
    longest_seconds: int | None = None,
) -> AssumedRole:
    """Return a session of the role for one whom an identity provider vouches for.

    `action` is sts:AssumeRoleWithWebIdentity or -WithSAML. Raise TrustDenied.
    """
    session_requests.verify_tags(wishes, {})
    context: dict[str, tuple[str, ...]] = {
        "sts:RoleSessionName": (wishes.name,),
        **session_requests.tag_context(wishes),
        **vouched.context,
    }
    if wishes.source_identity is not None:
        context["sts:SourceIdentity"] = (wishes.source_identity,)
    with call.db.reading() as transaction:
        role = roles.find_by_arn(transaction, call.account_id, role_arn)
    if role is None:
        raise TrustDenied(action=action)
    trust = trust_policies.parse_trust(role.trust_policy)
    for each in _actions(action, wishes):
        if not _trusts(call, trust, vouched.provider, role_arn, action=each, context=context):
            raise TrustDenied(action=each)
    kept = vouched.context if vouched.kept_context is None else vouched.kept_context
    session = RoleSession(
        kind=SessionKind.ASSUMED_ROLE,
        name=wishes.name,
        is_limited=wishes.is_limited,
        policies=wishes.policies,
        policy_arns=wishes.policy_arns,
        tags=wishes.tags,
        transitive_tag_keys=wishes.transitive_tag_keys,
        source_identity=wishes.source_identity,
        context=(*kept.items(), ("aws:FederatedProvider", (vouched.provider,))),
        for_pool_user=vouched.for_pool_user,
    )
    seconds = session_requests.session_seconds(wishes.seconds, role, is_chained=False)
    if longest_seconds is not None:
        seconds = min(seconds, longest_seconds)
    return _begin(call, role, wishes, session, seconds)


def _begin(
    call: Call, role: Role, wishes: SessionWishes, session: RoleSession, seconds: int
) -> AssumedRole:
    with call.db.writing() as transaction:
        # The role may have been deleted, or its trust changed, since it was asked.
        if roles.find_by_id(transaction, role.role_id) is None:
            raise TrustDenied(action=ASSUME_ROLE)
        session_requests.verify_policies(transaction, wishes)
        issued = temporary_keys.issue(
            transaction, call, owner_id=role.role_id, session=session, seconds=seconds
        )
        roles.note_use(transaction, role, call.region, call.now_millis)
    return AssumedRole(
        keys=issued,
        arn=session_arn(call.account_id, role.name, wishes.name),
        session_id=f"{role.role_id}:{wishes.name}",
        source_identity=session.source_identity,
    )


def _actions(assuming: str, wishes: SessionWishes) -> tuple[str, ...]:
    actions = [assuming]
    if wishes.tags:
        actions.append(TAG_SESSION)
    if wishes.source_identity is not None:
        actions.append(SET_SOURCE_IDENTITY)
    return tuple(actions)


def _verify_both_sides(
    call: Call,
    caller: Principal,
    role: Role | None,
    role_arn: str,
    *,
    action: str,
    context: Context,
) -> None:
    if role is not None:
        policies = policies_of(call, caller).compiled(
            resource=trust_policies.parse_trust(role.trust_policy), resource_must_allow=True
        )
        decision = decision_on(call, policies, action=action, resource=role_arn, context=context)
        if decision.allowed:
            return
    raise _denied(caller, action, role_arn)


def _denied(caller: Principal, action: str, role_arn: str) -> AccessDenied:
    # AWS: the reason is not told, or it would tell which roles there are.
    return AccessDenied(
        f"User: {caller.arn} is not authorized to perform: {action} on resource: {role_arn}"
    )


def _trusts(
    call: Call, trust: Policy, provider: str, role_arn: str, *, action: str, context: Context
) -> bool:
    vouched_for = Principal(
        type=PrincipalType.WEB_IDENTITY,
        arn=Arn(provider),
        account_id=call.account_id,
        user_id=provider,
        principal_arn=Arn(provider),
    )
    asked = AccessRequest(
        vouched_for,
        action,
        role_arn,
        {
            **context,
            "aws:FederatedProvider": (provider,),
            # Nobody has signed, so that there are no condition keys of a principal.
            **environment_context(
                now=call.now,
                source_address=call.source_address,
                secure=call.secure_transport,
                region=call.region,
                user_agent=call.user_agent,
            ),
        },
    )
    return decide(PolicySet(resource=trust, resource_must_allow=True), asked).allowed


def _calling_session(call: Call, caller: Principal) -> RoleSession | None:
    if caller.temporary is None:
        return None
    with call.db.reading() as transaction:
        key = temporary_keys.find(transaction, caller.temporary.access_key_id)
    return None if key is None else key.session
