"""The `dce` command: what each subcommand takes, and the order in which a command is run."""

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from poolgate.client.failures import ClientFailure
from poolgate_dce import surroundings
from poolgate_dce.terminal import commands, config_file, expiries, signing_in
from poolgate_dce.terminal.api_calls import ApiCaller
from poolgate_dce.terminal.config_file import Config
from poolgate_dce.terminal.failures import CommandFailed, KeysRefused
from poolgate_dce.terminal.request_keys import request_keys

FAILED, INTERRUPTED = 1, 130
DEFAULT_REGION = "us-east-1"
_HOST_PROMPT = "Host name of the DCE API (example: abcde12345.execute-api.us-east-1.amazonaws.com) "
_BASE_PATH_PROMPT = "Base path of the DCE API (example: /api) "
_LEVELS = {
    "TRACE": logging.DEBUG,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "PANIC": logging.CRITICAL,
}
_log = logging.getLogger("dce")

ApiCommand = Callable[[ApiCaller, argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    environment = surroundings.environment()
    given = _parser().parse_args(arguments)
    _set_up_log(environment.get("DCE_LOG_LEVEL", ""))
    try:
        given.run(given, environment)
    except (CommandFailed, ClientFailure, OSError) as failure:
        told = str(failure) if isinstance(failure, CommandFailed) else f"err:  {failure}"
        sys.stderr.write(f"{told}\n")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _set_up_log(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _log.addHandler(handler)
    _log.setLevel(_LEVELS.get(level.upper(), logging.INFO))


def _init(given: argparse.Namespace, environment: Mapping[str, str]) -> None:
    path = _config_path(given, environment)
    config = config_file.find(path) or Config(path, {})
    if config.region is None:
        config = config.with_region(DEFAULT_REGION)
    if config.host is None:
        config = config.with_api(host=_asked(_HOST_PROMPT))
    if config.base_path is None:
        config = config.with_api(basepath=_asked(_BASE_PATH_PROMPT))
    _log.info("Config file created at: %s", config_file.written(config))


def _auth(given: argparse.Namespace, environment: Mapping[str, str]) -> None:
    signing_in.sign_in(config_file.read(_config_path(given, environment)))


def _version(_given: argparse.Namespace, _environment: Mapping[str, str]) -> None:
    sys.stdout.write(f"{version('poolgate-dce')}\n")


def _call_api(given: argparse.Namespace, environment: Mapping[str, str]) -> None:
    config = config_file.read(_config_path(given, environment))
    command: ApiCommand = given.command
    try:
        command(_api_caller(config, environment), given)
    except KeysRefused:
        _log.info("No valid DCE credentials found")
        # Nothing was done: the gateway refuses such keys before any method runs.
        config = signing_in.sign_in(config)
        try:
            command(_api_caller(config, environment), given)
        except KeysRefused as still_refused:
            raise CommandFailed("err:  the API Token is not valid") from still_refused


def _api_caller(config: Config, environment: Mapping[str, str]) -> ApiCaller:
    api_url = config.find_api_url()
    if api_url is None:
        raise CommandFailed("Unable to authenticate against DCE API: missing API configuration")
    region = config.region
    if region is None:
        _log.info("No region configured. Defaulting to %s", DEFAULT_REGION)
    keys = request_keys(config, environment, surroundings.epoch_now())
    return ApiCaller(api_url, region or DEFAULT_REGION, keys)


def _config_path(given: argparse.Namespace, environment: Mapping[str, str]) -> Path:
    named = getattr(given, "config", None)
    if named is not None:
        return Path(named)
    home = environment.get("HOME")
    return (Path(home) if home else Path.home()) / ".dce" / "config.yaml"


def _asked(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    told = sys.stdin.readline().strip()
    if not told:
        raise CommandFailed("err:  nothing was entered")
    return told


class _Commands:
    """Declares subcommands; `--config` may stand before or behind their names."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def group(self, name: str, summary: str) -> "_Commands":
        """Declare a subcommand that has subcommands."""
        return _Commands(self._commands.add_parser(name, help=summary, description=summary))

    def own(
        self,
        name: str,
        summary: str,
        run: Callable[[argparse.Namespace, Mapping[str, str]], None],
    ) -> None:
        """Declare a subcommand that calls no API."""
        self._declare(name, summary).set_defaults(run=run)

    def api(self, name: str, summary: str, command: ApiCommand) -> argparse.ArgumentParser:
        """Declare a subcommand that calls the API."""
        parser = self._declare(name, summary)
        parser.set_defaults(run=_call_api, command=command)
        return parser

    def _declare(self, name: str, summary: str) -> argparse.ArgumentParser:
        parser = self._commands.add_parser(name, help=summary, description=summary)
        _add_config_flag(parser)
        return parser


def _add_config_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="config file (default is $HOME/.dce/config.yaml)",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dce", description="Disposable Cloud Environment: lease an account, use it, end it."
    )
    _add_config_flag(parser)
    top = _Commands(parser)
    top.own("init", "First time DCE cli setup. Creates the config file", _init)
    top.own("auth", "Login to dce", _auth)
    top.own("version", "View the running version of dce", _version)
    _add_accounts(top.group("accounts", "Manage dce accounts"))
    _add_leases(top.group("leases", "Manage dce leases"))
    usage = top.api("usage", "View lease budget information", commands.get_usage)
    usage.add_argument("get", nargs="?", choices=("get",), help="may be left out")
    usage.add_argument("-s", "--start-date", type=int, help="epoch seconds")
    usage.add_argument("-e", "--end-date", type=int, help="epoch seconds")
    return parser


def _add_accounts(accounts: _Commands) -> None:
    accounts.api("list", "List accounts", commands.list_accounts)
    describe = accounts.api("describe", "Describe an account", commands.describe_account)
    add = accounts.api("add", "Add an account to the accounts pool", commands.add_account)
    add.add_argument("-a", "--account-id", required=True, help="The ID of the account")
    add.add_argument(
        "-r", "--admin-role-arn", required=True, help="The admin role of the account, by its ARN"
    )
    remove = accounts.api("remove", "Remove an account from the pool", commands.remove_account)
    for parser in (describe, remove):
        parser.add_argument("account_id", metavar="ACCOUNT_ID")


def _add_leases(leases: _Commands) -> None:
    listing = leases.api("list", "List leases using various query filters", commands.list_leases)
    listing.add_argument("-a", "--account-id", help="An AWS Account ID")
    listing.add_argument("-l", "--limit", type=int, default=25, help="how many at once (25)")
    listing.add_argument("--next-account-id", help="where the page begins")
    listing.add_argument("--next-principal-id", help="where the page begins")
    listing.add_argument("-p", "--principal-id", help="Principal ID of a user")
    listing.add_argument("-s", "--status", help="Lease status")
    create = leases.api("create", "Create a lease", commands.create_lease)
    create.add_argument("-p", "--principal-id", required=True, help="who uses the account")
    create.add_argument("-b", "--budget-amount", type=float, required=True)
    create.add_argument("-c", "--budget-currency", default="USD", help="USD unless given")
    create.add_argument(
        "-e", "--email", action="append", required=True, help="told of the budget; repeatable"
    )
    create.add_argument(
        "-E", "--expires-on", type=_expiry, help="epoch seconds, or from now: 7d, 8h"
    )
    describe = leases.api("describe", "Describe a lease", commands.describe_lease)
    describe.add_argument("lease_id", metavar="LEASE_ID")
    end = leases.api("end", "Cause a lease to immediately expire", commands.end_lease)
    end.add_argument("lease_id", metavar="LEASE_ID", nargs="?")
    end.add_argument("-a", "--account-id", help="the leased account")
    end.add_argument("-p", "--principal-id", help="who has leased it")
    login = leases.api("login", "Login to a leased DCE account", commands.log_in_to_lease)
    login.add_argument("lease_id", metavar="LEASE_ID", nargs="?", help="else the active lease")
    login.add_argument("-b", "--open-browser", action="store_true", help="open the AWS console")
    login.add_argument("-c", "--print-creds", action="store_true", help="print the credentials")
    login.add_argument("-p", "--profile", default="default", help="of the AWS CLI (default)")


def _expiry(told: str) -> int:
    try:
        return expiries.expires_on(told, surroundings.epoch_now())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
