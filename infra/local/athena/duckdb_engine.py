"""The DuckDB engine: Trino's SQL, translated, over the files that Glue names. No Java, no extension."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from infra.local.athena.catalogue import Catalogue
from infra.local.athena.ddl import Ddl
from infra.local.athena.dialect import types
from infra.local.athena.dialect.dml import parse_dml
from infra.local.athena.dialect.parser import parse_query
from infra.local.athena.dialect.relations import Relations
from infra.local.athena.dialect.rendered import Rendered
from infra.local.athena.dialect.types import Type
from infra.local.athena.duckdb_session import Session, translated
from infra.local.athena.engine import Cancelled, Column, Context, QueryFailed, Result
from infra.local.athena.reader import Reader
from infra.local.athena.results import show_months
from infra.local.athena.statements import Statement
from infra.local.athena.writer import Writer

FETCH = 10_000
_ROWS = ("insert", "update", "delete", "merge")


class Work:
    """One statement at work: its cursor, its tables, and what it may cost."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, catalogue: Catalogue, context: Context):
        self.cursor, self.catalogue, self.context = cursor, catalogue, context
        self.reader = Reader(catalogue, context, cursor)

    def query(self, sql: str) -> Rendered:
        """A query's DuckDB text, its files fetched."""
        relations = Relations(self.reader)
        made = relations.query(parse_query(sql))
        return Rendered(self.reader.render(made.sql, relations.scans), made.columns)

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        self.context.check()
        return self.cursor.execute(sql)

    def arrow(self, sql: str) -> pa.Table:
        self.context.check()
        return self.cursor.sql(sql).to_arrow_table()


class DuckDBEngine:
    """Runs statements of the Athena API; one cursor each, so that they run side by side."""

    def __init__(self, catalogue: Catalogue, session: Session | None = None) -> None:
        self._catalogue = catalogue
        self._session = session or Session()
        self._ddl = Ddl(catalogue)
        self._writer = Writer(self._ddl)
        self._runs: dict[str, Callable[[Statement, Work], Result]] = {
            "query": self._query,
            "explain": self._explain,
            "create_view": self._create_view,
            "ctas": self._writer.create_table_as,
            "unload": self._writer.unload,
            "optimize": self._writer.optimize,
            "vacuum": self._writer.vacuum,
            **dict.fromkeys(_ROWS, self._writer.change),
        }

    def check(self, statement: Statement) -> None:
        """Raises BadStatement for a syntax error; what this engine refuses fails when it runs."""
        with suppress(QueryFailed):
            if statement.kind in ("query", "explain", "create_view", "ctas", "unload"):
                parse_query(_query_text(statement))
            elif statement.kind in _ROWS:
                parse_dml(statement.text)

    def close(self) -> None:
        self._session.close()

    def run(self, statement: Statement, context: Context) -> Result:
        runner = self._runs.get(statement.kind)
        if runner is None:
            return self._ddl.run(statement, context)
        with self._work(context) as work:
            result = runner(statement, work)
            return Result(
                result.kind, result.substatement, result.columns, list(result.rows), result.update_count, result.files
            )

    @contextmanager
    def _work(self, context: Context) -> Iterator[Work]:
        cursor = self._session.cursor()
        context.on_stop = cursor.interrupt
        try:
            context.check()
            yield Work(cursor, self._catalogue, context)
        except duckdb.InterruptException:
            raise Cancelled from None
        except duckdb.Error as problem:
            raise translated(problem) from None
        finally:
            context.on_stop = lambda: None
            cursor.close()

    def _query(self, statement: Statement, work: Work) -> Result:
        made = work.query(statement.text)
        columns = [Column(name, str(kind)) for name, kind in made.columns]
        return Result("DML", "SELECT", columns, self._rows(made, work))

    def _rows(self, made: Rendered, work: Work) -> Iterator[tuple[Any, ...]]:
        kinds = [kind for _, kind in made.columns]
        odd = [i for i, kind in enumerate(kinds) if any(t.base in _ODD for t in types.walk(kind))]
        work.execute(made.sql)
        while batch := work.cursor.fetchmany(FETCH):
            work.context.check()
            for row in batch:
                yield tuple(presented(v, kinds[i]) if i in odd else v for i, v in enumerate(row)) if odd else row

    def _explain(self, statement: Statement, work: Work) -> Result:
        made = work.query(_query_text(statement))
        plan = work.execute(f"EXPLAIN {made.sql}").fetchall()
        lines = [[line] for _, body in plan for line in body.split("\n")]
        return Result("UTILITY", "EXPLAIN", [Column("Query Plan", "string")], lines)

    def _create_view(self, statement: Statement, work: Work) -> Result:
        made = work.query(statement.query)
        columns = [Column(name, str(kind)) for name, kind in made.columns]
        name = statement.names(work.context.database)
        self._ddl.put_view(name, statement.query, columns, replaces=statement.replace)
        return Result("DDL", "CREATE_VIEW")


def _query_text(statement: Statement) -> str:
    """The SELECT of a statement that has one."""
    if statement.kind == "explain":
        return re.sub(r"(?is)^\s*explain(\s+analyze)?(\s+verbose)?(\s*\([^)]*\))?", "", statement.text)
    return statement.query or statement.text


_ODD = ("timestamptz", "interval day to second", "interval year to month")


def presented(value: Any, kind: Type) -> Any:
    """A value that DuckDB holds in a form of the dialect's, as the API gives it."""
    if value is None:
        return None
    if kind.base == "timestamptz":
        return zoned(value["t"], value["z"], kind.size or 3)
    if kind.base == "interval day to second":
        return timedelta(milliseconds=value)
    if kind.base == "interval year to month":
        return show_months(value)
    if kind.base == "array":
        return [presented(v, kind.element) for v in value]
    if kind.base == "map":
        return {presented(k, kind.inner[0]): presented(v, kind.inner[1]) for k, v in value.items()}
    if kind.base == "row":
        items = value.values() if isinstance(value, dict) else value
        return tuple(presented(v, t) for v, t in zip(items, kind.inner, strict=True))
    return value


def zoned(utc: datetime, zone: str, precision: int) -> str:
    """2024-03-30 20:30:00.000 America/New_York"""
    if zone[0] in "+-":
        shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        local = utc + shift if zone[0] == "+" else utc - shift
    else:
        local = utc.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return f"{local.isoformat(' ', 'milliseconds' if precision <= 3 else 'microseconds')} {zone}"
