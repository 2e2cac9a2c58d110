"""AWS JSON 1.1: requests to members, responses and errors to bodies."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.json_values import JsonReaders
from poolgate.wire.refusals import Reason, Refusal
from poolgate.wire.service_models import OperationModel, ServiceModel

CONTENT_TYPE = "application/x-amz-json-1.1"
Convert = Callable[[Any], Any]


class JsonProtocol:
    """The codec of one JSON 1.1 service."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._readers = JsonReaders(model)
        self._writers: dict[str, Convert | None] = {}

    def decode(self, http: HttpRequest, operation: OperationModel) -> dict[str, Any]:
        """Return the request's members by the model's types; raise Refusal for anything else."""
        value = parse_object(http.body)
        if operation.input is None:
            return {}
        members: dict[str, Any] = self._readers.of(operation.input)(value)
        return members

    def encode(
        self, operation: OperationModel, _name: str, members: Mapping[str, Any] | None, _id: str
    ) -> HttpResponse:
        """Return the answer of an operation."""
        headers = {"content-type": CONTENT_TYPE}
        # AWS protocol.md 2: an operation without an output shape answers with an empty body.
        if operation.output is None:
            return HttpResponse(200, headers)
        writer = self._writer(operation.output)
        answer = members or {}
        return HttpResponse(200, headers, msgspec.json.encode(writer(answer) if writer else answer))

    def encode_error(
        self, error_code: str, message: str, status: int, _request_id: str
    ) -> HttpResponse:
        """Return the answer that names an error."""
        # AWS protocol.md 2.1: Secrets Manager spells Message with a capital.
        spelled = "Message" if self._model.service == "secretsmanager" else "message"
        return json_error(error_code, message, status, spelled=spelled)

    def _writer(self, shape_name: str) -> Convert | None:
        """Return what turns times and blobs into JSON, or None where there are none."""
        if shape_name not in self._writers:
            # INVARIANT: no output shape of these services contains itself.
            self._writers[shape_name] = self._compile_writer(shape_name)
        return self._writers[shape_name]

    def _compile_writer(self, shape_name: str) -> Convert | None:
        shape = self._model.shapes[shape_name]
        match shape.type:
            case "timestamp":
                return _seconds
            case "blob":
                return lambda value: base64.b64encode(value).decode()
            case "structure":
                return self._structure_writer(shape_name)
            case "list" | "map":
                part = shape.member or shape.value
                write_part = self._writer(part.shape) if part else None
                return _each(write_part, shape.type) if write_part else None
            case _:
                return None

    def _structure_writer(self, shape_name: str) -> Convert | None:
        members = self._model.shapes[shape_name].members
        writers = {
            name: writer
            for name, member in members.items()
            if (writer := self._writer(member.shape)) is not None
        }
        if not writers:
            return None

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            return {
                name: writers[name](present) if name in writers else present
                for name, present in value.items()
            }

        return write


def _each(write: Convert, collection: str) -> Convert:
    if collection == "list":
        return lambda value: [write(member) for member in value]
    return lambda value: {key: write(member) for key, member in value.items()}


def _seconds(value: datetime) -> float | int:
    # AWS protocol.md 2: seconds since 1970, with milliseconds where there are any.
    seconds = round(value.timestamp(), 3)
    return int(seconds) if seconds.is_integer() else seconds


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, empty for an empty body; raise Refusal otherwise."""
    if not body:
        return {}
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(Reason.MALFORMED, "The request body is not valid JSON") from error
    if not isinstance(value, dict):
        raise Refusal(Reason.MALFORMED, "The request body must be a JSON object")
    return value


def json_error(
    error_code: str, message: str, status: int, *, spelled: str = "message"
) -> HttpResponse:
    """Return an error in AWS JSON 1.1."""
    headers = {
        "content-type": CONTENT_TYPE,
        # AWS protocol.md 2.1: with a colon at the end.
        "x-amzn-errortype": f"{error_code}:",
    }
    if message:
        headers["x-amzn-errormessage"] = header_text(message)
    body = {"__type": error_code, **({spelled: message} if message else {})}
    return HttpResponse(status, headers, msgspec.json.encode(body))


_HEADER_TEXT_AT_MOST = 1024


def header_text(message: str) -> str:
    """Return the message as a header may carry it: printable ASCII, of bounded length."""
    printable = (character if " " <= character <= "~" else "?" for character in message)
    return "".join(printable)[:_HEADER_TEXT_AT_MOST]
