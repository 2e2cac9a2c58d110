"""A server process whose texts leave by the SNS API."""

from pathlib import Path
from urllib.parse import parse_qs

from kits.functions import function_server
from kits.serving import make_pool, serving


def test_code_is_published_to_the_phone(tmp_path: Path) -> None:
    with function_server() as sns:
        settings = {
            "POOLGATE_SNS_ENDPOINT_URL": sns.url,
            "POOLGATE_SNS_REGION": "eu-central-1",
            "POOLGATE_SNS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "POOLGATE_SNS_SECRET_ACCESS_KEY": "secret",
        }
        with serving(tmp_path / "data", **settings) as served:
            cognito = served.client("cognito-idp")
            pool = make_pool(cognito, "texts", AutoVerifiedAttributes=["phone_number"])
            cognito.sign_up(
                ClientId=pool.client_id,
                Username="alice",
                Password="Correct-Horse-1",
                UserAttributes=[{"Name": "phone_number", "Value": "+15555550123"}],
            )
            assert sns.asked.wait(10)
            ((_, headers, body),) = sns.received
            published = {name: values for name, (values,) in parse_qs(body.decode()).items()}
            assert published["PhoneNumber"] == "+15555550123"
            assert "/eu-central-1/sns/" in headers["Authorization"]
            cognito.confirm_sign_up(
                ClientId=pool.client_id,
                Username="alice",
                ConfirmationCode=published["Message"].removeprefix("Your verification code is "),
            )
