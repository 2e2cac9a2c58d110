import uuid

import pytest
import sqlalchemy as sa
from kits.takers import at_once

RECORDED = "secretsmanager/test_secretsmanager.snapshot.json TestSecretsManager"


def put(secretsmanager, text, *stages):
    given = {"VersionStages": list(stages)} if stages else {}
    return secretsmanager.put_secret_value(SecretId="kept", SecretString=text, **given)


def stages(secretsmanager, **given):
    versions = secretsmanager.list_secret_version_ids(SecretId="kept", **given)["Versions"]
    return [version.get("VersionStages") for version in versions]


@pytest.fixture
def first(secretsmanager):
    return secretsmanager.create_secret(Name="kept", SecretString="one")["VersionId"]


@pytest.mark.usefixtures("first")
@pytest.mark.recorded(f"{RECORDED}::test_deprecated_secret_version_stage")
def test_versions_without_labels_are_listed_on_demand(secretsmanager):
    for text in ("two", "three"):
        put(secretsmanager, text)
    versions = secretsmanager.list_secret_version_ids(SecretId="kept")["Versions"]
    assert [version["VersionStages"] for version in versions] == [["AWSPREVIOUS"], ["AWSCURRENT"]]
    assert all(version["KmsKeyIds"] == ["DefaultEncryptionKey"] for version in versions)
    every = stages(secretsmanager, IncludeDeprecated=True)
    assert every == [None, ["AWSPREVIOUS"], ["AWSCURRENT"]]


@pytest.mark.usefixtures("first")
@pytest.mark.recorded(f"{RECORDED}::test_non_versioning_version_stages_no_replacement")
def test_other_labels_leave_the_current_version_alone(secretsmanager):
    answer = put(secretsmanager, "two", "one", "two", "three")
    assert answer["VersionStages"] == ["one", "three", "two"]
    put(secretsmanager, "three", "one", "two", "four")
    assert stages(secretsmanager) == [["AWSCURRENT"], ["three"], ["four", "one", "two"]]
    assert secretsmanager.get_secret_value(SecretId="kept")["SecretString"] == "one"


@pytest.mark.usefixtures("first")
@pytest.mark.recorded(
    f"{RECORDED}::test_update_secret_version_stages_current_pending_cycle_custom_stages_2"
)
def test_moving_the_current_label_moves_the_previous_one(secretsmanager):
    second = put(secretsmanager, "two", "AWSCURRENT", "PUT0")["VersionId"]
    assert stages(secretsmanager) == [["AWSPREVIOUS"], ["AWSCURRENT", "PUT0"]]
    third = put(secretsmanager, "three", "AWSPENDING", "PUT1")["VersionId"]
    secretsmanager.update_secret_version_stage(
        SecretId="kept",
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=second,
        MoveToVersionId=third,
    )
    assert stages(secretsmanager) == [["AWSPREVIOUS", "PUT0"], ["AWSCURRENT", "AWSPENDING", "PUT1"]]
    fourth = put(secretsmanager, "four", "AWSPENDING", "PUT2")["VersionId"]
    secretsmanager.update_secret_version_stage(
        SecretId="kept",
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=third,
        MoveToVersionId=fourth,
    )
    assert stages(secretsmanager) == [
        ["PUT0"],
        ["AWSPREVIOUS", "PUT1"],
        ["AWSCURRENT", "AWSPENDING", "PUT2"],
    ]


@pytest.mark.usefixtures("first")
@pytest.mark.recorded(
    f"{RECORDED}::test_update_secret_version_stages_current_pending_cycle_custom_stages_3"
)
def test_a_label_is_taken_away(secretsmanager):
    second = put(secretsmanager, "two", "PENDING")["VersionId"]
    secretsmanager.update_secret_version_stage(
        SecretId="kept", VersionStage="PENDING", RemoveFromVersionId=second
    )
    assert stages(secretsmanager) == [["AWSCURRENT"]]


