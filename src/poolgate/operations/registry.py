"""The registry of built operations: what each needs of its caller and what it acts on.

Each service's package makes one `Registrar`; its modules decorate their functions. Importing the
package fills the registry. A second registration of a name stops the start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from poolgate.policy.statements import Policy
from poolgate.store.call import Call

Shape = Mapping[str, Any]
Run = TypeVar("Run", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """What policies are asked about a request.

    `resource` is the ARN that they are matched with, `context` holds the condition keys of the
    service, `resource_policy` is the policy of the resource itself.
    """

    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resource_policy: Policy | None = None


ResourceOf = Callable[[Call, Any], str]
ContextOf = Callable[[Call, Any], Mapping[str, tuple[str, ...]]]
AskedOf = Callable[[Call, Any], Asked]


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
    `asked_of` gives what policies are asked. `needs_permission` is False for the few signed
    operations that every caller may use, or that ask for their permissions themselves.
    """

    service: str
    name: str
    authentication: Authentication
    run: Callable[..., Any]
    asked_of: AskedOf
    needs_permission: bool


class Registrar:
    """Collects the operations of one service.

    What is asked is told at once by `asked_of`, or in parts by `resource_of` and `context_of`; an
    operation may tell it in a way of its own.
    """

    def __init__(
        self,
        service: str,
        *,
        resource_of: ResourceOf | None = None,
        context_of: ContextOf | None = None,
        asked_of: AskedOf | None = None,
    ) -> None:
        self.service = service
        self.operations: dict[str, Operation] = {}
        self._resource_of = resource_of or any_resource
        self._context_of = context_of or no_context
        self._asked_of = asked_of

    def operation(
        self,
        name: str,
        *,
        authentication: Authentication,
        resource_of: ResourceOf | None = None,
        context_of: ContextOf | None = None,
        asked_of: AskedOf | None = None,
        needs_permission: bool = True,
    ) -> Callable[[Run], Run]:
        """Register the decorated function as the operation `name`."""
        if asked_of is None and resource_of is None and context_of is None:
            asked_of = self._asked_of
        if asked_of is None:
            asked_of = _asked_in_parts(
                resource_of or self._resource_of, context_of or self._context_of
            )

        def register(run: Run) -> Run:
            if name in self.operations:
                raise ValueError(f"{self.service}:{name} is registered twice")
            self.operations[name] = Operation(
                service=self.service,
                name=name,
                authentication=authentication,
                run=run,
                asked_of=asked_of,
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


def _asked_in_parts(resource_of: ResourceOf, context_of: ContextOf) -> AskedOf:
    def asked(call: Call, request: Shape) -> Asked:
        return Asked(resource_of(call, request), context_of(call, request))

    return asked
