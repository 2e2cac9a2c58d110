"""The registry of built operations: what each needs of its caller and what it acts on.

Each service's package makes one `Registrar`; its modules decorate their functions. Importing the
package fills the registry. A second registration of a name stops the start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from poolgate.policy.statements import Policy
from poolgate.store.call import Call

Shape = Mapping[str, Any]
Run = TypeVar("Run", bound=Callable[..., Any])
ResourceOf = Callable[[Call, Any], str]
ContextOf = Callable[[Call, Any], Mapping[str, tuple[str, ...]]]
ResourcePolicyOf = Callable[[Call, Any], Policy | None]


class Authentication(Enum):
    """What an operation asks of its caller."""

    SIGV4 = "SigV4 signature, authorised by IAM policy"
    ACCESS_TOKEN = "user's access token in the request"  # noqa: S105 - a kind, not a secret
    OPTIONAL_SIGV4 = "SigV4 signature, or the request proves itself"
    NONE = "nothing; the request proves itself"


@dataclass(frozen=True, slots=True)
class Operation:
    """One built operation.

    `run(call, request)` returns the response shape, or None where the model has no output; an
    ACCESS_TOKEN operation is `run(call, request, signed_in)`, with the token verified before.
    `resource_of` gives the ARN that IAM policies are matched with, `context_of` the condition keys
    of the service, `resource_policy_of` the policy of the resource itself. `needs_permission` is
    False for the few signed operations that every caller may use, or that ask for their permissions
    themselves.
    """

    service: str
    name: str
    authentication: Authentication
    run: Callable[..., Any]
    resource_of: ResourceOf
    context_of: ContextOf
    resource_policy_of: ResourcePolicyOf
    needs_permission: bool


class Registrar:
    """Collects the operations of one service."""

    def __init__(
        self,
        service: str,
        *,
        resource_of: ResourceOf,
        context_of: ContextOf | None = None,
        resource_policy_of: ResourcePolicyOf | None = None,
    ) -> None:
        self.service = service
        self.operations: dict[str, Operation] = {}
        self._resource_of = resource_of
        self._context_of = context_of or no_context
        self._resource_policy_of = resource_policy_of or no_resource_policy

    def operation(
        self,
        name: str,
        *,
        authentication: Authentication,
        resource_of: ResourceOf | None = None,
        context_of: ContextOf | None = None,
        needs_permission: bool = True,
    ) -> Callable[[Run], Run]:
        """Register the decorated function as the operation `name`."""

        def register(run: Run) -> Run:
            if name in self.operations:
                raise ValueError(f"{self.service}:{name} is registered twice")
            self.operations[name] = Operation(
                service=self.service,
                name=name,
                authentication=authentication,
                run=run,
                resource_of=resource_of or self._resource_of,
                context_of=context_of or self._context_of,
                resource_policy_of=self._resource_policy_of,
                needs_permission=needs_permission,
            )
            return run

        return register


def any_resource(_call: Call, _request: Shape) -> str:
    """Return `*`, for operations on no resource in particular."""
    return "*"


def no_context(_call: Call, _request: Shape) -> Mapping[str, tuple[str, ...]]:
    """Return no condition keys, for services without any of their own."""
    return {}


def no_resource_policy(_call: Call, _request: Shape) -> Policy | None:
    """Return None, for services whose resources have no policies."""
    return None
