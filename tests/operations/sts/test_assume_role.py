from datetime import timedelta

import pytest
from kits.keychain import allow, deny, document, keys_of, make_role, trusting

STS = "sts/test_sts.snapshot.json"
READING = allow("iam:ListUsers")


@pytest.fixture
def account(poolgate):
    return poolgate.account_id


@pytest.fixture
def ada(poolgate, user_credentials):
    """STS as a user calls it who may assume every role that trusts the account."""
    return poolgate.client("sts", credentials=user_credentials("ada", document(allow("sts:*"))))


def assume(sts, role_arn, **members):
    return sts.assume_role(**{"RoleArn": role_arn, "RoleSessionName": "run"} | members)


@pytest.mark.recorded(f"{STS} TestSTSIntegrations::test_assume_role")
def test_the_account_is_trusted_and_the_user_is_allowed(poolgate, iam, ada, account):
    role_arn = make_role(iam, "reader", trusting({"AWS": account}), READING, Path="/team/")
    role_id = iam.get_role(RoleName="reader")["Role"]["RoleId"]
    answer = assume(ada, role_arn)
    assert answer.keys() == {"AssumedRoleUser", "Credentials", "ResponseMetadata"}
    assert answer["AssumedRoleUser"] == {
        "Arn": f"arn:aws:sts::{account}:assumed-role/reader/run",
        "AssumedRoleId": f"{role_id}:run",
    }
    credentials = keys_of(answer)
    assert credentials.access_key_id.startswith("ASIA")
    assert len(credentials.secret_access_key) == 40
    caller = poolgate.client("sts", credentials=credentials).get_caller_identity()
    assert (caller["Arn"], caller["UserId"]) == (
        answer["AssumedRoleUser"]["Arn"],
        f"{role_id}:run",
    )
    as_reader = poolgate.client("iam", credentials=credentials)
    assert [user["UserName"] for user in as_reader.list_users()["Users"]] == ["ada"]
    used = iam.get_role(RoleName="reader")["Role"]["RoleLastUsed"]
    assert used["Region"] == poolgate.region


@pytest.mark.documented("API_AssumeRole", "trust policy and identity policy in one account")
def test_trust_by_name_is_enough_and_trust_in_the_account_is_not(
    poolgate, iam, refused, user_credentials, account
):
    bob = poolgate.client("sts", credentials=user_credentials("bob"))
    by_name = make_role(iam, "a", trusting({"AWS": f"arn:aws:iam::{account}:user/bob"}))
    by_account = make_role(iam, "b", trusting({"AWS": f"arn:aws:iam::{account}:root"}))
    other = make_role(iam, "c", trusting({"Service": "ec2.amazonaws.com"}))
    assume(bob, by_name)
    for role_arn in (by_account, other, f"arn:aws:iam::{account}:role/missing"):
        assert refused(assume, sts=bob, role_arn=role_arn) == {
            "code": "AccessDenied",
            "message": f"User: arn:aws:iam::{account}:user/bob is not authorized to perform:"
            f" sts:AssumeRole on resource: {role_arn}",
            "status": 403,
        }


