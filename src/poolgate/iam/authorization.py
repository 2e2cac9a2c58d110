"""May this caller do that? Every signed call comes through `authorize`."""

from collections.abc import Mapping
from types import MappingProxyType

from poolgate.foundation.failure import Failure
from poolgate.iam import user_policies
from poolgate.policy.access import AccessRequest, request_context
from poolgate.policy.decisions import PolicySet, decide, denial_text
from poolgate.policy.documents import parse_policy
from poolgate.policy.principal import Principal, PrincipalType
from poolgate.store.call import Call

_NO_CONTEXT: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class AccessDenied(Failure):
    """The caller's policies do not allow the action. Facts: message, in AWS's words."""


def authorize(
    call: Call,
    *,
    action: str,
    resource: str,
    context: Mapping[str, tuple[str, ...]] = _NO_CONTEXT,
) -> None:
    """Raise AccessDenied unless the caller of `call` may do `action` on `resource`.

    `context` holds the condition keys of the action's own service.
    """
    principal = call.principal
    if principal is None:
        raise ValueError("an unsigned call has nobody to authorise")
    if principal.is_root:
        # The root has no policies of its own, and nothing here limits it.
        return
    global_context = request_context(
        principal,
        now=call.now,
        source_address=call.source_address,
        secure=call.secure_transport,
        region=call.region,
        user_agent=call.user_agent,
    )
    decision = decide(
        PolicySet(
            identity=tuple(
                parse_policy(iam_policy.document, name=iam_policy.name)
                for iam_policy in policies_of(call, principal)
            )
        ),
        AccessRequest(
            principal=principal,
            action=action,
            resource=resource,
            context={**context, **global_context},
        ),
    )
    if not decision.allowed:
        raise AccessDenied(message=denial_text(decision, principal.arn, action, resource))


def policies_of(call: Call, principal: Principal) -> tuple[user_policies.UserPolicy, ...]:
    """Return the identity policies that speak for a principal."""
    if principal.type is not PrincipalType.USER:
        return ()
    with call.db.reading() as transaction:
        return user_policies.of_user(transaction, principal.user_id)
