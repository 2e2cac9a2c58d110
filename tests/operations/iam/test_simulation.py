import json

import pytest
from kits.keychain import allow, deny, document, trusting

RECORDED = "iam/test_iam.snapshot.json TestIAMIntegrations::test_simulate_principle_policy"
EC2 = trusting({"Service": "ec2.amazonaws.com"})
BUCKET = "arn:aws:s3:::bucket"
OPEN_BUCKET = document(allow("s3:GetObject", "arn:aws:s3:::reports/*", Principal="*"))
OBJECT = "arn:aws:s3:::reports/may.csv"
PUTTING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"},
    }
)
ORGANIZATIONS = {"AllowedByOrganizations": True}


@pytest.fixture
def principals(iam):
    """Make a user in a group, a group and a role; return ARNs by kind."""
    arns = {
        "user": iam.create_user(UserName="ada", Tags=[{"Key": "team", "Value": "maths"}])["User"],
        "group": iam.create_group(GroupName="staff")["Group"],
        "role": iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)["Role"],
    }
    return {kind: shape["Arn"] for kind, shape in arns.items()}


def decisions(answer):
    return [result["EvalDecision"] for result in answer["EvaluationResults"]]


def custom(iam, *policies, action="s3:GetObject", **members):
    answer = iam.simulate_custom_policy(
        PolicyInputList=list(policies), ActionNames=[action], **members
    )
    (result,) = answer["EvaluationResults"]
    return result


@pytest.mark.recorded(f"{RECORDED}[user], [group], [role]")
@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_a_principal_is_told_what_its_policies_decide_and_which_statement(iam, principals, kind):
    managed = iam.create_policy(PolicyName="putting", PolicyDocument=PUTTING)["Policy"]["Arn"]
    name = {f"{kind.title()}Name": principals[kind].rpartition("/")[2]}
    getattr(iam, f"attach_{kind}_policy")(**name, PolicyArn=managed)
    answer = iam.simulate_principal_policy(
        PolicySourceArn=principals[kind],
        ActionNames=["s3:PutObject", "s3:GetObjectVersion"],
        ResourceArns=[BUCKET],
    )
    matched = [
        {
            "SourcePolicyId": "putting",
            "SourcePolicyType": "IAM Policy",
            "StartPosition": {"Line": 1, "Column": 41},
            "EndPosition": {"Line": 1, "Column": 113},
        }
    ]
    assert answer["IsTruncated"] is False
    assert answer["EvaluationResults"] == [
        {
            "EvalActionName": action,
            "EvalDecision": decision,
            "EvalDecisionDetails": {},
            "EvalResourceName": BUCKET,
            "MatchedStatements": statements,
            "MissingContextValues": [],
            "OrganizationsDecisionDetail": ORGANIZATIONS,
            "ResourceSpecificResults": [
                {
                    "EvalResourceDecision": decision,
                    "EvalResourceName": BUCKET,
                    "MatchedStatements": statements,
                    "MissingContextValues": [],
                }
            ],
        }
        for action, decision, statements in (
            ("s3:PutObject", "allowed", matched),
            ("s3:GetObjectVersion", "implicitDeny", []),
        )
    ]


@pytest.mark.documented("API_SimulatePrincipalPolicy", "policies of the user's groups")
def test_policies_of_groups_and_given_ones_count_too(iam, principals):
    iam.add_user_to_group(GroupName="staff", UserName="ada")
    iam.put_group_policy(
        GroupName="staff", PolicyName="reading", PolicyDocument=document(allow("s3:Get*"))
    )
    asked = {"PolicySourceArn": principals["user"], "ActionNames": ["s3:GetObject", "s3:PutObject"]}
    assert decisions(iam.simulate_principal_policy(**asked)) == ["allowed", "implicitDeny"]
    answer = iam.simulate_principal_policy(
        **asked, PolicyInputList=[PUTTING, document(deny("s3:Get*"))]
    )
    assert decisions(answer) == ["explicitDeny", "allowed"]
    denied, allowed = answer["EvaluationResults"]
    assert [each["SourcePolicyId"] for each in denied["MatchedStatements"]] == ["PolicyInputList.2"]
    assert [each["SourcePolicyId"] for each in allowed["MatchedStatements"]] == [
        "PolicyInputList.1"
    ]


