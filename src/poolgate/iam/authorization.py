"""May this caller do that? Every signed call comes through `authorize`."""

from collections.abc import Mapping
from types import MappingProxyType

from poolgate.foundation.failure import Failure
from poolgate.store.call import Call

_NO_CONTEXT: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class AccessDenied(Failure):
    """The caller's policies do not allow the action. Facts: message, in AWS's words."""


def authorize(
    call: Call,
    *,
    action: str,
    resource: str,
    context: Mapping[str, tuple[str, ...]] = _NO_CONTEXT,  # noqa: ARG001 - policies that read it arrive with the policy room
) -> None:
    """Raise AccessDenied unless the caller of `call` may do `action` on `resource`."""
    principal = call.principal
    if principal is None:
        raise ValueError("an unsigned call has nobody to authorise")
    if principal.is_root:
        return
    raise AccessDenied(
        message=f"User: {principal.arn} is not authorized to perform: {action} on resource: "
        f"{resource} because no identity-based policy allows the {action} action"
    )
