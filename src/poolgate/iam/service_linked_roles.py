"""Roles that belong to a service of AWS: made and deleted through operations of their own.

No such service runs here, so that nobody assumes these roles; templates that make them work, and
what they make looks as it does in AWS. The names are AWS's for the services known here.
# AWS API_CreateServiceLinkedRole
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.iam import roles
from poolgate.iam.roles import NewRole, Role, RoleExists, RoleNotFound
from poolgate.store.call import Call


class ServiceUnknown(Failure):
    """No service of this name has a role of its own here. Facts: service."""


class SuffixRefused(Failure):
    """The service's role has no suffix. Facts: service."""


class ServiceLinkedRoleExists(Failure):
    """The account has the role already. Facts: name."""


class DeletionTaskNotFound(Failure):
    """No role is being deleted under this id. Facts: task_id."""


@dataclass(frozen=True, slots=True)
class LinkedService:
    """How a service calls its role, and whether there may be several, told apart by a suffix."""

    role_name: str
    takes_suffix: bool = False


SERVICES: Mapping[str, LinkedService] = {
    "acm.amazonaws.com": LinkedService("AWSServiceRoleForCertificateManager"),
    "autoscaling.amazonaws.com": LinkedService("AWSServiceRoleForAutoScaling", takes_suffix=True),
    "batch.amazonaws.com": LinkedService("AWSServiceRoleForBatch"),
    "connect.amazonaws.com": LinkedService("AWSServiceRoleForAmazonConnect", takes_suffix=True),
    "ecs.amazonaws.com": LinkedService("AWSServiceRoleForECS"),
    "elasticloadbalancing.amazonaws.com": LinkedService("AWSServiceRoleForElasticLoadBalancing"),
    "email.cognito-idp.amazonaws.com": LinkedService("AWSServiceRoleForAmazonCognitoIdpEmail"),
    "lexv2.amazonaws.com": LinkedService("AWSServiceRoleForLexV2Bots", takes_suffix=True),
    "ops.apigateway.amazonaws.com": LinkedService("AWSServiceRoleForAPIGateway"),
    "rds.amazonaws.com": LinkedService("AWSServiceRoleForRDS"),
    "ses.amazonaws.com": LinkedService("AWSServiceRoleForAmazonSES"),
}


def create(call: Call, service: str, *, suffix: str | None, description: str | None) -> Role:
    """Store the role of a service."""
    linked = SERVICES.get(service)
    if linked is None:
        raise ServiceUnknown(service=service)
    if suffix is not None and not linked.takes_suffix:
        raise SuffixRefused(service=service)
    name = linked.role_name if suffix is None else f"{linked.role_name}_{suffix}"
    trust_policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    new = NewRole(
        name=name,
        path=f"/aws-service-role/{service}/",
        trust_policy=json.dumps(trust_policy),
        description=description,
        linked_service=service,
    )
    try:
        return roles.create(call, new)
    except RoleExists as failure:
        raise ServiceLinkedRoleExists(name=name) from failure


def delete(call: Call, name: str) -> str:
    """Remove the role of a service; return the id of the task, which is done at once."""
    with call.db.writing() as transaction:
        role = roles.get(transaction, name)
        if role.linked_service is None:
            raise RoleNotFound(name=name)
        roles.remove(transaction, role)
    return f"task{role.path}{role.name}/{random_uuid()}"


def verify_deleted(call: Call, task_id: str) -> None:
    """Raise DeletionTaskNotFound unless the id is one of a role that is gone."""
    prefix, _, rest = task_id.partition("/aws-service-role/")
    service, _, name_and_id = rest.partition("/")
    name, _, unique = name_and_id.partition("/")
    if prefix != "task" or service not in SERVICES or not name or not unique:
        raise DeletionTaskNotFound(task_id=task_id)
    with call.db.reading() as transaction:
        if roles.find(transaction, name) is not None:
            raise DeletionTaskNotFound(task_id=task_id)
