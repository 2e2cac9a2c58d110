import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from kits.keychain import allow, keys_of, make_role, trusting
from kits.saml_idp import Said, SamlIdp, idp_key, pem_of
from kits.takers import TOOK, at_once

from poolgate.credentials.certificates import self_signed_certificate
from poolgate.testing import LocalPoolgate
from poolgate.testing.local import URL

SAML = "sts:AssumeRoleWithSAML"
SIGN_IN = "https://signin.aws.amazon.com/saml"
OWN = ("Role", "SessionDuration", "SourceIdentity", "PrincipalTag:", "TransitiveTagKeys")
PATTERN = "[a-zA-Z_0-9+=,.@-]{2,64}"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


@dataclass
class SamlAccount:
    """An account with one SAML provider, and what that provider says when nothing is wrong."""

    poolgate: LocalPoolgate
    iam: Any
    idp: SamlIdp
    arn: str

    def role(self, name="reader", *statements, actions=SAML, conditions=None, **members):
        others = {"Condition": conditions} if conditions else {}
        trust = trusting({"Federated": self.arn}, actions, **others)
        return make_role(
            self.iam, name, trust, *(statements or (allow("iam:ListUsers"),)), **members
        )

    def said(self, role_arn, attributes=None, **said):
        named = {
            f"{ATTRIBUTES}Role": [f"{role_arn},{self.arn}"],
            f"{ATTRIBUTES}RoleSessionName": ["ada"],
            **{
                ATTRIBUTES + name if name.startswith(OWN) else name: values
                for name, values in (attributes or {}).items()
            },
        }
        return Said(
            **{
                "now": self.poolgate.clock.now(),
                "recipient": SIGN_IN,
                "audience": "urn:amazon:webservices",
                "attributes": {name: values for name, values in named.items() if values},
                **said,
            }
        )

    def response(self, role_arn, attributes=None, **said):
        return self.encoded(self.idp.response(self.said(role_arn, attributes, **said)))

    @staticmethod
    def encoded(document):
        return base64.b64encode(document).decode()

    def asked(self, role_arn, response, **members):
        return {
            "RoleArn": role_arn,
            "PrincipalArn": self.arn,
            "SAMLAssertion": response,
            **members,
        }

    def assume(self, role_arn, response=None, **members):
        response = self.response(role_arn) if response is None else response
        sts = self.poolgate.client("sts")
        return sts.assume_role_with_saml(**self.asked(role_arn, response, **members))


@pytest.fixture
def account(poolgate, iam):
    idp = SamlIdp()
    arn = iam.create_saml_provider(Name="Example", SAMLMetadataDocument=idp.metadata())
    return SamlAccount(poolgate, iam, idp, arn["SAMLProviderArn"])


@pytest.fixture
def why_not(account, refused):
    def told(role_arn, response=None, **members):
        response = account.response(role_arn) if response is None else response
        sts = account.poolgate.client("sts")
        refusal = refused(sts.assume_role_with_saml, **account.asked(role_arn, response, **members))
        return f"{refusal['code']}: {refusal['message']}"

    return told


@pytest.mark.documented("API_AssumeRoleWithSAML", "Response Elements")
def test_a_response_becomes_keys_of_the_role(account):
    role_arn = account.role()
    answer = account.assume(role_arn)
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/reader/ada")
    hashed = f"https://idp.example.com{account.poolgate.account_id}/Example".encode()
    digest = hashlib.sha1(hashed, usedforsecurity=False).digest()
    assert answer["NameQualifier"] == base64.b64encode(digest).decode()
    assert (answer["Subject"], answer["SubjectType"]) == ("ada@example.com", "persistent")
    assert (answer["Issuer"], answer["Audience"]) == ("https://idp.example.com", SIGN_IN)
    assert not {"PackedPolicySize", "SourceIdentity"} & set(answer)
    account.poolgate.client("iam", credentials=keys_of(answer)).list_users()
    who = account.poolgate.client("sts", credentials=keys_of(answer)).get_caller_identity()
    assert who["Arn"] == answer["AssumedRoleUser"]["Arn"]


@pytest.mark.documented("id_roles_providers_create_saml_assertions", "Recipient, Audience")
@pytest.mark.parametrize(
    "place",
    [
        "https://signin.aws.amazon.com/saml",
        "https://signin.aws.amazon.com/static/saml",
        "https://eu-west-1.signin.aws.amazon.com/saml",
        "https://signin.aws.amazon.com/saml/acs/{id}",
        "{url}/saml",
        "{url}/saml/acs/{id}",
    ],
)
def test_responses_for_a_place_of_sign_in_count(account, place):
    role_arn = account.role()
    got = account.iam.get_saml_provider(SAMLProviderArn=account.arn)
    shown = place.format(id=got["SAMLProviderUUID"], url=URL)
    for audience in ("urn:amazon:webservices", shown):
        account.assume(role_arn, account.response(role_arn, recipient=shown, audience=audience))


