"""The five services of the AWS door: their models, codecs, built operations and error words."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from poolgate.operations.errors import ErrorTable
from poolgate.operations.registry import Operation
from poolgate.wire.constraints import ConstraintChecks
from poolgate.wire.json_protocol import JsonProtocol
from poolgate.wire.query_protocol import QueryProtocol
from poolgate.wire.service_models import ServiceModel, load_service_model


@dataclass(frozen=True, slots=True)
class ServiceDoor:
    """One service."""

    name: str
    model: ServiceModel
    protocol: JsonProtocol | QueryProtocol
    checks: ConstraintChecks
    operations: Mapping[str, Operation]
    errors: ErrorTable
    constraint_code: str
    internal_error_code: str

    @property
    def speaks_json(self) -> bool:
        """Tell whether the service speaks JSON 1.1, otherwise Query."""
        return self.model.protocol == "json"


@dataclass(frozen=True, slots=True)
class _Sources:
    package: str | None
    errors: str
    constraint_code: str
    internal_error_code: str


# AWS protocol.md 2.1 and 2.2 give the codes. A service without a package has no operation yet.
_SOURCES: Mapping[str, _Sources] = MappingProxyType(
    {
        "cognito-idp": _Sources(
            "idp", "IDP_ERRORS", "InvalidParameterException", "InternalErrorException"
        ),
        "cognito-identity": _Sources(
            "identity", "IDENTITY_ERRORS", "InvalidParameterException", "InternalErrorException"
        ),
        "sts": _Sources("sts", "STS_ERRORS", "ValidationError", "InternalFailure"),
        "iam": _Sources("iam", "IAM_ERRORS", "ValidationError", "ServiceFailure"),
        "secretsmanager": _Sources(
            "secretsmanager",
            "SECRETS_ERRORS",
            "ValidationException",
            "InternalServiceError",
        ),
    }
)


@cache
def load_services() -> Mapping[str, ServiceDoor]:
    """Return all services by name, their operations registered."""
    return MappingProxyType({name: _load(name, sources) for name, sources in _SOURCES.items()})


def _load(name: str, sources: _Sources) -> ServiceDoor:
    model = load_service_model(name)
    modules = _modules(sources.package) if sources.package else {}
    operations: Mapping[str, Operation] = {}
    if "registrar" in modules:
        operations = MappingProxyType(modules["registrar"].registrar.operations)
    unknown = operations.keys() - model.operations.keys()
    if unknown:
        raise ValueError(f"{name} has no operation {', '.join(sorted(unknown))}")
    errors = getattr(modules["errors"], sources.errors) if "errors" in modules else {}
    codec = JsonProtocol(model) if model.protocol == "json" else QueryProtocol(model)
    return ServiceDoor(
        name=name,
        model=model,
        protocol=codec,
        checks=ConstraintChecks(model),
        operations=operations,
        errors=errors,
        constraint_code=sources.constraint_code,
        internal_error_code=sources.internal_error_code,
    )


def _modules(package: str) -> dict[str, Any]:
    """Import every module of a service's package, which registers its operations."""
    root = importlib.import_module(f"poolgate.operations.{package}")
    names = [found.name for found in pkgutil.iter_modules(root.__path__)]
    return {name: importlib.import_module(f"{root.__name__}.{name}") for name in names}
