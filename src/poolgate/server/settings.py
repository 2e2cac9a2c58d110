"""Settings: environment, then a TOML file, then flags; later wins.

`SETTINGS` is the one table of what can be set; the command's flags, `poolgate config check` and
the documentation come from it. Nothing unknown is ignored: a mistyped name stops the start.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poolgate.foundation.addresses import is_loopback
from poolgate.foundation.ids import AccountId, Region
from poolgate.foundation.secret import Secret
from poolgate.server import setting_values
from poolgate.server.peers import Network
from poolgate.server.setting_values import SettingWrong

ENVIRONMENT_PREFIX = "POOLGATE_"
CONFIG = "config"
MAX_PORT = 65535
MAX_WORKERS = 256


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: `POOLGATE_HOST`, `host` in the file, `--host`."""

    name: str
    explanation: str
    parse: Callable[[str], Any]
    default: str | None = None
    # Shown as `***`; a password has no flag either, since every user of a machine sees flags.
    secret: bool = False
    has_flag: bool = True
    # Written `KEY=VALUE,...`, or as a table in the file.
    is_table: bool = False

    @property
    def variable(self) -> str:
        """The environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The command's flag."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from, and the value as it was written."""

    text: str | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of a server, checked one by one and together."""

    data: Path
    host: str
    port: int
    dev: bool
    database_url: str | None
    workers: int
    threads: int
    public_url: str | None
    issuer_style: str
    oauth_profile: str
    account_id: AccountId | None
    region: Region
    trusted_proxies: tuple[Network, ...]
    metrics_peers: frozenset[str]
    log_level: str
    smtp_host: str | None
    smtp_port: int
    smtp_from: str | None
    smtp_security: str
    smtp_username: str | None
    smtp_password: Secret | None
    smtp_certificate_authorities: Path | None
    sms_webhook_url: str | None
    sms_webhook_secret: Secret | None
    kms_endpoint_url: str | None
    kms_access_key_id: str | None
    kms_secret_access_key: Secret | None
    sns_endpoint_url: str | None
    sns_region: Region | None
    sns_access_key_id: str | None
    sns_secret_access_key: Secret | None
    lambda_endpoint_url: str | None
    lambda_access_key_id: str | None
    lambda_secret_access_key: Secret | None
    triggers: Mapping[str, str]
    trigger_signing_secret: Secret | None
    breached_passwords: Path | None
    activity_log: Path | None


@dataclass(frozen=True, slots=True)
class Explained:
    """What `poolgate config check` shows: each setting's source, and every mistake."""

    sources: Mapping[str, Source]
    mistakes: tuple[str, ...]
    settings: Settings | None


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "data",
        "Folder of the database, the master key and the root access key.",
        setting_values.folder,
    ),
    Setting("host", "Address to listen on.", setting_values.host, "127.0.0.1"),
    Setting(
        "port", "Port to listen on; 0 picks a free one.", setting_values.number(0, MAX_PORT), "9440"
    ),
    Setting(
        "dev",
        "For development: any access key acts as root without a signature check, messages stay in "
        "an outbox, the clock can be moved. Loopback only.",
        setting_values.flag,
        "false",
    ),
    Setting(
        "database_url",
        "Where the data is kept: sqlite:///PATH or postgresql://...; a file in the data folder "
        "unless set.",
        setting_values.optional(setting_values.database_url),
        "",
        secret=True,
    ),
    Setting(
        "workers", "Processes that answer requests.", setting_values.number(1, MAX_WORKERS), "1"
    ),
    Setting(
        "threads", "Requests that one worker answers at once.", setting_values.number(1, 1024), "8"
    ),
    Setting(
        "public_url",
        "URL that callers use, written into tokens; http://HOST:PORT unless set.",
        setting_values.optional(setting_values.url),
        "",
    ),
    Setting(
        "issuer_style",
        "Issuer of tokens: `poolgate` is PUBLIC_URL/POOL_ID, `aws` is AWS's own form.",
        setting_values.choice("poolgate", "aws"),
        "poolgate",
    ),
    Setting(
        "oauth_profile",
        "What app clients may do: `cognito` as on AWS; `strict` wants PKCE of public clients, has "
        "no implicit grant, and codes that live a minute.",
        setting_values.choice("cognito", "strict"),
        "cognito",
    ),
    Setting(
        "account_id",
        "The AWS account id of this server, 12 digits; made at the first start unless set.",
        setting_values.optional(setting_values.account_id),
        "",
    ),
    Setting("region", "Region of calls that are not signed.", setting_values.region, "us-east-1"),
    Setting(
        "trusted_proxies",
        "Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        setting_values.networks,
        "",
    ),
    Setting(
        "metrics_peers",
        "Addresses that may read /_poolgate/metrics besides this machine's own.",
        setting_values.addresses,
        "",
    ),
    Setting(
        "log_level",
        "Least severe events to log.",
        setting_values.choice("debug", "info", "warning", "error"),
        "info",
    ),
    Setting(
        "smtp_host",
        "Mail server; e-mail cannot be sent unless set.",
        setting_values.optional(setting_values.host),
        "",
    ),
    Setting("smtp_port", "Port of the mail server.", setting_values.number(1, MAX_PORT), "587"),
    Setting(
        "smtp_from",
        "Sender of e-mail; needed with smtp_host.",
        setting_values.optional(setting_values.mail_address),
        "",
    ),
    Setting(
        "smtp_security",
        "How the connection to the mail server is protected: starttls, tls or none.",
        setting_values.choice("starttls", "tls", "none"),
        "starttls",
    ),
    Setting(
        "smtp_username",
        "User at the mail server, when it wants one.",
        setting_values.optional(setting_values.text),
        "",
    ),
    Setting(
        "smtp_password",
        "Password at the mail server.",
        setting_values.optional(Secret),
        "",
        secret=True,
        has_flag=False,
    ),
    Setting(
        "smtp_certificate_authorities",
        "File of certificates that the mail server's must come from; the system's unless set.",
        setting_values.optional(setting_values.folder),
        "",
    ),
    Setting(
        "sms_webhook_url",
        "URL that takes text messages as JSON; SMS cannot be sent without it or sns_endpoint_url.",
        setting_values.optional(setting_values.url),
        "",
    ),
    Setting(
        "sms_webhook_secret",
        "Signs what is posted there, so that the receiver can tell who sends it.",
        setting_values.optional(Secret),
        "",
        secret=True,
        has_flag=False,
    ),
    Setting(
        "kms_endpoint_url",
        "Where KMS makes the keys of codes for custom sender functions; keys of this server, which "
        "`poolgate keys custom-sender` prints, unless set.",
        setting_values.optional(setting_values.url),
        "",
    ),
    Setting(
        "kms_access_key_id",
        "Access key that may call GenerateDataKey there.",
        setting_values.optional(setting_values.text),
        "",
    ),
    Setting(
        "kms_secret_access_key",
        "Its secret access key.",
        setting_values.optional(Secret),
        "",
        secret=True,
        has_flag=False,
    ),
    Setting(
        "sns_endpoint_url",
        "Where text messages are published by AWS's SNS API.",
        setting_values.optional(setting_values.url),
        "",
    ),
    Setting(
        "sns_region",
        "Region that requests to SNS are signed for; that of unsigned calls unless set.",
        setting_values.optional(setting_values.region),
        "",
    ),
    Setting(
        "sns_access_key_id",
        "Access key that publishes there.",
        setting_values.optional(setting_values.text),
        "",
    ),
    Setting(
        "sns_secret_access_key",
        "Its secret access key.",
        setting_values.optional(Secret),
        "",
        secret=True,
        has_flag=False,
    ),
    Setting(
        "lambda_endpoint_url",
        "Where Lambda functions that pools name as triggers are invoked by AWS's API.",
        setting_values.optional(setting_values.url),
        "",
    ),
    Setting(
        "lambda_access_key_id",
        "Access key that invokes them.",
        setting_values.optional(setting_values.text),
        "",
    ),
    Setting(
        "lambda_secret_access_key",
        "Its secret access key.",
        setting_values.optional(Secret),
        "",
        secret=True,
        has_flag=False,
    ),
    Setting(
        "triggers",
        "URLs that answer for single Lambda functions: ARN=URL,... or a table in the file.",
        setting_values.functions,
        "",
        is_table=True,
    ),
    Setting(
        "trigger_signing_secret",
        "Signs what is posted to those URLs, so that they can tell who asks.",
        setting_values.optional(Secret),
        "",
        secret=True,
        has_flag=False,
    ),
    Setting(
        "breached_passwords",
        "File of breached passwords, sorted lines of SHA-1 digests; a short list of common "
        "passwords is known anyway.",
        setting_values.optional(setting_values.folder),
        "",
    ),
    Setting(
        "activity_log",
        "File that takes the activity pools are set to log; it goes to the log unless set.",
        setting_values.optional(setting_values.folder),
        "",
    ),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


