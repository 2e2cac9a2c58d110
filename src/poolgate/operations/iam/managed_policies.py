"""Managed policies, their versions and where they are attached."""

import re
from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import attachments, managed_policies
from poolgate.iam.aws_managed_policies import AWS_MANAGED_POLICIES
from poolgate.iam.managed_policies import ManagedPolicy, PolicyVersion, PolicyVersionNotFound
from poolgate.iam.owners import OwnerKind, PolicyOwner
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import named_policy_resource, new_policy_resource
from poolgate.operations.iam.tag_shapes import tag_list, tag_pairs, tags_page
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call
from poolgate.store.database import Transaction

_VERSION_ID = re.compile(r"v([1-9][0-9]{0,8})(?:\..*)?")


@registrar.operation(
    "CreatePolicy", authentication=Authentication.SIGV4, resource_of=new_policy_resource
)
def create_policy(call: Call, request: shapes.CreatePolicyRequest) -> shapes.CreatePolicyResponse:
    """Create a managed policy."""
    created = managed_policies.create(
        call,
        name=request["PolicyName"],
        path=request.get("Path", "/"),
        document=request["PolicyDocument"],
        description=request.get("Description"),
        tags=tag_pairs(request.get("Tags", ())),
    )
    with call.db.reading() as transaction:
        shape = policy_shape(transaction, created)
    shape.pop("Description", None)
    if created.tags:
        shape["Tags"] = tag_list(created.tags)
    return {"Policy": shape}


