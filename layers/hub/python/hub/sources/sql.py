"""Tables of a database, read only and in one snapshot, in the order of the business key."""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa

from hub.config import SqlDataSet, SqlSource
from hub.sources.database import Database, Mark, Page, connect, quoted
from hub.sources.keyset import Keyset, Range, where
from hub.sources.piece import Piece, Position, SourceError
from hub.sources.side_by_side import side_by_side
from hub.sources.tables import from_arrow, require_columns

DAY = re.compile(r"infinity\Z|(?P<year>[0-9]{4,})-[0-9]{2}-[0-9]{2}")
AHEAD, BEHIND = timedelta(hours=14), timedelta(hours=12)  # of UTC, the farthest that a clock somewhere is


class Sql:
    """One table or query.

    Cursor: {"changed": highest value of the change column}. Position: how far each range of keys was read (`ranges`),
    whether rows without a whole key are still to come (`keyless`), the rows so far, and the next cursor (`high`).
    """

    def __init__(self, source: SqlSource, data_set: SqlDataSet) -> None:
        self._source, self._data_set, self._fetch = source, data_set, data_set.fetch
        self._keys = [quoted(data_set.columns[name].source_name or name) for name in data_set.keys.business]
        table = ".".join(map(quoted, (self._fetch.table or "").split(".")))
        self._relation = f"{table} as q" if self._fetch.table else f"({self._fetch.query}\n) as q"
        self._whole = f"({' and '.join(f'{key} is not null' for key in self._keys)})"

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        if position and position.get("ended"):
            return
        with ExitStack() as connections:
            database = connections.enter_context(closing(connect(self._source)))
            place = dict(position or {})
            if "high" not in place:
                # The first snapshot's highest change is the next cursor: what changes later has a higher one.
                changed = self._changed()
                highest = database.highest(changed, self._relation) if changed else None
                place = {"high": not_ahead(highest, datetime.now(UTC)), "received": 0}
            base = self._base(database, cursor)
            keyless = self._keyless(database, base)
            rest = f"{where([*base, f'not {self._whole}'])}"
            keyset = Keyset(
                self._relation,
                self._columns(database),
                self._keys,
                [*base, self._whole] if keyless else base,
                self._fetch.rows,
            )
            if "ranges" not in place:
                place |= {"ranges": self._ranges(database, keyset, first=cursor is None), "keyless": keyless > 0}
            databases = self._databases(connections, database, len(_left(place)))
            declared = place["received"] + (keyless if place["keyless"] else 0) if database.is_still else None
            if declared is not None:
                declared += sum(keyset.count(each, part) for each, part in zip(databases, _left(place), strict=False))
            for page in self._pages(keyset, databases, place, rest):
                place["received"] += len(page.rows)
                if declared is not None and place["received"] > declared:
                    raise SourceError(
                        f"{self._told} does not put the rows in order: after {declared} rows come some of them "
                        "again; take another key"
                    )
                yield self._piece(page, place, declared, cursor)

    @property
    def _told(self) -> str:
        return f"the business key ({', '.join(self._data_set.keys.business)})"

    def _pages(self, keyset: Keyset, databases: Sequence[Database], place: dict[str, Any], rest: str) -> Iterator[Page]:
        """What is left of the ranges, side by side, then the rows without a whole key; `place` goes along."""
        numbers = [at for at, part in enumerate(place["ranges"]) if not part["ended"]]
        left = [keyset.pages(each, place["ranges"][at]) for each, at in zip(databases, numbers, strict=False)]
        for which, (page, part) in side_by_side(left) if left else ():
            place["ranges"] = [part if at == numbers[which] else each for at, each in enumerate(place["ranges"])]
            yield page
        if place["keyless"]:
            place["keyless"] = False
            yield databases[0].page(keyset.columns, self._keys, self._relation, rest)

    def _piece(self, page: Page, place: dict[str, Any], declared: int | None, cursor: Position | None) -> Piece:
        require_columns(page.rows, self._data_set, self._fetch.table or "the query")
        rows, new_fields = from_arrow(page.rows, self._data_set)
        high = place["high"] if place["high"] is not None else (cursor or {}).get("changed")
        ended = not place["keyless"] and not _left(place)
        return Piece(
            rows=rows,
            raw=_stream(page.rows),
            kind="arrow",
            position={**place, "ended": ended},
            cursor={"changed": high} if high is not None else {},
            declared=declared,
            new_fields=new_fields,
            last=ended,
        )

    def _columns(self, database: Database) -> list[str]:
        """What is read: all but what the manifest ignores."""
        ignored = set(self._data_set.ignore)
        return [quoted(name) for name in database.columns(self._relation) if name not in ignored]

    def _changed(self) -> str | None:
        if not self._fetch.changed_since:
            return None
        column = self._fetch.changed_since.column
        return quoted(self._data_set.columns[column].source_name or column)

    def _base(self, database: Database, cursor: Position | None) -> list[str]:
        """The conditions on every row."""
        found = [f"({self._fetch.filter}\n)"] if self._fetch.filter else []
        changed, before = self._changed(), (cursor or {}).get("changed")
        if changed and self._fetch.changed_since and before is not None:
            since = database.literal(self._relation, changed, shifted(before, self._fetch.changed_since.overlap))
            found.append(f"({changed} >= {since} or {changed} is null)")  # what has no moment may be new
        return found

    def _keyless(self, database: Database, base: Sequence[str]) -> int:
        """The rows that no key leads to; they are read at once."""
        (count,) = database.counts(
            f"select sum(case when {self._whole} then 0 else 1 end) from {self._relation}{where(base)}"
        )
        if count > self._fetch.rows:
            raise SourceError(
                f"{self._told} is empty in more rows than are read at once; take another key, or leave them out by "
                "`filter`"
            )
        return count

    def _ranges(self, database: Database, keyset: Keyset, first: bool) -> list[Range]:
        """Ranges of keys with about as many rows each, for a first load; else one."""
        marks: list[Mark] = []
        everything: Range = {"after": None, "until": None, "ended": False}
        wanted = self._fetch.parallel if first else 1
        if wanted > 1 and (count := keyset.count(database, everything)) > self._fetch.rows * wanted:
            keys, step = ", ".join(self._keys), -(-count // wanted)
            numbered = (
                f"(select {keys}, row_number() over (order by {keys}) as hub_row from {self._relation}"
                f"{where(keyset.base)}) as q"
            )
            borders = f" where hub_row % {step} = 0 and hub_row < {count} order by hub_row"
            page = database.page(self._keys, self._keys, numbered, borders)
            marks = [page.mark(at) for at in range(len(page.rows))]
        ends = [None, *(mark for at, mark in enumerate(marks) if mark not in marks[:at]), None]
        return [{**everything, "after": after, "until": until} for after, until in pairwise(ends)]

    def _databases(self, connections: ExitStack, first: Database, count: int) -> list[Database]:
        """A connection for each range; they see the same where the database can tell one what another sees."""
        snapshot = first.snapshot() if count > 1 else None
        others = (connect(self._source, snapshot) for _ in range(count - 1))
        return [first, *(connections.enter_context(closing(each)) for each in others)]


def _left(place: dict[str, Any]) -> list[Range]:
    return [part for part in place["ranges"] if not part["ended"]]


def shifted(value: Any, overlap: timedelta) -> Any:
    """A change value less the overlap, in the spelling of the source so that it compares there."""
    if isinstance(value, int | float):
        return value - overlap.total_seconds() if overlap else value
    if not overlap:
        return value
    try:
        moment = datetime.fromisoformat(value) - overlap
    except (TypeError, ValueError) as error:
        raise SourceError("the change column's highest value is no moment; take `overlap` out") from error
    text = moment.isoformat(sep=value[10] if len(value) > 10 else " ")
    return _spelt(text, value)


def not_ahead(highest: Any, now: datetime) -> Any:
    """The highest change as the next cursor. In place of one that is still to come, which would hide all others, now.

    A moment without a zone may be of any; what is read again for that is known again.
    """
    if not isinstance(highest, str) or not (day := DAY.match(highest)):
        return highest  # a counter of the source's own, such as 30001015
    if day[0] == "infinity" or len(day["year"]) > len("9999"):
        return (now - BEHIND).isoformat(sep=" ")
    try:
        moment = datetime.fromisoformat(highest)
    except ValueError:
        return highest
    zone = moment.tzinfo
    soonest = moment.astimezone(UTC) if zone else moment.replace(tzinfo=UTC) - AHEAD
    if soonest <= now:
        return highest
    text = (now.astimezone(zone) if zone else (now - BEHIND).replace(tzinfo=None)).isoformat(sep=highest[10:11] or " ")
    return text[: len(highest)] if len(highest) == len("2024-01-01") else _spelt(text, highest)


def _spelt(text: str, like: str) -> str:
    return text.replace("+00:00", "Z") if like.endswith("Z") else text


def _stream(rows: pa.Table) -> bytes:
    """The rows as they came, as an Arrow stream: what lands where the source has no bytes of its own."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue().to_pybytes())