@pytest.mark.documented("API_EvaluationResult", "MatchedStatements and positions by line")
def test_statements_are_found_by_line_and_column(iam):
    written = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                allow("s3:Put*"),
                {**allow("s3:Get*"), "Sid": "Reading"},
                allow("s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}}),
            ],
        },
        indent=4,
    )
    (matched,) = custom(iam, written)["MatchedStatements"]
    lines = written.splitlines()
    start, end = matched["StartPosition"], matched["EndPosition"]
    assert lines[start["Line"] - 1][: start["Column"] - 1] == " " * 8 + "{"
    assert lines[end["Line"] - 1][: end["Column"] - 1] == " " * 8 + "}"
    assert '"s3:Get*"' in "".join(lines[start["Line"] : end["Line"]])


@pytest.mark.documented("API_SimulateCustomPolicy", "ContextEntries; MissingContextValues")
def test_context_keys_are_given_or_missed(iam):
    wanted = document(
        allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "maths"}}),
        allow("s3:PutObject", Condition={"Bool": {"aws:SecureTransport": "true"}}),
    )
    missed = custom(iam, wanted)
    assert missed["EvalDecision"] == "implicitDeny"
    assert missed["MissingContextValues"] == ["aws:PrincipalTag/team"]
    assert "ResourceSpecificResults" not in missed
    entry = {
        "ContextKeyName": "AWS:principaltag/team",
        "ContextKeyValues": ["maths"],
        "ContextKeyType": "string",
    }
    given = custom(iam, wanted, ContextEntries=[entry])
    assert (given["EvalDecision"], given["MissingContextValues"]) == ("allowed", [])
    at_bucket = custom(iam, wanted, ResourceArns=[BUCKET])
    assert at_bucket["MissingContextValues"] == []
    (specific,) = at_bucket["ResourceSpecificResults"]
    assert specific["MissingContextValues"] == ["aws:PrincipalTag/team"]


@pytest.mark.assumed("condition keys of a simulated caller")
def test_what_is_known_of_the_caller_need_not_be_given(iam, principals):
    own = document(
        allow("s3:GetObject", "arn:aws:s3:::${aws:username}/${aws:PrincipalTag/team}/*"),
    )
    asked = {"ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::ada/maths/x"]}
    answer = iam.simulate_principal_policy(
        PolicySourceArn=principals["group"], PolicyInputList=[own], **asked
    )
    assert decisions(answer) == ["implicitDeny"]
    for members in (
        {"PolicySourceArn": principals["user"]},
        {"PolicySourceArn": principals["group"], "CallerArn": principals["user"]},
    ):
        answer = iam.simulate_principal_policy(PolicyInputList=[own], **members, **asked)
        assert decisions(answer) == ["allowed"]
    by_caller = custom(iam, own, ResourceArns=asked["ResourceArns"], CallerArn=principals["user"])
    assert by_caller["EvalDecision"] == "allowed"


@pytest.mark.documented("API_SimulatePrincipalPolicy", "PermissionsBoundaryPolicyInputList")
def test_a_boundary_limits_and_a_given_one_takes_the_place_of_the_attached(iam, principals):
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=document(allow("s3:Get*")))
    iam.put_user_permissions_boundary(UserName="ada", PermissionsBoundary=boundary["Policy"]["Arn"])
    iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=document(allow("s3:*")))
    asked = {"PolicySourceArn": principals["user"], "ActionNames": ["s3:GetObject", "s3:PutObject"]}
    answer = iam.simulate_principal_policy(**asked)
    assert decisions(answer) == ["allowed", "implicitDeny"]
    assert [each["PermissionsBoundaryDecisionDetail"] for each in answer["EvaluationResults"]] == [
        {"AllowedByPermissionsBoundary": True},
        {"AllowedByPermissionsBoundary": False},
    ]
    answer = iam.simulate_principal_policy(
        **asked, PermissionsBoundaryPolicyInputList=[document(allow("s3:Put*"))]
    )
    assert decisions(answer) == ["implicitDeny", "allowed"]
    denied = custom(
        iam,
        document(allow("s3:*")),
        PermissionsBoundaryPolicyInputList=[document(allow("*"), deny("s3:Get*"))],
    )
    assert denied["EvalDecision"] == "explicitDeny"
    assert denied["MatchedStatements"][0]["SourcePolicyId"] == (
        "PermissionsBoundaryPolicyInputList.1"
    )


