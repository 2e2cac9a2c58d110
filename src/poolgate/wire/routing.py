"""Which service and operation a request names."""

from poolgate.web.messages import HttpRequest
from poolgate.wire.forms import read_form
from poolgate.wire.refusals import Reason, Refusal
from poolgate.wire.services import ServiceDoor, load_services


def names_json_target(http: HttpRequest) -> bool:
    """Tell whether the request speaks JSON 1.1."""
    return http.header("x-amz-target") is not None or "json" in (http.header("content-type") or "")


def service_of_target(target: str) -> tuple[ServiceDoor, str]:
    """Return the service and operation name of an `X-Amz-Target`; raise Refusal."""
    prefix, _, operation_name = target.rpartition(".")
    for service in load_services().values():
        if service.speaks_json and service.model.target_prefix == prefix:
            return service, operation_name
    raise Refusal(Reason.UNKNOWN_OPERATION)


def service_of_form(http: HttpRequest) -> tuple[ServiceDoor, str]:
    """Return the service and operation name of a Query request; raise Refusal."""
    form = read_form(http)
    operation_name, version = form.under("Action").scalar(), form.under("Version").scalar()
    if not operation_name:
        raise Refusal(Reason.MISSING_OPERATION, "Missing Action")
    for service in load_services().values():
        # The versions of STS and IAM differ, so that version and action name one service.
        if not service.speaks_json and service.model.api_version == version:
            return service, operation_name
    raise unknown_action(operation_name, version)


def unknown_action(operation_name: str, version: str) -> Refusal:
    """Return the refusal of an action that the service does not have."""
    # AWS protocol.md 3.
    message = f"Could not find operation {operation_name} for version {version}"
    return Refusal(Reason.UNKNOWN_OPERATION, message)
