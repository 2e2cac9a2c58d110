"""Measures user pools of 1,000,000 users against those of 1,000, on SQLite and PostgreSQL.

    python benchmarks/size.py [--users N] [--json FILE]

Each figure is an operation's time in the large pool divided by its time in the small one, measured
in turns in one process, through the whole WSGI application; both are the best of many short rounds.
Every call is about another user. Making the pools takes most of the time.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

from asking import AUTHORIZATION, Asking
from kits.postgresql_server import running_postgresql
from measuring import compare, each
from populating import GROUP, PASSWORD, Person, Population, populate
from run import MILLI, Line, machine, table

from poolgate.testing import LocalPoolgate

SMALL, LARGE = 1_000, 1_000_000
AT_MOST = 1.25
CALLS = 40
PAGE = 60
# What was acknowledged is on the disk; a pool is made without one checkpoint after the other.
POSTGRESQL_SETTINGS = (
    "listen_addresses=",
    "max_connections=50",
    "shared_buffers=512MB",
    "max_wal_size=16GB",
    "checkpoint_timeout=1h",
    "jit=off",
)

Ask = Callable[[Population, Person], tuple[str, dict[str, Any]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=LARGE)
    parser.add_argument("--json", type=Path, default=Path("build/bench-size.json"))
    given = parser.parse_args()
    lines: list[Line] = []
    for engine in (sqlite_databases, postgresql_databases):
        with engine() as (name, urls):
            for line in size_lines(name, urls, (SMALL, given.users)):
                # Told at once: making the next pool takes minutes.
                print(f"{line.what}: {line.ratio:.2f}", file=sys.stderr, flush=True)
                lines.append(line)
    print(table(lines))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    figures = {"machine": machine(), "lines": [dataclasses.asdict(line) for line in lines]}
    given.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"\n{machine()}\nAlso in {given.json}.")


@contextmanager
def sqlite_databases() -> Iterator[tuple[str, Sequence[str]]]:
    with tempfile.TemporaryDirectory() as folder:
        yield "SQLite", [f"sqlite:///{folder}/{name}.sqlite3" for name in ("small", "large")]


@contextmanager
def postgresql_databases() -> Iterator[tuple[str, Sequence[str]]]:
    with running_postgresql(POSTGRESQL_SETTINGS) as server:
        for name in ("small", "large"):
            server.run(f"CREATE DATABASE {name}")
        yield "PostgreSQL", [server.url(name) for name in ("small", "large")]


def size_lines(name: str, urls: Sequence[str], sizes: Sequence[int]) -> Iterator[Line]:
    with ExitStack() as opened:
        small, large = (
            populate(opened.enter_context(LocalPoolgate(database_url=url, dev=True)), url, size)
            for url, size in zip(urls, sizes, strict=True)
        )
        for what, ask in OPERATIONS.items():
            compared = compare(each(asking(large, ask)), each(asking(small, ask)), calls=CALLS)
            ratio = compared.operation.wall / compared.limit.wall
            yield Line(
                f"{name}: {what}",
                f"{compared.operation.wall * MILLI:.2f} ms",
                f"{compared.limit.wall * MILLI:.2f} ms ({SMALL:,} users)",
                ratio,
                compared.operation.cpu / compared.limit.cpu,
                f"<= {AT_MOST} times the limit",
                ratio <= AT_MOST,
            )


def asking(population: Population, ask: Ask) -> Callable[[], object]:
    """Return one call about the next person."""
    door = Asking(population.poolgate)
    calls = []
    for person in population.people:
        operation, members = ask(population, person)
        # Signatures cost the same in any pool and would only hide what differs.
        signed = {} if operation == "InitiateAuth" else {"HTTP_AUTHORIZATION": AUTHORIZATION}
        calls.append(door.prepared(operation, members, **signed))
    upcoming = cycle(calls)

    def run() -> bytes:
        return next(upcoming)()

    return run


def sign_in(population: Population, person: Person) -> tuple[str, dict[str, Any]]:
    return "InitiateAuth", {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": population.client_id,
        "AuthParameters": {"USERNAME": person.username, "PASSWORD": PASSWORD},
    }


def get_user_by(name: str) -> Ask:
    return lambda population, person: (
        "AdminGetUser",
        {"UserPoolId": population.pool_id, "Username": getattr(person, name)},
    )


def list_users(words: Callable[[Person], str]) -> Ask:
    return lambda population, person: (
        "ListUsers",
        {"UserPoolId": population.pool_id, "Filter": words(person), "Limit": PAGE},
    )


def list_members(population: Population, _person: Person) -> tuple[str, dict[str, Any]]:
    asked = {"UserPoolId": population.pool_id, "GroupName": GROUP, "Limit": PAGE}
    return "ListUsersInGroup", asked


def list_groups(population: Population, person: Person) -> tuple[str, dict[str, Any]]:
    asked = {"UserPoolId": population.pool_id, "Username": person.username}
    return "AdminListGroupsForUser", asked


OPERATIONS: dict[str, Ask] = {
    "password sign-in": sign_in,
    "get user by username": get_user_by("username"),
    "get user by e-mail": get_user_by("email"),
    "get user by phone number": get_user_by("phone_number"),
    "get user by sub": get_user_by("sub"),
    "users of a group": list_members,
    "groups of a user": list_groups,
    "list users, email =": list_users(lambda person: f'email = "{person.email}"'),
    "list users, username ^=": list_users(lambda person: f'username ^= "{person.username[:-2]}"'),
    "list users, phone_number ^=": list_users(
        lambda person: f'phone_number ^= "{person.phone_number[:-2]}"'
    ),
    "list users, given_name =": list_users(lambda person: f'given_name = "{person.given_name}"'),
    "list users, cognito:user_status =": list_users(
        lambda _person: 'cognito:user_status = "CONFIRMED"'
    ),
    "list users, all": list_users(lambda _person: ""),
}


if __name__ == "__main__":
    main()