@pytest.mark.documented("API_SimulateCustomPolicy", "MaxItems and Marker")
def test_every_action_meets_every_resource_page_by_page(iam):
    actions, buckets = ["s3:GetObject", "s3:PutObject"], [BUCKET, "arn:aws:s3:::other"]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[PUTTING],
        ActionNames=actions,
        ResourceArns=buckets,
        PaginationConfig={"PageSize": 3},
    )
    found = [page["EvaluationResults"] for page in pages]
    assert [len(page) for page in found] == [3, 1]
    assert [
        (each["EvalActionName"], each["EvalResourceName"]) for page in found for each in page
    ] == [(action, bucket) for action in actions for bucket in buckets]


@pytest.mark.documented("CLI get-context-keys-for-custom-policy", "keys of elements in order")
def test_context_keys_of_policies_are_told_as_written_and_once(iam, principals):
    table = allow(
        "dynamodb:*",
        "arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}",
        Condition={
            "DateGreaterThan": {"aws:CurrentTime": "2015-08-16T12:00:00Z"},
            "StringLike": {"s3:prefix": ["${aws:PrincipalTag/Team, 'none'}/*", "${*}"]},
        },
    )
    wanted = ["aws:username", "aws:CurrentTime", "s3:prefix", "aws:PrincipalTag/Team"]
    first = iam.get_context_keys_for_custom_policy(
        PolicyInputList=[
            document(table),
            document(allow("s3:*", Condition={"Null": {"AWS:Username": "true"}})),
        ]
    )
    assert first["ContextKeyNames"] == wanted
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=document(table))
    of_role = iam.get_context_keys_for_principal_policy(PolicySourceArn=principals["role"])
    assert of_role["ContextKeyNames"] == wanted
    old = '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:x}"}}'
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[old])["ContextKeyNames"] == []


@pytest.mark.assumed("texts of simulations that are refused")
def test_what_cannot_be_simulated_is_refused(poolgate, iam, refused, principals):
    whole = {"PolicyInputList": [PUTTING], "ActionNames": ["s3:GetObject"]}
    for members in (
        {"PolicyInputList": ["{}"]},
        {"PolicyInputList": [PUTTING, "["]},
        {"ActionNames": ["GetObject"]},
        {"ActionNames": ["s3:*"]},
        {"ResourceArns": ["bucket"]},
        {"PermissionsBoundaryPolicyInputList": [PUTTING, PUTTING]},
        {"ContextEntries": [{"ContextKeyValues": ["x"]}]},
        {"ResourcePolicy": PUTTING},
        {"ResourceOwner": "arn:aws:iam::12:root"},
        {"ResourceHandlingOption": "EC2-VPC-EBS"},
        {"ResourceHandlingOption": "EC2-Moon"},
        {"CallerArn": principals["role"], "ResourcePolicy": OPEN_BUCKET},
        {"CallerArn": principals["user"], "ResourcePolicy": "{}"},
        {"CallerArn": f"arn:aws:iam::{poolgate.account_id}:root"},
    ):
        refusal = refused(iam.simulate_custom_policy, **{**whole, **members})
        assert (refusal["code"], refusal["status"]) == ("InvalidInput", 400), members
    asked = {"ActionNames": ["s3:GetObject"]}
    session = f"arn:aws:sts::{poolgate.account_id}:assumed-role/worker/run"
    assert refused(iam.simulate_principal_policy, PolicySourceArn=session, **asked) == {
        "code": "InvalidInput",
        "message": f"Invalid Entity Arn: {session} does not clearly define entity type and name.",
        "status": 400,
    }
    for absent in (f"{principals['user']}x", principals["user"].replace("ada", "path/ada")):
        for operation, members in (
            (iam.simulate_principal_policy, asked),
            (iam.get_context_keys_for_principal_policy, {}),
        ):
            refusal = refused(operation, PolicySourceArn=absent, **members)
            assert (refusal["code"], refusal["status"]) == ("NoSuchEntity", 404)


