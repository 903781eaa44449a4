"""DuckDB for the matcher's statements: they are Athena's, sqlglot says them in DuckDB's words."""

import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import sqlglot

from hub.letters import latin

PAUSE = 5.0  # seconds between two lines of progress


class DuckDB:
    """Tables live in a file of their own, so that what memory does not hold is on disk."""

    def __init__(
        self, folder: Path, memory: str = "4GB", threads: int = 2, say: Callable[[str], None] | None = None
    ) -> None:
        self.say, self.begun, self.said = say, time.monotonic(), time.monotonic()
        self.connection = duckdb.connect(folder / "matching.duckdb")
        for setting in (
            f"memory_limit = '{memory}'",
            f"threads = {threads}",
            "TimeZone = 'UTC'",
            f"temp_directory = '{folder / 'spill'}'",
            "preserve_insertion_order = false",
        ):
            self.connection.execute(f"set {setting}")

        self.connection.create_function("latin", latin)

    def create(self, table: str, select: str) -> None:
        """Says on long work every few seconds which table is being made."""
        now = time.monotonic()
        if self.say and now - self.said >= PAUSE:
            self.said = now
            self.say(f"{now - self.begun:.0f} s, making {table.removeprefix('m_').replace('_', ' ')}")
        self.connection.execute(f"create table {table} as {spoken(select)}").fetchall()

    def drop(self, table: str) -> None:
        self.connection.execute(f"drop table {table}").fetchall()

    def query(self, select: str) -> Sequence[Sequence[Any]]:
        return self.connection.execute(spoken(select)).fetchall()


@cache
def spoken(select: str) -> str:
    """The same in DuckDB's words."""
    return sqlglot.transpile(select, read="athena", write="duckdb")[0]
