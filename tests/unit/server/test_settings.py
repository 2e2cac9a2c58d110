from pathlib import Path

import pytest

from poolgate.server.settings import SETTINGS, read_settings

DATA = {"data": "/srv/poolgate"}


def test_later_sources_win(tmp_path: Path) -> None:
    config = tmp_path / "poolgate.toml"
    config.write_text('host = "127.0.0.2"\nport = 1002\nworkers = 2\n')
    environment = {"POOLGATE_HOST": "127.0.0.1", "POOLGATE_PORT": "1001", "POOLGATE_THREADS": "3"}
    explained = read_settings({**DATA, "config": str(config), "port": "1003"}, environment)
    settings = explained.settings
    assert settings is not None
    assert (settings.host, settings.port, settings.workers, settings.threads) == (
        "127.0.0.2",
        1003,
        2,
        3,
    )
    origins = {name: explained.sources[name].origin for name in ("host", "port", "threads", "dev")}
    assert origins == {
        "host": str(config),
        "port": "--port",
        "threads": "POOLGATE_THREADS",
        "dev": "default",
    }


def test_config_file_is_found_by_the_environment(tmp_path: Path) -> None:
    config = tmp_path / "poolgate.toml"
    config.write_text('data = "/srv/x"\ntrusted_proxies = ["10.0.0.0/8", "::1"]\ndev = false\n')
    settings = read_settings({}, {"POOLGATE_CONFIG": str(config)}).settings
    assert settings is not None
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("flags", "environment", "mistake"),
    [
        ({}, {}, "--data (or POOLGATE_DATA) is needed"),
        (DATA, {"POOLGATE_HOSST": "x"}, "POOLGATE_HOSST is no setting"),
        ({**DATA, "port": "70000"}, {}, "port (from --port) must be a number from 0 to 65535"),
        ({**DATA, "port": "http"}, {}, "port (from --port) must be a number from 0 to 65535"),
        (DATA, {"POOLGATE_DEV": "maybe"}, "dev (from POOLGATE_DEV) must be true or false"),
        ({**DATA, "account_id": "12"}, {}, "account_id (from --account-id) must have 12 digits"),
        (DATA, {"POOLGATE_REGION": "mars"}, "region (from POOLGATE_REGION) must be a region"),
        ({**DATA, "public_url": "example"}, {}, "public_url (from --public-url) must be a URL"),
        ({**DATA, "database_url": "mysql://x"}, {}, "must start with sqlite:/// or postgresql://"),
        ({**DATA, "trusted_proxies": "proxy"}, {}, "must be addresses or networks"),
        ({**DATA, "config": "/no/such/file"}, {}, "/no/such/file cannot be read"),
        ({**DATA, "smtp_host": "mail"}, {}, "smtp_host needs smtp_from"),
        ({**DATA, "smtp_username": "me"}, {}, "are set together or not at all"),
        ({**DATA, "dev": "true", "host": "0:0::"}, {}, "it listens on loopback only"),
        ({**DATA, "dev": "true", "host": "example.com"}, {}, "it listens on loopback only"),
        ({**DATA, "dev": "true", "host": "192.168.1.1"}, {}, "it listens on loopback only"),
        ({**DATA, "dev": "true", "host": "::"}, {}, "it listens on loopback only"),
        ({**DATA, "dev": "true", "workers": "2"}, {}, "it runs one worker"),
        ({**DATA, "dev": "true", "trusted_proxies": "10.0.0.1"}, {}, "it trusts no proxies"),
    ],
)
def test_mistakes_are_told_and_stop_the_start(
    flags: dict[str, str], environment: dict[str, str], mistake: str
) -> None:
    explained = read_settings(flags, environment)
    assert explained.settings is None
    assert any(mistake in told for told in explained.mistakes), explained.mistakes


@pytest.mark.parametrize("written", ["x = 1", "host = {}", "host", "port = 1.5"])
def test_mistakes_in_the_file_are_told(tmp_path: Path, written: str) -> None:
    config = tmp_path / "poolgate.toml"
    config.write_text(written)
    explained = read_settings({**DATA, "config": str(config)}, {})
    assert explained.settings is None
    assert str(config) in explained.mistakes[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_dev_listens_on_loopback(host: str) -> None:
    assert read_settings({**DATA, "dev": "true", "host": host}, {}).settings is not None


def test_every_setting_is_explained_once() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(set(names)) == len(names)
    assert all(setting.explanation.endswith(".") for setting in SETTINGS)
    assert [setting.name for setting in SETTINGS if not setting.has_flag] == [
        "smtp_password",
        "sms_webhook_secret",
        "kms_secret_access_key",
        "sns_secret_access_key",
        "lambda_secret_access_key",
        "trigger_signing_secret",
    ]


def test_an_endpoint_needs_its_access_key() -> None:
    kms = {**DATA, "kms_endpoint_url": "https://kms.eu-west-1.amazonaws.com"}
    assert read_settings(kms, {}).mistakes == (
        "kms_endpoint_url needs kms_access_key_id and kms_secret_access_key",
    )
    kms["kms_access_key_id"] = "AKIDEXAMPLE"
    assert read_settings(kms, {"POOLGATE_KMS_SECRET_ACCESS_KEY": "s"}).settings is not None


def test_texts_leave_by_one_way() -> None:
    sns = {**DATA, "sns_endpoint_url": "https://sns.eu-west-1.amazonaws.com"}
    explained = read_settings(sns, {})
    assert explained.mistakes == (
        "sns_endpoint_url needs sns_access_key_id and sns_secret_access_key",
    )
    sns["sns_access_key_id"] = "AKIDEXAMPLE"
    key = {"POOLGATE_SNS_SECRET_ACCESS_KEY": "secret"}
    assert read_settings(sns, key).settings is not None
    explained = read_settings({**sns, "sms_webhook_url": "https://sms.example.com"}, key)
    assert explained.mistakes == (
        "text messages leave by sns_endpoint_url or by sms_webhook_url, not both",
    )


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_table_of_functions_comes_from_the_file_or_the_environment(tmp_path):
    config = tmp_path / "poolgate.toml"
    config.write_text(f'data = "d"\n[triggers]\n"{FUNCTION}" = "https://hooks.example/f?a=b"\n')
    secret = {"POOLGATE_TRIGGER_SIGNING_SECRET": "s"}
    explained = read_settings({"config": str(config)}, secret)
    assert any("must be a URL" in mistake for mistake in explained.mistakes)
    config.write_text(f'data = "d"\n[triggers]\n"{FUNCTION}" = "https://hooks.example/f"\n')
    explained = read_settings({"config": str(config)}, secret)
    assert explained.settings.triggers == {FUNCTION: "https://hooks.example/f"}
    variables = {"POOLGATE_TRIGGERS": f"{FUNCTION}=https://hooks.example/f", **secret}
    assert read_settings({"data": "d"}, variables).settings.triggers == explained.settings.triggers


@pytest.mark.parametrize(
    ("variables", "mistake"),
    [
        ({"POOLGATE_TRIGGERS": "f=https://hooks.example"}, "which is no Lambda function"),
        ({"POOLGATE_TRIGGERS": f"{FUNCTION}=https://hooks.example"}, "trigger_signing_secret"),
        ({"POOLGATE_LAMBDA_ENDPOINT_URL": "https://lambda.example"}, "lambda_access_key_id"),
    ],
)
def test_functions_that_could_not_be_asked_stop_the_start(variables, mistake):
    explained = read_settings({"data": "d"}, variables)
    assert any(mistake in text for text in explained.mistakes)
