import json

import pytest
from kits.keychain import allow, deny, document, trusting

INTEGRATIONS = "iam/test_iam.snapshot.json TestIAMIntegrations"
READ = document(allow("sts:GetAccessKeyInfo"))
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
EC2 = trusting({"Service": "ec2.amazonaws.com"})


@pytest.fixture
def arn(iam):
    return iam.create_policy(PolicyName="reading", PolicyDocument=READ)["Policy"]["Arn"]


@pytest.mark.recorded(f"{INTEGRATIONS}::test_role_attach_policy")
def test_a_policy_has_the_members_that_aws_answers_with(poolgate, iam):
    created = iam.create_policy(PolicyName="reading", PolicyDocument=READ)["Policy"]
    assert created.pop("PolicyId").startswith("ANPA")
    assert created.pop("CreateDate") == created.pop("UpdateDate")
    assert created == {
        "Arn": f"arn:aws:iam::{poolgate.account_id}:policy/reading",
        "AttachmentCount": 0,
        "DefaultVersionId": "v1",
        "IsAttachable": True,
        "Path": "/",
        "PermissionsBoundaryUsageCount": 0,
        "PolicyName": "reading",
    }


@pytest.mark.recorded(f"{INTEGRATIONS}::test_role_attach_policy, test_user_attach_policy")
@pytest.mark.parametrize("kind", ["user", "role", "group"])
def test_only_policies_that_exist_are_attached(iam, refused, arn, kind):
    name = {f"{kind.title()}Name": "x"}
    create = getattr(iam, f"create_{kind}")
    create(**name, **({"AssumeRolePolicyDocument": EC2} if kind == "role" else {}))
    attach = getattr(iam, f"attach_{kind}_policy")
    for malformed in ("longer-than-twenty-characters", "reading-and-no-arn-at-all"):
        assert refused(attach, **name, PolicyArn=malformed) == {
            "code": "ValidationError",
            "message": "Invalid ARN:  Could not be parsed!",
            "status": 400,
        }
    assert refused(attach, **name, PolicyArn=f"{arn}123") == {
        "code": "NoSuchEntity",
        "message": f"Policy {arn}123 does not exist or is not attachable.",
        "status": 404,
    }
    attach(**name, PolicyArn=arn)
    attach(**name, PolicyArn=arn)
    listed = getattr(iam, f"list_attached_{kind}_policies")(**name)["AttachedPolicies"]
    assert listed == [{"PolicyName": "reading", "PolicyArn": arn}]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    entities = iam.list_entities_for_policy(PolicyArn=arn)[f"Policy{kind.title()}s"]
    assert [entity[f"{kind.title()}Name"] for entity in entities] == ["x"]
    detach = getattr(iam, f"detach_{kind}_policy")
    detach(**name, PolicyArn=arn)
    assert refused(detach, **name, PolicyArn=arn)["code"] == "NoSuchEntity"


@pytest.mark.recorded(f"{INTEGRATIONS}::test_delete_non_existent_policy_returns_no_such_entity")
def test_a_policy_that_is_not_there_is_told_by_its_arn(poolgate, iam, refused):
    arn = f"arn:aws:iam::{poolgate.account_id}:policy/non-existent-policy"
    assert refused(iam.delete_policy, PolicyArn=arn) == {
        "code": "NoSuchEntity",
        "message": f"Policy {arn} was not found.",
        "status": 404,
    }


@pytest.mark.documented("access_policies_managed-versioning", "version limits, default version")
def test_versions_are_numbered_once_and_for_all(iam, refused, arn):
    for effect in (allow, deny, allow, deny):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(effect("s3:*")))
    refusal = refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=READ)
    assert (refusal["code"], refusal["status"]) == ("LimitExceeded", 409)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    added = iam.create_policy_version(PolicyArn=arn, PolicyDocument=READ, SetAsDefault=True)
    assert added["PolicyVersion"]["VersionId"] == "v6"
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [version["VersionId"] for version in versions] == ["v6", "v4", "v3", "v2", "v1"]
    assert [version["VersionId"] for version in versions if version["IsDefaultVersion"]] == ["v6"]
    assert refused(iam.delete_policy_version, PolicyArn=arn, VersionId="v6") == {
        "code": "DeleteConflict",
        "message": "Cannot delete the default version of a policy.",
        "status": 409,
    }
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    got = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert got["Document"] == json.loads(document(allow("s3:*")))
    missing = refused(iam.get_policy_version, PolicyArn=arn, VersionId="v5")
    assert missing["code"] == "NoSuchEntity"


@pytest.mark.documented("API_DeletePolicy", "detach and delete versions first")
def test_a_policy_with_effect_or_versions_is_not_deleted(iam, refused, arn):
    iam.create_user(UserName="ada", PermissionsBoundary=arn)
    assert refused(iam.delete_policy, PolicyArn=arn)["code"] == "DeleteConflict"
    iam.delete_user_permissions_boundary(UserName="ada")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=READ)
    assert refused(iam.delete_policy, PolicyArn=arn)["code"] == "DeleteConflict"
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    assert refused(iam.get_policy, PolicyArn=arn)["code"] == "NoSuchEntity"


