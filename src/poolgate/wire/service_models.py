"""The service models: every operation and shape of the five services, as data.

The files in `models/` are generated from botocore (tools/generate_models.py); botocore itself is
not needed at run time.
"""

from functools import cache
from importlib import resources
from typing import Literal

import msgspec

SERVICE_NAMES = ("cognito-idp", "cognito-identity", "sts", "iam", "secretsmanager")


class Member(msgspec.Struct, frozen=True):
    """A reference to a shape from a structure, a list or a map."""

    shape: str
    location_name: str | None = None


class ShapeModel(msgspec.Struct, frozen=True):
    """One shape with its constraints; `document` is a structure of free form."""

    type: str
    members: dict[str, Member] = {}
    required: tuple[str, ...] = ()
    member: Member | None = None
    key: Member | None = None
    value: Member | None = None
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    sensitive: bool = False
    document: bool = False
    flattened: bool = False
    error_status: int | None = None
    error_code: str | None = None


class OperationModel(msgspec.Struct, frozen=True):
    """One operation: its shapes, its declared errors, and whether callers sign it."""

    input: str | None = None
    output: str | None = None
    result_wrapper: str | None = None
    unsigned: bool = False
    errors: tuple[str, ...] = ()


class ServiceModel(msgspec.Struct, frozen=True):
    """One service."""

    source: str
    service: str
    protocol: Literal["json", "query"]
    api_version: str
    target_prefix: str
    xml_namespace: str
    operations: dict[str, OperationModel]
    shapes: dict[str, ShapeModel]

    def shape(self, member: Member | None) -> ShapeModel:
        """Return the shape that a member refers to."""
        if member is None:
            raise ValueError("the model has a list or map without its parts")
        return self.shapes[member.shape]


@cache
def load_service_model(service: str) -> ServiceModel:
    """Return a service's model, read once a process."""
    file = resources.files("poolgate.wire") / "models" / f"{service}.json"
    return msgspec.json.decode(file.read_bytes(), type=ServiceModel)
