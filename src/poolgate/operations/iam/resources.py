"""The ARNs and condition keys that policies are matched with, by request.

An entity that is not there is told to callers who might act on it, were it at the default path.
"""

from poolgate.foundation.ids import AccessKeyId
from poolgate.iam import (
    groups,
    key_uses,
    managed_policies,
    mfa_devices,
    oidc_providers,
    roles,
    saml_providers,
    users,
)
from poolgate.iam.access_keys import AccessKeyNotFound
from poolgate.iam.owners import OwnerKind, entity_arn
from poolgate.iam.signers import root_principal
from poolgate.operations.registry import Shape
from poolgate.store.call import Call


def named_user_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the user that the request names, or of the caller where it names none."""
    name = request.get("UserName")
    if name is None:
        principal = call.principal or root_principal(call.account_id)
        return principal.arn
    with call.db.reading() as transaction:
        user = users.find(transaction, name)
    path, stored_name = (user.path, user.name) if user else ("/", name)
    return users.user_arn(call.account_id, path, stored_name)


def key_owner_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the user whose access key the request names."""
    with call.db.reading() as transaction:
        try:
            used = key_uses.last_use(transaction, AccessKeyId(request["AccessKeyId"]))
        except AccessKeyNotFound:
            return users.user_arn(call.account_id, "/", "*")
        owner = None if used.user_id is None else users.find_by_id(transaction, used.user_id)
    if owner is None:
        return root_principal(call.account_id).arn
    return owner.owner.arn(call.account_id)


def named_group_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the group that the request names."""
    name = request["GroupName"]
    with call.db.reading() as transaction:
        group = groups.find(transaction, name)
    path, stored_name = (group.path, group.name) if group else ("/", name)
    return entity_arn(call.account_id, OwnerKind.GROUP, path, stored_name)


def named_role_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the role that the request names."""
    name = request["RoleName"]
    with call.db.reading() as transaction:
        role = roles.find(transaction, name)
    path, stored_name = (role.path, role.name) if role else ("/", name)
    return roles.role_arn(call.account_id, path, stored_name)


def named_policy_resource(_call: Call, request: Shape) -> str:
    """Return the ARN of the managed policy that the request names."""
    arn: str = request["PolicyArn"]
    return arn


def policy_source_resource(_call: Call, request: Shape) -> str:
    """Return the ARN of the user, group or role whose policies are asked about."""
    arn: str = request["PolicySourceArn"]
    return arn


def new_user_resource(call: Call, request: Shape) -> str:
    """Return the ARN that the user to be created will have."""
    return users.user_arn(call.account_id, request.get("Path", "/"), request["UserName"])


def new_group_resource(call: Call, request: Shape) -> str:
    """Return the ARN that the group to be created will have."""
    path = request.get("Path", "/")
    return entity_arn(call.account_id, OwnerKind.GROUP, path, request["GroupName"])


def new_role_resource(call: Call, request: Shape) -> str:
    """Return the ARN that the role to be created will have."""
    return roles.role_arn(call.account_id, request.get("Path", "/"), request["RoleName"])


def new_policy_resource(call: Call, request: Shape) -> str:
    """Return the ARN that the managed policy to be created will have."""
    path, name = request.get("Path", "/"), request["PolicyName"]
    return managed_policies.policy_arn(call.account_id, path, name)


def listed_users_resource(call: Call, request: Shape) -> str:
    """Return the beginning of the ARNs of the users to be listed."""
    return users.user_arn(call.account_id, request.get("PathPrefix", "/"), "")


def listed_groups_resource(call: Call, request: Shape) -> str:
    """Return the beginning of the ARNs of the groups to be listed."""
    return entity_arn(call.account_id, OwnerKind.GROUP, request.get("PathPrefix", "/"), "")


def listed_roles_resource(call: Call, request: Shape) -> str:
    """Return the beginning of the ARNs of the roles to be listed."""
    return roles.role_arn(call.account_id, request.get("PathPrefix", "/"), "")


def policy_context(_call: Call, request: Shape) -> dict[str, tuple[str, ...]]:
    """Return IAM's own condition keys: which policy, which boundary, which tags are asked for.

    # AWS list_awsidentityandaccessmanagementiam
    """
    context: dict[str, tuple[str, ...]] = {}
    if "PolicyArn" in request:
        context["iam:PolicyARN"] = (request["PolicyArn"],)
    if "PermissionsBoundary" in request:
        context["iam:PermissionsBoundary"] = (request["PermissionsBoundary"],)
    tags = request.get("Tags", ())
    for tag in tags:
        context[f"aws:RequestTag/{tag['Key']}"] = (tag["Value"],)
    tag_keys = (*(tag["Key"] for tag in tags), *request.get("TagKeys", ()))
    if tag_keys:
        context["aws:TagKeys"] = tag_keys
    return context


def named_provider_resource(_call: Call, request: Shape) -> str:
    """Return the ARN of the OIDC provider that the request names."""
    arn: str = request["OpenIDConnectProviderArn"]
    return arn


def new_provider_resource(call: Call, request: Shape) -> str:
    """Return the ARN that the OIDC provider to be created will have."""
    return oidc_providers.provider_arn(call.account_id, request["Url"].removeprefix("https://"))


def named_saml_resource(_call: Call, request: Shape) -> str:
    """Return the ARN of the SAML provider that the request names."""
    arn: str = request["SAMLProviderArn"]
    return arn


def new_saml_resource(call: Call, request: Shape) -> str:
    """Return the ARN that the SAML provider to be created will have."""
    return saml_providers.provider_arn(call.account_id, request["Name"])


def named_device_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the virtual MFA device that the request names, or will make."""
    if "SerialNumber" in request:
        serial_number: str = request["SerialNumber"]
        return serial_number
    path, name = request.get("Path", "/"), request["VirtualMFADeviceName"]
    return mfa_devices.serial_number_of(call.account_id, path, name)


def linked_role_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the role that a service's role will be, by its path."""
    service = request["AWSServiceName"]
    return roles.role_arn(call.account_id, f"/aws-service-role/{service}/", "*")
