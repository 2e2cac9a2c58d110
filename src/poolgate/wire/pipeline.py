"""One AWS request, step by step: the order of checks is `AWS_PIPELINE`.

A step reads and fills the `Exchange`, or raises. What it raises becomes the protocol's error in
`refused`; anything unexpected becomes the service's internal error and its reason stays in the log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from poolgate.foundation.failure import Failure, names_of
from poolgate.iam.authorization import AccessDenied, authorize
from poolgate.operations.errors import AwsError, find_error
from poolgate.operations.registry import Authentication, Operation
from poolgate.sigv4.proofs import carries_proof
from poolgate.store.call import Call
from poolgate.userpools.access_tokens import verify_access_token
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.callers import SignedCaller, request_parts, verify_caller
from poolgate.wire.constraints import constraint_message
from poolgate.wire.installation import Installation
from poolgate.wire.json_protocol import json_error
from poolgate.wire.query_protocol import query_error
from poolgate.wire.refusals import ConstraintsFailed, Reason, Refusal
from poolgate.wire.routing import (
    names_json_target,
    service_of_form,
    service_of_target,
    unknown_action,
)
from poolgate.wire.service_models import OperationModel
from poolgate.wire.services import ServiceDoor

# AWS CreateManagedLoginBranding: "a 2-megabyte request-size limit", the largest there is.
MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_HEADER_BYTES = 32 * 1024
MAX_HEADERS = 100
INTERNAL_ERROR = 500
ENCODED_MESSAGE_HEADER = "x-poolgate-encoded-authorization-message"


@dataclass(slots=True)
class Exchange:
    """One request on its way through the pipeline; each step fills what later ones read."""

    installation: Installation
    http: HttpRequest
    request_id: str
    service: ServiceDoor | None = None
    operation_name: str = ""
    caller: SignedCaller | None = None
    members: dict[str, Any] = field(default_factory=dict)
    call: Call | None = None
    answer: Mapping[str, Any] | None = None
    response: HttpResponse | None = None
    error_code: str | None = None
    failure: str = ""

    @property
    def door(self) -> ServiceDoor:
        """The service, once named."""
        if self.service is None:
            raise ValueError("the operation is not named yet")
        return self.service

    @property
    def model(self) -> OperationModel:
        """The operation's model, once named."""
        return self.door.model.operations[self.operation_name]

    @property
    def operation(self) -> Operation:
        """The built operation, once named."""
        return self.door.operations[self.operation_name]


Step = Callable[[Exchange], None]


def limit_size(exchange: Exchange) -> None:
    """Refuse what is too large before anything of it is parsed."""
    refusal = exceeded_limit(exchange.http)
    if refusal is not None:
        raise refusal


def exceeded_limit(http: HttpRequest) -> Refusal | None:
    """Return the refusal of a request that is too large."""
    header_bytes = len(http.query) + sum(len(name) + len(value) for name, value in http.headers)
    if header_bytes > MAX_HEADER_BYTES or len(http.headers) > MAX_HEADERS:
        message = f"The request's headers are larger than {MAX_HEADER_BYTES} bytes"
        return Refusal(Reason.HEADERS_TOO_LARGE, message)
    if len(http.body) > MAX_BODY_BYTES:
        message = f"The request's body is larger than {MAX_BODY_BYTES} bytes"
        return Refusal(Reason.BODY_TOO_LARGE, message)
    return None


def name_operation(exchange: Exchange) -> None:
    """Find the service and the operation that the request names."""
    if exchange.http.method not in {"GET", "POST"}:
        raise Refusal(Reason.METHOD_NOT_ALLOWED)
    target = exchange.http.header("x-amz-target")
    if target is not None:
        if exchange.http.method != "POST":
            raise Refusal(Reason.METHOD_NOT_ALLOWED)
        exchange.service, operation_name = service_of_target(target)
    elif names_json_target(exchange.http):
        raise Refusal(Reason.UNKNOWN_OPERATION)
    else:
        exchange.service, operation_name = service_of_form(exchange.http)
    if operation_name not in exchange.door.model.operations:
        if exchange.door.speaks_json:
            raise Refusal(Reason.UNKNOWN_OPERATION)
        raise unknown_action(operation_name, exchange.door.model.api_version)
    exchange.operation_name = operation_name
    if operation_name not in exchange.door.operations:
        message = f"{exchange.door.name}:{operation_name} is not built in this version of Poolgate"
        raise Refusal(Reason.NOT_BUILT, message)


def authenticate_caller(exchange: Exchange) -> None:
    """Verify the signature of an operation that needs one; others may come signed or not."""
    authentication = exchange.operation.authentication
    # An optional signature that is there must be good, or its caller would believe it counts.
    is_signed = authentication is Authentication.OPTIONAL_SIGV4 and carries_proof(
        request_parts(exchange.http)
    )
    if authentication is Authentication.SIGV4 or is_signed:
        exchange.caller = verify_caller(
            exchange.installation, exchange.http, service=exchange.door.name
        )


def limit_rate(exchange: Exchange) -> None:
    """Refuse what is more than the rate that was provisioned for such operations."""
    installation = exchange.installation
    installation.limits.take(
        installation.db, installation.clock.now(), exchange.door.name, exchange.operation_name
    )


