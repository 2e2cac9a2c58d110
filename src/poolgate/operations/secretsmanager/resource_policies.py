"""The resource policy of a secret."""

from poolgate.iam.authorization import AccessDenied, authorize
from poolgate.operations.registry import Authentication, Shape, any_resource
from poolgate.operations.secretsmanager.registrar import (
    named_secret_resource,
    registrar,
    stored_context,
)
from poolgate.operations.secretsmanager.requests import refuse_other_policies
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import resource_policies, stored_secrets
from poolgate.store.call import Call

_KEPT_RIGHT = "secretsmanager:PutResourcePolicy"


@registrar.operation("PutResourcePolicy", authentication=Authentication.SIGV4)
def put_resource_policy(
    call: Call, request: shapes.PutResourcePolicyRequest
) -> shapes.PutResourcePolicyResponse:
    """Set who else may use the secret, and who may not; refused if the caller could not undo it."""
    refuse_other_policies(request)
    _verify_keeps_access(call, request["SecretId"], request["ResourcePolicy"])
    owner = resource_policies.put(
        call,
        request["SecretId"],
        request["ResourcePolicy"],
        refuse_public=request.get("BlockPublicPolicy", False),
    )
    return {"ARN": owner.arn, "Name": owner.name}


@registrar.operation("GetResourcePolicy", authentication=Authentication.SIGV4)
def get_resource_policy(
    call: Call, request: shapes.GetResourcePolicyRequest
) -> shapes.GetResourcePolicyResponse:
    """Return the policy, if there is one."""
    refuse_other_policies(request)
    with call.db.reading() as transaction:
        owner = stored_secrets.get_live(transaction, call, request["SecretId"])
    answer: shapes.GetResourcePolicyResponse = {"ARN": owner.arn, "Name": owner.name}
    if owner.resource_policy is not None:
        answer["ResourcePolicy"] = owner.resource_policy
    return answer


@registrar.operation("DeleteResourcePolicy", authentication=Authentication.SIGV4)
def delete_resource_policy(
    call: Call, request: shapes.DeleteResourcePolicyRequest
) -> shapes.DeleteResourcePolicyResponse:
    """Take the policy away, if there is one."""
    refuse_other_policies(request)
    owner = resource_policies.remove(call, request["SecretId"])
    return {"ARN": owner.arn, "Name": owner.name}


def _validated_resource(call: Call, request: Shape) -> str:
    if "SecretId" in request:
        return named_secret_resource(call, request)
    return any_resource(call, request)


@registrar.operation(
    "ValidateResourcePolicy",
    authentication=Authentication.SIGV4,
    resource_of=_validated_resource,
)
def validate_resource_policy(
    call: Call, request: shapes.ValidateResourcePolicyRequest
) -> shapes.ValidateResourcePolicyResponse:
    """Tell whether a policy lets everybody in, or would lock the caller out."""
    found: list[shapes.ValidationErrorsEntry] = []
    document = request["ResourcePolicy"]
    if resource_policies.is_public(document):
        found.append(
            {
                "CheckName": "PUBLIC_ACCESS",
                "ErrorMessage": "The resource policy allows broad access to the secret.",
            }
        )
    if "SecretId" in request and _locks_out(call, request["SecretId"], document):
        found.append(
            {
                "CheckName": "CALLER_LOCKOUT",
                "ErrorMessage": "The resource policy locks the caller out of the secret.",
            }
        )
    return {"PolicyValidationPassed": not found, "ValidationErrors": found}


def _locks_out(call: Call, secret_id: str, document: str) -> bool:
    try:
        _verify_keeps_access(call, secret_id, document)
    except AccessDenied:
        return True
    return False


def _verify_keeps_access(call: Call, secret_id: str, document: str) -> None:
    """Raise AccessDenied where the policy would keep the caller from replacing it again."""
    with call.db.reading() as transaction:
        owner = stored_secrets.get_live(transaction, call, secret_id)
    authorize(
        call,
        action=_KEPT_RIGHT,
        resource=owner.arn,
        context=stored_context(owner, owner.tags or {}),
        resource_policy=resource_policies.compiled(document),
    )
