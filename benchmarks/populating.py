"""Makes user pools of any size: some people through the operations, all others beside them by bulk.

Who signs in and is looked up was made as anybody is. The others are copies of one person's rows
under names of their own, made by the database itself; their sealed passwords are copies too, so
they open for nobody, but they are as long.
"""

import random  # noqa: TID251 - made-up names, the same in every run
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any

import sqlalchemy as sa

from poolgate.testing import LocalPoolgate
from poolgate.userpools.tables import aliases, group_members, user_search, users

PEOPLE = 200
PASSWORD = "Correct-Horse-1"
GROUP = "readers"
# Every tenth user is in the group.
IN_GROUP_EVERY = 10
TABLES = (users, aliases, user_search, group_members)
GIVEN_NAMES = tuple(f"given{number}" for number in range(10))

_fresh = sa.Table(
    "fresh",
    sa.MetaData(),
    *(
        sa.Column(name, sa.Text)
        for name in ("sub", "username", "email", "phone_number", "given_name")
    ),
    sa.Column("number", sa.Integer),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True)
class Person:
    """Somebody who signs in and is looked up."""

    sub: str
    username: str
    email: str
    phone_number: str
    given_name: str


@dataclass(frozen=True)
class Population:
    """A pool, an app client and the people among its users."""

    poolgate: LocalPoolgate
    pool_id: str
    client_id: str
    people: tuple[Person, ...]


def populate(poolgate: LocalPoolgate, database_url: str, count: int) -> Population:
    """Make a pool with so many users, its people spread among them."""
    cognito = poolgate.client("cognito-idp")
    pool_id = cognito.create_user_pool(
        PoolName="people", AliasAttributes=["email", "phone_number"]
    )["UserPool"]["Id"]
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="bench",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    cognito.create_group(UserPoolId=pool_id, GroupName=GROUP)
    names = _names(random.Random(1))  # noqa: S311 - as above
    people = [_joined(cognito, pool_id, next(names)) for _ in range(PEOPLE)]
    # SQLite leaves its journal only while nobody else is there.
    poolgate.application.installation.db.close()
    engine = _engine(database_url)
    with engine.connect() as connection:
        _fresh.create(connection)
        copies = {table: _copy(connection, table, people[0]) for table in TABLES}
        copies[group_members] = copies[group_members].where(_fresh.c.number % IN_GROUP_EVERY == 0)
        # Taken out and put back one by one, so that they lie among all the others.
        rows = {person: _taken_out(connection, person) for person in people}
        indexes = [index for table in TABLES for index in table.indexes]
        for index in indexes:
            index.drop(connection)
        for person in people:
            for table, of_person in rows[person].items():
                connection.execute(sa.insert(table), of_person)
            _add(connection, [next(names) for _ in range(count // PEOPLE - 1)], copies)
        for index in indexes:
            index.create(connection)
        connection.commit()
    engine.dispose()
    if engine.dialect.name == "postgresql":
        _settle(database_url)
    return Population(poolgate, pool_id, client_id, tuple(people))


def _names(chance: random.Random) -> Iterator[Person]:
    while True:
        username = f"user-{chance.getrandbits(64):016x}"
        yield Person(
            sub=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            username=username,
            email=f"{username}@example.com",
            phone_number=f"+1{chance.randrange(10**13):013d}",
            given_name=chance.choice(GIVEN_NAMES),
        )


def _joined(cognito: Any, pool_id: str, named: Person) -> Person:
    """Make the person, who gets a sub from the server, and who can sign in."""
    attributes = {
        "email": named.email,
        "email_verified": "true",
        "phone_number": named.phone_number,
        "phone_number_verified": "true",
        "given_name": named.given_name,
    }
    made = cognito.admin_create_user(
        UserPoolId=pool_id,
        Username=named.username,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )["User"]
    whom = {"UserPoolId": pool_id, "Username": named.username}
    cognito.admin_set_user_password(**whom, Password=PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(**whom, GroupName=GROUP)
    sub = next(entry["Value"] for entry in made["Attributes"] if entry["Name"] == "sub")
    return Person(sub, named.username, named.email, named.phone_number, named.given_name)


def _engine(database_url: str) -> sa.Engine:
    if database_url.startswith("sqlite"):
        engine = sa.create_engine(database_url)
        # Nothing is lost that is worth keeping.
        pragmas = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1500000")
        statements = [f"PRAGMA {pragma}" for pragma in pragmas]
    else:
        engine = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
        # As a replica does: no foreign key is looked at.
        statements = ["SET session_replication_role = replica"]

    def prepare(connection: Any, _record: object) -> None:
        for statement in statements:
            connection.execute(statement)
        connection.commit()

    sa.event.listen(engine, "connect", prepare)
    return engine


def _settle(database_url: str) -> None:
    """Let PostgreSQL count what it has and write it out, as it does by itself in some minutes."""
    engine = _engine(database_url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")
    engine.dispose()


def _taken_out(connection: sa.Connection, person: Person) -> dict[sa.Table, list[Any]]:
    rows = {}
    for table in TABLES:
        found = connection.execute(sa.select(table).where(table.c.sub == person.sub))
        rows[table] = [dict(row) for row in found.mappings()]
        connection.execute(sa.delete(table).where(table.c.sub == person.sub))
    return rows


def _add(
    connection: sa.Connection, named: list[Person], copies: dict[sa.Table, sa.Select[Any]]
) -> None:
    rows = [{**asdict(person), "number": number} for number, person in enumerate(named)]
    connection.execute(sa.insert(_fresh), rows)
    for table, copy in copies.items():
        connection.execute(sa.insert(table).from_select(list(table.columns.keys()), copy))
    connection.execute(sa.delete(_fresh))


def _copy(connection: sa.Connection, table: sa.Table, person: Person) -> sa.Select[Any]:
    """Return what gives each fresh user the person's rows of the table."""
    found = connection.execute(sa.select(table).where(table.c.sub == person.sub)).mappings().all()
    renamed = {
        person.sub: _fresh.c.sub,
        person.username: _fresh.c.username,
        person.email: _fresh.c.email,
        person.phone_number: _fresh.c.phone_number,
        person.given_name: _fresh.c.given_name,
    }

    def value_of(column: sa.Column[Any], value: Any) -> sa.ColumnElement[Any]:
        if column.name == "attributes":
            return sa.cast(_with_names(value.decode(), renamed), column.type)
        return renamed.get(value, sa.literal(value, column.type))

    selects = [
        sa.select(*(value_of(column, row[column.name]) for column in table.columns)).select_from(
            _fresh
        )
        for row in found
    ]
    if len(selects) == 1:
        return selects[0]
    everything = sa.union_all(*selects).subquery()
    return sa.select(everything)


def _with_names(text: str, renamed: dict[str, Any]) -> sa.ColumnElement[str]:
    """Return the text with the columns in place of the person's own names."""
    parts: list[Any] = [text]
    for name in sorted(renamed, key=len, reverse=True):
        split: list[Any] = []
        for part in parts:
            pieces = part.split(name) if isinstance(part, str) else [part]
            for index, piece in enumerate(pieces):
                split += [renamed[name], piece] if index else [piece]
        parts = split
    literal = [sa.literal(part, sa.Text) if isinstance(part, str) else part for part in parts]
    return reduce(lambda before, part: before.concat(part), literal)
