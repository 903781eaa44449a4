"""Tables of a database, read only and in one snapshot, in the order of the business key."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import pyarrow as pa

from hub.config import SqlDataSet, SqlSource
from hub.sources.piece import Piece, Position, SourceError
from hub.sources.tables import from_arrow, require_columns


class Database(Protocol):
    """One snapshot of a database. Values of the keyset go in and out as JSON can hold them.

    last: the values of the last page's last row.
    """

    last: Sequence[Any]

    def page(self, sql: str, values: Sequence[Any]) -> pa.Table:
        """The rows of a SELECT with `{0}`, `{1}` … where values go."""

    def scalars(self, sql: str, values: Sequence[Any]) -> tuple[Any, ...]:
        """The single row of a SELECT, as JSON values."""

    def text(self, column: str) -> str:
        """The SQL by which a key column is read so that it can be handed back as a value."""

    def bind(self, relation: str, columns: Sequence[str]) -> list[str]:
        """Placeholders `{0}` … that compare with these columns of a relation."""

    def close(self) -> None: ...


class Sql:
    """One table or query. Cursor: {"changed": highest value of the change column}; position: the last key read."""

    def __init__(self, source: SqlSource, data_set: SqlDataSet) -> None:
        self._source, self._data_set, self._fetch = source, data_set, data_set.fetch
        self._keys = [data_set.columns[name].source_name or name for name in data_set.keys.business]
        self._relation = quoted(self._fetch.table) if self._fetch.table else f"({self._fetch.query}\n) as q"

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        if position and position.get("ended"):
            return
        database = connect(self._source)
        try:
            yield from self._read(database, cursor, dict(position or {}))
        finally:
            database.close()

    def _read(self, database: Database, cursor: Position | None, place: dict[str, Any]) -> Iterator[Piece]:
        changed = self._changed()
        since = self._since(cursor)
        # The first snapshot's highest change is the next cursor: what changes later has a higher one.
        if "high" not in place:
            highest = f"select {database.text(f'max({changed})')} from {self._relation}"
            place = {"high": database.scalars(highest, ())[0] if changed else None, "after": None, "received": 0}
        where, values = self._where(database, since, place["after"])
        (remaining,) = database.scalars(f"select count(*) from {self._relation}{where}", values)
        declared = place["received"] + remaining
        high = place["high"] if place["high"] is not None else (cursor or {}).get("changed")
        while True:
            where, values = self._where(database, since, place["after"])
            table = database.page(self._page(database, where), values)
            require_columns(table, self._data_set, self._fetch.table or "the query")
            rows, new_fields = from_arrow(table.select(table.column_names[: -len(self._keys)]), self._data_set)
            ended = len(table) < self._fetch.rows
            if len(table):
                place["after"] = list(database.last[-len(self._keys) :])
            place = {**place, "received": place["received"] + len(table), "ended": ended}
            self._refuse_standstill(place, declared)
            yield Piece(
                rows=rows,
                raw=_stream(rows),
                kind="arrow",
                position=dict(place),
                cursor={"changed": high} if high is not None else {},
                declared=declared,
                new_fields=new_fields,
                last=ended,
            )
            if ended:
                return

    def _refuse_standstill(self, place: dict[str, Any], declared: int) -> None:
        """A key that does not lead on would skip rows, or give the same ones for ever."""
        told = f"the business key ({', '.join(self._keys)})"
        if not place["ended"] and None in place["after"]:
            raise SourceError(
                f"{told} is empty in more rows than are read at once; take another key, or leave them out"
            )
        if place["received"] > declared:
            raise SourceError(f"{told} does not put the rows in order: after {declared} rows come some of them again")

    def _since(self, cursor: Position | None) -> Any:
        before = (cursor or {}).get("changed")
        if self._fetch.changed_since is None or before is None:
            return None
        return shifted(before, self._fetch.changed_since.overlap)

    def _changed(self) -> str | None:
        if not self._fetch.changed_since:
            return None
        column = self._fetch.changed_since.column
        return quoted(self._data_set.columns[column].source_name or column)

    def _page(self, database: Database, where: str) -> str:
        keys = [quoted(key) for key in self._keys]
        marks = ", ".join(f"{database.text(key)} as _key_{at}" for at, key in enumerate(keys))
        relation = self._relation if self._fetch.query else f"{self._relation} as q"
        return f"select q.*, {marks} from {relation}{where} order by {', '.join(keys)} limit {self._fetch.rows}"

    def _where(self, database: Database, since: Any, after: Sequence[Any] | None) -> tuple[str, list[Any]]:
        changed = self._changed()
        columns = ([changed] if since is not None and changed else []) + (
            [quoted(key) for key in self._keys] if after else []
        )
        marks = database.bind(self._relation, columns)
        conditions, values = [], []
        if since is not None and changed:
            conditions.append(f"({changed} >= {marks.pop(0)} or {changed} is null)")  # what has no moment may be new
            values.append(since)
        if after:
            conditions.append(f"({', '.join(columns[len(values) :])}) > ({', '.join(marks)})")
            values += after
        return (f" where {' and '.join(conditions)}" if conditions else ""), values


def connect(source: SqlSource) -> Database:
    """A read-only snapshot; SourceError where the database cannot be reached."""
    if source.connection.url.startswith("sqlite:///"):
        from hub.sources.sqlite import Sqlite

        return Sqlite(source.connection.url)
    from hub.sources.postgresql import PostgreSql

    return PostgreSql(source.connection)


def quoted(name: str) -> str:
    """An identifier as standard SQL quotes it; a schema stands before a dot."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


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
    return text.replace("+00:00", "Z") if value.endswith("Z") else text


def _stream(rows: pa.Table) -> bytes:
    """The rows as an Arrow stream: what lands where the source has no bytes of its own."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue().to_pybytes())
