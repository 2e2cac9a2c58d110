import json

import pytest
from kits.keychain import allow, document, make_role, trusting

INTEGRATIONS = "iam/test_iam.snapshot.json TestIAMIntegrations"
EC2 = trusting({"Service": "ec2.amazonaws.com"})
CREATED = {"Arn", "AssumeRolePolicyDocument", "CreateDate", "Path", "RoleId", "RoleName"}


@pytest.mark.recorded(f"{INTEGRATIONS}::test_create_describe_role")
def test_a_role_has_the_members_that_aws_answers_with(poolgate, iam):
    created = iam.create_role(RoleName="r", Path="/team/", AssumeRolePolicyDocument=EC2)["Role"]
    assert created.keys() == CREATED
    assert created["Arn"] == f"arn:aws:iam::{poolgate.account_id}:role/team/r"
    assert created["RoleId"].startswith("AROA")
    assert created["AssumeRolePolicyDocument"] == json.loads(EC2)
    got = iam.get_role(RoleName="r")["Role"]
    assert got == created | {"MaxSessionDuration": 3600, "RoleLastUsed": {}}
    [listed] = iam.list_roles(PathPrefix="/team/")["Roles"]
    assert listed == created | {"MaxSessionDuration": 3600}
    assert iam.list_roles(PathPrefix="/other/")["Roles"] == []


@pytest.mark.recorded("iam/test_iam.snapshot.json TestRoles::test_role_with_tags")
def test_tags_are_shown_by_create_and_get_but_not_by_listings(iam):
    tags = [{"Key": "test", "Value": "value"}]
    created = iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2, Tags=tags)["Role"]
    assert created["Tags"] == tags
    assert iam.get_role(RoleName="r")["Role"]["Tags"] == tags
    assert "Tags" not in iam.list_roles()["Roles"][0]


@pytest.mark.recorded(
    "iam/test_iam.snapshot.json TestIAMExtensions::test_create_role_with_malformed"
)
def test_a_trust_policy_that_is_not_json_is_refused(iam, refused):
    refusal = refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument="{'x")
    assert refusal == {
        "code": "MalformedPolicyDocument",
        "message": "This policy contains invalid Json",
        "status": 400,
    }
    assert iam.list_roles()["Roles"] == []


NOBODY = "arn:aws:iam::123456789012:user/nobody"


@pytest.mark.assumed("identity_pools_sts_iam.md C3: texts of belief")
@pytest.mark.parametrize(
    ("trust", "text"),
    [
        (document(allow("sts:AssumeRole")), "Has prohibited field Resource"),
        (
            trusting({"AWS": "*"}, "s3:GetObject"),
            (
                "Trust Policy statement actions can only be sts:AssumeRole,"
                " sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity"
            ),
        ),
        (trusting({"AWS": NOBODY}), f'Invalid principal in policy: "AWS":"{NOBODY}"'),
        (
            trusting(
                {"Federated": "cognito-identity.amazonaws.com"}, "sts:AssumeRoleWithWebIdentity"
            ),
            (
                "Trust policy for cognito-identity.amazonaws.com must have a condition on"
                " cognito-identity.amazonaws.com:aud"
            ),
        ),
        (
            json.dumps(
                {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*"}}
            ),
            "Syntax errors in policy.",
        ),
    ],
)
def test_trust_policies_that_trust_nobody_in_particular_are_refused(iam, refused, trust, text):
    refusal = refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument=trust)
    assert (refusal["code"], refusal["message"]) == ("MalformedPolicyDocument", text)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    refusal = refused(iam.update_assume_role_policy, RoleName="r", PolicyDocument=trust)
    assert refusal["message"] == text
    shown = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
    assert shown == json.loads(EC2)


@pytest.mark.documented("reference_policies_elements_principal", "IAM user principals")
def test_a_trusted_user_is_trusted_by_id_and_shown_by_arn_while_it_exists(iam):
    user = iam.create_user(UserName="ada")["User"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting({"AWS": user["Arn"]}))

    def shown():
        statement = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"]
        return statement[0]["Principal"]["AWS"]

    assert shown() == user["Arn"]
    iam.update_user(UserName="ada", NewUserName="lovelace")
    assert shown().endswith(":user/lovelace")
    iam.delete_user(UserName="lovelace")
    assert shown() == user["UserId"]
    iam.create_user(UserName="lovelace")
    assert shown() == user["UserId"]


@pytest.mark.documented("API_UpdateRole", "Description, MaxSessionDuration")
def test_what_is_given_changes_and_the_rest_stays(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2, Description="first")
    iam.update_role(RoleName="r", MaxSessionDuration=7200)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("first", 7200)
    changed = iam.update_role_description(RoleName="r", Description="second")["Role"]
    assert (changed["Description"], changed["MaxSessionDuration"]) == ("second", 7200)


