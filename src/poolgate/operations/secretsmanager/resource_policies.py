"""The resource policy of a secret."""

from poolgate.iam import principal_ids
from poolgate.iam.authorization import AccessDenied, authorize
from poolgate.operations.registry import Asked, Authentication, Shape
from poolgate.operations.secretsmanager.paging import Paging
from poolgate.operations.secretsmanager.registrar import (
    asked_of_secret,
    registrar,
    stored_context,
)
from poolgate.operations.secretsmanager.requests import ONLY_POLICY, refuse_other_policies
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import resource_policies, stored_secrets
from poolgate.store.call import Call

_POLICIES_PER_PAGE = 100
_KEPT_RIGHT = "secretsmanager:PutResourcePolicy"


@registrar.operation("PutResourcePolicy", authentication=Authentication.SIGV4)
def put_resource_policy(
    call: Call, request: shapes.PutResourcePolicyRequest
) -> shapes.PutResourcePolicyResponse:
    """Set who else may use the secret, and who may not; refused if the caller could not undo it."""
    refuse_other_policies(request)
    document = _stored(call, request["ResourcePolicy"])
    _verify_keeps_access(call, request["SecretId"], document)
    owner = resource_policies.put(
        call,
        request["SecretId"],
        document,
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
        stored = owner.resource_policy
        if stored is not None:
            stored = principal_ids.to_shown(transaction, call.account_id, stored)
    answer: shapes.GetResourcePolicyResponse = {"ARN": owner.arn, "Name": owner.name}
    if stored is not None:
        answer["ResourcePolicy"] = stored
    return answer


@registrar.operation("ListResourcePolicies", authentication=Authentication.SIGV4)
def list_resource_policies(
    call: Call, request: shapes.ListResourcePoliciesRequest
) -> shapes.ListResourcePoliciesResponse:
    """List the one policy, if there is one."""
    with call.db.reading() as transaction:
        owner = stored_secrets.get_live(transaction, call, request["SecretId"])
    paging = Paging(call, request, f"resource policies {owner.arn}", default=_POLICIES_PER_PAGE)
    is_there = owner.resource_policy is not None and paging.after is None
    return {"ResourcePolicies": [{"PolicyName": ONLY_POLICY}] if is_there else []}


@registrar.operation("DeleteResourcePolicy", authentication=Authentication.SIGV4)
def delete_resource_policy(
    call: Call, request: shapes.DeleteResourcePolicyRequest
) -> shapes.DeleteResourcePolicyResponse:
    """Take the policy away, if there is one."""
    refuse_other_policies(request)
    owner = resource_policies.remove(call, request["SecretId"])
    return {"ARN": owner.arn, "Name": owner.name}


def _asked_of_validation(call: Call, request: Shape) -> Asked:
    return asked_of_secret(call, request) if "SecretId" in request else Asked("*")


@registrar.operation(
    "ValidateResourcePolicy",
    authentication=Authentication.SIGV4,
    asked_of=_asked_of_validation,
)
def validate_resource_policy(
    call: Call, request: shapes.ValidateResourcePolicyRequest
) -> shapes.ValidateResourcePolicyResponse:
    """Tell whether a policy lets everybody in, or would lock the caller out."""
    found: list[shapes.ValidationErrorsEntry] = []
    document = _stored(call, request["ResourcePolicy"])
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


def _stored(call: Call, document: str) -> str:
    """Return the policy as it is stored; raise MalformedPolicy."""
    resource_policies.compiled(document)
    with call.db.reading() as transaction:
        return principal_ids.to_stored(transaction, call.account_id, document)


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
