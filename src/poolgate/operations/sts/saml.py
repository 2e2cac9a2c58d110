"""Roles for those whom a SAML provider vouches for: its response is all that is shown."""

from dataclasses import replace

from poolgate.iam import assumed_roles, saml_identities
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import sts as shapes
from poolgate.operations.sts.registrar import registrar
from poolgate.operations.sts.requests import saml_arns, session_wishes
from poolgate.operations.sts.session_shapes import credentials_shape
from poolgate.store.call import Call


@registrar.operation("AssumeRoleWithSAML", authentication=Authentication.NONE)
def assume_role_with_saml(
    call: Call, request: shapes.AssumeRoleWithSAMLRequest
) -> shapes.AssumeRoleWithSAMLResponse:
    """Return keys of a role that trusts the provider, which named the role."""
    role_arn, provider_arn = saml_arns(request)
    shown = saml_identities.verify(call, provider_arn, request["SAMLAssertion"])
    shown.verify_role_named(role_arn)
    wishes = replace(
        session_wishes(request, name=shown.session_name),
        tags=shown.session_tags,
        transitive_tag_keys=shown.transitive_tag_keys,
        source_identity=shown.source_identity,
    )
    assumed = assumed_roles.assume_vouched(
        call,
        role_arn,
        wishes,
        shown.vouched(call),
        action=saml_identities.ACTION,
        longest_seconds=shown.longest_seconds(call),
    )
    answer: shapes.AssumeRoleWithSAMLResponse = {
        "Credentials": credentials_shape(assumed.keys),
        "AssumedRoleUser": {"Arn": assumed.arn, "AssumedRoleId": assumed.session_id},
        "Subject": shown.subject,
        "SubjectType": shown.subject_type,
        "Issuer": shown.assertion.issuer,
        "Audience": shown.assertion.recipient,
        "NameQualifier": shown.name_qualifier,
    }
    if wishes.packed_percent is not None:
        answer["PackedPolicySize"] = wishes.packed_percent
    if assumed.source_identity is not None:
        answer["SourceIdentity"] = assumed.source_identity
    return answer