@pytest.mark.assumed("text of EntityAlreadyExists")
def test_role_names_are_unique_whatever_their_case(iam, refused):
    iam.create_role(RoleName="Reader", AssumeRolePolicyDocument=EC2)
    assert refused(iam.create_role, RoleName="reader", AssumeRolePolicyDocument=EC2) == {
        "code": "EntityAlreadyExists",
        "message": "Role with name reader already exists.",
        "status": 409,
    }


@pytest.mark.documented("API_DeleteRole", "DeleteConflict")
def test_a_role_with_policies_is_not_deleted(iam, refused):
    make_role(iam, "r", EC2, allow("s3:*"))
    conflict = {
        "code": "DeleteConflict",
        "message": "Cannot delete entity, must remove referenced objects first.",
        "status": 409,
    }
    assert refused(iam.delete_role, RoleName="r") == conflict
    iam.delete_role_policy(RoleName="r", PolicyName="granted")
    read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_role_policy(RoleName="r", PolicyArn=read_only)
    assert refused(iam.delete_role, RoleName="r") == conflict
    iam.detach_role_policy(RoleName="r", PolicyArn=read_only)
    iam.delete_role(RoleName="r")
    assert refused(iam.get_role, RoleName="r")["message"] == (
        "The role with name r cannot be found."
    )


@pytest.mark.documented("API_TagRole", "tag keys are case-insensitive and unique")
def test_tags_are_replaced_and_removed_whatever_their_case(iam, refused):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    iam.tag_role(RoleName="r", Tags=[{"Key": "Team", "Value": "blue"}])
    iam.tag_role(RoleName="r", Tags=[{"Key": "team", "Value": "red"}, {"Key": "a", "Value": ""}])
    assert iam.list_role_tags(RoleName="r")["Tags"] == [
        {"Key": "a", "Value": ""},
        {"Key": "team", "Value": "red"},
    ]
    iam.untag_role(RoleName="r", TagKeys=["TEAM", "missing"])
    assert [tag["Key"] for tag in iam.list_role_tags(RoleName="r")["Tags"]] == ["a"]
    twice = [{"Key": "x", "Value": "1"}, {"Key": "X", "Value": "2"}]
    assert refused(iam.tag_role, RoleName="r", Tags=twice)["code"] == "InvalidInput"


@pytest.mark.recorded("iam/test_iam.snapshot.json TestIAMServiceRoles")
def test_service_linked_roles_look_as_in_aws(iam, refused):
    iam.create_service_linked_role(AWSServiceName="acm.amazonaws.com")
    role = iam.get_role(RoleName="AWSServiceRoleForCertificateManager")["Role"]
    assert role["Path"] == "/aws-service-role/acm.amazonaws.com/"
    assert role["AssumeRolePolicyDocument"] == json.loads(
        trusting({"Service": "acm.amazonaws.com"})
    )
    iam.create_service_linked_role(AWSServiceName="lexv2.amazonaws.com", CustomSuffix="mine")
    assert iam.get_role(RoleName="AWSServiceRoleForLexV2Bots_mine")
    assert refused(
        iam.create_service_linked_role, AWSServiceName="batch.amazonaws.com", CustomSuffix="x"
    ) == {
        "code": "InvalidInput",
        "message": "Custom suffix is not allowed for batch.amazonaws.com",
        "status": 400,
    }
    iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    assert refused(iam.create_service_linked_role, AWSServiceName="batch.amazonaws.com") == {
        "code": "InvalidInput",
        "message": "Service role name AWSServiceRoleForBatch has been taken in this account,"
        " please try a different suffix.",
        "status": 400,
    }
    assert refused(iam.delete_role, RoleName="AWSServiceRoleForBatch")["code"] == (
        "UnmodifiableEntity"
    )
    task_id = iam.delete_service_linked_role(RoleName="AWSServiceRoleForBatch")["DeletionTaskId"]
    prefix = "task/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch/"
    assert task_id.startswith(prefix)
    status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task_id)
    assert status["Status"] == "SUCCEEDED"
    missing = refused(iam.get_service_linked_role_deletion_status, DeletionTaskId="task/x")
    assert missing["code"] == "NoSuchEntity"
    unknown = refused(iam.create_service_linked_role, AWSServiceName="nothing.amazonaws.com")
    assert unknown["code"] == "InvalidInput"


@pytest.mark.model("roleMaxSessionDurationType")
@pytest.mark.parametrize("seconds", [3599, 43201])
def test_sessions_last_between_one_and_twelve_hours(iam, refused, seconds):
    refusal = refused(
        iam.create_role,
        RoleName="r",
        AssumeRolePolicyDocument=EC2,
        MaxSessionDuration=seconds,
    )
    assert refusal["code"] == "ValidationError"
