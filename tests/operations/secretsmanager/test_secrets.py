import uuid

import pytest

RECORDED = "secretsmanager/test_secretsmanager.snapshot.json TestSecretsManager"
INVALID_NAME = {
    "code": "ValidationException",
    "message": "Invalid name. Must be a valid name containing alphanumeric characters, or any of"
    " the following: -/_+=.@!",
    "status": 400,
}
NOT_FOUND = {
    "code": "ResourceNotFoundException",
    "message": "Secrets Manager can't find the specified secret.",
    "status": 400,
}
MARKED = {
    "code": "InvalidRequestException",
    "message": "You can't perform this operation on the secret because it was marked for deletion.",
    "status": 400,
}
DAY = 24 * 60 * 60


def shown(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def members(answer):
    return set(shown(answer))


@pytest.mark.recorded(f"{RECORDED}::test_create_and_update_secret")
@pytest.mark.parametrize(
    "name", ["s-c64bdc03", "Valid/_+=.@-Name", "Valid/_+=.@-Name-a1b2", "Valid/_+=.@-Name-a1b2c3-"]
)
def test_a_secret_is_found_by_name_and_by_arn_with_and_without_suffix(
    poolgate, secretsmanager, name
):
    made = secretsmanager.create_secret(
        Name=name, SecretString="my_secret", Description="Testing secret creation."
    )
    assert members(made) == {"ARN", "Name", "VersionId"}
    partial = f"arn:aws:secretsmanager:us-east-1:{poolgate.account_id}:secret:{name}"
    assert made["ARN"].startswith(f"{partial}-")
    assert len(made["ARN"]) == len(partial) + 7
    for secret_id in (name, made["ARN"], partial):
        found = secretsmanager.get_secret_value(SecretId=secret_id)
        assert members(found) == members(made) | {"CreatedDate", "SecretString", "VersionStages"}
        assert found["SecretString"] == "my_secret"
        assert found["VersionStages"] == ["AWSCURRENT"]
    described = secretsmanager.describe_secret(SecretId=name)
    assert members(described) == {
        "ARN",
        "CreatedDate",
        "Description",
        "LastAccessedDate",
        "LastChangedDate",
        "Name",
        "VersionIdsToStages",
    }


@pytest.mark.recorded(f"{RECORDED}::test_create_and_update_secret[Invalid/_+=.@-Name-a1b2c3]")
def test_a_name_that_ends_like_an_arn_is_not_found_without_its_suffix(secretsmanager, refused):
    made = secretsmanager.create_secret(Name="Invalid/_+=.@-Name-a1b2c3", SecretString="s")
    assert secretsmanager.get_secret_value(SecretId=made["Name"])["SecretString"] == "s"
    partial = made["ARN"][:-7]
    assert refused(secretsmanager.get_secret_value, SecretId=partial) == NOT_FOUND


@pytest.mark.recorded(f"{RECORDED}::test_invalid_secret_name")
@pytest.mark.parametrize("name", ["Inv Name", " Inv Name", " Inv*Name? ", " Inv *?!]Name\\-"])
def test_names_have_letters_digits_and_a_few_signs(secretsmanager, refused, name):
    token = str(uuid.uuid4())
    assert refused(secretsmanager.create_secret, Name=name, SecretString="s") == INVALID_NAME
    for operation, others in (
        (secretsmanager.delete_secret, {}),
        (secretsmanager.describe_secret, {}),
        (secretsmanager.get_secret_value, {}),
        (secretsmanager.list_secret_version_ids, {}),
        (secretsmanager.put_secret_value, {"SecretString": "s", "ClientRequestToken": token}),
        (secretsmanager.tag_resource, {"Tags": []}),
        (secretsmanager.untag_resource, {"TagKeys": []}),
        (secretsmanager.update_secret, {"Description": "d"}),
    ):
        assert refused(operation, SecretId=name, **others) == INVALID_NAME


@pytest.mark.recorded(f"{RECORDED}::test_secret_exists_snapshots, test_secret_not_found")
def test_names_are_taken_once_and_unknown_ones_not_found(secretsmanager, refused):
    secretsmanager.create_secret(Name="kept", SecretString="one")
    assert refused(secretsmanager.create_secret, Name="kept", SecretString="two") == {
        "code": "ResourceExistsException",
        "message": "The operation failed because the secret kept already exists.",
        "status": 400,
    }
    for operation in (secretsmanager.get_secret_value, secretsmanager.list_secret_version_ids):
        assert refused(operation, SecretId="unknown") == NOT_FOUND


@pytest.mark.recorded(f"{RECORDED}::test_no_client_request_token")
def test_raw_requests_bring_their_own_token(poolgate):
    for operation, request in (
        ("CreateSecret", {"Name": "kept", "SecretString": "s"}),
        ("PutSecretValue", {"SecretId": "kept", "SecretString": "s"}),
        ("UpdateSecret", {"SecretId": "kept", "SecretString": "s"}),
    ):
        answer = poolgate.post_json(
            "secretsmanager", operation, request, signed_by=poolgate.root_credentials
        )
        assert answer.status == 400
        assert b"InvalidRequestException" in answer.body
        assert b"You must provide a ClientRequestToken value." in answer.body


@pytest.mark.documented("API_CreateSecret", "ClientRequestToken is idempotent")
def test_a_creation_that_is_sent_again_is_the_same_one(secretsmanager, refused):
    request = {"Name": "kept", "ClientRequestToken": str(uuid.uuid4())}
    first = secretsmanager.create_secret(SecretString="s", **request)
    assert shown(secretsmanager.create_secret(SecretString="s", **request)) == shown(first)
    other = refused(secretsmanager.create_secret, SecretString="other", **request)
    assert other == {
        "code": "ResourceExistsException",
        "message": f"You can't use ClientRequestToken {first['VersionId']} because that value is"
        f" already in use for a version of secret {first['ARN']}.",
        "status": 400,
    }


@pytest.mark.recorded(f"{RECORDED}::test_secret_tags")
def test_tags_are_shown_from_the_first_one_on(secretsmanager):
    made = secretsmanager.create_secret(Name="kept")
    assert members(made) == {"ARN", "Name"}
    assert "Tags" not in secretsmanager.describe_secret(SecretId="kept")
    tags = [{"Key": "tag1", "Value": "value1"}, {"Key": "tag2", "Value": "value2"}]
    secretsmanager.tag_resource(SecretId="kept", Tags=tags[:1])
    secretsmanager.tag_resource(SecretId="kept", Tags=tags[1:])
    assert secretsmanager.describe_secret(SecretId="kept")["Tags"] == tags
    secretsmanager.untag_resource(SecretId="kept", TagKeys=["tag1", "Tag2"])
    assert secretsmanager.describe_secret(SecretId="kept")["Tags"] == tags[1:]
    secretsmanager.untag_resource(SecretId="kept", TagKeys=["tag2"])
    assert secretsmanager.describe_secret(SecretId="kept")["Tags"] == []


@pytest.mark.assumed("texts of the limits of secrets")
def test_a_secret_has_fifty_tags_none_of_them_aws_own(secretsmanager, refused):
    secretsmanager.create_secret(Name="kept")
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    for tags in (many, [{"Key": "aws:x", "Value": ""}], [{"Value": "no key"}]):
        refusal = refused(secretsmanager.tag_resource, SecretId="kept", Tags=tags)
        assert refusal["code"] == "InvalidParameterException"
    assert "Tags" not in secretsmanager.describe_secret(SecretId="kept")


@pytest.mark.recorded(
    f"{RECORDED}::test_exp_raised_on_creation_of_secret_scheduled_for_deletion,"
    " test_secret_restore, test_tag_untag_resource_on_deleted_secret"
)
def test_what_is_marked_for_deletion_is_described_and_restored_only(secretsmanager, refused):
    secretsmanager.create_secret(Name="kept", SecretString="s")
    marked = secretsmanager.delete_secret(SecretId="kept")
    assert members(marked) == {"ARN", "Name", "DeletionDate"}
    assert refused(secretsmanager.create_secret, Name="kept", SecretString="s") == {
        "code": "InvalidRequestException",
        "message": "You can't create this secret because a secret with this name is already"
        " scheduled for deletion.",
        "status": 400,
    }
    tags = [{"Key": "k", "Value": "v"}]
    assert refused(secretsmanager.tag_resource, SecretId="kept", Tags=tags) == MARKED
    assert refused(secretsmanager.untag_resource, SecretId="kept", TagKeys=["k"]) == MARKED
    assert refused(secretsmanager.get_secret_value, SecretId="kept") == MARKED
    described = secretsmanager.describe_secret(SecretId="kept")
    assert described["DeletedDate"] == marked["DeletionDate"]
    assert secretsmanager.list_secrets()["SecretList"] == []
    planned = secretsmanager.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert [entry["Name"] for entry in planned] == ["kept"]
    assert members(secretsmanager.restore_secret(SecretId="kept")) == {"ARN", "Name"}
    assert secretsmanager.get_secret_value(SecretId="kept")["SecretString"] == "s"


@pytest.mark.recorded(
    f"{RECORDED}::test_can_recreate_delete_secret, test_force_delete_deleted_secret"
)
def test_forced_deletion_frees_the_name_at_once(secretsmanager, refused):
    former = secretsmanager.create_secret(Name="kept", SecretString="s")
    secretsmanager.delete_secret(SecretId="kept")
    deleted = secretsmanager.delete_secret(SecretId="kept", ForceDeleteWithoutRecovery=True)
    assert members(deleted) == {"ARN", "Name", "DeletionDate"}
    again = secretsmanager.create_secret(Name="kept", SecretString="s")
    assert again["ARN"] != former["ARN"]
    assert refused(secretsmanager.get_secret_value, SecretId=former["ARN"]) == NOT_FOUND


@pytest.mark.documented("API_DeleteSecret", "windows of 7 to 30 days, or none")
def test_a_secret_is_gone_after_its_window(poolgate, secretsmanager, refused):
    secretsmanager.create_secret(Name="kept", SecretString="s")
    for wrong in (
        {"RecoveryWindowInDays": 6},
        {"RecoveryWindowInDays": 31},
        {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
    ):
        refusal = refused(secretsmanager.delete_secret, SecretId="kept", **wrong)
        assert refusal["code"] == "InvalidParameterException"
    secretsmanager.delete_secret(SecretId="kept", RecoveryWindowInDays=7)
    poolgate.clock.advance(7 * DAY - 1)
    assert "DeletedDate" in secretsmanager.describe_secret(SecretId="kept")
    poolgate.clock.advance(1)
    assert refused(secretsmanager.describe_secret, SecretId="kept") == NOT_FOUND
    assert refused(secretsmanager.restore_secret, SecretId="kept") == NOT_FOUND
    secretsmanager.create_secret(Name="kept", SecretString="anew")
    assert secretsmanager.get_secret_value(SecretId="kept")["SecretString"] == "anew"


@pytest.mark.documented("API_DeleteSecret", "forced deletion of a secret that is not there")
def test_forced_deletion_of_nothing_succeeds(secretsmanager, refused):
    secretsmanager.delete_secret(SecretId="nothing", ForceDeleteWithoutRecovery=True)
    assert refused(secretsmanager.delete_secret, SecretId="nothing") == NOT_FOUND


@pytest.mark.documented("reference_limits", "secrets belong to a region")
def test_other_regions_have_other_secrets(poolgate, secretsmanager, refused):
    elsewhere = poolgate.client("secretsmanager", region="eu-west-1", validate=False)
    made = secretsmanager.create_secret(Name="kept", SecretString="s")
    assert refused(elsewhere.get_secret_value, SecretId="kept") == NOT_FOUND
    assert refused(elsewhere.get_secret_value, SecretId=made["ARN"]) == NOT_FOUND
    elsewhere.create_secret(Name="kept", SecretString="other")
    assert secretsmanager.get_secret_value(SecretId="kept")["SecretString"] == "s"


@pytest.mark.assumed("managed external secrets and secrets of other accounts are refused")
def test_what_this_server_does_not_have_is_refused(secretsmanager, refused):
    for asked in (
        {"Type": "partner"},
        {"CrossAccountPrimaryARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-abcdef"},
    ):
        refusal = refused(secretsmanager.create_secret, Name="kept", SecretString="s", **asked)
        assert refusal["code"] == "InvalidParameterException"
    assert refused(secretsmanager.describe_secret, SecretId="kept") == NOT_FOUND
