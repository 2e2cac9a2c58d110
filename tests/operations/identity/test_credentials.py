import json

import pytest
from kits.identity_chain import COGNITO, credentials_of, make_chain, trust_in
from kits.keychain import allow, document, make_role, trusting

FORBIDDEN = "NotAuthorizedException"
UNUSABLE = {
    "code": "InvalidIdentityPoolConfigurationException",
    "message": "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
    "status": 400,
}


@pytest.mark.documented("cognito-identity enhanced flow", "role session CognitoIdentityCredentials")
def test_a_sign_in_becomes_keys_of_a_role(poolgate, chain):
    id_token = chain.id_token()
    answer = chain.keys(id_token)
    assert answer["IdentityId"] == chain.identity_of(id_token)
    assert answer["Credentials"].keys() == {
        "AccessKeyId",
        "SecretKey",
        "SessionToken",
        "Expiration",
    }
    credentials = credentials_of(answer)
    caller = poolgate.client("sts", credentials=credentials).get_caller_identity()
    account = poolgate.account_id
    assert caller["Arn"] == (
        f"arn:aws:sts::{account}:assumed-role/member/CognitoIdentityCredentials"
    )
    poolgate.client("iam", credentials=credentials).list_users()


@pytest.mark.documented("cognito-identity API_GetId", "the same identity for the same login")
def test_an_identity_is_the_same_for_every_token_of_the_user(chain):
    first = chain.identity_of(chain.id_token())
    again = chain.app.sign_in("alice")["AuthenticationResult"]["IdToken"]
    assert chain.identity_of(again) == first
    other = chain.identity_of(chain.id_token("bob"))
    assert other != first
    described = chain.identity.describe_identity(IdentityId=first)
    assert described["Logins"] == [chain.provider]


@pytest.mark.documented("role-based-access-control", "trust policy: aud, amr")
@pytest.mark.parametrize("case", ["another pool", "guests", "the account", "another provider"])
def test_a_role_that_does_not_trust_the_pool_gives_no_keys(chain, iam, refused, case):
    trust = {
        "another pool": trust_in("us-east-1:00000000-0000-4000-8000-000000000000"),
        "guests": trust_in(chain.pool_id, kind="unauthenticated"),
        "the account": trusting({"AWS": chain.poolgate.account_id}),
        "another provider": trusting({"Federated": "accounts.google.com"}, "sts:*"),
    }[case]
    chain.set_roles({"authenticated": make_role(iam, "other", trust)})
    assert refused(chain.keys, id_token=chain.id_token()) == UNUSABLE


@pytest.mark.documented("errors of GetCredentialsForIdentity", "no role, missing role")
def test_a_pool_without_a_role_gives_no_keys(poolgate, chain, refused):
    id_token = chain.id_token()
    chain.set_roles({})
    assert refused(chain.keys, id_token=id_token) == UNUSABLE
    chain.set_roles({"authenticated": f"arn:aws:iam::{poolgate.account_id}:role/missing"})
    assert refused(chain.keys, id_token=id_token) == UNUSABLE


