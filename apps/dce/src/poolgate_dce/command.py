"""The command: `serve`, and what an operator does to the same file by hand."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from poolgate.guard import GuardMisconfigured
from poolgate_dce import (
    accounts,
    aws_clients,
    leasing,
    server,
    set_up,
    settings,
    surroundings,
    usage,
)
from poolgate_dce.database import Database
from poolgate_dce.failures import Failure

_SETTING_UP = (
    "Make the user pool with its hosted login, the identity pool with its rules, the roles and the"
    " app's own key. An operator's keys are taken from where the AWS CLI takes them. The settings"
    " of `serve` are written to a file, among them a secret; what may be known is printed."
)
Command = Callable[[argparse.Namespace, Mapping[str, str]], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    environment = surroundings.environment()
    given = _parser(environment).parse_args(arguments)
    command: Command = given.command
    try:
        return command(given, environment)
    except (
        settings.BadSettings,
        GuardMisconfigured,
        Failure,
        OSError,
        set_up.AlreadySetUp,
        BotoCoreError,
        ClientError,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _serve(given: argparse.Namespace, environment: Mapping[str, str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    server.serve(settings.read_settings(given, environment))
    return 0


def _reset(given: argparse.Namespace, _environment: Mapping[str, str]) -> int:
    database = Database.open(given.database)
    with database.writing() as transaction:
        ready = accounts.reset(transaction, surroundings.epoch_now(), given.account_id)
    database.close()
    _tell(*(f"{account_id} Ready" for account_id in ready))
    return 0


def _review(given: argparse.Namespace, _environment: Mapping[str, str]) -> int:
    database = Database.open(given.database)
    with database.writing() as transaction:
        ended = leasing.review(transaction, settings.read_limits(given), surroundings.epoch_now())
    database.close()
    _tell(*(f"{lease.id} {lease.status} {lease.status_reason}" for lease in ended))
    return 0


def _add_usage(given: argparse.Namespace, _environment: Mapping[str, str]) -> int:
    return _keep_usage(given.database, [given.record.encode()])


def _import_usage(given: argparse.Namespace, _environment: Mapping[str, str]) -> int:
    content = sys.stdin.buffer.read() if given.file == "-" else Path(given.file).read_bytes()
    return _keep_usage(given.database, [line for line in content.splitlines() if line.strip()])


def _keep_usage(path: Path, lines: Sequence[bytes]) -> int:
    """Keep every record or, where one cannot be read, none."""
    records = [usage.parse_record(line) for line in lines]
    database = Database.open(path)
    with database.writing() as transaction:
        for record in records:
            usage.put(transaction, record)
    database.close()
    _tell(f"{len(records)} usage records kept")
    return 0


def _set_up(given: argparse.Namespace, _environment: Mapping[str, str]) -> int:
    wishes = settings.read_wishes(given)
    clients = set_up.Clients(
        **{
            name: aws_clients.operator_client(service, wishes.poolgate_url, wishes.region)
            for name, service in _OPERATOR_SERVICES.items()
        }
    )
    # Made before anything else is, so that no secret is lost for want of a file.
    with open(given.settings_file, "x", opener=_private) as settings_file:
        try:
            installed = set_up.set_up(clients, wishes)
        except BaseException:
            Path(given.settings_file).unlink()
            raise
        settings_file.writelines(f"{name}={text}\n" for name, text in installed.settings.items())
    _tell(json.dumps(installed.outputs, indent=2))
    return 0


_OPERATOR_SERVICES = {
    "cognito": "cognito-idp",
    "identity": "cognito-identity",
    "iam": "iam",
    "sts": "sts",
}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _tell(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="poolgate_dce",
        description="An API to lease disposable cloud accounts.",
        epilog="Every flag can be given as the environment variable in brackets.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = _declare(commands, "serve", _serve, "Serve the API", environment)
    settings.add_limit_flags(serve, environment)
    settings.add_serve_flags(serve, environment)
    reset = _declare(commands, "reset", _reset, "Mark NotReady accounts Ready", environment)
    reset.add_argument("account_id", nargs="?", help="only this account")
    review = _declare(commands, "review", _review, "End leases that must end", environment)
    settings.add_limit_flags(review, environment)
    installing = commands.add_parser(
        "set-up", help="Make the pools, roles and keys of an installation", description=_SETTING_UP
    )
    installing.set_defaults(command=_set_up)
    settings.add_set_up_flags(installing, environment)
    usage_commands = commands.add_parser("usage", help="Keep usage records").add_subparsers(
        required=True, metavar="COMMAND"
    )
    add = _declare(usage_commands, "add", _add_usage, "Keep one record", environment)
    add.add_argument("record", help="a JSON object as GET /usage shows it")
    from_file = _declare(usage_commands, "import", _import_usage, "Keep many", environment)
    from_file.add_argument("file", help="a file of JSON lines, - for standard input")
    return parser


def _declare(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    command: Command,
    summary: str,
    environment: Mapping[str, str],
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(command=command)
    settings.add_database_flag(parser, environment)
    return parser
