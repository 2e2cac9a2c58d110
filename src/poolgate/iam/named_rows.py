"""What the tables of users, groups and roles have in common: names, paths and room for so many.

A name is unique in its table whatever its case; the spelling of the creation is kept. The id stays
when name or path change.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.paging import Page
from poolgate.iam.owners import name_key, page_by_path, page_parameters
from poolgate.store.database import InsertIfAbsent, Transaction

Entity = TypeVar("Entity")


class NamedRows:
    """The rows of one such table; `exists` and `too_many` are the failures of its entities."""

    def __init__(
        self, table: sa.Table, *, most: int, exists: type[Failure], too_many: type[Failure]
    ) -> None:
        (self._id,) = table.primary_key.columns
        self._most = most
        self._exists = exists
        self._too_many = too_many
        self._count = sa.select(sa.func.count()).select_from(table)
        self._insert = InsertIfAbsent(table)
        self._by_name = sa.select(table).where(table.c.name_key == sa.bindparam("of_name"))
        self._by_id = sa.select(table).where(self._id == sa.bindparam("of_id"))
        self._page = page_by_path(table)
        self._rename = (
            sa.update(table)
            .where(self._id == sa.bindparam("of_id"))
            .values(
                name=sa.bindparam("new_name"),
                name_key=sa.bindparam("new_name_key"),
                path=sa.bindparam("new_path"),
            )
        )
        self._delete = sa.delete(table).where(self._id == sa.bindparam("of_id"))

    def insert(self, transaction: Transaction, row: Mapping[str, object]) -> None:
        """Store a new row; raise that there are too many, or one of this name."""
        if transaction.one(self._count)[0] >= self._most:
            raise self._too_many(limit=str(self._most))
        name = str(row["name"])
        stored = {**row, "name_key": name_key(name)}
        if not transaction.insert_if_absent(self._insert, stored):
            raise self._exists(name=name)

    def find(self, transaction: Transaction, name: str) -> Any:  # noqa: ANN401 - a row's columns are those of the table
        """Return the row of a name, whatever its case, or None."""
        return transaction.one(self._by_name, {"of_name": name_key(name)})

    def find_by_id(self, transaction: Transaction, entity_id: str) -> Any:  # noqa: ANN401 - as above
        """Return the row of an id, or None."""
        return transaction.one(self._by_id, {"of_id": entity_id})

    def list_page(
        self,
        transaction: Transaction,
        of_row: Callable[[Any], Entity],
        *,
        path_prefix: str,
        after: str | None,
        limit: int,
    ) -> Page[Entity]:
        """Return entities by name, of the paths that begin with `path_prefix`."""
        rows = transaction.rows(self._page, page_parameters(path_prefix, after, limit))
        shown = rows[:limit]
        following = name_key(shown[-1].name) if len(rows) > limit else None
        return Page(tuple(of_row(row) for row in shown), following)

    def rename(
        self, transaction: Transaction, name: str, *, new_name: str | None, new_path: str | None
    ) -> None:
        """Give the row of a name, which is there, another name or path; raise that it is taken."""
        row = self.find(transaction, name)
        wanted_name = new_name or row.name
        holder = self.find(transaction, wanted_name)
        if holder is not None and holder[0] != row[0]:
            raise self._exists(name=wanted_name)
        transaction.run(
            self._rename,
            {
                "of_id": row[0],
                "new_name": wanted_name,
                "new_name_key": name_key(wanted_name),
                "new_path": new_path or row.path,
            },
        )

    def delete(self, transaction: Transaction, entity_id: str) -> None:
        """Remove the row of an id."""
        transaction.run(self._delete, {"of_id": entity_id})
