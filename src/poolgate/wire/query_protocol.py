"""The Query protocol of STS and IAM: form parameters to members, responses and errors to XML."""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.forms import FormParameters, read_form
from poolgate.wire.json_values import blob, moment, text, whole_number
from poolgate.wire.refusals import Reason, Refusal
from poolgate.wire.service_models import Member, OperationModel, ServiceModel, ShapeModel

SERVER_FAULT = 500
_ZONED = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
# IAM's shape of policy documents; answers carry them percent-encoded (protocol.md 3).
_POLICY_DOCUMENT = "policyDocumentType"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class QueryProtocol:
    """The codec of one Query service."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model

    def decode(self, http: HttpRequest, operation: OperationModel) -> dict[str, Any]:
        """Return the request's members by the model's types; raise Refusal for anything else."""
        if operation.input is None:
            return {}
        return self._structure(self._model.shapes[operation.input], read_form(http))

    def encode(
        self,
        operation: OperationModel,
        name: str,
        members: Mapping[str, Any] | None,
        request_id: str,
    ) -> HttpResponse:
        """Return the answer of an operation."""
        answer = ""
        if operation.output is not None:
            wrapper = operation.result_wrapper or f"{name}Result"
            shape = self._model.shapes[operation.output]
            answer = _element(wrapper, self._members_xml(shape, members or {}))
        metadata = _element("ResponseMetadata", _element("RequestId", request_id))
        return _xml(200, f"{name}Response", self._model.xml_namespace, answer + metadata)

    def encode_error(
        self, error_code: str, message: str, status: int, request_id: str
    ) -> HttpResponse:
        """Return the answer that names an error."""
        return query_error(error_code, message, status, request_id, self._model.xml_namespace)

    def _structure(self, shape: ShapeModel, form: FormParameters) -> dict[str, Any]:
        members = {}
        for name, member in shape.members.items():
            parameters = form.under(member.location_name or name)
            if parameters.is_present:
                members[name] = self._read(member, parameters)
        return members

    def _read(self, member: Member, form: FormParameters) -> Any:  # noqa: ANN401 - the model's type
        shape = self._model.shape(member)
        match shape.type:
            case "structure":
                return self._structure(shape, form)
            case "list":
                return self._list(shape, form)
            case "map":
                return self._map(shape, form)
            case scalar:
                return _SCALAR_READERS.get(scalar, text)(form.scalar())

    def _list(self, shape: ShapeModel, form: FormParameters) -> list[Any]:
        member = _part(shape.member)
        entries = form if shape.flattened else form.under(member.location_name or "member")
        return [self._read(member, entry) for entry in entries.numbered()]

    def _map(self, shape: ShapeModel, form: FormParameters) -> dict[str, Any]:
        key, value = _part(shape.key), _part(shape.value)
        entries = form if shape.flattened else form.under("entry")
        return {
            entry.under(key.location_name or "key").scalar(): self._read(
                value, entry.under(value.location_name or "value")
            )
            for entry in entries.numbered()
        }

    def _members_xml(self, shape: ShapeModel, members: Mapping[str, Any]) -> str:
        return "".join(
            self._xml(member.location_name or name, member, members[name])
            for name, member in shape.members.items()
            if name in members
        )

    def _xml(self, tag: str, member: Member, value: Any) -> str:  # noqa: ANN401 - the model's type
        shape = self._model.shape(member)
        match shape.type:
            case "structure":
                return _element(tag, self._members_xml(shape, value))
            case "list":
                part = _part(shape.member)
                inner = part.location_name or "member"
                return _element(tag, "".join(self._xml(inner, part, entry) for entry in value))
            case "map":
                key, part = _part(shape.key), _part(shape.value)
                entries = (
                    _element("entry", self._xml("key", key, name) + self._xml("value", part, entry))
                    for name, entry in value.items()
                )
                return _element(tag, "".join(entries))
            case scalar:
                shown = _SCALAR_WRITERS.get(scalar, str)(value)
                if member.shape == _POLICY_DOCUMENT:
                    shown = quote(shown, safe="")
                return _element(tag, xml_text(shown))


def _part(member: Member | None) -> Member:
    if member is None:
        raise ValueError("the model has a list or map without its parts")
    return member


def _element(tag: str, inner: str) -> str:
    return f"<{tag}>{inner}</{tag}>"


def xml_text(value: str) -> str:
    """Return the text escaped; what XML 1.0 cannot carry becomes U+FFFD."""
    return escape(_NOT_IN_XML.sub("\ufffd", value))


def query_error(
    error_code: str, message: str, status: int, request_id: str, namespace: str
) -> HttpResponse:
    """Return an error in the Query protocol's XML."""
    blamed = "Receiver" if status >= SERVER_FAULT else "Sender"
    told = (
        _element("Type", blamed)
        + _element("Code", error_code)
        + (_element("Message", xml_text(message)) if message else "")
    )
    inner = _element("Error", told) + _element("RequestId", request_id)
    return _xml(status, "ErrorResponse", namespace, inner)


def _xml(status: int, root: str, namespace: str, inner: str) -> HttpResponse:
    document = (
        f'<{root} xmlns="{namespace}">{inner}</{root}>' if namespace else _element(root, inner)
    )
    return HttpResponse(status, {"content-type": "text/xml"}, document.encode())


def _integer(wanted: str) -> Callable[[str], int]:
    def read(value: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]{1,20}", value) is None:
            raise Refusal(Reason.MALFORMED, "Invalid number")
        return whole_number(int(value), wanted)

    return read


def _boolean(value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise Refusal(Reason.MALFORMED, "Invalid boolean")
    return value.lower() == "true"


def _timestamp(value: str) -> datetime:
    try:
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
            return moment(float(value))
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise Refusal(Reason.MALFORMED, "Invalid timestamp") from error
    return parsed if _ZONED.search(value) else parsed.replace(tzinfo=UTC)


_SCALAR_READERS: dict[str, Callable[[str], Any]] = {
    "integer": _integer("integer"),
    "long": _integer("long"),
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": blob,
}


def iso_time(value: datetime) -> str:
    """Return ISO 8601 in UTC, with milliseconds where there are any."""
    # AWS protocol.md 3.
    precision = "milliseconds" if value.microsecond else "seconds"
    return value.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _flag(value: object) -> str:
    return "true" if value else "false"


_SCALAR_WRITERS: dict[str, Callable[[Any], str]] = {
    "boolean": _flag,
    "timestamp": iso_time,
    "blob": _base64,
}
