"""The API's methods: who may call each, what it reads and writes, what it answers.

A plain user acts on own leases and usage only; an admin acts on everything, unfiltered.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from poolgate_dce import account_keys, accounts, leases, leasing, usage
from poolgate_dce.account_keys import AccountKeySource
from poolgate_dce.answers import Answer, page_answer
from poolgate_dce.database import Database
from poolgate_dce.failures import KeysHidden, KeysRefused, KeysUnavailable, NotFound, NotPermitted
from poolgate_dce.leases import Lease, StatusReason
from poolgate_dce.limits import Limits


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """Who calls: an admin, or a plain user known by username.

    `name` is for texts and logs; only users of the pool have a username, admins among them.
    """

    name: str
    username: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Office:
    """What every method works with."""

    database: Database
    limits: Limits
    now: Callable[[], int]
    new_lease_id: Callable[[], str]
    key_source: AccountKeySource | None = None


@dataclass(frozen=True, slots=True)
class MethodCall:
    """One call that the gateway let through; `named` is the id in the path, `url` has no query."""

    caller: ApiCaller
    url: str
    query: Mapping[str, str]
    body: bytes
    named: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """An HTTP method of a path; `{id}` in the template stands for one segment."""

    http_method: str
    path: str
    run: Callable[[Office, MethodCall], Answer]
    open_to_users: bool


def list_accounts(office: Office, call: MethodCall) -> Answer:
    """Show the accounts of the pool."""
    with office.database.reading() as transaction:
        page = accounts.list_page(transaction, call.query)
    shown = [accounts.render(account) for account in page.records]
    return page_answer(shown, call.url, call.query, page.next_page)


def create_account(office: Office, call: MethodCall) -> Answer:
    """Add an account to the pool; it waits for its reset."""
    account = accounts.parse_new_account(call.body, office.limits, office.now())
    with office.database.writing() as transaction:
        accounts.create(transaction, account)
    return Answer(201, accounts.render(account))


def get_account(office: Office, call: MethodCall) -> Answer:
    """Show one account."""
    with office.database.reading() as transaction:
        return Answer(200, accounts.render(accounts.get(transaction, call.named)))


def update_account(office: Office, call: MethodCall) -> Answer:
    """Change an account's admin role or metadata."""
    change = accounts.parse_change(call.body, call.named)
    with office.database.writing() as transaction:
        account = accounts.update(transaction, call.named, change, office.now())
    return Answer(200, accounts.render(account))


def delete_account(office: Office, call: MethodCall) -> Answer:
    """Take an account out of the pool."""
    with office.database.writing() as transaction:
        accounts.delete(transaction, call.named)
    return Answer(204)


def list_leases(office: Office, call: MethodCall) -> Answer:
    """Show leases; a plain user sees own ones, whatever the query says."""
    query = _own_query(call)
    with office.database.reading() as transaction:
        page = leases.list_page(transaction, query)
    shown = [leases.render(lease) for lease in page.records]
    return page_answer(shown, call.url, query, page.next_page)


def create_lease(office: Office, call: MethodCall) -> Answer:
    """Lease a Ready account."""
    request = leases.parse_request(call.body)
    _verify_own(call.caller, request.principal_id)
    with office.database.writing() as transaction:
        lease = leasing.begin_lease(
            transaction,
            request,
            office.limits,
            lease_id=office.new_lease_id(),
            now=office.now(),
        )
    return Answer(201, leases.render(lease))


def get_lease(office: Office, call: MethodCall) -> Answer:
    """Show one lease."""
    with office.database.reading() as transaction:
        lease = leases.get(transaction, call.named)
    _verify_own(call.caller, lease.principal_id)
    return Answer(200, leases.render(lease))


def end_lease(office: Office, call: MethodCall) -> Answer:
    """End the lease with this id."""
    with office.database.writing() as transaction:
        lease = leases.get(transaction, call.named)
        _verify_own(call.caller, lease.principal_id)
        ended = leasing.end_lease(transaction, lease, StatusReason.DESTROYED, office.now())
    return Answer(200, leases.render(ended))


def end_lease_of_pair(office: Office, call: MethodCall) -> Answer:
    """End the lease that a principal has of an account."""
    pair = leases.parse_pair(call.body)
    _verify_own(call.caller, pair.principal_id)
    with office.database.writing() as transaction:
        lease = leases.get_by_pair(transaction, pair)
        ended = leasing.end_lease(transaction, lease, StatusReason.DESTROYED, office.now())
    return Answer(200, leases.render(ended))


