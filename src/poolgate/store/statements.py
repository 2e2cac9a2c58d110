"""Statements made ready for a driver, once each.

SQLAlchemy Core writes the SQL; running it through SQLAlchemy's connection costs some 30 µs a
statement more than the driver itself needs, which is most of the time of a small operation. So a
statement is compiled here once per engine and then goes straight to the driver. Decision 0005.

Columns are Text, Integer, BigInteger, LargeBinary or Boolean: values that every driver takes and
gives as they are, but for SQLite's truth values.
"""

import weakref
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Parameters = Mapping[str, Any]


class Cursor(Protocol):
    """What sqlite3 and psycopg cursors have in common."""

    @property
    def description(self) -> Sequence[Sequence[Any]] | None:
        """Name the columns of the rows."""
        ...

    @property
    def rowcount(self) -> int:
        """Tell how many rows were touched."""
        ...

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        ...

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""
        ...


class Prepared:
    """One statement's SQL and what turns the driver's tuples into rows."""

    __slots__ = ("_booleans", "_compiled", "_constants", "_expands", "_make", "sql", "writes")

    def __init__(
        self, statement: sa.Executable, dialect: Dialect, parameters: Parameters | None
    ) -> None:
        given = parameters or {}
        compiled = statement.compile(  # type: ignore[attr-defined]  # every Core statement compiles
            dialect=dialect, column_keys=list(given)
        )
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(f"{type(statement).__name__} is not a statement with rows")
        self.writes = isinstance(statement, sa.UpdateBase)
        self._compiled = compiled
        # A list given at each call changes the SQL with its length; a list written into the
        # statement does not.
        self._expands = any(listed.key in given for listed in compiled.post_compile_params)
        expanded = compiled.construct_expanded_state(given)
        self.sql = expanded.statement
        self._constants = {
            name: value for name, value in expanded.parameters.items() if name not in given
        }
        self._booleans = _boolean_columns(statement) if dialect.name == "sqlite" else ()
        self._make: Callable[[Sequence[Any]], Any] | None = None

    def bound(self, parameters: Parameters | None) -> tuple[str, Parameters]:
        """Return the SQL and all its values for one execution."""
        if self._expands:
            expanded = self._compiled.construct_expanded_state(dict(parameters or {}))
            return expanded.statement, expanded.parameters
        if self._constants:
            return self.sql, {**self._constants, **(parameters or {})}
        return self.sql, parameters or {}

    def one(self, cursor: Cursor) -> Any:  # noqa: ANN401 - a row's columns are known to the room that wrote the statement
        """Return the next row, or None."""
        values = cursor.fetchone()
        return None if values is None else self._row(cursor, values)

    def rows(self, cursor: Cursor) -> list[Any]:
        """Return the rows that are left."""
        return [self._row(cursor, values) for values in cursor.fetchall()]

    def _row(self, cursor: Cursor, values: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as above
        make = self._make or self._learn_columns(cursor)
        if not self._booleans:
            return make(values)
        converted = list(values)
        for index in self._booleans:
            if converted[index] is not None:
                converted[index] = bool(converted[index])
        return make(converted)

    def _learn_columns(self, cursor: Cursor) -> Callable[[Sequence[Any]], Any]:
        names = [column[0] for column in cursor.description or ()]
        row_type = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the columns are only known now
        self._make = row_type._make
        return self._make


class Statements:
    """The prepared statements of one engine; forgets a statement when its owner does."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._prepared: weakref.WeakKeyDictionary[
            sa.Executable, dict[tuple[str, ...], Prepared]
        ] = weakref.WeakKeyDictionary()

    def prepared(self, statement: sa.Executable, parameters: Parameters | None) -> Prepared:
        """Return the statement as this engine wants it for parameters of these names."""
        names = tuple(parameters) if parameters else ()
        by_names = self._prepared.get(statement)
        if by_names is None:
            by_names = self._prepared.setdefault(statement, {})
        prepared = by_names.get(names)
        if prepared is None:
            prepared = Prepared(statement, self._dialect, parameters)
            by_names[names] = prepared
        return prepared


def _boolean_columns(statement: sa.Executable) -> tuple[int, ...]:
    columns = getattr(statement, "exported_columns", ())
    return tuple(
        index for index, column in enumerate(columns) if isinstance(column.type, sa.Boolean)
    )
