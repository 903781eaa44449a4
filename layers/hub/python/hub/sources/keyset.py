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
            count = self._cut(page)
            after = page.mark(count - 1) if count else part["after"]
            part = {**part, "after": after, "ended": count == len(page.rows)}
            yield Page(page.rows.slice(0, count), page.mark), part

    def _cut(self, page: Page) -> int:
        count = len(page.rows)
        if count <= self.rows:
            return count
        tie = page.tie or page.mark
        behind = tie(count - 1)
        while count and tie(count - 1) == behind:
            count -= 1
        if not count:
            raise SourceError(
                "the business key is the same in more rows than are read at once; name a key that tells rows apart"
            )
        return count

    def _where(self, database: Database, part: Range) -> str:
        conditions = list(self.base)
        if part["after"] is not None:
            conditions.append(database.beyond(self.keys, self._literals(database, part["after"])))
        if part["until"] is not None:
            conditions.append(f"not {database.beyond(self.keys, self._literals(database, part['until']))}")
        return where(conditions)

    def _literals(self, database: Database, mark: Mark) -> list[str]:
        return [database.literal(self.relation, key, value) for key, value in zip(self.keys, mark, strict=True)]


def where(conditions: Sequence[str]) -> str:
    return f" where {' and '.join(conditions)}" if conditions else ""