@pytest.mark.assumed("texts of staging labels that cannot be moved")
def test_labels_move_only_from_where_they_are(secretsmanager, refused, first):
    second = put(secretsmanager, "two", "PENDING")["VersionId"]
    move = {"SecretId": "kept", "VersionStage": "AWSCURRENT"}
    assert refused(secretsmanager.update_secret_version_stage, MoveToVersionId=second, **move) == {
        "code": "InvalidParameterException",
        "message": "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is"
        f" currently attached to version {first}, so you must explicitly reference that version in"
        " RemoveFromVersionId.",
        "status": 400,
    }
    for wrong in (
        {},
        {"RemoveFromVersionId": first},
        {"RemoveFromVersionId": second, "MoveToVersionId": first},
    ):
        refusal = refused(secretsmanager.update_secret_version_stage, **move, **wrong)
        assert refusal["code"] == "InvalidParameterException"
    unknown = {"RemoveFromVersionId": first, "MoveToVersionId": str(uuid.uuid4())}
    refusal = refused(secretsmanager.update_secret_version_stage, **move, **unknown)
    assert refusal["code"] == "ResourceNotFoundException"
    assert stages(secretsmanager) == [["AWSCURRENT"], ["PENDING"]]


@pytest.mark.recorded(f"{RECORDED}::test_get_secret_value_errors, test_secret_version_not_found")
def test_versions_that_are_not_there_are_told(secretsmanager, refused, first):
    get = secretsmanager.get_secret_value
    nowhere = "Secrets Manager can't find the specified secret value for"
    assert refused(get, SecretId="kept", VersionStage="AWSPREVIOUS") == {
        "code": "ResourceNotFoundException",
        "message": f"{nowhere} staging label: AWSPREVIOUS",
        "status": 400,
    }
    unknown = str(uuid.uuid4())
    refusal = refused(get, SecretId="kept", VersionId=unknown)
    assert refusal["message"] == f"{nowhere} VersionId: {unknown}"
    put(secretsmanager, "two")
    assert refused(get, SecretId="kept", VersionId=first, VersionStage="AWSCURRENT") == {
        "code": "InvalidRequestException",
        "message": "You provided a VersionStage that is not associated to the provided VersionId.",
        "status": 400,
    }
    secretsmanager.create_secret(Name="empty")
    refusal = refused(get, SecretId="empty")
    assert refusal["message"] == f"{nowhere} staging label: AWSCURRENT"


@pytest.mark.recorded(f"{RECORDED}::test_create_secret_version_from_empty_secret")
def test_the_first_version_is_current_whatever_its_labels(secretsmanager):
    secretsmanager.create_secret(Name="kept")
    assert "VersionIdsToStages" not in secretsmanager.describe_secret(SecretId="kept")
    assert put(secretsmanager, "one", "mine")["VersionStages"] == ["AWSCURRENT", "mine"]


@pytest.mark.recorded(f"{RECORDED}::test_change_secret_value_after_creation")
def test_bytes_come_back_as_they_were(secretsmanager):
    secretsmanager.create_secret(Name="kept", SecretBinary=b"initial")
    for octets in (b"footest", b"\x00\x01\x02\xff"):
        secretsmanager.put_secret_value(SecretId="kept", SecretBinary=octets)
        found = secretsmanager.get_secret_value(SecretId="kept")
        assert found["SecretBinary"] == octets
        assert "SecretString" not in found


@pytest.mark.recorded(f"{RECORDED}::test_update_secret_description")
def test_an_update_makes_a_version_only_of_a_value(secretsmanager, first):
    answer = secretsmanager.update_secret(SecretId="kept", Description="MyDescription")
    assert "VersionId" not in answer
    answer = secretsmanager.update_secret(
        SecretId="kept", SecretString="two", Description="MyNewDescription"
    )
    described = secretsmanager.describe_secret(SecretId="kept")
    assert described["Description"] == "MyNewDescription"
    assert described["VersionIdsToStages"] == {
        answer["VersionId"]: ["AWSCURRENT"],
        first: ["AWSPREVIOUS"],
    }


@pytest.mark.usefixtures("first")
@pytest.mark.documented("API_PutSecretValue", "ClientRequestToken is idempotent")
def test_one_token_is_one_version(secretsmanager, refused):
    request = {"SecretId": "kept", "ClientRequestToken": str(uuid.uuid4())}
    for _ in range(2):
        secretsmanager.put_secret_value(SecretString="two", **request)
        secretsmanager.update_secret(SecretString="two", **request)
    assert stages(secretsmanager) == [["AWSPREVIOUS"], ["AWSCURRENT"]]
    for operation in (secretsmanager.put_secret_value, secretsmanager.update_secret):
        refusal = refused(operation, SecretBinary=b"two", **request)
        assert refusal["code"] == "ResourceExistsException"