@pytest.mark.documented("reference_policies_evaluation-logic", "a role must trust explicitly")
def test_being_allowed_is_nothing_without_trust(iam, refused, ada, account):
    role_arn = make_role(iam, "r", trusting({"Service": "ec2.amazonaws.com"}))
    assert refused(assume, sts=ada, role_arn=role_arn)["code"] == "AccessDenied"
    denied = make_role(
        iam,
        "d",
        document(
            {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"},
            {
                "Effect": "Deny",
                "Principal": {"AWS": f"arn:aws:iam::{account}:user/ada"},
                "Action": "sts:AssumeRole",
            },
        ),
    )
    assert refused(assume, sts=ada, role_arn=denied)["code"] == "AccessDenied"


@pytest.mark.assumed("text for a root that assumes a role")
def test_the_root_assumes_nothing(poolgate, iam, refused, account):
    role_arn = make_role(iam, "r", trusting({"AWS": account}))
    assert refused(assume, sts=poolgate.client("sts"), role_arn=role_arn) == {
        "code": "AccessDenied",
        "message": "Roles may not be assumed by root accounts.",
        "status": 403,
    }


@pytest.mark.documented("id_roles_create_for-user_externalid", "sts:ExternalId")
def test_an_external_id_is_asked_for(iam, refused, ada, account):
    role_arn = make_role(
        iam,
        "r",
        trusting({"AWS": account}, Condition={"StringEquals": {"sts:ExternalId": "secret-42"}}),
    )
    assume(ada, role_arn, ExternalId="secret-42")
    for members in ({}, {"ExternalId": "secret-43"}):
        assert refused(assume, sts=ada, role_arn=role_arn, **members)["code"] == "AccessDenied"


@pytest.mark.documented("API_AssumeRole", "DurationSeconds")
def test_sessions_end_when_they_said(poolgate, iam, refused, ada, account):
    role_arn = make_role(iam, "r", trusting({"AWS": account}), READING, MaxSessionDuration=7200)
    now = poolgate.clock.now().replace(microsecond=0)
    for members, seconds in (({}, 3600), ({"DurationSeconds": 900}, 900)):
        answer = assume(ada, role_arn, **members)
        assert answer["Credentials"]["Expiration"] == now + timedelta(seconds=seconds)
    assert refused(assume, sts=ada, role_arn=role_arn, DurationSeconds=7201) == {
        "code": "ValidationError",
        "message": "The requested DurationSeconds exceeds the MaxSessionDuration set for this"
        " role.",
        "status": 400,
    }
    as_reader = poolgate.client("iam", credentials=keys_of(answer))
    poolgate.clock.advance(899)
    as_reader.list_users()
    poolgate.clock.advance(1)
    assert refused(as_reader.list_users) == {
        "code": "ExpiredToken",
        "message": "The security token included in the request is expired",
        "status": 403,
    }


@pytest.mark.documented("id_roles", "role chaining is limited to one hour")
def test_a_role_that_is_assumed_from_a_role_lasts_an_hour(poolgate, iam, refused, ada, account):
    first = make_role(iam, "first", trusting({"AWS": account}), allow("sts:AssumeRole"))
    second = make_role(
        iam,
        "second",
        trusting({"AWS": f"arn:aws:iam::{account}:role/first"}),
        MaxSessionDuration=7200,
    )
    chained = poolgate.client("sts", credentials=keys_of(assume(ada, first)))
    assume(chained, second)
    assert refused(assume, sts=chained, role_arn=second, DurationSeconds=3601)["message"] == (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
        " role chaining."
    )


@pytest.mark.documented("access_policies_session", "the intersection")
def test_session_policies_only_take_away(poolgate, iam, refused, ada, account):
    role_arn = make_role(iam, "r", trusting({"AWS": account}), allow("iam:List*"))

    def session(**members):
        answer = assume(ada, role_arn, **members)
        return answer, poolgate.client("iam", credentials=keys_of(answer))

    answer, narrowed = session(Policy=document(READING, allow("iam:CreateUser")))
    assert answer["PackedPolicySize"] > 0
    narrowed.list_users()
    assert refused(narrowed.list_roles)["message"].endswith(
        "because no session policy allows the iam:ListRoles action"
    )
    assert refused(narrowed.create_user, UserName="eve")["message"].endswith(
        "because no identity-based policy allows the iam:CreateUser action"
    )
    managed = iam.create_policy(PolicyName="roles", PolicyDocument=document(allow("iam:ListRoles")))
    arn = managed["Policy"]["Arn"]
    _, by_arn = session(PolicyArns=[{"arn": arn}])
    by_arn.list_roles()
    assert refused(by_arn.list_users)["code"] == "AccessDenied"
    _, both = session(Policy=document(READING), PolicyArns=[{"arn": arn}])
    both.list_users()
    both.list_roles()
    iam.delete_policy(PolicyArn=arn)
    assert refused(by_arn.list_roles)["code"] == "AccessDenied"
    both.list_users()


@pytest.mark.documented("API_AssumeRole", "MalformedPolicyDocument, PackedPolicyTooLarge")
def test_bad_session_policies_make_no_session(iam, refused, ada, account):
    role_arn = make_role(iam, "r", trusting({"AWS": account}))
    assert refused(assume, sts=ada, role_arn=role_arn, Policy="{'x")["code"] == (
        "MalformedPolicyDocument"
    )
    long = document(allow([f"s3:Get{number:06}" for number in range(200)]))
    assert refused(assume, sts=ada, role_arn=role_arn, Policy=long)["code"] == (
        "PackedPolicyTooLarge"
    )
    missing = [{"arn": f"arn:aws:iam::{account}:policy/missing"}]
    assert refused(assume, sts=ada, role_arn=role_arn, PolicyArns=missing)["code"] == (
        "ValidationError"
    )


@pytest.mark.documented("id_session-tags", "sts:TagSession, precedence over role tags")
def test_session_tags_must_be_allowed_and_win_over_the_roles(poolgate, iam, refused, ada, account):
    only_blue = {"Condition": {"StringEquals": {"aws:PrincipalTag/Team": "blue"}}}
    untagged = make_role(iam, "untagged", trusting({"AWS": account}))
    blue = [{"Key": "Team", "Value": "blue"}]
    refusal = refused(assume, sts=ada, role_arn=untagged, Tags=blue)
    assert "is not authorized to perform: sts:TagSession" in refusal["message"]
    role_arn = make_role(
        iam,
        "tagged",
        trusting({"AWS": account}, ["sts:AssumeRole", "sts:TagSession"]),
        allow("iam:ListUsers", **only_blue),
        Tags=[{"Key": "team", "Value": "red"}],
    )
    without = poolgate.client("iam", credentials=keys_of(assume(ada, role_arn)))
    assert refused(without.list_users)["code"] == "AccessDenied"
    tagged = poolgate.client("iam", credentials=keys_of(assume(ada, role_arn, Tags=blue)))
    tagged.list_users()


TAGGING = f"{STS} TestSTSAssumeRoleTagging"


@pytest.mark.recorded(f"{TAGGING}::test_assume_role_tag_validation")
@pytest.mark.parametrize(
    ("members", "text"),
    [
        (
            {"Tags": [{"Key": "a", "Value": "1"}], "TransitiveTagKeys": ["b"]},
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
    ],
)
def test_tags_that_contradict_themselves_are_refused(iam, refused, ada, account, members, text):
    role_arn = make_role(iam, "r", trusting({"AWS": account}, ["sts:AssumeRole", "sts:TagSession"]))
    assert refused(assume, sts=ada, role_arn=role_arn, **members) == {
        "code": "InvalidParameterValue",
        "message": text,
        "status": 400,
    }


@pytest.mark.recorded(f"{TAGGING}::test_iam_role_chaining_override_transitive_tags")
def test_transitive_tags_go_on_and_cannot_be_changed(poolgate, iam, refused, ada, account):
    trust = trusting({"AWS": account}, ["sts:AssumeRole", "sts:TagSession"])
    only_blue = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}
    first = make_role(iam, "first", trust, allow("sts:*"))
    second = make_role(iam, "second", trust, allow("iam:ListUsers", **only_blue))
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "own", "Value": "1"}]
    begun = assume(ada, first, Tags=tags, TransitiveTagKeys=["team"])
    chained = poolgate.client("sts", credentials=keys_of(begun))
    for key in ("team", "TEAM"):
        changed = [{"Key": key, "Value": "red"}]
        assert refused(assume, sts=chained, role_arn=second, Tags=changed)["message"] == (
            "One of the specified transitive tag keys can't be set because it conflicts with a"
            " transitive tag key from the calling session."
        )
    poolgate.client("iam", credentials=keys_of(assume(chained, second))).list_users()


