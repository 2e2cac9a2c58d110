"""Settings of the app: flags, and `DCE_*` environment variables where a flag is not given.

Secrets come from the environment only: a flag can be read by everybody on the machine.
"""

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from poolgate_dce.assumed_roles import Console
from poolgate_dce.flags import Flags
from poolgate_dce.limits import BudgetPeriod, Limits
from poolgate_dce.pool_users import Pools
from poolgate_dce.set_up import Wishes

_DEFAULTS = Limits()
_BASE_PATH = re.compile(r"(/[A-Za-z0-9_.~-]+)+")


class BadSettings(Exception):
    """The settings contradict one another or lack something; the text says what."""


@dataclass(frozen=True, slots=True)
class SignedSettings:
    """How signed callers are recognised: by the server that knows their keys."""

    server_url: str
    access_key_id: str
    secret_access_key: str
    region: str
    trust: Literal["derived-key", "server"]

    @property
    def access_key(self) -> tuple[str, str]:
        """The app's own access key: its id and its secret."""
        return self.access_key_id, self.secret_access_key

    def __repr__(self) -> str:
        return f"SignedSettings(server_url={self.server_url!r}, region={self.region!r})"


@dataclass(frozen=True, slots=True)
class BearerSettings:
    """Whose tokens are accepted."""

    issuer: str
    client_ids: tuple[str, ...]
    token_use: Literal["id", "access", "any"]
    jwks_url: str | None


@dataclass(frozen=True, slots=True)
class BasicSettings:
    """Which pool's names and passwords are accepted."""

    endpoint_url: str
    client_id: str
    region: str


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """Which app client signs people in at which hosted login, for the credentials page."""

    url: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything `serve` needs; `api_arn` is `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE`."""

    database: Path
    host: str
    port: int
    base_path: str
    public_url: str | None
    accepted_hosts: tuple[str, ...]
    limits: Limits
    api_arn: str
    stage: str
    signed: SignedSettings | None
    bearer: BearerSettings | None
    basic: BasicSettings | None
    pools: Pools | None
    login: LoginSettings | None
    console: Console | None
    delegation_actors: tuple[str, ...]
    admin_principals: tuple[str, ...]
    admin_name: str
    admin_group_word: str
    auto_reset: bool
    review_seconds: int


def add_database_flag(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Declare the flag that every command has."""
    Flags(parser, environment).add(
        "--database", type=Path, default="dce.sqlite3", help="the SQLite file"
    )