@pytest.mark.documented("API_ListPolicies", "Scope, OnlyAttached, PathPrefix, PolicyUsageFilter")
def test_policies_are_listed_by_scope_and_use(iam, arn):
    def names(**members):
        return {policy["PolicyName"] for policy in iam.list_policies(**members)["Policies"]}

    assert names(Scope="Local") == {"reading"}
    assert "AdministratorAccess" in names(Scope="AWS")
    assert names() == names(Scope="Local") | names(Scope="AWS")
    assert names(OnlyAttached=True) == set()
    iam.create_user(UserName="ada", PermissionsBoundary=arn)
    iam.attach_user_policy(UserName="ada", PolicyArn=READ_ONLY)
    assert names(OnlyAttached=True) == {"ReadOnlyAccess"}
    assert names(PolicyUsageFilter="PermissionsBoundary") == {"reading"}
    first = iam.list_policies(MaxItems=2)
    second = iam.list_policies(MaxItems=2, Marker=first["Marker"])
    arns = [policy["Arn"] for policy in (*first["Policies"], *second["Policies"])]
    assert len(set(arns)) == 4
    assert arns == sorted(arns)


@pytest.mark.assumed("refusal of a change to one of AWS's managed policies")
def test_awss_own_policies_are_the_same_everywhere_and_cannot_be_changed(iam, refused):
    got = iam.get_policy(PolicyArn=READ_ONLY)["Policy"]
    assert got["PolicyName"] == "ReadOnlyAccess"
    version = iam.get_policy_version(PolicyArn=READ_ONLY, VersionId="v1")["PolicyVersion"]
    assert version["Document"]["Statement"]
    for operation, members in (
        (iam.delete_policy, {}),
        (iam.create_policy_version, {"PolicyDocument": READ}),
        (iam.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        assert refused(operation, PolicyArn=READ_ONLY, **members)["code"] == "AccessDenied"


@pytest.mark.documented("access_policies_boundaries", "both must allow")
def test_a_boundary_limits_what_policies_allow(poolgate, iam, refused, arn, user_credentials):
    credentials = user_credentials("ada", document(allow("*")))
    sts = poolgate.client("sts", credentials=credentials)
    as_ada = poolgate.client("iam", credentials=credentials)
    iam.put_user_permissions_boundary(UserName="ada", PermissionsBoundary=arn)
    shown = iam.get_user(UserName="ada")["User"]["PermissionsBoundary"]
    assert shown == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    sts.get_access_key_info(AccessKeyId=credentials.access_key_id)
    refusal = refused(as_ada.list_users)
    assert refusal["message"].endswith(
        "because no permissions boundary allows the iam:ListUsers action"
    )
    iam.delete_user_permissions_boundary(UserName="ada")
    as_ada.list_users()
    assert refused(iam.delete_user_permissions_boundary, UserName="ada")["code"] == "NoSuchEntity"


@pytest.mark.documented("access_policies_managed-vs-inline", "a change of the default version")
def test_attached_policies_speak_for_users_directly_and_by_group(
    poolgate, iam, refused, arn, user_credentials
):
    credentials = user_credentials("ada")
    sts = poolgate.client("sts", credentials=credentials)
    asked = {"AccessKeyId": credentials.access_key_id}
    assert refused(sts.get_access_key_info, **asked)["code"] == "AccessDenied"
    iam.attach_user_policy(UserName="ada", PolicyArn=arn)
    sts.get_access_key_info(**asked)
    iam.detach_user_policy(UserName="ada", PolicyArn=arn)
    assert refused(sts.get_access_key_info, **asked)["code"] == "AccessDenied"
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn=arn)
    iam.add_user_to_group(GroupName="readers", UserName="ada")
    sts.get_access_key_info(**asked)
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document(deny("sts:*")), SetAsDefault=True
    )
    refusal = refused(sts.get_access_key_info, **asked)
    assert refusal["message"].endswith("with an explicit deny in an identity-based policy")


@pytest.mark.documented("list_awsidentityandaccessmanagementiam", "iam:PolicyARN")
def test_a_delegate_may_attach_the_named_policies_only(
    poolgate, iam, refused, arn, user_credentials
):
    only_reading = {"Condition": {"ArnEquals": {"iam:PolicyARN": arn}}}
    delegate = poolgate.client(
        "iam",
        credentials=user_credentials("boss", document(allow("iam:Attach*", **only_reading))),
    )
    iam.create_user(UserName="ada")
    delegate.attach_user_policy(UserName="ada", PolicyArn=arn)
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    refusal = refused(delegate.attach_user_policy, UserName="ada", PolicyArn=admin)
    assert refusal["code"] == "AccessDenied"


@pytest.mark.documented("reference_iam-quotas", "managed policies attached, policy size")
def test_quotas(iam, refused):
    iam.create_user(UserName="ada")
    for number in range(11):
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=READ)
    arns = [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]]
    for arn in arns[:10]:
        iam.attach_user_policy(UserName="ada", PolicyArn=arn)
    assert refused(iam.attach_user_policy, UserName="ada", PolicyArn=arns[10]) == {
        "code": "LimitExceeded",
        "message": "Cannot exceed quota for PoliciesPerUser: 10",
        "status": 409,
    }
    long = document(allow([f"s3:Get{number:06}" for number in range(500)]))
    refusal = refused(iam.create_policy, PolicyName="long", PolicyDocument=long)
    assert refusal["message"] == "Cannot exceed quota for PolicySize: 6144"


@pytest.mark.documented("API_TagPolicy", "tags of a policy")
def test_policies_have_tags(iam, arn):
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Tags"] == [{"Key": "b", "Value": "2"}]