def read_settings(
    flags: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> Explained:
    """Return all settings with their sources and every mistake; `settings` is None with any."""
    variables = os.environ if environment is None else environment
    sources = {setting.name: Source(setting.default, "default") for setting in SETTINGS}
    mistakes: list[str] = []
    _take_environment(variables, sources, mistakes)
    config_path = flags.get(CONFIG) or variables.get(ENVIRONMENT_PREFIX + CONFIG.upper())
    if config_path:
        _take_file(Path(config_path), sources, mistakes)
    for name, value in flags.items():
        if name != CONFIG:
            sources[name] = Source(value, BY_NAME[name].flag)
    values = _parsed(sources, mistakes)
    if not mistakes:
        mistakes += _contradictions(values)
    return Explained(sources, tuple(mistakes), None if mistakes else Settings(**values))


def _take_environment(
    variables: Mapping[str, str], sources: dict[str, Source], mistakes: list[str]
) -> None:
    for variable in sorted(variables):
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if name in BY_NAME:
            sources[name] = Source(variables[variable], variable)
        elif name != CONFIG:
            mistakes.append(f"{variable} is no setting")


def _take_file(path: Path, sources: dict[str, Source], mistakes: list[str]) -> None:
    # Imported here: most starts have no file.
    import tomllib  # noqa: PLC0415

    try:
        written = tomllib.loads(path.read_text())
    except OSError as error:
        mistakes.append(f"{path} cannot be read: {error.strerror}")
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mistakes.append(f"{path} is not TOML: {error}")
        return
    for name, value in written.items():
        is_table = name in BY_NAME and BY_NAME[name].is_table
        text = _written_table(value) if is_table else _written_text(value)
        if name not in BY_NAME:
            mistakes.append(f"{path}: {name} is no setting")
        elif text is None:
            forms = (
                "a table of text" if is_table else "text, a number, true, false or a list of text"
            )
            mistakes.append(f"{path}: {name} must be {forms}")
        else:
            sources[name] = Source(text, str(path))


def _written_text(value: object) -> str | None:
    """Return a TOML value as an environment variable would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return None


def _written_table(value: object) -> str | None:
    """Return a TOML table of text as an environment variable would have it."""
    if not isinstance(value, dict) or not all(isinstance(part, str) for part in value.values()):
        return None
    return ",".join(f"{name}={part}" for name, part in value.items())


def _parsed(sources: Mapping[str, Source], mistakes: list[str]) -> dict[str, Any]:
    values = {}
    for setting in SETTINGS:
        source = sources[setting.name]
        if source.text is None:
            mistakes.append(f"{setting.flag} (or {setting.variable}) is needed")
            continue
        try:
            values[setting.name] = setting.parse(source.text)
        except SettingWrong as wrong:
            mistakes.append(f"{setting.name} (from {source.origin}) {wrong}")
    return values


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    found = []
    # INVARIANT: the only mode without signature checks is never reachable from another machine.
    if values["dev"] and not is_loopback(values["host"]):
        found.append(
            f"--dev accepts any access key as root, so it listens on loopback only, "
            f"not on {values['host']}"
        )
    if values["dev"] and values["workers"] > 1:
        found.append("--dev has one clock that can be moved, so it runs one worker")
    if values["dev"] and values["trusted_proxies"]:
        found.append("--dev is for this machine alone, so it trusts no proxies")
    return [
        *found,
        *_mail_contradictions(values),
        *_text_contradictions(values),
        *_function_contradictions(values),
    ]


def _mail_contradictions(values: Mapping[str, Any]) -> list[str]:
    found = []
    if values["smtp_host"] and not values["smtp_from"]:
        found.append("smtp_host needs smtp_from, the sender of e-mail")
    if (values["smtp_username"] is None) != (values["smtp_password"] is None):
        found.append("smtp_username and smtp_password are set together or not at all")
    unprotected = values["smtp_security"] == "none" and values["smtp_password"] is not None
    if unprotected and not is_loopback(values["smtp_host"] or ""):
        found.append("a mail server's password is not sent over the network without TLS")
    return found


def _text_contradictions(values: Mapping[str, Any]) -> list[str]:
    found = []
    key = (values["sns_access_key_id"], values["sns_secret_access_key"])
    if values["sns_endpoint_url"] and None in key:
        found.append("sns_endpoint_url needs sns_access_key_id and sns_secret_access_key")
    if values["sns_endpoint_url"] and values["sms_webhook_url"]:
        found.append("text messages leave by sns_endpoint_url or by sms_webhook_url, not both")
    return found


def _function_contradictions(values: Mapping[str, Any]) -> list[str]:
    found = []
    kms_key = (values["kms_access_key_id"], values["kms_secret_access_key"])
    if values["kms_endpoint_url"] and None in kms_key:
        found.append("kms_endpoint_url needs kms_access_key_id and kms_secret_access_key")
    key = (values["lambda_access_key_id"], values["lambda_secret_access_key"])
    if values["lambda_endpoint_url"] and None in key:
        found.append("lambda_endpoint_url needs lambda_access_key_id and lambda_secret_access_key")
    if values["triggers"] and values["trigger_signing_secret"] is None:
        found.append("triggers need trigger_signing_secret, by which their URLs know who asks")
    return found


def tell_prometheus(folder: Path) -> None:
    """Name the folder of shared metrics to prometheus_client, which knows only its variable."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