@pytest.mark.documented("id_credentials_temp_control-access_monitor", "SourceIdentity")
def test_a_source_identity_must_be_allowed_and_stays(poolgate, iam, refused, ada, account):
    plain = make_role(iam, "plain", trusting({"AWS": account}))
    refusal = refused(assume, sts=ada, role_arn=plain, SourceIdentity="person")
    assert "sts:SetSourceIdentity" in refusal["message"]
    trust = trusting({"AWS": account}, ["sts:AssumeRole", "sts:SetSourceIdentity"])
    first = make_role(iam, "first", trust, allow("sts:*"))
    only_person = {"Condition": {"StringEquals": {"aws:SourceIdentity": "person"}}}
    second = make_role(iam, "second", trust, allow("iam:ListUsers", **only_person))
    begun = assume(ada, first, SourceIdentity="person")
    assert begun["SourceIdentity"] == "person"
    chained = poolgate.client("sts", credentials=keys_of(begun))
    answer = assume(chained, second)
    assert answer["SourceIdentity"] == "person"
    poolgate.client("iam", credentials=keys_of(answer)).list_users()


@pytest.mark.recorded(f"{STS} TestSTSIntegrations::test_sts_invalid_parameters")
@pytest.mark.parametrize(
    "arn",
    [
        "nothing-valid-in-here",
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
        "arn:a:a::aaaaaaaaaa:",
    ],
)
def test_what_is_no_arn_is_told(refused, ada, arn):
    assert refused(assume, sts=ada, role_arn=arn) == {
        "code": "ValidationError",
        "message": f"{arn} is invalid",
        "status": 400,
    }


