"""The account as a whole: its authorization details and its summary."""

from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import account_report, attachments, groups, inline_policies, managed_policies
from poolgate.iam.account_report import EntityKind, ReportPosition
from poolgate.iam.groups import IamGroup
from poolgate.iam.managed_policies import ManagedPolicy
from poolgate.iam.owners import PolicyOwner
from poolgate.iam.roles import Role, shown_trust_policy
from poolgate.iam.users import IamUser
from poolgate.operations.iam.managed_policies import policy_shape, version_shape
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.roles import boundary_shape, last_used_shape
from poolgate.operations.iam.tag_shapes import tag_list
from poolgate.operations.registry import Authentication, Shape, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call
from poolgate.store.database import Transaction


@registrar.operation(
    "GetAccountAuthorizationDetails",
    authentication=Authentication.SIGV4,
    resource_of=any_resource,
)
def get_account_authorization_details(
    call: Call, request: shapes.GetAccountAuthorizationDetailsRequest
) -> dict[str, Any]:
    """Report users, groups, roles and policies with what they may do."""
    wanted = request.get("Filter") or list(EntityKind)
    kinds = [kind for kind in EntityKind if kind in wanted]
    paging = Paging(call, request, f"authorization details {' '.join(kinds)}")
    kind, _, after = (paging.after or kinds[0]).partition(" ")
    start = ReportPosition(EntityKind(kind), after)
    answer: dict[str, Any] = {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [],
    }
    with call.db.reading() as transaction:
        found, following = account_report.page(transaction, kinds, start=start, limit=paging.limit)
        for entity in found:
            match entity:
                case IamUser():
                    answer["UserDetailList"].append(_user_detail(transaction, call, entity))
                case IamGroup():
                    answer["GroupDetailList"].append(_group_detail(transaction, call, entity))
                case Role():
                    answer["RoleDetailList"].append(_role_detail(transaction, call, entity))
                case ManagedPolicy():
                    answer["Policies"].append(_policy_detail(transaction, entity))
    position = None if following is None else f"{following.kind} {following.after}"
    return {**answer, **paging.truncation(position)}


@registrar.operation(
    "GetAccountSummary", authentication=Authentication.SIGV4, resource_of=any_resource
)
def get_account_summary(call: Call, _request: Shape) -> shapes.GetAccountSummaryResponse:
    """Tell how much there is of what, and how much there may be."""
    with call.db.reading() as transaction:
        return {"SummaryMap": dict(account_report.summary(transaction))}


def _user_detail(transaction: Transaction, call: Call, user: IamUser) -> shapes.UserDetail:
    shape: shapes.UserDetail = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.user_id,
        "Arn": user.owner.arn(call.account_id),
        "CreateDate": from_epoch_millis(user.created_at),
        "GroupList": [group.name for group in groups.of_user(transaction, user.user_id)],
        "AttachedManagedPolicies": _attached(transaction, user.owner),
        "UserPolicyList": _inline(transaction, user.owner),
        "Tags": tag_list(user.tags),
    }
    if user.boundary_arn is not None:
        shape["PermissionsBoundary"] = boundary_shape(user.boundary_arn)
    return shape


def _group_detail(transaction: Transaction, call: Call, group: IamGroup) -> shapes.GroupDetail:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.group_id,
        "Arn": group.owner.arn(call.account_id),
        "CreateDate": from_epoch_millis(group.created_at),
        "AttachedManagedPolicies": _attached(transaction, group.owner),
        "GroupPolicyList": _inline(transaction, group.owner),
    }


def _role_detail(transaction: Transaction, call: Call, role: Role) -> shapes.RoleDetail:
    shape: shapes.RoleDetail = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.role_id,
        "Arn": role.owner.arn(call.account_id),
        "CreateDate": from_epoch_millis(role.created_at),
        "AssumeRolePolicyDocument": shown_trust_policy(transaction, call.account_id, role),
        "InstanceProfileList": [],
        "AttachedManagedPolicies": _attached(transaction, role.owner),
        "RolePolicyList": _inline(transaction, role.owner),
        "Tags": tag_list(role.tags),
        "RoleLastUsed": last_used_shape(role),
    }
    if role.boundary_arn is not None:
        shape["PermissionsBoundary"] = boundary_shape(role.boundary_arn)
    return shape


def _policy_detail(transaction: Transaction, policy: ManagedPolicy) -> dict[str, Any]:
    versions = managed_policies.versions(transaction, policy)
    return {
        **policy_shape(transaction, policy),
        "PolicyVersionList": [version_shape(each, with_document=True) for each in versions],
    }


def _inline(transaction: Transaction, owner: PolicyOwner) -> list[shapes.PolicyDetail]:
    return [
        {"PolicyName": each.name, "PolicyDocument": each.document}
        for each in inline_policies.of_owner(transaction, owner.owner_id)
    ]


def _attached(transaction: Transaction, owner: PolicyOwner) -> list[shapes.AttachedPolicy]:
    return [
        {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}
        for arn in attachments.arns_of(transaction, owner.owner_id)
    ]