@registrar.operation(
    "GetPolicy", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def get_policy(call: Call, request: shapes.GetPolicyRequest) -> shapes.GetPolicyResponse:
    """Describe a managed policy."""
    attachments.verify_policy_arn(request["PolicyArn"])
    with call.db.reading() as transaction:
        found = managed_policies.get(transaction, request["PolicyArn"])
        shape = policy_shape(transaction, found)
    shape["Tags"] = tag_list(found.tags)
    return {"Policy": shape}


@registrar.operation("ListPolicies", authentication=Authentication.SIGV4, resource_of=any_resource)
def list_policies(call: Call, request: shapes.ListPoliciesRequest) -> dict[str, Any]:
    """List managed policies: the account's own, AWS's, or both."""
    scope, path_prefix = request.get("Scope", "All"), request.get("PathPrefix", "/")
    usage = request.get("PolicyUsageFilter", "PermissionsPolicy")
    filtered = (request.get("OnlyAttached", False), "PolicyUsageFilter" in request)
    paging = Paging(call, request, f"policies {scope} {path_prefix} {filtered} {usage}")
    with call.db.reading() as transaction:
        found = [
            policy_shape(transaction, each)
            for each in _in_scope(transaction, scope)
            if each.path.startswith(path_prefix) and each.arn > (paging.after or "")
        ]
    if request.get("OnlyAttached") or "PolicyUsageFilter" in request:
        found = [shape for shape in found if _is_used(shape, usage)]
    shown = found[: paging.limit]
    return {
        "Policies": shown,
        **paging.truncation(shown[-1]["Arn"] if len(found) > len(shown) else None),
    }


@registrar.operation(
    "DeletePolicy", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def delete_policy(call: Call, request: shapes.DeletePolicyRequest) -> None:
    """Delete a policy that has effect nowhere."""
    attachments.verify_policy_arn(request["PolicyArn"])
    managed_policies.delete(call, request["PolicyArn"])


@registrar.operation(
    "CreatePolicyVersion", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def create_policy_version(
    call: Call, request: shapes.CreatePolicyVersionRequest
) -> shapes.CreatePolicyVersionResponse:
    """Add a version."""
    added = managed_policies.add_version(
        call,
        request["PolicyArn"],
        request["PolicyDocument"],
        set_as_default=request.get("SetAsDefault", False),
    )
    return {"PolicyVersion": version_shape(added, with_document=False)}


@registrar.operation(
    "GetPolicyVersion", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def get_policy_version(
    call: Call, request: shapes.GetPolicyVersionRequest
) -> shapes.GetPolicyVersionResponse:
    """Return one version with its document as it was given."""
    with call.db.reading() as transaction:
        found = managed_policies.get(transaction, request["PolicyArn"])
        number = _version_number(request["PolicyArn"], request["VersionId"])
        version = managed_policies.version(transaction, found, number)
    return {"PolicyVersion": version_shape(version, with_document=True)}


@registrar.operation(
    "ListPolicyVersions", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def list_policy_versions(call: Call, request: shapes.ListPolicyVersionsRequest) -> dict[str, Any]:
    """List the versions, the newest first."""
    paging = Paging(call, request, f"versions {request['PolicyArn']}")
    with call.db.reading() as transaction:
        found = managed_policies.get(transaction, request["PolicyArn"])
        versions = managed_policies.versions(transaction, found)
    later = [each for each in versions if paging.after is None or each.number < int(paging.after)]
    shown = later[: paging.limit]
    more = len(later) > len(shown)
    return {
        "Versions": [version_shape(version, with_document=False) for version in shown],
        **paging.truncation(str(shown[-1].number) if more else None),
    }


@registrar.operation(
    "SetDefaultPolicyVersion",
    authentication=Authentication.SIGV4,
    resource_of=named_policy_resource,
)
def set_default_policy_version(call: Call, request: shapes.SetDefaultPolicyVersionRequest) -> None:
    """Let another version have effect."""
    number = _version_number(request["PolicyArn"], request["VersionId"])
    managed_policies.set_default_version(call, request["PolicyArn"], number)


@registrar.operation(
    "DeletePolicyVersion", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def delete_policy_version(call: Call, request: shapes.DeletePolicyVersionRequest) -> None:
    """Delete a version that is not the default one."""
    number = _version_number(request["PolicyArn"], request["VersionId"])
    managed_policies.delete_version(call, request["PolicyArn"], number)


@registrar.operation(
    "ListEntitiesForPolicy", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def list_entities_for_policy(
    call: Call, request: shapes.ListEntitiesForPolicyRequest
) -> dict[str, Any]:
    """List the users, groups and roles that a policy is attached to, or limits."""
    arn, path_prefix = request["PolicyArn"], request.get("PathPrefix", "/")
    as_boundary = request.get("PolicyUsageFilter") == "PermissionsBoundary"
    wanted = request.get("EntityFilter")
    paging = Paging(call, request, f"entities {arn} {path_prefix} {wanted} {as_boundary}")
    with call.db.reading() as transaction:
        managed_policies.get(transaction, arn)
        found = [
            owner
            for kind in OwnerKind
            if wanted in {None, kind}
            for owner in attachments.owners_of(transaction, arn, kind, as_boundary=as_boundary)
            if owner.path.startswith(path_prefix)
        ]
    positions = {id(owner): f"{owner.kind} {owner.name}" for owner in found}
    later = sorted(
        (owner for owner in found if positions[id(owner)] > (paging.after or "")),
        key=lambda owner: positions[id(owner)],
    )
    shown = later[: paging.limit]
    return {
        **{f"Policy{kind}s": _entities(shown, kind) for kind in OwnerKind},
        **paging.truncation(positions[id(shown[-1])] if len(later) > len(shown) else None),
    }


@registrar.operation(
    "TagPolicy", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def tag_policy(call: Call, request: shapes.TagPolicyRequest) -> None:
    """Add or replace tags."""
    managed_policies.tag(call, request["PolicyArn"], tag_pairs(request["Tags"]))


@registrar.operation(
    "UntagPolicy", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def untag_policy(call: Call, request: shapes.UntagPolicyRequest) -> None:
    """Remove tags."""
    managed_policies.untag(call, request["PolicyArn"], request["TagKeys"])


@registrar.operation(
    "ListPolicyTags", authentication=Authentication.SIGV4, resource_of=named_policy_resource
)
def list_policy_tags(call: Call, request: shapes.ListPolicyTagsRequest) -> dict[str, Any]:
    """List a policy's tags, by key."""
    paging = Paging(call, request, f"policy tags {request['PolicyArn']}")
    with call.db.reading() as transaction:
        found = managed_policies.get(transaction, request["PolicyArn"])
    return tags_page(found.tags, paging)


def policy_shape(transaction: Transaction, policy: ManagedPolicy) -> shapes.Policy:
    """Return a managed policy as answers show it."""
    usage = managed_policies.usage(transaction, policy.arn)
    shape: shapes.Policy = {
        "PolicyName": policy.name,
        "PolicyId": policy.policy_id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default_version}",
        "AttachmentCount": usage.attachments,
        "PermissionsBoundaryUsageCount": usage.boundaries,
        "IsAttachable": True,
        "CreateDate": from_epoch_millis(policy.created_at),
        "UpdateDate": from_epoch_millis(policy.updated_at),
    }
    if policy.description is not None:
        shape["Description"] = policy.description
    return shape


def _is_used(shape: shapes.Policy, usage: str) -> bool:
    if usage == "PermissionsBoundary":
        return shape["PermissionsBoundaryUsageCount"] > 0
    return shape["AttachmentCount"] > 0


def _in_scope(transaction: Transaction, scope: str) -> list[ManagedPolicy]:
    """Return policies by ARN: AWS's own, the account's, or both."""
    arns = AWS_MANAGED_POLICIES if scope in {"All", "AWS"} else ()
    found = [managed_policies.get(transaction, arn) for arn in arns]
    if scope in {"All", "Local"}:
        limit = managed_policies.POLICIES_PER_ACCOUNT
        found += managed_policies.list_page(
            transaction, path_prefix="/", after=None, limit=limit
        ).rows
    return sorted(found, key=lambda policy: policy.arn)


def _entities(owners: list[PolicyOwner], kind: OwnerKind) -> list[dict[str, str]]:
    return [
        {f"{kind}Name": owner.name, f"{kind}Id": owner.owner_id}
        for owner in owners
        if owner.kind is kind
    ]


def _version_number(arn: str, version_id: str) -> int:
    found = _VERSION_ID.fullmatch(version_id)
    if found is None:
        raise PolicyVersionNotFound(arn=arn, version=version_id)
    return int(found[1])


def version_shape(version: PolicyVersion, *, with_document: bool) -> shapes.PolicyVersion:
    """Return a version as answers show it."""
    shape: shapes.PolicyVersion = {
        "VersionId": f"v{version.number}",
        "IsDefaultVersion": version.is_default,
        "CreateDate": from_epoch_millis(version.created_at),
    }
    if with_document:
        shape["Document"] = version.document
    return shape