@pytest.mark.recorded(f"{STS} TestSTSIntegrations::test_sts_invalid_parameters")
def test_a_session_name_has_no_colon(refused, poolgate, account):
    sts = poolgate.client("sts", validate=False)
    role_arn = f"arn:aws:iam::{account}:role/r"
    refusal = refused(assume, sts=sts, role_arn=role_arn, RoleSessionName="Session1:2")
    assert refusal["message"] == (
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy"
        r" constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"
    )


@pytest.mark.documented("security.md K3", "keys count with their own session token only")
def test_keys_count_with_their_own_session_token_only(poolgate, iam, refused, ada, account):
    role_arn = make_role(iam, "r", trusting({"AWS": account}), READING)
    first, second = (keys_of(assume(ada, role_arn)) for _ in range(2))
    bad = [
        type(first)(first.access_key_id, first.secret_access_key, second.session_token),
        type(first)(first.access_key_id, first.secret_access_key, "x" * 128),
        type(first)(first.access_key_id, first.secret_access_key, None),
        type(first)(first.access_key_id, second.secret_access_key, first.session_token),
    ]
    for credentials in bad:
        refusal = refused(poolgate.client("iam", credentials=credentials).list_users)
        assert refusal["code"] in {"InvalidClientTokenId", "SignatureDoesNotMatch"}
    poolgate.client("iam", credentials=first).list_users()


@pytest.mark.assumed("what sessions of a deleted role are told")
def test_sessions_end_with_their_role_and_change_with_its_policies(
    poolgate, iam, refused, ada, account
):
    role_arn = make_role(iam, "r", trusting({"AWS": account}), READING)
    as_reader = poolgate.client("iam", credentials=keys_of(assume(ada, role_arn)))
    as_reader.list_users()
    older = {"Condition": {"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}}}
    iam.put_role_policy(
        RoleName="r", PolicyName="revoke", PolicyDocument=document(deny("*", **older))
    )
    assert refused(as_reader.list_users)["code"] == "AccessDenied"
    iam.delete_role_policy(RoleName="r", PolicyName="revoke")
    as_reader.list_users()
    iam.delete_role_policy(RoleName="r", PolicyName="granted")
    assert refused(as_reader.list_users)["code"] == "AccessDenied"
    iam.delete_role(RoleName="r")
    make_role(iam, "r", trusting({"AWS": account}), READING)
    assert refused(as_reader.list_users)["code"] == "InvalidClientTokenId"
