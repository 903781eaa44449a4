"""The one interface between the Athena API and a query engine.

The service parses a request into a `Statement`, an engine runs it and answers a `Result`; the service alone knows
executions, workgroups, result files and paging. Values in `Result.rows` are Python values (Decimal, date, datetime,
bytes, list, dict; a row type is a tuple); `results.py` prints them as Athena does from the column's Trino type.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from infra.local.athena.errors import BadStatement, Cancelled, QueryFailed
from infra.local.athena.statements import Statement

__all__ = ["BadStatement", "Cancelled", "Column", "Context", "Engine", "QueryFailed", "Result"]

Row = Sequence[object]


@dataclass(frozen=True)
class Column:
    """A result column; `type` is Trino's spelling, as typeof() prints it: varchar(3), decimal(18,2), timestamp(3)."""

    name: str
    type: str


@dataclass
class Context:
    """What one execution gives to the engine, and what the engine tells while it runs."""

    query_id: str
    database: str
    output: str  # "s3://bucket/prefix/": CTAS without a location and manifests go below it
    workgroup: str = "primary"
    scan_limit: int | None = None  # BytesScannedCutoffPerQuery
    scanned: int = 0  # bytes of the data files that were read
    stopped: threading.Event = field(default_factory=threading.Event)
    on_stop: Callable[[], None] = lambda: None  # set by the engine: interrupts the running statement

    def check(self) -> None:
        """Raises Cancelled once the execution was stopped; engines call it between steps."""
        if self.stopped.is_set():
            raise Cancelled

    def scan(self, size: int) -> None:
        """Counts bytes read. Raises QueryFailed beyond the workgroup's limit."""
        self.scanned += size
        if self.scan_limit is not None and self.scanned > self.scan_limit:
            raise QueryFailed(
                "EXCEEDED_SCAN_LIMIT",
                f"Bytes scanned limit was exceeded: {self.scanned} bytes, the workgroup allows {self.scan_limit}",
            )
        self.check()


@dataclass
class Result:
    """The outcome of a statement.

    `substatement` is Athena's SubstatementType (SELECT, INSERT, MERGE, CREATE_TABLE_AS_SELECT, UNLOAD, ...).
    `files` are the s3:// addresses of data files written (they make the manifest), `update_count` the rows changed.
    Rows of DDL and UTILITY statements are text lines in one column.
    """

    kind: str  # DML | DDL | UTILITY
    substatement: str
    columns: list[Column] = field(default_factory=list)
    rows: Iterable[Row] = ()
    update_count: int | None = None
    files: list[str] | None = None


class Engine(Protocol):
    """A query engine. `run` may be called by several threads at once; writers of one table queue inside it."""

    def run(self, statement: Statement, context: Context) -> Result:
        """Raises QueryFailed, BadStatement (only for what `statements.parse` could not judge) or Cancelled."""
        ...

    def check(self, statement: Statement) -> None:
        """Raises BadStatement for a syntax error; the API calls it before it accepts a statement."""
        ...

    def close(self) -> None: ...
