import json

import pytest
from kits.keychain import allow, deny, document

RECORDED = "secretsmanager/test_secretsmanager.snapshot.json TestSecretsManager"
GET = "secretsmanager:GetSecretValue"
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": GET, "Resource": "*"}


@pytest.fixture
def kept(secretsmanager):
    return secretsmanager.create_secret(
        Name="kept", SecretString="s", Tags=[{"Key": "team", "Value": "blue"}]
    )["ARN"]


@pytest.fixture
def as_user(poolgate, user_credentials):
    """Secrets Manager as a user with these statements calls it."""

    def make(*statements):
        granted = document(*statements) if statements else None
        signer = user_credentials("anna", granted, path="/")
        return poolgate.client("secretsmanager", credentials=signer, validate=False)

    return make


def anna(poolgate):
    return {"AWS": f"arn:aws:iam::{poolgate.account_id}:user/anna"}


@pytest.mark.recorded(f"{RECORDED}::test_resource_policy")
def test_a_resource_policy_comes_back_as_it_was(secretsmanager, kept):
    given = document(PUBLIC)
    answer = secretsmanager.put_resource_policy(SecretId="kept", ResourcePolicy=given)
    assert (answer["ARN"], answer["Name"]) == (kept, "kept")
    found = secretsmanager.get_resource_policy(SecretId="kept")
    assert json.loads(found["ResourcePolicy"]) == json.loads(given)
    secretsmanager.delete_resource_policy(SecretId="kept")
    assert "ResourcePolicy" not in secretsmanager.get_resource_policy(SecretId="kept")


@pytest.mark.usefixtures("kept")
@pytest.mark.documented("auth-and-access_resource-policies", "it alone allows within the account")
def test_a_resource_policy_opens_a_secret_and_closes_it(poolgate, secretsmanager, refused, as_user):
    client = as_user()
    denied = refused(client.get_secret_value, SecretId="kept")
    assert (denied["code"], denied["status"]) == ("AccessDeniedException", 400)
    opened = document(allow(GET, Principal=anna(poolgate)))
    secretsmanager.put_resource_policy(SecretId="kept", ResourcePolicy=opened)
    assert client.get_secret_value(SecretId="kept")["SecretString"] == "s"
    assert refused(client.describe_secret, SecretId="kept")["code"] == "AccessDeniedException"
    secretsmanager.create_secret(Name="another", SecretString="s")
    assert refused(client.get_secret_value, SecretId="another")["code"] == "AccessDeniedException"
    secretsmanager.delete_resource_policy(SecretId="kept")
    assert refused(client.get_secret_value, SecretId="kept")["code"] == "AccessDeniedException"


@pytest.mark.usefixtures("kept")
@pytest.mark.documented("reference_policies_evaluation-logic", "an explicit deny wins")
def test_a_deny_on_the_secret_stops_user_and_batch(poolgate, secretsmanager, refused, as_user):
    client = as_user(allow("secretsmanager:*"))
    closed = document(deny(GET, Principal=anna(poolgate)))
    secretsmanager.put_resource_policy(SecretId="kept", ResourcePolicy=closed)
    refusal = refused(client.get_secret_value, SecretId="kept")
    assert refusal["message"].endswith("with an explicit deny in a resource-based policy")
    batch = client.batch_get_secret_value(SecretIdList=["kept"])
    assert (batch["SecretValues"], batch["Errors"][0]["ErrorCode"]) == ([], "AccessDeniedException")
    assert batch["Errors"][0]["Message"] == refusal["message"]


@pytest.mark.documented("auth-and-access_iam-policies", "suffixes of secrets in policies")
def test_policies_name_secrets_by_arn(poolgate, secretsmanager, refused, as_user, kept):
    prefix = f"arn:aws:secretsmanager:us-east-1:{poolgate.account_id}:secret:"
    client = as_user(allow("secretsmanager:*", f"{prefix}kept-??????"))
    for secret_id in ("kept", kept, kept[:-7]):
        assert client.get_secret_value(SecretId=secret_id)["SecretString"] == "s"
    secretsmanager.create_secret(Name="kept-further", SecretString="s")
    for operation, named in (
        (client.get_secret_value, {"SecretId": "kept-further"}),
        (client.get_secret_value, {"SecretId": "unknown"}),
        (client.create_secret, {"Name": "new", "SecretString": "s"}),
        (client.list_secrets, {}),
        (client.batch_get_secret_value, {"SecretIdList": ["kept"]}),
    ):
        assert refused(operation, **named)["code"] == "AccessDeniedException"


@pytest.mark.usefixtures("kept")
@pytest.mark.documented("list_awssecretsmanager", "condition keys")
@pytest.mark.parametrize(
    ("condition", "asked", "passes"),
    [
        ({"secretsmanager:VersionStage": "AWSCURRENT"}, {}, True),
        ({"secretsmanager:VersionStage": "AWSCURRENT"}, {"VersionStage": "AWSPREVIOUS"}, False),
        ({"secretsmanager:ResourceTag/team": "blue"}, {}, True),
        ({"secretsmanager:ResourceTag/team": "red"}, {}, False),
        ({"aws:ResourceTag/team": "blue"}, {}, True),
    ],
)
def test_conditions_see_labels_and_tags(as_user, refused, condition, asked, passes):
    client = as_user(allow(GET, Condition={"StringEquals": condition}))
    if passes:
        assert client.get_secret_value(SecretId="kept", **asked)["SecretString"] == "s"
    else:
        refusal = refused(client.get_secret_value, SecretId="kept", **asked)
        assert refusal["code"] == "AccessDeniedException"