@pytest.mark.documented("id_roles_providers_create_saml_assertions", "either order")
def test_role_and_provider_are_named_in_either_order_among_others(account):
    role_arn = account.role()
    pairs = ["arn:a,arn:b", f"{account.arn}, {role_arn}"]
    account.assume(role_arn, account.response(role_arn, {"Role": pairs}))


@pytest.mark.documented("troubleshoot_saml", "the errors by their words")
@pytest.mark.parametrize(
    ("said", "attributes", "told"),
    [
        ({"signs": ()}, {}, "InvalidIdentityToken: Response signature invalid"),
        (
            {"issuer": "https://other.example.com"},
            {},
            "InvalidIdentityToken: Issuer not present in specified provider",
        ),
        (
            {},
            {"RoleSessionName": []},
            "InvalidIdentityToken: RoleSessionName is required in AuthnResponse",
        ),
        (
            {},
            {"RoleSessionName": ["Ada Lovelace"]},
            f"InvalidIdentityToken: RoleSessionName in AuthnResponse must match {PATTERN}",
        ),
        (
            {},
            {"SourceIdentity": ["aws:ada"]},
            f'InvalidIdentityToken: Source Identity must match {PATTERN} and not begin with "aws:"',
        ),
        ({}, {"Role": []}, f"AccessDenied: Not authorized to perform {SAML}"),
    ],
)
def test_what_is_wrong_is_told_in_awss_words(account, why_not, said, attributes, told):
    role_arn = account.role()
    assert why_not(role_arn, account.response(role_arn, attributes, **said)) == told


@pytest.mark.assumed("texts of SAML responses that are refused")
@pytest.mark.parametrize(
    ("said", "attributes", "code"),
    [
        ({"audience": "urn:other"}, {}, "InvalidIdentityToken"),
        ({"recipient": "https://other.example.com/saml"}, {}, "InvalidIdentityToken"),
        ({"recipient": f"{SIGN_IN}/acs/OTHER"}, {}, "InvalidIdentityToken"),
        ({"recipient": "https://signin.aws.amazon.com.evil.com/saml"}, {}, "InvalidIdentityToken"),
        ({"lives": timedelta(seconds=-61)}, {}, "ExpiredTokenException"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"}, {}, "IDPRejectedClaim"),
        ({}, {"SessionDuration": ["899"]}, "InvalidIdentityToken"),
        ({}, {"SessionDuration": ["1e3"]}, "InvalidIdentityToken"),
    ],
)
def test_responses_that_do_not_count_give_no_keys(account, why_not, said, attributes, code):
    role_arn = account.role()
    account.assume(role_arn)
    told = why_not(role_arn, account.response(role_arn, attributes, **said))
    assert told.split(":")[0] == code


@pytest.mark.documented("aws-google-auth 163, onelogin-aws-cli 12", "as AWS answered")
def test_arns_of_other_things_are_refused(account, why_not):
    role_arn = account.role()
    swapped = {"RoleArn": account.arn, "PrincipalArn": role_arn}
    assert why_not(role_arn, **swapped) == "ValidationError: Principal ARN is invalid"
    assert why_not(account.arn) == "ValidationError: Request ARN is invalid"


@pytest.mark.documented("troubleshoot_saml", "Specified provider doesn't exist")
def test_a_provider_must_be_there(account, why_not):
    role_arn = account.role()
    told = why_not(role_arn, PrincipalArn=f"{account.arn}x")
    assert told == "InvalidIdentityToken: Specified provider doesn't exist"
    account.iam.delete_saml_provider(SAMLProviderArn=account.arn)
    assert why_not(role_arn) == "InvalidIdentityToken: Specified provider doesn't exist"


@pytest.mark.assumed("a SAML provider whose metadata has ended")
def test_a_provider_counts_until_its_metadata_ends(account, why_not):
    role_arn = account.role()
    ends = account.poolgate.clock.now() + timedelta(minutes=1)
    written = f' validUntil="{ends:%Y-%m-%dT%H:%M:%SZ}" entityID='
    account.iam.update_saml_provider(
        SAMLProviderArn=account.arn,
        SAMLMetadataDocument=account.idp.metadata().replace(" entityID=", written),
    )
    account.assume(role_arn)
    account.poolgate.clock.advance(60)
    assert why_not(role_arn) == "InvalidIdentityToken: Specified provider has expired"


@pytest.mark.documented("gimme-aws-creds 251", "Token must be redeemed within 5 minutes")
def test_a_response_may_be_shown_again_for_five_minutes(account, why_not):
    role_arn = account.role()
    response = account.response(role_arn, lives=timedelta(hours=1))
    for _ in range(2):
        account.assume(role_arn, response)
    account.poolgate.clock.advance(300)
    assert why_not(role_arn, response) == (
        "ExpiredTokenException: Token must be redeemed within 5 minutes of issuance"
    )


@pytest.mark.documented("troubleshoot_saml", "Not authorized to perform sts:AssumeRoleWithSAML")
@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"StringEquals": {"saml:aud": SIGN_IN}}, True),
        ({"StringEquals": {"saml:aud": "https://other"}}, False),
        ({"StringEquals": {"saml:iss": "https://idp.example.com"}}, True),
        ({"StringEquals": {"saml:sub": "ada@example.com"}}, True),
        ({"StringEquals": {"saml:sub": "eve@example.com"}}, False),
        ({"StringEquals": {"saml:sub_type": "persistent"}}, True),
        ({"StringLike": {"saml:doc": "*/Example"}}, True),
        ({"StringEquals": {"saml:mail": "ada@example.com"}}, True),
        ({"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"}}, True),
        ({"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "alumni"}}, False),
        ({"ForAllValues:StringEquals": {"saml:edupersonaffiliation": ["staff"]}}, False),
        ({"StringEquals": {"saml:cn": "missing"}}, False),
        ({"StringEquals": {"sts:RoleSessionName": "ada"}}, True),
    ],
)
def test_trust_policies_ask_what_the_provider_says(account, why_not, conditions, fits):
    role_arn = account.role(conditions=conditions)
    attributes = {
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ["staff", "member"],
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": ["ada@example.com"],
    }
    response = account.response(role_arn, attributes)
    if fits:
        account.assume(role_arn, response)
    else:
        assert why_not(role_arn, response) == f"AccessDenied: Not authorized to perform {SAML}"


