"""Pages of a relation in the order of its key: each begins behind the last row of the one before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hub.sources.database import Database, Mark, Page
from hub.sources.piece import SourceError

Range = dict[str, Any]  # {"after": mark, "until": mark, "ended": bool}; None is open


@dataclass(frozen=True, slots=True)
class Keyset:
    """How a relation is read. base: the conditions on each row. rows: how many are read at once."""

    relation: str
    columns: Sequence[str]
    keys: Sequence[str]
    base: Sequence[str]
    rows: int

    def count(self, database: Database, part: Range) -> int:
        """The rows of a range that are still to be read."""
        (found,) = database.counts(f"select count(*) from {self.relation}{self._where(database, part)}")
        return found

    def pages(self, database: Database, part: Range) -> Iterator[tuple[Page, Range]]:
        """What is left of a range, and after each page what is left then.

        One row more than wanted is read: a page does not end between two rows that have the same key.
        """
        while not part["ended"]:
            rest = f"{self._where(database, part)} order by {', '.join(self.keys)}"
            page = database.page(self.columns, self.keys, self.relation, rest, self.rows + 1)
            count = self._cut(database, page)
            after = page.mark(count - 1) if count else part["after"]
            part = {**part, "after": after, "ended": count == len(page.rows)}
            yield Page(page.rows.slice(0, count), page.mark), part

    def _cut(self, database: Database, page: Page) -> int:
        count = last = len(page.rows)
        if count <= self.rows:
            return count
        while count and self._same(database, page, count - 1, last - 1):
            count -= 1
        if not count:
            raise SourceError(
                "the business key is the same in more rows than are read at once; name a key that tells rows apart"
            )
        return count

    def _same(self, database: Database, page: Page, one: int, other: int) -> bool:
        """Whether the database takes the keys of two rows for the same: it may for `anna` and `ANNA`, or 1.0 and 1.00.

        Marks that are equal are the same key; of others only the database knows, so it is asked, at a page's end alone.
        """
        if page.tie:
            return bool(page.tie(one) == page.tie(other))
        here, there = page.mark(one), page.mark(other)
        unlike = [at for at, value in enumerate(here) if value != there[at]]
        if not unlike:
            return True
        if any(here[at] is None or there[at] is None for at in unlike):
            return False
        keys = [self.keys[at] for at in unlike]
        literals, others = ([self._literal(database, at, mark[at]) for at in unlike] for mark in (here, there))
        names = ", ".join(keys)
        # A column of no rows lends the literal its type and its collation. In WHERE, MariaDB compares before it does.
        typed = f"select {names} from (select {names} from {self.relation} limit 0) as hub_none"
        row = f"({typed} union all select {', '.join(literals)}) as hub_key"
        fits = " and ".join(f"{key} = {value}" for key, value in zip(keys, others, strict=True))
        return database.counts(f"select sum(case when {fits} then 1 else 0 end) from {row}") == [1]

    def _where(self, database: Database, part: Range) -> str:
        conditions = list(self.base)
        if part["after"] is not None:
            conditions.append(database.beyond(self.keys, self._literals(database, part["after"])))
        if part["until"] is not None:
            conditions.append(f"not {database.beyond(self.keys, self._literals(database, part['until']))}")
        return where(conditions)

    def _literals(self, database: Database, mark: Mark) -> list[str]:
        return [self._literal(database, at, value) for at, value in enumerate(mark)]

    def _literal(self, database: Database, at: int, value: Any) -> str:
        return database.literal(self.relation, self.keys[at], value)


def where(conditions: Sequence[str]) -> str:
    return f" where {' and '.join(conditions)}" if conditions else ""
