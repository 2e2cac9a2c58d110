"""Logins by a SAML provider of IAM: the provider's response is the token."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from kits.identity_chain import credentials_of, trust_in
from kits.keychain import allow, make_role
from kits.saml_idp import Said, SamlIdp

SIGN_IN = "https://signin.aws.amazon.com/saml"
REFUSED = "NotAuthorizedException: Invalid login token. Couldn't verify SAML assertion."


class SamlChain:
    """An identity pool that takes one SAML provider."""

    def __init__(self, poolgate, iam, identity, roles):
        self.poolgate, self.iam, self.identity = poolgate, iam, identity
        self.idp = SamlIdp()
        self.arn = iam.create_saml_provider(
            Name="Example", SAMLMetadataDocument=self.idp.metadata()
        )["SAMLProviderArn"]
        self.pool_id = identity.create_identity_pool(
            IdentityPoolName="people",
            AllowUnauthenticatedIdentities=False,
            SamlProviderARNs=[self.arn],
        )["IdentityPoolId"]
        self.role_arn = make_role(iam, "member", trust_in(self.pool_id), allow("iam:ListUsers"))
        identity.set_identity_pool_roles(
            IdentityPoolId=self.pool_id, Roles={"authenticated": self.role_arn}, **roles(self)
        )

    def response(self, idp=None, **said):
        document = (idp or self.idp).response(
            Said(
                **{
                    "now": self.poolgate.clock.now(),
                    "recipient": SIGN_IN,
                    "audience": "urn:amazon:webservices",
                    **said,
                }
            )
        )
        return base64.b64encode(document).decode()

    def identity_id(self, response):
        asked = {"IdentityPoolId": self.pool_id, "Logins": {self.arn: response}}
        return self.identity.get_id(**asked)["IdentityId"]

    def keys(self, response):
        return self.identity.get_credentials_for_identity(
            IdentityId=self.identity_id(response), Logins={self.arn: response}
        )


@pytest.fixture
def chain(poolgate, iam):
    return SamlChain(poolgate, iam, poolgate.client("cognito-identity"), lambda _: {})


@pytest.mark.documented("cognito saml-identity-provider", "the ARN and the base64 response")
def test_a_response_becomes_keys_of_the_pools_role(chain):
    answer = chain.keys(chain.response())
    chain.poolgate.client("iam", credentials=credentials_of(answer)).list_users()
    again = chain.response(assertion_id="_other", session_index="_other")
    assert chain.identity_id(again) == answer["IdentityId"]
    assert chain.identity_id(chain.response(name_id="eve@example.com")) != answer["IdentityId"]
    described = chain.identity.describe_identity(IdentityId=answer["IdentityId"])
    assert described["Logins"] == [chain.arn]


@pytest.mark.documented("role-based-access-control", "rules on claims of SAML assertions")
def test_rules_look_at_the_attributes(poolgate, iam):
    def rules(chain):
        admin = make_role(iam, "admin", trust_in(chain.pool_id), allow("iam:ListRoles"))
        rule = {"Claim": "role", "MatchType": "Equals", "Value": "admin", "RoleARN": admin}
        mapping = {
            "Type": "Rules",
            "AmbiguousRoleResolution": "AuthenticatedRole",
            "RulesConfiguration": {"Rules": [rule]},
        }
        return {"RoleMappings": {chain.arn: mapping}}

    chain = SamlChain(poolgate, iam, poolgate.client("cognito-identity"), rules)
    for roles, name in ((["reader", "admin"], "admin"), (["admin"], "admin"), (["x"], "member")):
        answer = chain.keys(chain.response(attributes={"role": roles}))
        sts = poolgate.client("sts", credentials=credentials_of(answer))
        assert f":assumed-role/{name}/" in sts.get_caller_identity()["Arn"]


@pytest.mark.assumed("texts of SAML logins that are refused")
def test_responses_that_do_not_count_are_no_logins(chain, refused):
    chain.identity_id(chain.response())

    def why_not(response, arn=chain.arn):
        asked = {"IdentityPoolId": chain.pool_id, "Logins": {arn: response}}
        refusal = refused(chain.identity.get_id, **asked)
        return f"{refusal['code']}: {refusal['message']}"

    for response in (
        "no response",
        chain.response(signs=()),
        chain.response(audience="urn:other"),
        chain.response(recipient="https://other.example.com"),
        chain.response(issuer="https://other.example.com"),
        chain.response(replace(chain.idp, number=9)),
    ):
        assert why_not(response) == REFUSED
    unsupported = "Token is not from a supported provider of this identity pool."
    assert why_not(chain.response(), f"{chain.arn}x").endswith(unsupported)
    late = chain.response(lives=timedelta(hours=1))
    chain.poolgate.clock.advance(300)
    assert why_not(late) == "NotAuthorizedException: Invalid login token. Token expired."
    chain.iam.delete_saml_provider(SAMLProviderArn=chain.arn)
    assert why_not(chain.response()).endswith(unsupported)