@pytest.mark.documented("list_awssecretsmanager", "secretsmanager:SecretId is an ARN")
def test_conditions_see_the_secret(as_user, refused, secretsmanager, kept):
    client = as_user(allow(GET, Condition={"ArnEquals": {"secretsmanager:SecretId": kept}}))
    assert client.get_secret_value(SecretId="kept")["SecretString"] == "s"
    secretsmanager.create_secret(Name="another", SecretString="s")
    assert refused(client.get_secret_value, SecretId="another")["code"] == "AccessDeniedException"


@pytest.mark.usefixtures("kept")
@pytest.mark.documented("API_TagResource", "nobody locks himself out by tags")
def test_a_change_of_tags_that_would_lock_its_caller_out_is_refused(as_user, refused):
    of_team = {"StringEquals": {"secretsmanager:ResourceTag/team": "blue"}}
    client = as_user(allow("secretsmanager:*", Condition=of_team))
    for operation, members in (
        (client.tag_resource, {"Tags": [{"Key": "team", "Value": "red"}]}),
        (client.untag_resource, {"TagKeys": ["team"]}),
    ):
        assert refused(operation, SecretId="kept", **members)["code"] == "AccessDeniedException"
    client.tag_resource(SecretId="kept", Tags=[{"Key": "further", "Value": "x"}])
    tags = {tag["Key"]: tag["Value"] for tag in client.describe_secret(SecretId="kept")["Tags"]}
    assert tags == {"team": "blue", "further": "x"}


@pytest.mark.usefixtures("kept")
@pytest.mark.documented("API_PutResourcePolicy", "BlockPublicPolicy; malformed documents")
def test_public_and_malformed_policies_are_refused(secretsmanager, refused):
    put = secretsmanager.put_resource_policy
    public = refused(put, SecretId="kept", ResourcePolicy=document(PUBLIC), BlockPublicPolicy=True)
    assert public["code"] == "PublicPolicyException"
    for wrong in ("{}", "no document", document({"Effect": "Allow", "Action": GET})):
        refusal = refused(put, SecretId="kept", ResourcePolicy=wrong)
        assert refusal["code"] == "MalformedPolicyDocumentException"
    assert "ResourcePolicy" not in secretsmanager.get_resource_policy(SecretId="kept")


@pytest.mark.usefixtures("kept")
@pytest.mark.assumed("what the validation of a resource policy tells")
def test_a_policy_is_validated_before_it_is_put(poolgate, as_user):
    client = as_user(allow("secretsmanager:*"))
    good = document(allow(GET, Principal=anna(poolgate)))
    answer = client.validate_resource_policy(SecretId="kept", ResourcePolicy=good)
    assert (answer["PolicyValidationPassed"], answer["ValidationErrors"]) == (True, [])
    bad = document(PUBLIC, deny("secretsmanager:*", Principal=anna(poolgate)))
    answer = client.validate_resource_policy(SecretId="kept", ResourcePolicy=bad)
    assert not answer["PolicyValidationPassed"]
    checks = [entry["CheckName"] for entry in answer["ValidationErrors"]]
    assert checks == ["PUBLIC_ACCESS", "CALLER_LOCKOUT"]


@pytest.mark.usefixtures("kept")
@pytest.mark.assumed("a policy that its caller could not replace is not put")
def test_nobody_locks_himself_out_for_good(secretsmanager, refused):
    closed = document(deny("secretsmanager:*", Principal="*"))
    refusal = refused(secretsmanager.put_resource_policy, SecretId="kept", ResourcePolicy=closed)
    assert refusal["code"] == "AccessDeniedException"
    assert secretsmanager.get_secret_value(SecretId="kept")["SecretString"] == "s"


@pytest.mark.documented("reference_policies_elements_principal", "stored by id, shown by ARN")
def test_a_new_user_of_an_old_name_gets_nothing(poolgate, secretsmanager, iam, refused, as_user):
    reader = as_user()
    arn = anna(poolgate)["AWS"]
    secretsmanager.create_secret(Name="theirs", SecretString="s")
    secretsmanager.put_resource_policy(
        SecretId="theirs",
        ResourcePolicy=document(allow(GET, Principal=anna(poolgate))),
    )

    def shown():
        policy = secretsmanager.get_resource_policy(SecretId="theirs")["ResourcePolicy"]
        return json.loads(policy)["Statement"][0]["Principal"]["AWS"]

    assert shown() == arn
    assert reader.get_secret_value(SecretId="theirs")["SecretString"] == "s"
    listed = secretsmanager.list_resource_policies(SecretId="theirs")["ResourcePolicies"]
    assert listed == [{"PolicyName": "default"}]
    (key,) = iam.list_access_keys(UserName="anna")["AccessKeyMetadata"]
    iam.delete_access_key(UserName="anna", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="anna")
    assert shown().startswith("AIDA")
    refusal = refused(as_user().get_secret_value, SecretId="theirs")
    assert refusal["code"] == "AccessDeniedException"