def create_lease_keys(office: Office, call: MethodCall) -> Answer:
    """Make temporary keys of a leased account; somebody else's lease looks like none."""
    try:
        with office.database.reading() as transaction:
            lease = leases.get(transaction, call.named)
            account = accounts.get(transaction, lease.account_id)
    except NotFound as error:
        raise KeysHidden from error
    if not _is_own(call.caller, lease):
        raise KeysHidden
    if not lease.gives_access(office.now()):
        raise KeysRefused
    return _keys_answer(office, call.caller, lease, account.principal_role_arn)


def create_own_lease_keys(office: Office, call: MethodCall) -> Answer:
    """Make temporary keys of the account that the caller has leased."""
    try:
        with office.database.reading() as transaction:
            lease = leases.find_active_of_principal(transaction, call.caller.username)
            if lease is None:
                raise KeysHidden
            account = accounts.get(transaction, lease.account_id)
    except NotFound as error:
        raise KeysHidden from error
    if not lease.gives_access(office.now()):
        raise KeysRefused
    return _keys_answer(office, call.caller, lease, account.principal_role_arn)


def _keys_answer(office: Office, caller: ApiCaller, lease: Lease, role_arn: str) -> Answer:
    if office.key_source is None:
        raise KeysUnavailable("this installation")
    keys = office.key_source.keys_of(
        account_id=lease.account_id,
        role_arn=role_arn,
        role_session_name=_role_session_name(caller.username or lease.principal_id),
    )
    return Answer(201, account_keys.render(keys), (("Cache-Control", "no-store"),))


def list_usage(office: Office, call: MethodCall) -> Answer:
    """Show costs: sums of a range, one principal's days, or all records; users see own ones."""
    query = _own_query(call)
    asked = usage.parse_query(query)
    with office.database.reading() as transaction:
        if asked.is_range:
            return Answer(200, [usage.render(total) for total in usage.sums(transaction, asked)])
        if asked.is_daily:
            found = usage.days(transaction, asked, office.now())
            return Answer(200, [usage.render(record) for record in found])
        page = usage.list_page(transaction, query, asked)
    shown = [usage.render(record) for record in page.records]
    return page_answer(shown, call.url, query, page.next_page)


# Open to plain users: what the user policy of the original installation allows.
METHODS = (
    Method("GET", "/accounts", list_accounts, open_to_users=False),
    Method("POST", "/accounts", create_account, open_to_users=False),
    Method("GET", "/accounts/{id}", get_account, open_to_users=False),
    Method("PUT", "/accounts/{id}", update_account, open_to_users=False),
    Method("DELETE", "/accounts/{id}", delete_account, open_to_users=False),
    Method("GET", "/leases", list_leases, open_to_users=True),
    Method("POST", "/leases", create_lease, open_to_users=True),
    Method("DELETE", "/leases", end_lease_of_pair, open_to_users=True),
    Method("POST", "/leases/auth", create_own_lease_keys, open_to_users=True),
    Method("GET", "/leases/{id}", get_lease, open_to_users=True),
    Method("DELETE", "/leases/{id}", end_lease, open_to_users=True),
    Method("POST", "/leases/{id}/auth", create_lease_keys, open_to_users=True),
    Method("GET", "/usage", list_usage, open_to_users=True),
)


def find_methods(raw_path: str) -> tuple[Mapping[str, Method], str]:
    """Return the methods of a path below the base path, by HTTP method, and the id it names.

    The path is taken as sent, never decoded: what the guard's policies judged is what is run.
    """
    for pattern, methods in _METHODS_BY_PATH:
        if match := pattern.fullmatch(raw_path):
            return methods, match.groupdict().get("id", "")
    return {}, ""


def _methods_by_path() -> tuple[tuple[re.Pattern[str], Mapping[str, Method]], ...]:
    by_path: dict[str, dict[str, Method]] = {}
    for method in METHODS:
        by_path.setdefault(method.path, {})[method.http_method] = method
    return tuple(
        (re.compile(path.replace("{id}", "(?P<id>[^/]+)")), methods)
        for path, methods in by_path.items()
    )


_METHODS_BY_PATH = _methods_by_path()
# AWS API_AssumeRole: what a role session name may hold, and how long it may be.
_NOT_IN_ROLE_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_ROLE_SESSION_NAME_LENGTH = 64


def _own_query(call: MethodCall) -> Mapping[str, str]:
    if call.caller.is_admin:
        return call.query
    return {**call.query, "principalId": call.caller.username}


def _is_own(caller: ApiCaller, lease: Lease) -> bool:
    return caller.is_admin or lease.principal_id == caller.username


def _verify_own(caller: ApiCaller, principal_id: str) -> None:
    if not caller.is_admin and principal_id != caller.username:
        raise NotPermitted(caller.username, principal_id)


def _role_session_name(wanted: str) -> str:
    return _NOT_IN_ROLE_SESSION_NAME.sub("-", wanted)[:_ROLE_SESSION_NAME_LENGTH].ljust(2, "-")
