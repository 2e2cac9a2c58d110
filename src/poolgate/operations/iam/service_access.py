"""Reports on which services somebody may use, and when they did."""

from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import service_access
from poolgate.iam.service_access import EntityUse, Granting, ServiceAccess
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.registry import Authentication, Shape, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call
from poolgate.store.database import Transaction

_DONE = "COMPLETED"
# AWS shows these names; what is not here is named by its namespace.
_SERVICE_NAMES = {
    "cognito-identity": "Amazon Cognito Identity",
    "cognito-idp": "Amazon Cognito User Pools",
    "execute-api": "Amazon API Gateway",
    "iam": "AWS Identity and Access Management",
    "secretsmanager": "AWS Secrets Manager",
    "sts": "AWS Security Token Service",
}


def _asked_arn(_call: Call, request: Shape) -> str:
    arn: str = request["Arn"]
    return arn


@registrar.operation(
    "GenerateServiceLastAccessedDetails",
    authentication=Authentication.SIGV4,
    resource_of=_asked_arn,
)
def generate_service_last_accessed_details(
    call: Call, request: shapes.GenerateServiceLastAccessedDetailsRequest
) -> shapes.GenerateServiceLastAccessedDetailsResponse:
    """Begin a report on a user, group, role or policy; it is there at once."""
    granularity = request.get("Granularity", "SERVICE_LEVEL")
    return {"JobId": service_access.begin_job(call, request["Arn"], granularity).job_id}


@registrar.operation(
    "GetServiceLastAccessedDetails",
    authentication=Authentication.SIGV4,
    resource_of=any_resource,
)
def get_service_last_accessed_details(
    call: Call, request: shapes.GetServiceLastAccessedDetailsRequest
) -> dict[str, Any]:
    """Return the services that the policies allow, with their last use."""
    with call.db.reading() as transaction:
        job = service_access.get_job(transaction, call, request["JobId"])
        found = service_access.services(transaction, call, job.arn)
    paging = Paging(call, request, f"accessed services {job.job_id}")
    later = [each for each in found if each.service > (paging.after or "")]
    shown = later[: paging.limit]
    more = len(later) > len(shown)
    created = from_epoch_millis(job.created_at)
    return {
        "JobStatus": _DONE,
        "JobType": job.granularity,
        "JobCreationDate": created,
        "JobCompletionDate": created,
        "ServicesLastAccessed": [_service_shape(call, each) for each in shown],
        **paging.truncation(shown[-1].service if more else None),
    }


@registrar.operation(
    "GetServiceLastAccessedDetailsWithEntities",
    authentication=Authentication.SIGV4,
    resource_of=any_resource,
)
def get_service_last_accessed_details_with_entities(
    call: Call, request: shapes.GetServiceLastAccessedDetailsWithEntitiesRequest
) -> dict[str, Any]:
    """Return the users and roles that may use a service, who did so last first."""
    service = request["ServiceNamespace"]
    with call.db.reading() as transaction:
        job = service_access.get_job(transaction, call, request["JobId"])
        found = service_access.entity_uses(transaction, call, job.arn, service)
    paging = Paging(call, request, f"accessing entities {job.job_id} {service}")
    start = int(paging.after or 0)
    end = start + paging.limit
    created = from_epoch_millis(job.created_at)
    return {
        "JobStatus": _DONE,
        "JobCreationDate": created,
        "JobCompletionDate": created,
        "EntityDetailsList": [_entity_shape(call, each) for each in found[start:end]],
        **paging.truncation(str(end) if len(found) > end else None),
    }


@registrar.operation(
    "ListPoliciesGrantingServiceAccess",
    authentication=Authentication.SIGV4,
    resource_of=_asked_arn,
)
def list_policies_granting_service_access(
    call: Call, request: shapes.ListPoliciesGrantingServiceAccessRequest
) -> shapes.ListPoliciesGrantingServiceAccessResponse:
    """List, for each service, the policies that allow any of its actions."""
    with call.db.reading() as transaction:
        found = [
            _granting_entry(transaction, call, request["Arn"], service)
            for service in request["ServiceNamespaces"]
        ]
    return {"PoliciesGrantingServiceAccess": found, "IsTruncated": False}


def _granting_entry(
    transaction: Transaction, call: Call, arn: str, service: str
) -> shapes.ListPoliciesGrantingServiceAccessEntry:
    granting = service_access.granting_policies(transaction, call, arn, service)
    return {"ServiceNamespace": service, "Policies": [_policy_shape(each) for each in granting]}


def _policy_shape(granting: Granting) -> shapes.PolicyGrantingServiceAccess:
    if granting.arn is not None:
        return {"PolicyName": granting.name, "PolicyType": "MANAGED", "PolicyArn": granting.arn}
    return {
        "PolicyName": granting.name,
        "PolicyType": "INLINE",
        "EntityType": granting.owner.kind.upper(),
        "EntityName": granting.owner.name,
    }


def _service_shape(call: Call, access: ServiceAccess) -> shapes.ServiceLastAccessed:
    shape: shapes.ServiceLastAccessed = {
        "ServiceName": _SERVICE_NAMES.get(access.service, access.service),
        "ServiceNamespace": access.service,
        "TotalAuthenticatedEntities": access.users,
    }
    latest = access.latest
    if latest is not None and latest.last is not None:
        shape["LastAuthenticated"] = from_epoch_millis(latest.last.used_at)
        shape["LastAuthenticatedEntity"] = latest.entity.arn(call.account_id)
        shape["LastAuthenticatedRegion"] = latest.last.region
    return shape


def _entity_shape(call: Call, used: EntityUse) -> shapes.EntityDetails:
    shape: shapes.EntityDetails = {
        "EntityInfo": {
            "Arn": used.entity.arn(call.account_id),
            "Name": used.entity.name,
            "Type": used.entity.kind.upper(),
            "Id": used.entity.owner_id,
            "Path": used.entity.path,
        }
    }
    if used.last is not None:
        shape["LastAuthenticated"] = from_epoch_millis(used.last.used_at)
    return shape
