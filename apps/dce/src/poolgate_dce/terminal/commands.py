"""What each subcommand does: calls the API, prints JSON on standard output or a line for people."""

import argparse
import json
import logging
import os
import re
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from poolgate.client import surroundings as client_surroundings
from poolgate_dce.terminal import aws_profiles, operations
from poolgate_dce.terminal.api_calls import ApiCaller, next_query, read_json
from poolgate_dce.terminal.failures import CommandFailed
from poolgate_dce.terminal.operations import printable

LOGIN_SECONDS = 20.0
_KEY_MEMBERS = {
    "aws_access_key_id": "accessKeyId",
    "aws_secret_access_key": "secretAccessKey",
    "aws_session_token": "sessionToken",
}
_KEY_TEXT = re.compile(r"[A-Za-z0-9+/=._-]+")
_log = logging.getLogger("dce")


def list_accounts(api: ApiCaller, _given: argparse.Namespace) -> None:
    """Print every account of the pool."""
    _print(api.read_all(operations.LIST_ACCOUNTS))


def describe_account(api: ApiCaller, given: argparse.Namespace) -> None:
    """Print one account."""
    _print(read_json(api.call(operations.DESCRIBE_ACCOUNT, named=given.account_id)))


def add_account(api: ApiCaller, given: argparse.Namespace) -> None:
    """Add an account to the pool."""
    body = {"id": given.account_id, "adminRoleArn": given.admin_role_arn}
    api.call(operations.ADD_ACCOUNT, body=body)
    _log.info("Account added to DCE accounts pool")


def remove_account(api: ApiCaller, given: argparse.Namespace) -> None:
    """Take an account out of the pool."""
    api.call(operations.REMOVE_ACCOUNT, named=given.account_id)
    _log.info("Account removed from DCE accounts pool")


def list_leases(api: ApiCaller, given: argparse.Namespace) -> None:
    """Print one page of leases, and where the next begins."""
    query = {
        "accountId": given.account_id,
        "principalId": given.principal_id,
        "status": given.status,
        "limit": given.limit,
        "nextAccountId": given.next_account_id,
        "nextPrincipalId": given.next_principal_id,
    }
    answer = api.call(
        operations.LIST_LEASES,
        query={name: str(value) for name, value in query.items() if value is not None},
    )
    _print(read_json(answer))
    if (following := next_query(answer)) is not None:
        account_id, principal_id = (
            printable(following.get(name, "")) for name in ("nextAccountId", "nextPrincipalId")
        )
        _log.info(
            "Next page: --next-account-id %s --next-principal-id %s", account_id, principal_id
        )


def create_lease(api: ApiCaller, given: argparse.Namespace) -> None:
    """Lease an account and print the lease."""
    body: dict[str, object] = {
        "principalId": given.principal_id,
        "budgetAmount": given.budget_amount,
        "budgetCurrency": given.budget_currency,
        "budgetNotificationEmails": given.email,
    }
    if given.expires_on is not None:
        body["expiresOn"] = given.expires_on
    _print(read_json(api.call(operations.CREATE_LEASE, body=body)))


def describe_lease(api: ApiCaller, given: argparse.Namespace) -> None:
    """Print one lease."""
    _print(read_json(api.call(operations.DESCRIBE_LEASE, named=given.lease_id)))


def end_lease(api: ApiCaller, given: argparse.Namespace) -> None:
    """End a lease, named by its id or by account and principal."""
    if given.lease_id is not None:
        api.call(operations.END_LEASE, named=given.lease_id)
    elif given.account_id is not None and given.principal_id is not None:
        body = {"accountId": given.account_id, "principalId": given.principal_id}
        api.call(operations.END_LEASE_OF_PAIR, body=body)
    else:
        raise CommandFailed("err:  give a lease id, or both --account-id and --principal-id")
    _log.info("Lease ended")


def log_in_to_lease(api: ApiCaller, given: argparse.Namespace) -> None:
    """Get keys of a leased account and put them where they are wanted."""
    operation = operations.LOG_IN_TO_LEASE if given.lease_id else operations.LOG_IN_TO_OWN_LEASE
    answer = api.call(operation, named=given.lease_id or "", seconds=LOGIN_SECONDS)
    told = answer.json_object()
    if given.open_browser:
        _open_console(str(told.get("consoleUrl", "")))
        return
    keys = {name: str(told.get(member) or "") for name, member in _KEY_MEMBERS.items()}
    # They become a part of files and of what shells run: nothing else may come along.
    if not all(map(_KEY_TEXT.fullmatch, keys.values())):
        raise CommandFailed("err:  the API's answer holds no keys")
    if given.print_creds:
        _print_keys(keys)
        return
    _log.info("Adding credentials to .aws/credentials")
    path = client_surroundings.home_file("AWS_SHARED_CREDENTIALS_FILE", ".aws", "credentials")
    aws_profiles.put_keys(Path(path), given.profile, keys)


def get_usage(api: ApiCaller, given: argparse.Namespace) -> None:
    """Print what leases cost."""
    query = {"startDate": given.start_date, "endDate": given.end_date}
    answer = api.call(
        operations.GET_USAGE,
        query={name: str(value) for name, value in query.items() if value is not None},
    )
    _print(read_json(answer))


def _open_console(console_url: str) -> None:
    # Whatever the API says, nothing but a web page is opened.
    if not console_url.startswith("https://"):
        raise CommandFailed("err:  this installation gives no links to a console")
    _log.info("Opening AWS Console in Web Browser")
    webbrowser.open(console_url)


def _print_keys(keys: Mapping[str, str]) -> None:
    verb = "SET" if os.name == "nt" else "export"
    sys.stdout.writelines(f"{verb} {name.upper()}={value}\n" for name, value in keys.items())


def _print(shown: object) -> None:
    text = json.dumps(shown, indent="\t", ensure_ascii=False)
    # What other people put into leases may do nothing to the terminal but be read.
    sys.stdout.writelines(
        character if character.isprintable() or character in "\n\t" else json.dumps(character)[1:-1]
        for character in text
    )
    sys.stdout.write("\n")
