import json

import pytest
from kits.keychain import allow, document, trusting

READ = document(allow("iam:GetUser"))
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
EC2 = trusting({"Service": "ec2.amazonaws.com"})
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


@pytest.fixture
def staff(iam):
    """Make a user in a group, a role and a policy that limits and serves them; return its ARN."""
    arn = iam.create_policy(PolicyName="reading", PolicyDocument=READ)["Policy"]["Arn"]
    iam.create_user(UserName="ada", Tags=[{"Key": "team", "Value": "maths"}])
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ada")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=EC2)
    iam.put_user_permissions_boundary(UserName="ada", PermissionsBoundary=arn)
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    iam.attach_role_policy(RoleName="worker", PolicyArn=READ_ONLY)
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=READ)
    return arn


@pytest.mark.documented("API_GetAccountAuthorizationDetails", "entities and their relationships")
def test_the_whole_account_is_reported(poolgate, iam, staff):
    iam.create_policy_version(PolicyArn=staff, PolicyDocument=document(allow("sts:*")))
    report = iam.get_account_authorization_details()
    assert report["IsTruncated"] is False
    (user,), (group,), (role,) = (report[name] for name in LISTS[:3])
    account = f"arn:aws:iam::{poolgate.account_id}"
    assert (user["Arn"], user["GroupList"]) == (f"{account}:user/ada", ["staff"])
    assert user["Tags"] == [{"Key": "team", "Value": "maths"}]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == staff
    assert group["Arn"] == f"{account}:group/staff"
    assert group["AttachedManagedPolicies"] == [{"PolicyName": "reading", "PolicyArn": staff}]
    assert role["AssumeRolePolicyDocument"] == json.loads(EC2)
    assert role["RolePolicyList"] == [{"PolicyName": "own", "PolicyDocument": json.loads(READ)}]
    assert role["InstanceProfileList"] == []
    own, of_aws = report["Policies"]
    assert (own["Arn"], own["AttachmentCount"], own["PermissionsBoundaryUsageCount"]) == (
        staff,
        1,
        1,
    )
    assert [each["VersionId"] for each in own["PolicyVersionList"]] == ["v2", "v1"]
    assert own["PolicyVersionList"][1]["Document"] == json.loads(READ)
    assert of_aws["Arn"] == READ_ONLY


@pytest.mark.documented("API_GetAccountAuthorizationDetails", "MaxItems and Marker")
@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_the_report_comes_in_pages(iam, staff, size):
    iam.create_user(UserName="bea")
    pages = list(
        iam.get_paginator("get_account_authorization_details").paginate(
            PaginationConfig={"PageSize": size}
        )
    )
    rows = [[row["Arn"] for name in LISTS for row in page[name]] for page in pages]
    assert all(0 < len(page) <= size for page in rows)
    arns = [arn for page in rows for arn in page]
    assert len(arns) == len(set(arns)) == 6
    assert arns[-2:] == [staff, READ_ONLY]


@pytest.mark.documented("API_GetAccountAuthorizationDetails", "Filter")
def test_a_filter_leaves_the_other_kinds_out(iam, refused, staff):
    wanted = ["LocalManagedPolicy", "Group"]
    report = iam.get_account_authorization_details(Filter=wanted)
    assert [len(report[name]) for name in LISTS] == [0, 1, 0, 1]
    assert report["Policies"][0]["Arn"] == staff
    marker = iam.get_account_authorization_details(Filter=wanted, MaxItems=1)["Marker"]
    operation = iam.get_account_authorization_details
    assert refused(operation, Marker=marker)["code"] == "ValidationError"
    assert refused(operation, Filter=["Instance"])["code"] == "ValidationError"


@pytest.mark.documented("API_GetAccountSummary", "entity usage and quotas")
@pytest.mark.usefixtures("staff")
def test_the_summary_counts(iam):
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    summary = iam.get_account_summary()["SummaryMap"]
    counted = {
        "Users": 1,
        "Groups": 1,
        "Roles": 1,
        "Policies": 1,
        "PolicyVersionsInUse": 1,
        "Providers": 0,
        "MFADevices": 1,
        "MFADevicesInUse": 0,
        "AccountAccessKeysPresent": 1,
        "UsersQuota": 5000,
        "VersionsPerPolicyQuota": 5,
        "AccessKeysPerUserQuota": 2,
    }
    assert summary.items() >= counted.items()
