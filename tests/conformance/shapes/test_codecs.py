"""botocore's serializers and parsers as the oracle for both codecs, over all five models."""

from typing import Any
from urllib.parse import urlencode

import botocore.parsers
import botocore.serialize
import pytest
from kits.model_samples import botocore_model, every_operation, sample

from poolgate.web.messages import HttpRequest
from poolgate.wire.services import load_services

REQUEST_ID = "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"


def serialized(service: str, operation_name: str, members: dict[str, Any]) -> HttpRequest:
    model = botocore_model(service)
    serializer = botocore.serialize.create_serializer(
        model.metadata["protocol"], include_validation=False
    )
    request = serializer.serialize_to_request(members, model.operation_model(operation_name))
    body = request["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True).encode()
    return HttpRequest("POST", "/", "", (), body, "127.0.0.1")


def parsed(service: str, operation_name: str, answer: Any) -> dict[str, Any]:
    model = botocore_model(service)
    parser = botocore.parsers.create_parser(model.metadata["protocol"])
    response = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    output = model.operation_model(operation_name).output_shape
    members = parser.parse(response, output)
    members.pop("ResponseMetadata")
    return members


@pytest.mark.parametrize(("service", "operation_name"), every_operation())
def test_what_botocore_serializes_decodes_to_the_same_members(
    service: str, operation_name: str
) -> None:
    shape = botocore_model(service).operation_model(operation_name).input_shape
    members = sample(shape) if shape is not None else {}
    door = load_services()[service]
    request = serialized(service, operation_name, members)
    decoded = door.protocol.decode(request, door.model.operations[operation_name])
    assert decoded == members


@pytest.mark.parametrize(("service", "operation_name"), every_operation())
def test_what_we_encode_parses_to_the_same_members(service: str, operation_name: str) -> None:
    shape = botocore_model(service).operation_model(operation_name).output_shape
    members = sample(shape) if shape is not None else None
    door = load_services()[service]
    answer = door.protocol.encode(
        door.model.operations[operation_name], operation_name, members, REQUEST_ID
    )
    expected = sample(shape, encoded=True) if shape is not None else {}
    assert parsed(service, operation_name, answer) == expected


@pytest.mark.parametrize(("service", "operation_name"), every_operation())
def test_our_models_have_botocores_members_and_errors(service: str, operation_name: str) -> None:
    theirs = botocore_model(service).operation_model(operation_name)
    ours = load_services()[service].model
    operation = ours.operations[operation_name]
    assert operation.unsigned == (theirs.auth_type == "none")
    assert list(operation.errors) == [shape.name for shape in theirs.error_shapes]
    if theirs.input_shape is not None:
        shape = ours.shapes[operation.input]
        assert list(shape.members) == list(theirs.input_shape.members)
        assert list(shape.required) == list(theirs.input_shape.required_members)


@pytest.mark.parametrize("service", sorted(load_services()))
def test_no_shape_contains_itself(service: str) -> None:
    model = load_services()[service].model

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above
        shape = model.shapes[name]
        parts = [*shape.members.values(), shape.member, shape.key, shape.value]
        for part in parts:
            if part is not None:
                walk(part.shape, (*above, name))

    for operation in model.operations.values():
        for shape_name in (operation.input, operation.output):
            if shape_name is not None:
                walk(shape_name, ())
