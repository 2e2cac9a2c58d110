"""The compact service models that the AWS door reads, from botocore's models.

What only documents or only concerns an SDK is left out: 2.4 MB become 0.4 MB, which is read at
every start.
"""

import json
from pathlib import Path
from typing import Any

import botocore
import botocore.loaders

SERVICES = ("cognito-idp", "cognito-identity", "sts", "iam", "secretsmanager")
FOLDER = Path(__file__).parents[1] / "src/poolgate/wire/models"
SHAPE_FACTS = ("type", "min", "max", "pattern", "enum", "sensitive", "document", "flattened")
# Where AWS answers otherwise than the model says.
# OBSERVED userpools.md 7.4: a password may have spaces inside.
# OBSERVED terraform-provider-aws documentation: custom domains have dots, and what is wrong with a
# domain is told by the operation (mineiros-io/terraform-aws-cognito-user-pool issue 69).
PATTERNS_ANSWERED = {
    ("cognito-idp", "PasswordType"): r"^[\S]+.*[\S]+$",
    ("cognito-idp", "DomainType"): None,
}
# Values that AWS takes though the model does not list them.
VALUES_TAKEN = {
    # AWS API_GetClientToken: the app client must have this flow and no other.
    ("cognito-idp", "ExplicitAuthFlowsType"): ("ALLOW_CLIENT_TOKEN_AUTH",),
}


def compact_member(member: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON on its way to a file
    """Return the shape's name, with the wire name where it differs from the member's."""
    if "locationName" in member:
        return {"shape": member["shape"], "location_name": member["locationName"]}
    return {"shape": member["shape"]}


def compact_shape(shape: dict[str, Any]) -> dict[str, Any]:
    """Return what validating, reading and writing a shape needs."""
    compact = {
        fact: shape[fact]
        # `is`, since a least value of 0 is a fact, though 0 == False.
        for fact in SHAPE_FACTS
        if shape.get(fact) is not None and shape[fact] is not False
    }
    if shape.get("required"):
        compact["required"] = shape["required"]
    if shape["type"] == "structure":
        members = shape.get("members", {})
        compact["members"] = {name: compact_member(member) for name, member in members.items()}
    for part in ("member", "key", "value"):
        if part in shape:
            compact[part] = compact_member(shape[part])
    if shape.get("exception"):
        error = shape.get("error", {})
        compact["error_status"] = error.get("httpStatusCode", 500 if shape.get("fault") else 400)
        if "code" in error:
            compact["error_code"] = error["code"]
    return compact


def as_answered(service: str, name: str, shape: dict[str, Any]) -> dict[str, Any]:
    """Return the shape with the constraints that AWS really has."""
    if (service, name) in PATTERNS_ANSWERED:
        return {**shape, "pattern": PATTERNS_ANSWERED[service, name]}
    taken = VALUES_TAKEN.get((service, name))
    return {**shape, "enum": [*shape["enum"], *taken]} if taken else shape


def compact_operation(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the shapes of an operation and whether callers sign it."""
    compact: dict[str, Any] = {}
    for direction in ("input", "output"):
        if direction in operation:
            compact[direction] = operation[direction]["shape"]
    if "resultWrapper" in operation.get("output", {}):
        compact["result_wrapper"] = operation["output"]["resultWrapper"]
    if operation.get("authtype") == "none":
        compact["unsigned"] = True
    compact["errors"] = [error["shape"] for error in operation.get("errors", ())]
    return compact


def compact_model(service: str) -> dict[str, Any]:
    """Return the compact model of a service."""
    model = botocore.loaders.Loader().load_service_model(service, "service-2")
    metadata = model["metadata"]
    return {
        "source": f"botocore {botocore.__version__}",
        "service": service,
        "protocol": metadata["protocol"],
        "api_version": metadata["apiVersion"],
        "target_prefix": metadata.get("targetPrefix", ""),
        "xml_namespace": metadata.get("xmlNamespace", ""),
        "operations": {
            name: compact_operation(operation)
            for name, operation in sorted(model["operations"].items())
        },
        "shapes": {
            name: compact_shape(as_answered(service, name, shape))
            for name, shape in sorted(model["shapes"].items())
        },
    }


def rendered(model: dict[str, Any]) -> str:
    """Return the model as JSON, one operation or shape a line, so that changes can be read."""
    lines = []
    for name, value in model.items():
        if isinstance(value, dict):
            entries = (f"  {json.dumps(key)}: {dense(entry)}" for key, entry in value.items())
            lines.append(f'"{name}": {{\n' + ",\n".join(entries) + "\n}")
        else:
            lines.append(f'"{name}": {json.dumps(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def dense(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def files() -> dict[Path, str]:
    """Return the text of every model."""
    return {FOLDER / f"{service}.json": rendered(compact_model(service)) for service in SERVICES}
