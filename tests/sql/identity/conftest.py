from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hub.identity import Knowledge, Matcher, Outcome, Settings, read
from infra.matching.engine import DuckDB

FOLDER = Path(__file__).parents[3] / "sql/identity"
Row = dict[str, str | None]
Match = Callable[..., tuple[Outcome, DuckDB]]


@pytest.fixture(scope="session")
def known() -> Knowledge:
    return read(FOLDER)


@pytest.fixture
def engine(tmp_path: Path) -> DuckDB:
    return DuckDB(tmp_path, threads=1)


def put(engine: DuckDB, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table of texts, or of whole numbers where the first row has them."""
    types = ["bigint" if rows and isinstance(value, int) else "varchar" for value in (rows[0] if rows else columns)]
    told = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
    engine.connection.execute(f"create table {table} ({told})").fetchall()
    if rows:
        engine.connection.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", rows)


@pytest.fixture
def match(known: Knowledge, tmp_path: Path) -> Match:
    """Runs the matcher over rows of texts, each with its `key`; all other columns are fields."""
    runs = iter(range(100))

    def run(rows: Sequence[Row], decisions: Sequence[tuple[str, str, int]] = (), **more: Any) -> tuple[Outcome, DuckDB]:
        folder = tmp_path / str(next(runs))
        folder.mkdir()
        engine = DuckDB(folder, threads=1)
        fields = [name for name in rows[0] if name != "key"]
        put(engine, "given", ["source_key", *fields], [tuple(row[name] for name in ("key", *fields)) for row in rows])
        if decisions:
            put(engine, "decided", ["left_key", "right_key", "together"], [])
            engine.connection.execute("drop table decided").fetchall()
            engine.connection.execute(
                "create table decided (left_key varchar, right_key varchar, together integer)"
            ).fetchall()
            engine.connection.executemany("insert into decided values (?, ?, ?)", decisions)
        settings = Settings(**{"sample": 150, **more.pop("settings", {})})
        matcher = Matcher(engine, known, {name: name for name in fields}, settings)
        return matcher.run("given", "decided" if decisions else None, **more), engine

    return run


def persons(outcome: Outcome, engine: DuckDB) -> set[frozenset[str]]:
    """The persons of more than one record, as sets of keys."""
    rows = engine.query(f"select person, source_key from {outcome.clusters}")
    found: dict[int, set[str]] = {}
    for person, key in rows:
        found.setdefault(int(person), set()).add(str(key))
    return {frozenset(keys) for keys in found.values() if len(keys) > 1}