@pytest.mark.documented("troubleshoot_saml", "role that is misspelled; trust without the action")
def test_roles_that_do_not_trust_are_as_roles_that_are_not_there(account, why_not):
    told = f"AccessDenied: Not authorized to perform {SAML}"
    by_web = account.role("web", actions="sts:AssumeRoleWithWebIdentity")
    assert why_not(by_web) == told
    assert why_not(by_web.replace("web", "missing")) == told
    other = account.iam.create_saml_provider(
        Name="Other", SAMLMetadataDocument=account.idp.metadata()
    )["SAMLProviderArn"]
    role_arn = make_role(account.iam, "other", trusting({"Federated": other}, SAML))
    assert why_not(role_arn) == told


@pytest.mark.documented("id_roles_providers_create_saml_assertions", "PrincipalTag, SourceIdentity")
def test_tags_and_a_source_identity_come_from_the_assertion(account, why_not):
    actions = [SAML, "sts:TagSession", "sts:SetSourceIdentity"]
    own = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}
    tagged = account.role("tagged", allow("iam:ListUsers", **own), actions=actions)
    attributes = {
        "PrincipalTag:team": ["blue"],
        "TransitiveTagKeys": ["team"],
        "SourceIdentity": ["ada"],
    }
    answer = account.assume(tagged, account.response(tagged, attributes))
    assert answer["SourceIdentity"] == "ada"
    assert answer["PackedPolicySize"] > 0
    account.poolgate.client("iam", credentials=keys_of(answer)).list_users()
    plain = account.role("plain")
    for name, action in (
        ("PrincipalTag:team", "sts:TagSession"),
        ("SourceIdentity", "sts:SetSourceIdentity"),
    ):
        told = why_not(plain, account.response(plain, {name: ["blue"]}))
        assert told == f"AccessDenied: Not authorized to perform {action}"
    chained = make_role(
        account.iam,
        "chained",
        trusting({"AWS": tagged}, ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]),
        allow("iam:ListUsers", **own),
    )
    sts = account.poolgate.client("sts", credentials=keys_of(answer))
    next_one = sts.assume_role(RoleArn=chained, RoleSessionName="next")
    account.poolgate.client("iam", credentials=keys_of(next_one)).list_users()


