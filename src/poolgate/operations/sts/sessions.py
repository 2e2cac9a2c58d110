"""Temporary keys for signed callers: roles, federated users, and the caller itself."""

from poolgate.iam import assumed_roles, own_sessions
from poolgate.iam.signers import federated_user_arn
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import sts as shapes
from poolgate.operations.sts.registrar import registrar
from poolgate.operations.sts.requests import (
    SessionCredentialsRefused,
    mfa_proof,
    role_arn,
    session_wishes,
)
from poolgate.operations.sts.session_shapes import credentials_shape, packed_size
from poolgate.store.call import Call


# The trust policy has its say with the caller's own policies, so that the domain asks both.
@registrar.operation("AssumeRole", authentication=Authentication.SIGV4, needs_permission=False)
def assume_role(call: Call, request: shapes.AssumeRoleRequest) -> shapes.AssumeRoleResponse:
    """Return keys of a role that trusts the caller."""
    wishes = session_wishes(request, name=request["RoleSessionName"])
    assumed = assumed_roles.assume(
        call,
        role_arn(request),
        wishes,
        external_id=request.get("ExternalId"),
        mfa_proof=mfa_proof(request),
    )
    answer: shapes.AssumeRoleResponse = {
        "Credentials": credentials_shape(assumed.keys),
        "AssumedRoleUser": {"Arn": assumed.arn, "AssumedRoleId": assumed.session_id},
    }
    if wishes.packed_percent is not None:
        answer["PackedPolicySize"] = wishes.packed_percent
    if assumed.source_identity is not None:
        answer["SourceIdentity"] = assumed.source_identity
    return answer


# AWS API_GetSessionToken: no permissions are required.
@registrar.operation("GetSessionToken", authentication=Authentication.SIGV4, needs_permission=False)
def get_session_token(
    call: Call, request: shapes.GetSessionTokenRequest
) -> shapes.GetSessionTokenResponse:
    """Return temporary keys of the caller itself, who may have shown an MFA code."""
    _verify_long_term(call, "GetSessionToken")
    issued = own_sessions.begin_same_caller(
        call, seconds=request.get("DurationSeconds"), mfa_proof=mfa_proof(request)
    )
    return {"Credentials": credentials_shape(issued)}


def _federated_user_resource(call: Call, request: shapes.GetFederationTokenRequest) -> str:
    return federated_user_arn(call.account_id, request["Name"])


@registrar.operation(
    "GetFederationToken",
    authentication=Authentication.SIGV4,
    resource_of=_federated_user_resource,
)
def get_federation_token(
    call: Call, request: shapes.GetFederationTokenRequest
) -> shapes.GetFederationTokenResponse:
    """Return keys of somebody whom the caller vouches for, with what the policies pass on."""
    _verify_long_term(call, "GetFederationToken")
    wishes = session_wishes(request, name=request["Name"])
    issued = own_sessions.begin_federated(call, wishes)
    return {
        "Credentials": credentials_shape(issued),
        "FederatedUser": {
            "FederatedUserId": f"{call.account_id}:{wishes.name}",
            "Arn": federated_user_arn(call.account_id, wishes.name),
        },
        "PackedPolicySize": packed_size(wishes),
    }


def _verify_long_term(call: Call, operation: str) -> None:
    if call.principal is not None and call.principal.temporary is not None:
        raise SessionCredentialsRefused(operation=operation)