@pytest.mark.documented("client logs of refused logins", "identity_pools_sts_iam.md A2")
def test_tokens_are_verified_for_real(poolgate, iam, chain, refused):
    id_token = chain.id_token()
    tokens = chain.app.sign_in("alice")["AuthenticationResult"]
    head, claims, signature = id_token.split(".")
    other = make_chain(poolgate, iam)
    foreign = other.id_token("carol")

    def reason(token):
        refusal = refused(chain.identity_of, id_token=token)
        assert refusal["code"] == FORBIDDEN
        return refusal["message"]

    assert reason("garbage") == "Invalid login token. Not a Cognito token."
    tampered = f"{head}.{claims}.{signature[:-4]}AAAA"
    couldnt = "Invalid login token. Couldn't verify signed token."
    assert reason(tampered) == couldnt
    assert reason(tokens["AccessToken"]) == couldnt
    assert reason(foreign) == "Invalid login token. Issuer doesn't match providerName"
    other_client = poolgate.client("cognito-idp").create_user_pool_client(
        UserPoolId=chain.app.pool_id,
        ClientName="other",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    unlisted = poolgate.client("cognito-idp").initiate_auth(
        ClientId=other_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": "Right-password-1"},
    )["AuthenticationResult"]["IdToken"]
    assert reason(unlisted) == ("Token is not from a supported provider of this identity pool.")
    poolgate.clock.advance(3600)
    now = int(poolgate.clock.now().timestamp())
    assert reason(id_token).startswith(f"Invalid login token. Token expired: {now} >= ")


@pytest.mark.model("logins as aws-amplify names them, by the issuer of the token")
def test_a_user_pool_can_be_named_by_its_issuer(poolgate, iam, chain, refused):
    id_token, identity = chain.id_token(), chain.identity
    issuer = f"poolgate.test/{chain.app.pool_id}"
    identity_id = chain.identity_of(id_token)
    by_issuer = {issuer: id_token}
    assert identity.get_id(IdentityPoolId=chain.pool_id, Logins=by_issuer)["IdentityId"] == (
        identity_id
    )
    identity.get_credentials_for_identity(IdentityId=identity_id, Logins=by_issuer)
    two = by_issuer | chain.logins(chain.id_token("bob"))
    refusal = refused(identity.get_id, IdentityPoolId=chain.pool_id, Logins=two)
    assert (refusal["code"], refusal["message"]) == (FORBIDDEN, "Too many logins.")
    other = make_chain(poolgate, iam)
    refusal = refused(identity.get_id, IdentityPoolId=other.pool_id, Logins=by_issuer)
    assert refusal["message"] == "Token is not from a supported provider of this identity pool."
    foreign = {issuer: other.id_token("carol")}
    refusal = refused(identity.get_id, IdentityPoolId=chain.pool_id, Logins=foreign)
    assert refusal["message"] == "Invalid login token. Issuer doesn't match providerName"
    identity.unlink_identity(IdentityId=identity_id, Logins=by_issuer, LoginsToRemove=[issuer])
    assert identity.describe_identity(IdentityId=identity_id)["Logins"] == []


@pytest.mark.documented("cognito-identity ServerSideTokenCheck", "signed-out users are refused")
def test_a_server_side_check_sees_ended_sign_ins(poolgate, iam, refused):
    chain = make_chain(poolgate, iam, server_side=True)
    chain.set_roles({"authenticated": chain.role("member")})
    id_token = chain.id_token()
    chain.keys(id_token)
    poolgate.client("cognito-idp").admin_user_global_sign_out(
        UserPoolId=chain.app.pool_id, Username="alice"
    )
    refusal = refused(chain.keys, id_token=id_token)
    assert (refusal["code"], "inactive" in refusal["message"]) == (FORBIDDEN, True)


@pytest.mark.documented("client logs of refused logins", "logins that do not match")
def test_an_identity_is_given_to_its_own_logins_only(chain, refused):
    alice, bob = chain.id_token(), chain.id_token("bob")
    alices = chain.identity_of(alice)
    chain.identity_of(bob)
    get = chain.identity.get_credentials_for_identity
    refusal = refused(get, IdentityId=alices, Logins=chain.logins(bob))
    assert refusal["message"] == (
        "Logins don't match. Please include at least one valid login for this identity or"
        " identity pool."
    )
    assert refused(get, IdentityId=alices) == {
        "code": FORBIDDEN,
        "message": f"Access to Identity '{alices}' is forbidden.",
        "status": 400,
    }
    missing = "us-east-1:00000000-0000-4000-8000-000000000000"
    assert refused(get, IdentityId=missing, Logins=chain.logins(bob))["code"] == (
        "ResourceNotFoundException"
    )


@pytest.mark.documented("client logs of refused logins", "unauthenticated access")
def test_guests_are_let_in_where_the_pool_says_so(poolgate, iam, chain, refused):
    assert refused(chain.identity.get_id, IdentityPoolId=chain.pool_id) == {
        "code": FORBIDDEN,
        "message": "Unauthenticated access is not supported for this identity pool.",
        "status": 400,
    }
    open_chain = make_chain(poolgate, iam, guests=True)
    guest_role = open_chain.role(
        "guest", allow(["iam:ListUsers", "cognito-idp:ListUserPools"]), kind="unauthenticated"
    )
    open_chain.set_roles({"unauthenticated": guest_role})
    get_id = open_chain.identity.get_id
    first = get_id(IdentityPoolId=open_chain.pool_id)["IdentityId"]
    assert get_id(IdentityPoolId=open_chain.pool_id)["IdentityId"] != first
    answer = open_chain.identity.get_credentials_for_identity(IdentityId=first)
    credentials = credentials_of(answer)
    poolgate.client("cognito-idp", credentials=credentials).list_user_pools(MaxResults=1)
    refusal = refused(poolgate.client("iam", credentials=credentials).list_users)
    assert refusal["message"].endswith("because no session policy allows the iam:ListUsers action")


@pytest.mark.documented("switching-identities", "a guest who signs in keeps the identity")
def test_a_guest_who_signs_in_keeps_the_identity_or_becomes_who_it_was(poolgate, iam, refused):
    chain = make_chain(poolgate, iam, guests=True)
    chain.set_roles({"authenticated": chain.role("member")})
    guest = chain.identity.get_id(IdentityPoolId=chain.pool_id)["IdentityId"]
    alice = chain.id_token()
    get = chain.identity.get_credentials_for_identity
    assert get(IdentityId=guest, Logins=chain.logins(alice))["IdentityId"] == guest
    assert chain.identity_of(alice) == guest
    assert refused(get, IdentityId=guest)["code"] == FORBIDDEN
    second = chain.identity.get_id(IdentityPoolId=chain.pool_id)["IdentityId"]
    assert get(IdentityId=second, Logins=chain.logins(alice))["IdentityId"] == guest
    listed = chain.identity.list_identities(IdentityPoolId=chain.pool_id, MaxResults=10)
    assert {each["IdentityId"] for each in listed["Identities"]} == {guest, second}
    enabled = chain.identity.list_identities(
        IdentityPoolId=chain.pool_id, MaxResults=10, HideDisabled=True
    )
    assert [each["IdentityId"] for each in enabled["Identities"]] == [guest]


RULES = {
    "Type": "Rules",
    "AmbiguousRoleResolution": "Deny",
}


def rule(claim, match_type, value, role_arn):
    return {"Claim": claim, "MatchType": match_type, "Value": value, "RoleARN": role_arn}


@pytest.mark.documented(
    "role-based-access-control", "rules: Equals, Contains, StartsWith, NotEqual"
)
@pytest.mark.parametrize(
    ("match_type", "value", "groups", "gets"),
    [
        ("Contains", "admin", ["team-admins"], True),
        ("Contains", "admin", ["users"], False),
        ("Equals", "admins", ["users", "admins"], True),
        ("Equals", "admin", ["admins"], False),
        ("StartsWith", "adm", ["admins"], True),
        ("StartsWith", "min", ["admins"], False),
        ("NotEqual", "users", ["admins"], True),
        ("NotEqual", "admins", ["admins"], False),
        ("NotEqual", "admins", [], False),
    ],
)
def test_rules_choose_by_a_claim(poolgate, chain, refused, match_type, value, groups, gets):
    admin = chain.role("admin", allow("iam:ListRoles"))
    rules = [rule("cognito:groups", match_type, value, admin)]
    chain.set_roles({}, {**RULES, "RulesConfiguration": {"Rules": rules}})
    chain.app.user("alice")
    cognito = poolgate.client("cognito-idp")
    for name in groups:
        cognito.create_group(UserPoolId=chain.app.pool_id, GroupName=name)
        cognito.admin_add_user_to_group(
            UserPoolId=chain.app.pool_id, GroupName=name, Username="alice"
        )
    id_token = chain.app.sign_in("alice")["AuthenticationResult"]["IdToken"]
    if gets:
        chain.as_user(id_token).list_roles()
    else:
        assert refused(chain.keys, id_token=id_token)["code"] == FORBIDDEN


@pytest.mark.documented("role-based-access-control", "AmbiguousRoleResolution, CustomRoleArn")
def test_what_happens_when_no_rule_fits_or_one_is_asked_for(chain, refused):
    member, admin, third = (chain.role(name) for name in ("m", "a", "t"))
    rules = [
        rule("cognito:username", "Equals", "alice", admin),
        rule("token_use", "Equals", "id", third),
    ]
    mapping = {**RULES, "RulesConfiguration": {"Rules": rules}}
    chain.set_roles({"authenticated": member}, mapping)
    alice = chain.id_token()

    def role_of(**members):
        sts = chain.as_user(alice, "sts", **members)
        return sts.get_caller_identity()["Arn"].split("/")[1]

    assert role_of() == "a"
    assert role_of(CustomRoleArn=third) == "t"
    assert refused(chain.keys, id_token=alice, CustomRoleArn=member)["code"] == FORBIDDEN
    nothing = [rule("cognito:username", "Equals", "nobody", admin)]
    denying = {**RULES, "RulesConfiguration": {"Rules": nothing}}
    chain.set_roles({"authenticated": member}, denying)
    assert refused(chain.keys, id_token=alice)["code"] == FORBIDDEN
    chain.set_roles(
        {"authenticated": member}, {**denying, "AmbiguousRoleResolution": "AuthenticatedRole"}
    )
    assert role_of() == "m"


@pytest.mark.documented("role-based-access-control", "cognito:preferred_role, cognito:roles")
def test_a_mapping_by_token_takes_the_groups_roles(poolgate, chain, refused):
    member, first, second = (chain.role(name) for name in ("m", "one", "two"))
    mapping = {"Type": "Token", "AmbiguousRoleResolution": "AuthenticatedRole"}
    chain.set_roles({"authenticated": member}, mapping)
    cognito, pool_id = poolgate.client("cognito-idp"), chain.app.pool_id
    for name, role_arn, precedence in (("a", first, 5), ("b", second, 5), ("c", second, 1)):
        cognito.create_group(
            UserPoolId=pool_id, GroupName=name, RoleArn=role_arn, Precedence=precedence
        )
    chain.app.user("alice")

    def role_of(*groups, **members):
        for name in ("a", "b", "c"):
            change = (
                cognito.admin_add_user_to_group
                if name in groups
                else cognito.admin_remove_user_from_group
            )
            change(UserPoolId=pool_id, GroupName=name, Username="alice")
        id_token = chain.app.sign_in("alice")["AuthenticationResult"]["IdToken"]
        sts = chain.as_user(id_token, "sts", **members)
        return sts.get_caller_identity()["Arn"].split("/")[1]

    assert role_of() == "m"
    assert role_of("a") == "one"
    assert role_of("a", "b") == "m"
    assert role_of("a", "b", "c") == "two"
    assert role_of("a", "c", CustomRoleArn=first) == "one"
    id_token = chain.app.sign_in("alice")["AuthenticationResult"]["IdToken"]
    assert refused(chain.keys, id_token=id_token, CustomRoleArn=member)["code"] == FORBIDDEN


@pytest.mark.documented("attributes-for-access-control", "principal tags need sts:TagSession")
def test_claims_become_tags_of_the_session(iam, chain, refused):
    id_token = chain.id_token()
    chain.identity.set_principal_tag_attribute_map(
        IdentityPoolId=chain.pool_id,
        IdentityProviderName=chain.provider,
        PrincipalTags={"name": "cognito:username"},
    )
    assert refused(chain.keys, id_token=id_token) == UNUSABLE
    only_alice = {"Condition": {"StringEquals": {"aws:PrincipalTag/name": "alice"}}}
    tagged = make_role(
        iam,
        "tagged",
        trust_in(chain.pool_id, action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]),
        allow("iam:ListUsers", **only_alice),
    )
    chain.set_roles({"authenticated": tagged})
    chain.as_user(id_token).list_users()
    refusal = refused(chain.as_user(chain.id_token("bob")).list_users)
    assert refusal["code"] == "AccessDenied"
    shown = chain.identity.get_principal_tag_attribute_map(
        IdentityPoolId=chain.pool_id, IdentityProviderName=chain.provider
    )
    assert shown["PrincipalTags"] == {"name": "cognito:username"}