@pytest.mark.documented("list_awsidentityandaccessmanagementiam", "resource of the simulation")
def test_who_may_simulate_one_principal_may_not_simulate_another(
    poolgate, refused, principals, user_credentials
):
    document_of_eve = document(allow("iam:SimulatePrincipalPolicy", principals["user"]))
    eve = poolgate.client("iam", credentials=user_credentials("eve", document_of_eve))
    asked = {"ActionNames": ["s3:GetObject"]}
    eve.simulate_principal_policy(PolicySourceArn=principals["user"], **asked)
    refusal = refused(eve.simulate_principal_policy, PolicySourceArn=principals["role"], **asked)
    assert refusal["code"] == "AccessDenied"


@pytest.mark.documented("API_SimulateCustomPolicy", "ResourcePolicy with CallerArn")
def test_a_resource_policy_has_its_say(iam, principals):
    asked = {
        "PolicyInputList": [document(allow("ec2:*"))],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": [OBJECT],
        "CallerArn": principals["user"],
    }
    without = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    assert [each["EvalDecision"] for each in without] == ["implicitDeny", "implicitDeny"]
    reading, writing = iam.simulate_custom_policy(**asked, ResourcePolicy=OPEN_BUCKET)[
        "EvaluationResults"
    ]
    assert (reading["EvalDecision"], writing["EvalDecision"]) == ("allowed", "implicitDeny")
    (statement,) = reading["MatchedStatements"]
    assert statement["SourcePolicyId"] == "ResourcePolicy"
    assert reading["EvalDecisionDetails"] == {}


@pytest.mark.documented("API_SimulatePrincipalPolicy", "ResourceOwner: both accounts must allow")
def test_across_accounts_both_sides_are_told(iam, principals):
    asked = {
        "PolicySourceArn": principals["user"],
        "ActionNames": ["s3:GetObject"],
        "ResourceArns": [OBJECT],
        "ResourceOwner": "arn:aws:iam::999999999999:root",
        "ResourcePolicy": OPEN_BUCKET,
    }

    def decided(policy):
        (told,) = iam.simulate_principal_policy(**asked, PolicyInputList=[policy])[
            "EvaluationResults"
        ]
        return told["EvalDecision"], told["ResourceSpecificResults"][0]["EvalDecisionDetails"]

    assert decided(document(allow("ec2:*"))) == (
        "implicitDeny",
        {"IAM Policy": "implicitDeny", "Resource Policy": "allowed"},
    )
    assert decided(document(allow("s3:*"))) == (
        "allowed",
        {"IAM Policy": "allowed", "Resource Policy": "allowed"},
    )


@pytest.mark.documented("API_SimulateCustomPolicy", "ResourceHandlingOption: resources wanted")
def test_a_kind_of_simulation_wants_its_resources(iam):
    arns = [
        f"arn:aws:ec2:us-east-1:123456789012:{kind}/x"
        for kind in ("instance", "image", "security-group", "network-interface")
    ]
    results = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("ec2:*"))],
        ActionNames=["ec2:RunInstances"],
        ResourceArns=arns,
        ResourceHandlingOption="EC2-VPC-InstanceStore",
        ResourceOwner="arn:aws:iam::123456789012:root",
    )["EvaluationResults"]
    assert len(results) == 4
