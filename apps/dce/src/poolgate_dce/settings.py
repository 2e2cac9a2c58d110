"""Settings of the app: flags, and `DCE_*` environment variables where a flag is not given.

Secrets come from the environment only: a flag can be read by everybody on the machine.
"""

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from poolgate_dce.limits import BudgetPeriod, Limits

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
    signed: SignedSettings | None
    bearer: BearerSettings | None
    basic: BasicSettings | None
    delegation_actors: tuple[str, ...]
    admin_principals: tuple[str, ...]
    admin_name: str
    admin_group_word: str
    auto_reset: bool
    review_seconds: int


def add_database_flag(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Declare the flag that every command has."""
    _Flags(parser, environment).add(
        "--database", type=Path, default="dce.sqlite3", help="the SQLite file"
    )


def add_limit_flags(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Declare the limits of leases and budgets."""
    flags = _Flags(parser, environment)
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
    flags = _Flags(parser, environment)
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
    flags.add("--basic-client-id", help="accept names and passwords that this app client signs in")
    flags.add_list("--delegation-actor", help="ARN patterns of services that may act for users")
    flags.add("--admin-name", default="Admin", help="the part of custom:roles that makes an admin")
    flags.add("--admin-group-word", default="Admin", help="the word in a group's name, likewise")
    flags.add_switch("--auto-reset", help="make accounts Ready without an operator's `reset`")
    flags.add("--review-seconds", type=int, default=60, help="how often leases are reviewed")


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
        signed=signed,
        bearer=bearer,
        basic=_basic_settings(given),
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


class _Flags:
    """Declares flags whose default is their environment variable, else a constant."""

    def __init__(self, parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
        self._parser = parser
        self._environment = environment

    def add(self, flag: str, *, default: Any = None, help: str = "", **more: Any) -> None:  # noqa: A002, ANN401  argparse's own words and values
        """Declare a flag with one value; argparse converts text defaults like given values."""
        variable = _variable(flag)
        self._parser.add_argument(
            flag,
            default=self._environment.get(variable, default),
            help=f"{help} [{variable}]".strip(),
            **more,
        )

    def add_list(self, flag: str, *, default: str = "", help: str) -> None:  # noqa: A002  argparse's own word
        """Declare a flag whose values are separated by commas."""
        self.add(flag, default=default, type=_comma_list, help=f"{help}, separated by commas")

    def add_switch(self, flag: str, *, help: str) -> None:  # noqa: A002  argparse's own word
        """Declare a flag without a value; `1` or `true` in the environment sets it."""
        variable = _variable(flag)
        self._parser.add_argument(
            flag,
            action="store_true",
            default=self._environment.get(variable, "").lower() in {"1", "true"},
            help=f"{help} [{variable}]",
        )


def _variable(flag: str) -> str:
    return "DCE_" + flag.removeprefix("--").replace("-", "_").upper()


def _comma_list(text: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, text.split(",")) if part)