def decode_request(exchange: Exchange) -> None:
    """Read the members by the model: types first, then every constraint."""
    exchange.members = exchange.door.protocol.decode(exchange.http, exchange.model)
    if exchange.model.input is None:
        return
    problems: list[str] = []
    exchange.door.checks.of(exchange.model.input)(exchange.members, "", problems)
    if problems:
        raise ConstraintsFailed(constraint_message(problems))


def make_call(exchange: Exchange) -> None:
    """Gather what the domains may need from outside."""
    caller = exchange.caller
    exchange.call = exchange.installation.call_of(
        exchange.http,
        request_id=exchange.request_id,
        region=caller.region if caller else None,
        principal=caller.principal if caller else None,
    )


def authorize_caller(exchange: Exchange) -> None:
    """Ask the signer's policies; needs the decoded request, which names the resource."""
    operation, call = exchange.operation, exchange.call
    if call is None or operation.authentication is not Authentication.SIGV4:
        return
    if operation.needs_permission:
        asked = operation.asked_of(call, exchange.members)
        authorize(
            call,
            action=f"{operation.service}:{operation.name}",
            resource=asked.resource,
            context=asked.context,
            resource_policy=asked.resource_policy,
        )


def run_operation(exchange: Exchange) -> None:
    """Run it, with its signed-in user where it takes an access token."""
    operation, call = exchange.operation, exchange.call
    if operation.authentication is Authentication.ACCESS_TOKEN and call is not None:
        # Some operations declare their access token as optional; none works without it.
        signed_in = verify_access_token(call, exchange.members.get("AccessToken", ""))
        exchange.answer = operation.run(call, exchange.members, signed_in)
    else:
        exchange.answer = operation.run(call, exchange.members)


def encode_response(exchange: Exchange) -> None:
    """Write the answer in the service's protocol."""
    exchange.response = exchange.door.protocol.encode(
        exchange.model, exchange.operation_name, exchange.answer, exchange.request_id
    )


AWS_PIPELINE: tuple[Step, ...] = (
    limit_size,
    name_operation,  # X-Amz-Target or Action and Version
    authenticate_caller,  # before decoding: a stranger's body is not worth the work
    limit_rate,  # after the signature: a stranger's requests use up nobody's rate
    decode_request,  # types, then required, length, pattern, enum: all from the service model
    make_call,
    authorize_caller,  # needs the decoded resource, so it follows decoding
    run_operation,  # verifies the access token first, where the operation takes one
    encode_response,
)


def run_pipeline(exchange: Exchange) -> HttpResponse:
    """Return the answer of the request, an expected failure already in the protocol's words."""
    try:
        for step in AWS_PIPELINE:
            step(exchange)
    except Failure as failure:
        exchange.failure = names_of(failure)
        exchange.response = _worded(exchange, failure)
    if exchange.response is None:
        raise ValueError("the pipeline ended without an answer")
    return exchange.response


def internal_error(exchange: Exchange) -> HttpResponse:
    """Return the service's internal error, which tells nothing."""
    error_code = exchange.service.internal_error_code if exchange.service else "InternalFailure"
    return _error(exchange, AwsError(error_code, "", INTERNAL_ERROR), "An internal error occurred.")


class UnwordedFailure(Exception):
    """A failure that no table words: a defect, answered as an internal error."""


def _worded(exchange: Exchange, failure: Failure) -> HttpResponse:
    if isinstance(failure, Refusal):
        return _error(exchange, _named(exchange, failure.reason), failure.message)
    if isinstance(failure, ConstraintsFailed):
        return _error(exchange, AwsError(exchange.door.constraint_code, ""), failure.message)
    if isinstance(failure, AccessDenied):
        return _denied(exchange, failure)
    error = find_error(exchange.door.errors, failure)
    if error is None:
        raise UnwordedFailure(type(failure).__name__) from failure
    return _error(exchange, error, error.worded(failure))


def _denied(exchange: Exchange, failure: AccessDenied) -> HttpResponse:
    """Return the refusal, with what STS decodes for those who may know why."""
    refused = _error(exchange, _named(exchange, Reason.ACCESS_DENIED), failure.facts["message"])
    if not failure.encoded_message:
        return refused
    headers = {**refused.headers, ENCODED_MESSAGE_HEADER: failure.encoded_message}
    return replace(refused, headers=headers)


def _speaks_json(exchange: Exchange) -> bool:
    if exchange.service is not None:
        return exchange.service.speaks_json
    return names_json_target(exchange.http)


def _named(exchange: Exchange, reason: Reason) -> AwsError:
    naming = reason.value
    if _speaks_json(exchange):
        return AwsError(naming.json_code, "", naming.json_status)
    return AwsError(naming.query_code, "", naming.query_status)


def _error(exchange: Exchange, error: AwsError, message: str) -> HttpResponse:
    exchange.error_code = error.code
    if exchange.service is not None:
        return exchange.service.protocol.encode_error(
            error.code, message, error.status, exchange.request_id
        )
    if _speaks_json(exchange):
        return json_error(error.code, message, error.status)
    return query_error(error.code, message, error.status, exchange.request_id, "")