@pytest.mark.documented("cognito-identity policy variables", "sub, aud, amr in later requests")
def test_policies_know_the_identity(poolgate, iam, chain, refused):
    own = {
        "Condition": {"StringEquals": {f"{COGNITO}:aud": chain.pool_id}},
    }
    make_role(iam, "own", trust_in(chain.pool_id), allow("iam:ListUsers", **own))
    chain.set_roles({"authenticated": f"arn:aws:iam::{poolgate.account_id}:role/own"})
    id_token = chain.id_token()
    chain.as_user(id_token).list_users()
    foreign = json.loads(document(allow("iam:ListUsers")))
    foreign["Statement"][0]["Condition"] = {"StringEquals": {f"{COGNITO}:sub": "somebody"}}
    iam.put_role_policy(RoleName="own", PolicyName="granted", PolicyDocument=json.dumps(foreign))
    assert refused(chain.as_user(id_token).list_users)["code"] == "AccessDenied"


@pytest.mark.documented("basic-flow", "GetOpenIdToken, AssumeRoleWithWebIdentity")
def test_the_basic_flow_goes_by_an_openid_token(poolgate, iam, refused):
    chain = make_chain(poolgate, iam, AllowClassicFlow=True)
    role_arn = chain.role("member")
    chain.set_roles({"authenticated": role_arn})
    id_token = chain.id_token()
    identity_id = chain.identity_of(id_token)
    token = chain.identity.get_open_id_token(IdentityId=identity_id, Logins=chain.logins(id_token))[
        "Token"
    ]
    sts = poolgate.client("sts")
    asked = {"RoleArn": role_arn, "RoleSessionName": "app", "WebIdentityToken": token}
    answer = sts.assume_role_with_web_identity(**asked)
    assert (answer["Provider"], answer["Audience"]) == (COGNITO, chain.pool_id)
    assert answer["SubjectFromWebIdentityToken"] == identity_id
    untrusting = make_role(iam, "other", trusting({"Service": "ec2.amazonaws.com"}))
    assert refused(sts.assume_role_with_web_identity, **asked | {"RoleArn": untrusting}) == {
        "code": "AccessDenied",
        "message": "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        "status": 403,
    }
    poolgate.clock.advance(600)
    assert refused(sts.assume_role_with_web_identity, **asked)["code"] == "ExpiredTokenException"
    keys = poolgate.send("GET", "/.well-known/jwks_uri")
    assert json.loads(keys.body)["keys"][0]["kid"] in json.dumps(header_of(token))


