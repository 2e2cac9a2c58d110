"""May this caller do that? Every signed call comes through `authorize`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from poolgate.foundation.failure import Failure
from poolgate.iam import authorization_messages, managed_policies
from poolgate.iam import temporary_keys as temporary
from poolgate.iam.inline_policies import NamedDocument
from poolgate.iam.owned_documents import read_documents
from poolgate.iam.temporary_keys import SessionKind, TemporaryKey
from poolgate.policy.access import AccessRequest, request_context
from poolgate.policy.decisions import Decision, PolicySet, decide, denial_text
from poolgate.policy.documents import parse_policy
from poolgate.policy.principal import Principal, PrincipalType
from poolgate.policy.statements import Policy
from poolgate.store.call import Call
from poolgate.store.database import Transaction

_NO_CONTEXT: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class AccessDenied(Failure):
    """The caller's policies do not allow the action. Facts: message, in AWS's words.

    `encoded_message` tells why, to those only who may decode it; empty where nobody decided.
    """

    def __init__(self, message: str, *, encoded_message: str = "") -> None:
        super().__init__(message=message)
        self.encoded_message = encoded_message


@dataclass(frozen=True, slots=True)
class PrincipalPolicies:
    """The documents that speak for and against a principal; `session` is None where none limits.

    A guard gets them to evaluate them itself.
    """

    identity: tuple[NamedDocument, ...] = ()
    boundary: NamedDocument | None = None
    session: tuple[NamedDocument, ...] | None = None

    @property
    def documents(self) -> tuple[NamedDocument, ...]:
        """All of them, whatever they say."""
        boundary = () if self.boundary is None else (self.boundary,)
        return (*self.identity, *boundary, *(self.session or ()))

    def compiled(
        self, *, resource: Policy | None = None, resource_must_allow: bool = False
    ) -> PolicySet:
        """Return them in the form that decides, beside the policy of a resource."""
        return PolicySet(
            identity=_compiled(self.identity),
            resource=resource,
            boundary=None if self.boundary is None else _compiled((self.boundary,))[0],
            session=None if self.session is None else _compiled(self.session),
            resource_must_allow=resource_must_allow,
        )


def authorize(
    call: Call,
    *,
    action: str,
    resource: str,
    context: Mapping[str, tuple[str, ...]] = _NO_CONTEXT,
    resource_policy: Policy | None = None,
) -> None:
    """Raise AccessDenied unless the caller of `call` may do `action` on `resource`.

    `context` holds the condition keys of the action's own service, `resource_policy` is that of the
    resource where it has one.
    """
    principal = _principal(call)
    _verify_within_session(principal, action, resource)
    if principal.is_root and resource_policy is None:
        # The root has no policies of its own, and nothing here limits it.
        return
    policies = policies_of(call, principal)
    request = _request(call, action=action, resource=resource, context=context)
    decision = decide(policies.compiled(resource=resource_policy), request)
    if not decision.allowed:
        raise AccessDenied(
            denial_text(decision, principal.arn, action, resource),
            encoded_message=authorization_messages.encode(
                call, decision, request, policies.documents
            ),
        )


def _verify_within_session(principal: Principal, action: str, resource: str) -> None:
    """Raise AccessDenied for what some temporary keys never do, whatever the policies say.

    # AWS id_credentials_temp_request "Comparing": keys of GetSessionToken do not manage IAM unless
    # MFA was shown, and those of federated users never do; neither makes further keys.
    """
    origin = principal.temporary
    service = action.partition(":")[0]
    if origin is None or principal.type is PrincipalType.ASSUMED_ROLE:
        return
    has_mfa = dict(origin.context).get("aws:MultiFactorAuthPresent") == ("true",)
    manages_iam = service == "iam" and not has_mfa
    if service == "sts" or manages_iam:
        raise AccessDenied(
            f"User: {principal.arn} is not authorized to perform: {action}"
            f" on resource: {resource} with these session credentials"
        )


def decision_on(
    call: Call,
    policies: PolicySet,
    *,
    action: str,
    resource: str,
    context: Mapping[str, tuple[str, ...]] = _NO_CONTEXT,
) -> Decision:
    """Return what `policies` decide on a request of the caller of `call`."""
    return decide(policies, _request(call, action=action, resource=resource, context=context))


def _request(
    call: Call, *, action: str, resource: str, context: Mapping[str, tuple[str, ...]]
) -> AccessRequest:
    principal = _principal(call)
    global_context = request_context(
        principal,
        now=call.now,
        source_address=call.source_address,
        secure=call.secure_transport,
        region=call.region,
        user_agent=call.user_agent,
    )
    return AccessRequest(
        principal=principal,
        action=action,
        resource=resource,
        context={**context, **global_context},
    )


def policies_of(call: Call, principal: Principal) -> PrincipalPolicies:
    """Return the policies that speak for a principal and those that limit it, read now."""
    with call.db.reading() as transaction:
        return read_policies(transaction, principal)


def read_policies(transaction: Transaction, principal: Principal) -> PrincipalPolicies:
    """Return the policies that speak for a principal and those that limit it."""
    key = None
    if principal.temporary is not None:
        key = temporary.find(transaction, principal.temporary.access_key_id)
        if key is None:
            # Ended since it was verified: nothing is allowed any more.
            return PrincipalPolicies(session=())
    match principal.type:
        case PrincipalType.USER:
            return of_owner(transaction, principal.user_id)
        case PrincipalType.ASSUMED_ROLE:
            return _of_role_session(transaction, principal, key)
        case PrincipalType.FEDERATED_USER:
            return _of_federated_user(transaction, key)
        case _:
            return PrincipalPolicies()


def of_owner(transaction: Transaction, owner_id: str) -> PrincipalPolicies:
    """Return the policies of a user with its groups, or of a role."""
    identity, boundary = read_documents(transaction, owner_id)
    return PrincipalPolicies(identity=identity, boundary=boundary)


def session_documents(
    transaction: Transaction, key: TemporaryKey
) -> tuple[NamedDocument, ...] | None:
    """Return what limits a session, or None."""
    session = key.session
    if not session.is_limited:
        return None
    inline = tuple(
        NamedDocument(f"session policy {position}", document)
        for position, document in enumerate(session.policies)
    )
    # A managed one that was deleted meanwhile allows nothing any more.
    managed = tuple(
        NamedDocument(arn, managed_policies.document_of(transaction, arn))
        for arn in session.policy_arns
        if managed_policies.find(transaction, arn) is not None
    )
    return (*inline, *managed)


def _of_role_session(
    transaction: Transaction, principal: Principal, key: TemporaryKey | None
) -> PrincipalPolicies:
    if key is None:
        return PrincipalPolicies(session=())
    granted = of_owner(transaction, principal.user_id.partition(":")[0])
    return PrincipalPolicies(
        granted.identity, granted.boundary, session_documents(transaction, key)
    )


def _of_federated_user(transaction: Transaction, key: TemporaryKey | None) -> PrincipalPolicies:
    if key is None or key.session.kind is not SessionKind.FEDERATED_USER:
        return PrincipalPolicies(session=())
    session = session_documents(transaction, key) or ()
    if key.owner_id is None:
        # The root made it: the session policies alone say what it may.
        return PrincipalPolicies(identity=session, session=session)
    granted = of_owner(transaction, key.owner_id)
    return PrincipalPolicies(granted.identity, granted.boundary, session)


def _compiled(documents: Sequence[NamedDocument]) -> tuple[Policy, ...]:
    return tuple(parse_policy(each.document, name=each.name) for each in documents)


def _principal(call: Call) -> Principal:
    if call.principal is None:
        raise ValueError("an unsigned call has nobody to authorise")
    return call.principal
