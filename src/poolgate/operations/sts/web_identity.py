"""Roles for those whom an identity provider vouches for: the token is all that is shown."""

from poolgate.iam import assumed_roles
from poolgate.identitypools import web_identities
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import sts as shapes
from poolgate.operations.sts.registrar import registrar
from poolgate.operations.sts.requests import role_arn, session_wishes
from poolgate.operations.sts.session_shapes import credentials_shape
from poolgate.store.call import Call


@registrar.operation("AssumeRoleWithWebIdentity", authentication=Authentication.NONE)
def assume_role_with_web_identity(
    call: Call, request: shapes.AssumeRoleWithWebIdentityRequest
) -> shapes.AssumeRoleWithWebIdentityResponse:
    """Return keys of a role that trusts the token's issuer."""
    arn = role_arn(request)
    shown = web_identities.verify(call, request["WebIdentityToken"])
    wishes = shown.with_tags(session_wishes(request, name=request["RoleSessionName"]))
    assumed = assumed_roles.assume_vouched(
        call, arn, wishes, shown.vouched, action=web_identities.ACTION
    )
    answer: shapes.AssumeRoleWithWebIdentityResponse = {
        "Credentials": credentials_shape(assumed.keys),
        "SubjectFromWebIdentityToken": shown.subject,
        "AssumedRoleUser": {"Arn": assumed.arn, "AssumedRoleId": assumed.session_id},
        "Provider": shown.provider,
        "Audience": shown.audience,
    }
    if wishes.packed_percent is not None:
        answer["PackedPolicySize"] = wishes.packed_percent
    if assumed.source_identity is not None:
        answer["SourceIdentity"] = assumed.source_identity
    return answer
