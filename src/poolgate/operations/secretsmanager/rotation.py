"""Rotation of secrets by a function, now and on schedule."""

from poolgate.operations.registry import Authentication
from poolgate.operations.secretsmanager.registrar import registrar
from poolgate.operations.secretsmanager.requests import (
    NO_REQUEST_ID_TEXT,
    ParameterInvalid,
    refuse_members,
)
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import rotations
from poolgate.secrets.rotation_schedules import RotationRules
from poolgate.secrets.rotations import RotationWishes
from poolgate.store.call import Call


@registrar.operation("RotateSecret", authentication=Authentication.SIGV4)
def rotate_secret(call: Call, request: shapes.RotateSecretRequest) -> shapes.RotateSecretResponse:
    """Set how a secret is rotated, and begin a rotation; a worker carries it out."""
    refuse_members(request, "ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn")
    # OBSERVED recordings/secretsmanager: other operations answer InvalidRequestException to that
    if "ClientRequestToken" not in request:
        raise ParameterInvalid(NO_REQUEST_ID_TEXT)
    version_id = request["ClientRequestToken"]
    immediately = request.get("RotateImmediately", True)
    owner = rotations.rotate(
        call,
        request["SecretId"],
        request_token=version_id,
        wishes=RotationWishes(
            # AWS allows the empty text, for rotations that need no function; there are none here.
            function_arn=request.get("RotationLambdaARN") or None,
            rules=_rules(request),
            immediately=immediately,
        ),
    )
    answer: shapes.RotateSecretResponse = {"ARN": owner.arn, "Name": owner.name}
    if immediately:
        answer["VersionId"] = version_id
    return answer


@registrar.operation("CancelRotateSecret", authentication=Authentication.SIGV4)
def cancel_rotate_secret(
    call: Call, request: shapes.CancelRotateSecretRequest
) -> shapes.CancelRotateSecretResponse:
    """Rotate no more; a rotation in progress ends where it is."""
    owner, version_id = rotations.cancel(call, request["SecretId"])
    answer: shapes.CancelRotateSecretResponse = {"ARN": owner.arn, "Name": owner.name}
    if version_id is not None:
        answer["VersionId"] = version_id
    return answer


def _rules(request: shapes.RotateSecretRequest) -> RotationRules | None:
    if "RotationRules" not in request:
        return None
    given = request["RotationRules"]
    return RotationRules(
        after_days=given.get("AutomaticallyAfterDays"),
        duration=given.get("Duration"),
        expression=given.get("ScheduleExpression"),
    )
