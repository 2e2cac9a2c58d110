import csv
import io

import pytest
from kits.keychain import allow, document, make_role, trusting


def report_of(iam):
    answer = iam.get_credential_report()
    assert answer["ReportFormat"] == "text/csv"
    lines = csv.DictReader(io.StringIO(answer["Content"].decode()))
    return {line["user"]: line for line in lines}


@pytest.mark.documented("id_credentials_getting-report", "columns, root first, N/A")
def test_the_credential_report_tells_of_users_and_their_keys(
    poolgate, iam, refused, user_credentials
):
    missing = refused(iam.get_credential_report)
    assert (missing["code"], missing["status"]) == ("ReportNotPresent", 410)
    ada = user_credentials("ada", path="/staff/")
    poolgate.client("sts", credentials=ada).get_caller_identity()
    poolgate.write_uses()
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = report_of(iam)
    assert list(report) == ["<root_account>", "ada"]
    root, line = report["<root_account>"], report["ada"]
    assert (root["password_enabled"], root["access_key_1_active"]) == ("not_supported", "true")
    assert line["arn"] == f"arn:aws:iam::{poolgate.account_id}:user/staff/ada"
    assert line["mfa_active"] == "false"
    assert line["access_key_1_active"] == "true"
    assert line["access_key_1_last_used_service"] == "sts"
    assert line["access_key_1_last_used_region"] == "us-east-1"
    assert (line["access_key_2_active"], line["access_key_2_last_rotated"]) == ("false", "N/A")
    assert ada.secret_access_key not in str(report)


@pytest.mark.documented("API_GenerateCredentialReport", "every four hours at most")
def test_a_report_is_made_anew_after_four_hours(poolgate, iam):
    iam.generate_credential_report()
    iam.create_user(UserName="bob")
    poolgate.clock.advance(4 * 3600 - 1)
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    assert "bob" not in report_of(iam)
    poolgate.clock.advance(1)
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert "bob" in report_of(iam)


def services_of(iam, arn):
    job_id = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    answer = iam.get_service_last_accessed_details(JobId=job_id)
    assert answer["JobStatus"] == "COMPLETED"
    return job_id, {each["ServiceNamespace"]: each for each in answer["ServicesLastAccessed"]}


@pytest.mark.documented("API_GetServiceLastAccessedDetails", "services that policies allow")
def test_services_are_told_by_policies_and_by_use(poolgate, iam, user_credentials):
    policy = document(allow(["s3:Get*", "iam:*"]), allow("sts:GetCallerIdentity"))
    ada = user_credentials("ada", policy)
    poolgate.client("iam", credentials=ada).list_users()
    poolgate.write_uses()
    arn = f"arn:aws:iam::{poolgate.account_id}:user/ada"
    _, services = services_of(iam, arn)
    assert list(services) == ["iam", "s3", "sts"]
    assert services["iam"]["LastAuthenticatedEntity"] == arn
    assert services["iam"]["LastAuthenticatedRegion"] == "us-east-1"
    assert services["iam"]["TotalAuthenticatedEntities"] == 1
    assert services["s3"]["TotalAuthenticatedEntities"] == 0
    assert "LastAuthenticated" not in services["s3"]


@pytest.mark.documented("API_GetServiceLastAccessedDetailsWithEntities", "groups and policies")
def test_entities_of_groups_and_policies_are_told_latest_first(poolgate, iam, user_credentials):
    iam.create_group(GroupName="staff")
    made = iam.create_policy(PolicyName="pools", PolicyDocument=document(allow("iam:*")))["Policy"]
    iam.attach_group_policy(GroupName="staff", PolicyArn=made["Arn"])
    role_arn = make_role(iam, "worker", trusting({"AWS": poolgate.account_id}))
    iam.attach_role_policy(RoleName="worker", PolicyArn=made["Arn"])
    for name in ("ada", "bob"):
        user_credentials(name)
        iam.add_user_to_group(GroupName="staff", UserName=name)
    bob = iam.create_access_key(UserName="bob")["AccessKey"]
    keys = type(poolgate.root_credentials)(bob["AccessKeyId"], bob["SecretAccessKey"])
    poolgate.client("iam", credentials=keys).list_users()
    poolgate.write_uses()
    for arn, expected in (
        (f"arn:aws:iam::{poolgate.account_id}:group/staff", {"ada", "bob"}),
        (made["Arn"], {"ada", "bob", "worker"}),
        (role_arn, {"worker"}),
    ):
        job_id, services = services_of(iam, arn)
        assert list(services) == ["iam"]
        details = iam.get_service_last_accessed_details_with_entities(
            JobId=job_id, ServiceNamespace="iam"
        )["EntityDetailsList"]
        assert {each["EntityInfo"]["Name"] for each in details} == expected
        if "bob" in expected:
            assert details[0]["EntityInfo"]["Name"] == "bob"
            assert [("LastAuthenticated" in each) for each in details].count(True) == 1


@pytest.mark.documented("API_ListPoliciesGrantingServiceAccess", "managed, inline, of groups")
def test_policies_that_grant_a_service_are_listed(poolgate, iam, user_credentials):
    user_credentials("ada", document(allow("sts:*")))
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ada")
    iam.put_group_policy(
        GroupName="staff", PolicyName="of-staff", PolicyDocument=document(allow("*"))
    )
    made = iam.create_policy(PolicyName="pools", PolicyDocument=document(allow("iam:*")))["Policy"]
    iam.attach_user_policy(UserName="ada", PolicyArn=made["Arn"])
    answer = iam.list_policies_granting_service_access(
        Arn=f"arn:aws:iam::{poolgate.account_id}:user/ada", ServiceNamespaces=["sts", "iam", "s3"]
    )["PoliciesGrantingServiceAccess"]
    of_staff = {
        "PolicyName": "of-staff",
        "PolicyType": "INLINE",
        "EntityType": "GROUP",
        "EntityName": "staff",
    }
    granted = {
        "PolicyName": "granted",
        "PolicyType": "INLINE",
        "EntityType": "USER",
        "EntityName": "ada",
    }
    pools = {"PolicyName": "pools", "PolicyType": "MANAGED", "PolicyArn": made["Arn"]}
    assert {each["ServiceNamespace"]: each["Policies"] for each in answer} == {
        "sts": [granted, of_staff],
        "iam": [pools, of_staff],
        "s3": [],
    }


@pytest.mark.model("errors: NoSuchEntity, InvalidInput")
def test_reports_on_what_is_not_there(poolgate, iam, refused):
    absent = f"arn:aws:iam::{poolgate.account_id}:user/nobody"
    answer = refused(iam.generate_service_last_accessed_details, Arn=absent)
    assert answer["code"] == "NoSuchEntity"
    nothing = refused(iam.generate_service_last_accessed_details, Arn="arn:aws:s3:::bucket/nothing")
    assert nothing["code"] == "InvalidInput"
    unknown = "0" * 36
    answer = refused(iam.get_service_last_accessed_details, JobId=unknown)
    assert (answer["code"], answer["status"]) == ("NoSuchEntity", 404)
    iam.create_user(UserName="ada")
    job_id, _ = services_of(iam, f"arn:aws:iam::{poolgate.account_id}:user/ada")
    poolgate.clock.advance(25 * 3600)
    assert refused(iam.get_service_last_accessed_details, JobId=job_id)["code"] == "NoSuchEntity"