def add_limit_flags(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Declare the limits of leases and budgets."""
    flags = Flags(parser, environment)
    flags.add("--max-lease-budget-amount", type=float, default=_DEFAULTS.max_lease_budget_amount)
    flags.add(
        "--max-lease-period",
        type=int,
        default=_DEFAULTS.max_lease_period_seconds,
        help="seconds",
    )
    flags.add("--principal-budget-amount", type=float, default=_DEFAULTS.principal_budget_amount)
    flags.add(
        "--principal-budget-period",
        type=BudgetPeriod,
        default=_DEFAULTS.principal_budget_period,
        help="WEEKLY (from Sunday) or MONTHLY",
    )
    flags.add(
        "--principal-role-name",
        default=_DEFAULTS.principal_role_name,
        help="the role of a leased account that its keys are for",
    )


def add_serve_flags(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Declare what only the server needs."""
    flags = Flags(parser, environment)
    flags.add("--host", default="127.0.0.1")
    flags.add("--port", type=int, default=9450, help="0 picks a free port")
    flags.add("--base-path", default="/api", help="what every path begins with")
    flags.add("--public-url", help="how clients reach the server, for Link headers")
    flags.add_list(
        "--accepted-hosts",
        help="Host headers that signed requests may be for; else that of --public-url, else the"
        " address listened on",
    )
    flags.add("--poolgate-url", help="the Poolgate server that knows the signed callers")
    flags.add("--access-key-id", help="the app's own key there; its secret: DCE_SECRET_ACCESS_KEY")
    flags.add("--region", default="us-east-1")
    flags.add("--account-id", default="000000000000", help="the account that owns this API")
    flags.add("--api-id", default="dce")
    flags.add("--stage", default="api")
    flags.add(
        "--trust",
        choices=("derived-key", "server"),
        default="derived-key",
        help="verify signatures here, or let the server verify each",
    )
    flags.add_list(
        "--admin-principal",
        default="*",
        help="ARN patterns of signed callers that are admins where a policy lets them in;"
        " * is everybody who is not tied to a user of a pool",
    )
    flags.add("--bearer-issuer", help="accept the tokens of this user pool")
    flags.add_list("--bearer-client-id", help="app clients whose tokens are accepted")
    flags.add("--bearer-token-use", choices=("id", "access", "any"), default="id")
    flags.add("--bearer-jwks-url", help="where the pool's keys are, if not at its issuer")
    flags.add("--user-pool-id", help="the pool of users who come with an identity pool's keys")
    flags.add("--identity-pool-id", help="the identity pool that gives them those keys")
    flags.add("--login-url", help="the user pool's hosted login, for the page at /auth")
    flags.add("--login-client-id", help="the app client that signs people in there")
    flags.add(
        "--console-sign-in-url",
        help="where keys of leased accounts get a console link, as AWS's"
        " https://signin.aws.amazon.com/federation; none without it",
    )
    flags.add("--console-url", default="https://console.aws.amazon.com/")
    flags.add("--basic-client-id", help="accept names and passwords that this app client signs in")
    flags.add_list("--delegation-actor", help="ARN patterns of services that may act for users")
    flags.add("--admin-name", default="Admin", help="the part of custom:roles that makes an admin")
    flags.add("--admin-group-word", default="Admin", help="the word in a group's name, likewise")
    flags.add_switch("--auto-reset", help="make accounts Ready without an operator's `reset`")
    flags.add("--review-seconds", type=int, default=60, help="how often leases are reviewed")


def add_set_up_flags(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Declare what an installation is made of."""
    flags = Flags(parser, environment)
    flags.add("--api-url", default="http://127.0.0.1:9450/api", help="where clients reach the API")
    flags.add("--poolgate-url", default="http://127.0.0.1:9440")
    flags.add(
        "--login-url", help="the hosted login, if browsers do not reach it below --poolgate-url"
    )
    flags.add("--settings-file", default="dce.env", help="made new, for its owner only")
    flags.add("--namespace", default="main", help="the end of every name")
    flags.add("--namespace-prefix", default="dce", help="the beginning of every name")
    flags.add("--region", default="us-east-1")
    flags.add("--api-id", default="dce")
    flags.add("--stage", default="api")
    flags.add("--principal-role-name", default=_DEFAULTS.principal_role_name)


def read_wishes(given: argparse.Namespace) -> Wishes:
    """Return what the flags ask to be made."""
    return Wishes(
        api_url=given.api_url.rstrip("/"),
        poolgate_url=given.poolgate_url.rstrip("/"),
        login_url=(given.login_url or "").rstrip("/"),
        namespace=given.namespace,
        namespace_prefix=given.namespace_prefix,
        region=given.region,
        api_id=given.api_id,
        stage=given.stage,
        principal_role_name=given.principal_role_name,
    )


def read_limits(given: argparse.Namespace) -> Limits:
    """Return the limits that the flags say."""
    return Limits(
        max_lease_budget_amount=given.max_lease_budget_amount,
        max_lease_period_seconds=given.max_lease_period,
        principal_budget_amount=given.principal_budget_amount,
        principal_budget_period=given.principal_budget_period,
        principal_role_name=given.principal_role_name,
    )


def read_settings(given: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Return the settings; raise BadSettings unless they describe a guarded API."""
    signed = _signed_settings(given, environment)
    bearer = _bearer_settings(given)
    pools = _pools(given)
    if signed is None and bearer is None:
        raise BadSettings("give --poolgate-url or --bearer-issuer: an API needs a guard")
    if not re.fullmatch(r"[0-9]{12}", given.account_id):
        raise BadSettings("--account-id must have 12 digits")
    if not _BASE_PATH.fullmatch(given.base_path):
        raise BadSettings("--base-path must look like /api, without a slash at its end")
    if signed is not None and _listens_everywhere(given.host) and not _names_itself(given):
        raise BadSettings(f"--host {given.host} needs --public-url or --accepted-hosts")
    if given.review_seconds < 1:
        raise BadSettings("--review-seconds must be 1 or more")
    return Settings(
        database=given.database,
        host=given.host,
        port=given.port,
        base_path=given.base_path,
        public_url=given.public_url.rstrip("/") if given.public_url else None,
        accepted_hosts=given.accepted_hosts,
        limits=read_limits(given),
        api_arn=(
            f"arn:aws:execute-api:{given.region}:{given.account_id}:{given.api_id}/{given.stage}"
        ),
        stage=given.stage,
        signed=signed,
        bearer=bearer,
        basic=_basic_settings(given),
        pools=pools,
        login=_login_settings(given, pools),
        console=_console(given),
        delegation_actors=_delegation_actors(given),
        admin_principals=given.admin_principal,
        admin_name=given.admin_name,
        admin_group_word=given.admin_group_word,
        auto_reset=given.auto_reset,
        review_seconds=given.review_seconds,
    )


def _listens_everywhere(host: str) -> bool:
    return host in {"", "0.0.0.0", "::"}  # noqa: S104  compared, never listened on


def _names_itself(given: argparse.Namespace) -> bool:
    return bool(given.public_url or given.accepted_hosts)


def _signed_settings(
    given: argparse.Namespace, environment: Mapping[str, str]
) -> SignedSettings | None:
    if given.poolgate_url is None:
        return None
    secret_access_key = environment.get("DCE_SECRET_ACCESS_KEY")
    if not given.access_key_id or not secret_access_key:
        raise BadSettings(
            "--poolgate-url needs the app's own key: --access-key-id and DCE_SECRET_ACCESS_KEY"
        )
    return SignedSettings(
        server_url=given.poolgate_url,
        access_key_id=given.access_key_id,
        secret_access_key=secret_access_key,
        region=given.region,
        trust=given.trust,
    )


def _bearer_settings(given: argparse.Namespace) -> BearerSettings | None:
    if given.bearer_issuer is None:
        return None
    if not given.bearer_client_id:
        raise BadSettings("--bearer-issuer needs at least one --bearer-client-id")
    return BearerSettings(
        given.bearer_issuer,
        given.bearer_client_id,
        given.bearer_token_use,
        given.bearer_jwks_url,
    )


def _pools(given: argparse.Namespace) -> Pools | None:
    named = given.user_pool_id, given.identity_pool_id
    if not any(named):
        return None
    if not all(named) or given.poolgate_url is None:
        raise BadSettings("--user-pool-id, --identity-pool-id and --poolgate-url go together")
    return Pools(*named)


def _login_settings(given: argparse.Namespace, pools: Pools | None) -> LoginSettings | None:
    named = given.login_url, given.login_client_id
    if not any(named):
        return None
    if not all(named) or pools is None:
        raise BadSettings("--login-url and --login-client-id go together, and need the two pools")
    if not _keeps_secrets(given.login_url):
        raise BadSettings("--login-url must be https, or http on this machine")
    # The page shows keys, and browsers must find their way back to it.
    if not _keeps_secrets(given.public_url or f"http://{given.host}"):
        raise BadSettings("--login-url needs a --public-url that is https")
    return LoginSettings(given.login_url.rstrip("/"), given.login_client_id)


def _console(given: argparse.Namespace) -> Console | None:
    if given.console_sign_in_url is None:
        return None
    if not _keeps_secrets(given.console_sign_in_url):
        raise BadSettings("--console-sign-in-url must be https, or http on this machine")
    return Console(given.console_sign_in_url, given.console_url)


def _keeps_secrets(url: str) -> bool:
    where = urlsplit(url)
    return where.scheme == "https" or (
        where.scheme == "http" and where.hostname in {"127.0.0.1", "::1", "localhost"}
    )


def _basic_settings(given: argparse.Namespace) -> BasicSettings | None:
    if given.basic_client_id is None:
        return None
    if given.poolgate_url is None:
        raise BadSettings("--basic-client-id needs --poolgate-url, where the pool is asked")
    return BasicSettings(given.poolgate_url, given.basic_client_id, given.region)


def _delegation_actors(given: argparse.Namespace) -> tuple[str, ...]:
    actors: tuple[str, ...] = given.delegation_actor
    if actors and (given.poolgate_url is None or given.bearer_issuer is None):
        raise BadSettings("--delegation-actor needs --poolgate-url and --bearer-issuer")
    return actors