def header_of(token):
    import base64  # noqa: PLC0415 - used once

    return json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))


@pytest.mark.recorded("client logs of the basic flow")
def test_the_basic_flow_must_be_allowed_and_knows_no_mappings(poolgate, iam, chain, refused):
    id_token = chain.id_token()
    asked = {"IdentityId": chain.identity_of(id_token), "Logins": chain.logins(id_token)}
    assert refused(chain.identity.get_open_id_token, **asked)["message"] == (
        "Basic (classic) flow is not enabled, please use enhanced flow."
    )
    classic = make_chain(poolgate, iam, AllowClassicFlow=True)
    mapping = {"Type": "Token", "AmbiguousRoleResolution": "Deny"}
    classic.set_roles({}, mapping)
    id_token = classic.id_token()
    asked = {"IdentityId": classic.identity_of(id_token), "Logins": classic.logins(id_token)}
    assert refused(classic.identity.get_open_id_token, **asked)["message"] == (
        "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow."
    )


@pytest.mark.documented("security.md", "a guest's token is no login")
def test_a_guests_token_makes_nobody_authenticated(poolgate, iam, refused):
    chain = make_chain(poolgate, iam, guests=True, AllowClassicFlow=True)
    chain.set_roles({"authenticated": chain.role("member")})
    guest = chain.identity.get_id(IdentityPoolId=chain.pool_id)["IdentityId"]
    token = chain.identity.get_open_id_token(IdentityId=guest)["Token"]
    refusal = refused(
        chain.identity.get_credentials_for_identity, IdentityId=guest, Logins={COGNITO: token}
    )
    assert refusal["code"] == FORBIDDEN
