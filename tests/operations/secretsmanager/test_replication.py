import pytest

EU, AP = "eu-west-1", "ap-south-1"
ON_REPLICA = (
    "Operation not permitted on a replica secret. Call must be made in primary secret's region."
)


@pytest.fixture
def at(poolgate):
    return lambda region: poolgate.client("secretsmanager", region=region, validate=False)


@pytest.fixture
def kept(secretsmanager):
    made = secretsmanager.create_secret(
        Name="kept",
        SecretString="first",
        Tags=[{"Key": "team", "Value": "blue"}],
        AddReplicaRegions=[{"Region": EU}],
    )
    assert [replica["Status"] for replica in made["ReplicationStatus"]] == ["InSync"]
    return made


@pytest.mark.documented("create-manage-multi-region-secrets", "replicas have the primary's values")
def test_a_replica_is_read_in_its_region(secretsmanager, at, kept):
    arn = kept["ARN"].replace("us-east-1", EU)
    for secret_id in ("kept", arn, arn[:-7]):
        answer = at(EU).get_secret_value(SecretId=secret_id)
        assert (answer["ARN"], answer["SecretString"]) == (arn, "first")
    secretsmanager.put_secret_value(SecretId="kept", SecretString="second")
    assert at(EU).get_secret_value(SecretId="kept")["SecretString"] == "second"
    described = at(EU).describe_secret(SecretId="kept")
    assert described["PrimaryRegion"] == "us-east-1"
    assert described["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert [entry["Name"] for entry in at(EU).list_secrets()["SecretList"]] == ["kept"]
    by_region = [{"Key": "primary-region", "Values": ["us-"]}]
    for client in (secretsmanager, at(EU)):
        assert len(client.list_secrets(Filters=by_region)["SecretList"]) == 1


@pytest.mark.documented("API_ReplicateSecretToRegions, API_RemoveRegionsFromReplication", "status")
@pytest.mark.usefixtures("kept")
def test_regions_are_added_and_removed(secretsmanager, refused, at):
    added = secretsmanager.replicate_secret_to_regions(
        SecretId="kept", AddReplicaRegions=[{"Region": AP, "KmsKeyId": "alias/own"}]
    )["ReplicationStatus"]
    assert [(each["Region"], each["Status"]) for each in added] == [(AP, "InSync"), (EU, "InSync")]
    assert at(AP).describe_secret(SecretId="kept")["KmsKeyId"] == "alias/own"
    left = secretsmanager.remove_regions_from_replication(
        SecretId="kept", RemoveReplicaRegions=[EU]
    )["ReplicationStatus"]
    assert [each["Region"] for each in left] == [AP]
    refusal = refused(at(EU).get_secret_value, SecretId="kept")
    assert refusal["code"] == "ResourceNotFoundException"
    refusal = refused(
        secretsmanager.remove_regions_from_replication, SecretId="kept", RemoveReplicaRegions=[EU]
    )
    assert refusal["code"] == "InvalidParameterException"


@pytest.mark.assumed("texts of replication that cannot be")
@pytest.mark.usefixtures("kept")
def test_replicas_are_not_written(refused, at):
    eu = at(EU)
    for operation, members in (
        (eu.put_secret_value, {"SecretString": "other"}),
        (eu.update_secret, {"Description": "other"}),
        (eu.delete_secret, {}),
        (eu.delete_secret, {"ForceDeleteWithoutRecovery": True}),
        (eu.tag_resource, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (eu.delete_resource_policy, {}),
        (eu.replicate_secret_to_regions, {"AddReplicaRegions": [{"Region": AP}]}),
        (eu.rotate_secret, {}),
        (eu.cancel_rotate_secret, {}),
    ):
        refusal = refused(operation, SecretId="kept", **members)
        assert (refusal["code"], refusal["message"]) == ("InvalidRequestException", ON_REPLICA)
    assert eu.get_secret_value(SecretId="kept")["SecretString"] == "first"


@pytest.mark.assumed("texts of replication that cannot be")
@pytest.mark.usefixtures("kept")
def test_regions_that_cannot_be(secretsmanager, refused):
    for regions in (["us-east-1"], [AP, AP]):
        refusal = refused(
            secretsmanager.replicate_secret_to_regions,
            SecretId="kept",
            AddReplicaRegions=[{"Region": region} for region in regions],
        )
        assert (refusal["code"], refusal["message"]) == (
            "InvalidParameterException",
            "Invalid replica region.",
        )
    refusal = refused(secretsmanager.delete_secret, SecretId="kept")
    assert refusal["code"] == "InvalidRequestException"
    refusal = refused(secretsmanager.stop_replication_to_replica, SecretId="kept")
    assert refusal["code"] == "InvalidRequestException"


@pytest.mark.documented("API_ReplicateSecretToRegions", "ForceOverwriteReplicaSecret")
def test_a_name_that_is_taken_stays_unless_overwritten(secretsmanager, at):
    at(EU).create_secret(Name="kept", SecretString="other")
    made = secretsmanager.create_secret(
        Name="kept", SecretString="first", AddReplicaRegions=[{"Region": EU}]
    )
    assert [replica["Status"] for replica in made["ReplicationStatus"]] == ["Failed"]
    assert at(EU).get_secret_value(SecretId="kept")["SecretString"] == "other"
    answer = secretsmanager.replicate_secret_to_regions(
        SecretId="kept", AddReplicaRegions=[{"Region": EU}], ForceOverwriteReplicaSecret=True
    )
    assert [replica["Status"] for replica in answer["ReplicationStatus"]] == ["InSync"]
    assert at(EU).get_secret_value(SecretId="kept")["SecretString"] == "first"


@pytest.mark.documented("API_StopReplicationToReplica", "promotes the replica to a standalone")
def test_a_promoted_replica_goes_its_own_way(secretsmanager, refused, at, kept):
    secretsmanager.put_secret_value(SecretId="kept", SecretString="second")
    arn = kept["ARN"].replace("us-east-1", EU)
    assert at(EU).stop_replication_to_replica(SecretId="kept")["ARN"] == arn
    assert "ReplicationStatus" not in secretsmanager.describe_secret(SecretId="kept")
    at(EU).put_secret_value(SecretId="kept", SecretString="own")
    assert secretsmanager.get_secret_value(SecretId="kept")["SecretString"] == "second"
    eu_values = {
        stage: at(EU).get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]
        for stage in ("AWSCURRENT", "AWSPREVIOUS")
    }
    assert eu_values == {"AWSCURRENT": "own", "AWSPREVIOUS": "second"}
    secretsmanager.delete_secret(SecretId="kept", ForceDeleteWithoutRecovery=True)
    assert at(EU).get_secret_value(SecretId="kept")["SecretString"] == "own"
    assert refused(secretsmanager.get_secret_value, SecretId="kept")["code"] == (
        "ResourceNotFoundException"
    )


@pytest.mark.documented("API_GetSecretValue", "permission on the replica's own ARN")
def test_policies_name_replicas_by_their_own_arns(poolgate, refused, user_credentials, kept):
    arn = kept["ARN"].replace("us-east-1", EU)
    policy = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action":'
        f' "secretsmanager:GetSecretValue", "Resource": "{arn}"}}}}'
    )
    ada = user_credentials("ada", policy)
    elsewhere = poolgate.client("secretsmanager", region=EU, credentials=ada)
    assert elsewhere.get_secret_value(SecretId="kept")["SecretString"] == "first"
    here = poolgate.client("secretsmanager", credentials=ada)
    assert refused(here.get_secret_value, SecretId="kept")["code"] == "AccessDeniedException"