@pytest.mark.usefixtures("first")
@pytest.mark.assumed("texts of values that cannot be")
def test_a_value_is_text_or_bytes_of_a_length(secretsmanager, refused):
    put_value = secretsmanager.put_secret_value
    assert refused(put_value, SecretId="kept")["code"] == "InvalidRequestException"
    for wrong in ({"SecretString": "a", "SecretBinary": b"a"}, {"SecretString": "\u00e4" * 40_000}):
        refusal = refused(put_value, SecretId="kept", **wrong)
        assert refusal["code"] == "InvalidParameterException"
    assert stages(secretsmanager, IncludeDeprecated=True) == [["AWSCURRENT"]]


@pytest.mark.usefixtures("first")
@pytest.mark.documented("reference_limits", "about 100 versions are kept")
def test_the_oldest_versions_are_forgotten_and_listings_are_paged(secretsmanager):
    put(secretsmanager, "old", "mine")
    for number in range(110):
        put(secretsmanager, str(number))
    every = stages(secretsmanager, IncludeDeprecated=True)
    assert len(every) == 100
    assert ["mine"] in stages(secretsmanager)
    pages, asked = [], {"SecretId": "kept", "IncludeDeprecated": True, "MaxResults": 30}
    while not pages or "NextToken" in pages[-1]:
        following = {"NextToken": pages[-1]["NextToken"]} if pages else {}
        pages.append(secretsmanager.list_secret_version_ids(**asked, **following))
    found = [version["VersionId"] for page in pages for version in page["Versions"]]
    assert len(found) == len(set(found)) == 100


@pytest.mark.documented("reference_limits", "labels of a version")
def test_a_version_has_twenty_labels(secretsmanager, refused, first):
    for number in range(19):
        secretsmanager.update_secret_version_stage(
            SecretId="kept", VersionStage=f"label{number}", MoveToVersionId=first
        )
    refusal = refused(
        secretsmanager.update_secret_version_stage,
        SecretId="kept",
        VersionStage="one-more",
        MoveToVersionId=first,
    )
    assert refusal["code"] == "LimitExceededException"


@pytest.mark.usefixtures("first")
@pytest.mark.documented("API_DescribeSecret", "LastAccessedDate is a day")
def test_the_day_of_a_read_is_kept(poolgate, secretsmanager):
    assert "LastAccessedDate" not in secretsmanager.describe_secret(SecretId="kept")
    secretsmanager.get_secret_value(SecretId="kept")
    day = secretsmanager.describe_secret(SecretId="kept")["LastAccessedDate"]
    assert day.timestamp() % (24 * 60 * 60) == 0
    poolgate.clock.advance(24 * 60 * 60)
    secretsmanager.get_secret_value(SecretId="kept")
    later = secretsmanager.describe_secret(SecretId="kept")["LastAccessedDate"]
    assert (later - day).days == 1


@pytest.mark.usefixtures("first")
@pytest.mark.documented("reference_limits", "one version is the current one")
def test_takers_at_one_moment_leave_one_current_version(secretsmanager):
    at_once(lambda number: put(secretsmanager, str(number)))
    labels = [label for found in stages(secretsmanager) for label in found]
    assert sorted(labels) == ["AWSCURRENT", "AWSPREVIOUS"]


@pytest.mark.documented("security-encryption", "values are encrypted at rest")
def test_a_value_lies_sealed_in_its_row_and_opens_in_no_other(poolgate, secretsmanager, first):
    put(secretsmanager, "two-in-plain-text")
    own = {"version_id": first}
    with poolgate.application.installation.db.engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT * FROM secret_versions")).all()
        assert not [cell for row in rows for cell in row if b"in-plain-text" in as_bytes(cell)]
        of_first = "SELECT sealed_content FROM secret_versions WHERE version_id = :version_id"
        sealed = connection.execute(sa.text(of_first), own).scalar_one()
        moved = (
            "UPDATE secret_versions SET sealed_content = :sealed WHERE version_id != :version_id"
        )
        connection.execute(sa.text(moved), {**own, "sealed": sealed})
    answer = poolgate.post_json(
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": "kept"},
        signed_by=poolgate.root_credentials,
    )
    assert answer.status == 500


def as_bytes(cell):
    return bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
