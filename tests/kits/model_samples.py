"""Sample values of botocore's shapes, for tests of the codecs."""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import botocore.loaders
import botocore.model

from poolgate.wire.service_models import SERVICE_NAMES

POLICY_DOCUMENT = "policyDocumentType"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@cache
def botocore_model(service: str) -> botocore.model.ServiceModel:
    """Return botocore's own model of a service."""
    description = botocore.loaders.Loader().load_service_model(service, "service-2")
    return botocore.model.ServiceModel(description, service)


def every_operation() -> list[tuple[str, str]]:
    """Return (service, operation) of all five models."""
    return [
        (service, operation)
        for service in SERVICE_NAMES
        for operation in botocore_model(service).operation_names
    ]


def sample(shape: Any, *, encoded: bool = False) -> Any:
    """Return a value with every member of the shape present."""
    text = "café <&> \"' %41+b"
    scalars = {
        "integer": 42,
        "long": 42,
        "float": 1.5,
        "double": 1.5,
        "boolean": False,
        "timestamp": MOMENT,
        "blob": b"\x00\xff bytes",
    }
    match shape.type_name:
        case "structure":
            members = {
                name: sample(member, encoded=encoded) for name, member in shape.members.items()
            }
            return {"free": ["form", 1]} if shape.is_document_type else members
        case "list":
            return [sample(shape.member, encoded=encoded) for _ in range(12)]
        case "map":
            keys = ("one", "two.with dots", "é")
            return {key: sample(shape.value, encoded=encoded) for key in keys}
        case "string":
            # IAM answers with policy documents percent-encoded.
            return quote(text, safe="") if encoded and shape.name == POLICY_DOCUMENT else text
        case scalar:
            return scalars[scalar]