@pytest.mark.documented("API_AssumeRoleWithSAML", "DurationSeconds, whichever is shorter")
@pytest.mark.parametrize(
    ("members", "said", "attributes", "seconds"),
    [
        ({}, {}, {}, 3600),
        ({"DurationSeconds": 900}, {}, {}, 900),
        ({"DurationSeconds": 7200}, {}, {}, 7200),
        ({}, {}, {"SessionDuration": ["1800"]}, 1800),
        ({}, {}, {"SessionDuration": ["43200"]}, 3600),
        ({"DurationSeconds": 7200}, {"ends": 5400}, {"SessionDuration": ["43200"]}, 5400),
    ],
)
def test_the_session_lasts_as_long_as_all_allow(account, members, said, attributes, seconds):
    role_arn = account.role(MaxSessionDuration=7200)
    now = account.poolgate.clock.now()
    ends = {"session_ends": now + timedelta(seconds=said["ends"])} if said else {}
    response = account.response(role_arn, attributes, **ends)
    answer = account.assume(role_arn, response, **members)
    lasts = answer["Credentials"]["Expiration"] - now
    assert abs(lasts.total_seconds() - seconds) <= 2


@pytest.mark.documented("troubleshoot_saml", "DurationSeconds exceeds MaxSessionDuration")
def test_longer_than_the_role_allows_is_refused(account, why_not):
    told = why_not(account.role(), DurationSeconds=3601)
    assert told.startswith("ValidationError: The requested DurationSeconds exceeds")


@pytest.mark.documented("reference_policies_iam-condition-keys", "saml:sub in further requests")
def test_requests_of_the_session_know_the_subject_only(account):
    known = {"StringEquals": {"saml:sub": "ada@example.com", "saml:sub_type": "persistent"}}
    unknown = {"StringEquals": {"saml:iss": "https://idp.example.com"}}
    role_arn = account.role(
        "reader",
        allow("iam:ListUsers", Condition=known),
        allow("iam:ListRoles", Condition=unknown),
    )
    iam = account.poolgate.client("iam", credentials=keys_of(account.assume(role_arn)))
    iam.list_users()
    with pytest.raises(iam.exceptions.ClientError):
        iam.list_roles()


@pytest.mark.documented("API_CreateSAMLProvider", "AssertionEncryptionMode")
def test_encrypted_assertions_are_opened_by_the_providers_keys(account, why_not):
    role_arn = account.role()
    account.iam.update_saml_provider(
        SAMLProviderArn=account.arn,
        AssertionEncryptionMode="Required",
        AddPrivateKey=pem_of(idp_key(1)),
    )
    now = account.poolgate.clock.now()
    said = account.said(role_arn)
    for number, works in ((1, True), (2, False)):
        certificate = self_signed_certificate(idp_key(number), "sp", now)
        response = account.encoded(account.idp.response(said, encrypt_for=certificate))
        if works:
            account.assume(role_arn, response)
        else:
            told = why_not(role_arn, response)
            assert told == "InvalidIdentityToken: Response signature invalid"
    assert why_not(role_arn) == "InvalidIdentityToken: SAML assertion is not encrypted"


@pytest.mark.documented("API_AssumeRoleWithSAML", "Policy")
def test_session_policies_limit_the_session(account):
    role_arn = account.role("wide", allow("iam:*"))
    policy = trusting({}, "iam:ListUsers").replace('"Principal": {}', '"Resource": "*"')
    answer = account.assume(role_arn, Policy=policy)
    iam = account.poolgate.client("iam", credentials=keys_of(answer))
    iam.list_users()
    with pytest.raises(iam.exceptions.ClientError):
        iam.list_roles()


@pytest.mark.documented("API_AssumeRoleWithSAML", "does not require the use of credentials")
def test_many_show_one_response_at_once(account):
    role_arn = account.role()
    response = account.response(role_arn)
    told = at_once(lambda _: account.assume(role_arn, response), takers=10)
    assert told == {TOOK: 10}


@pytest.mark.model("AssumeRoleWithSAMLRequest")
def test_what_is_no_response_is_refused(account, why_not):
    role_arn = account.role()
    assert why_not(role_arn, "!!!!") == "InvalidIdentityToken: Invalid base64 SAMLResponse"
    bomb = account.encoded(b'<!DOCTYPE a [<!ENTITY a "aaaa">]><a>&a;</a>')
    assert why_not(role_arn, bomb) == "InvalidIdentityToken: Invalid base64 SAMLResponse"
    forged = replace(account.idp, number=9).response(account.said(role_arn))
    told = why_not(role_arn, account.encoded(forged))
    assert told == "InvalidIdentityToken: Response signature invalid"
