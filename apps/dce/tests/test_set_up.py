"""`set-up`: what it makes, tells and keeps to itself; the numbers are the checklist's."""

import json

import pytest
from dce_installation import run_set_up


def test_settings_are_for_their_owner_only(installed):
    path = installed.folder / "dce.env"
    assert path.stat().st_mode & 0o777 == 0o600
    secret = installed.settings()["DCE_SECRET_ACCESS_KEY"]
    assert secret not in json.dumps(dict(installed.outputs))


def test_d28_d29_access_policy_is_told(installed):
    outputs = installed.outputs
    iam = installed.server.client("iam")
    arn = outputs["api_access_policy_arn"]
    assert arn.endswith(f":policy/{outputs['api_access_policy_name']}")
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    (statement,) = version["Document"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    assert statement["Resource"] == [f"{installed.arn}/*"]


def test_d50_operator_with_the_access_policy_is_an_admin(installed, desk_api):
    operator = installed.server.iam_user("by-policy", None)
    assert desk_api.signed(operator, "GET", "/accounts").status == 403
    installed.server.client("iam").attach_user_policy(
        UserName="by-policy", PolicyArn=installed.outputs["api_access_policy_arn"]
    )
    # The guard asks anew for a key after a minute; another key is asked for at once.
    access_key = installed.server.client("iam").create_access_key(UserName="by-policy")["AccessKey"]
    keys = type(operator)(access_key["AccessKeyId"], access_key["SecretAccessKey"])
    assert desk_api.signed(keys, "GET", "/accounts").status == 200


def test_nothing_is_made_twice(installed, tmp_path):
    refused = run_set_up(installed.server, tmp_path, installed.api_url, check=False)
    assert refused.returncode == 1
    assert "is set up already" in refused.stderr
    assert not (tmp_path / "dce.env").exists()


def test_settings_that_are_there_are_not_written_over(installed):
    before = installed.settings()
    refused = run_set_up(installed.server, installed.folder, installed.api_url, check=False)
    assert refused.returncode == 1
    assert "File exists" in refused.stderr
    assert installed.settings() == before


@pytest.mark.parametrize("namespace", ["second"])
def test_second_installation_stands_beside_the_first(installed, tmp_path, namespace):
    made = run_set_up(
        installed.server, tmp_path, "http://127.0.0.1:1/api", "--namespace", namespace
    )
    outputs = json.loads(made.stdout)
    assert outputs["role_user_arn"].endswith(":role/dce-user-second")
    assert outputs["cognito_user_pool_id"] != installed.outputs["cognito_user_pool_id"]


def test_users_cannot_make_themselves_admins(installed):
    """Whoever may write `custom:roles` is an admin at will, so no user's token may."""
    cognito = installed.server.client("cognito-idp")
    outputs = installed.outputs
    whom = {
        "UserPoolId": outputs["cognito_user_pool_id"],
        "ClientId": outputs["cognito_user_pool_client_id"],
    }
    app_client = cognito.describe_user_pool_client(**whom)["UserPoolClient"]
    assert app_client["WriteAttributes"] == ["email"]
    assert app_client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert "aws.cognito.signin.user.admin" not in app_client["AllowedOAuthScopes"]
    installed.person("ambitious")
    with pytest.raises(cognito.exceptions.InvalidParameterException, match="not enabled"):
        cognito.initiate_auth(
            ClientId=whom["ClientId"],
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": "ambitious", "SRP_A": "ab" * 384},
        )
