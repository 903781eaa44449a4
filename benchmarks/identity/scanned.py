"""What the matching scans: `make bench-identity ONLY=bytes ROWS=90000`, on a third of the rows and on all of them.

A full run and a night of so many changes, of made-up customers of two sizes, through the laptop's Athena on Trino,
which counts the bytes of the columns that it reads. Projected is what a record costs, as the two sizes tell, and for a
night what a change costs. Athena's price is 5 USD a terabyte, each statement at least 10 MB.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.identity import sets
from benchmarks.identity.nights import changes
from hub.identity import Settings, read
from hub.identity.nightly import Nightly
from infra.matching import files, mapping
from infra.matching.__main__ import KNOWLEDGE
from infra.matching.engine import DuckDB, spoken
from tests.laboratory import BUCKET, Laboratory, laboratory

PRICE, LEAST = 5.0 / 1e12, 10_000_000  # USD a byte, bytes of a statement
NUMBERS = {"tinyint": int, "smallint": int, "integer": int, "bigint": int, "double": float}
AIMS, NEWS = (1_000_000, 30_000_000), 50_000  # records, and changes of a night
SEED = 101
SETTINGS = Settings(coarse=0)  # so large files have no coarse keys


@dataclass
class Counted:
    """An engine for the matcher: Athena's API, and the bytes that each of its statements read."""

    athena: Laboratory
    scanned: list[int] = field(default_factory=list)

    def create(self, table: str, select: str) -> None:
        place = f"s3://{BUCKET}/matching/{table}/"
        form = f"format = 'PARQUET', write_compression = 'ZSTD', external_location = '{place}'"
        self._run(f"CREATE TABLE {table} WITH ({form}) AS\n{select}")

    def drop(self, table: str) -> None:
        """Nothing: as in a run, where the scratch expires."""

    def query(self, select: str) -> Sequence[Sequence[Any]]:
        execution = self._run(select)
        rows: list[tuple[Any, ...]] = []
        for page in self.athena.client.get_paginator("get_query_results").paginate(QueryExecutionId=execution):
            kinds = [column["Type"] for column in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
            rows += [tuple(map(_value, kinds, row["Data"])) for row in page["ResultSet"]["Rows"][0 if rows else 1 :]]
        return rows

    def _run(self, sql: str) -> str:
        identifier = self.athena.start(sql)
        done = self.athena.finished(identifier)
        if done["Status"]["State"] != "SUCCEEDED":
            raise RuntimeError(f"{sql[:400]}: {done['Status'].get('StateChangeReason')}")
        self.scanned.append(done["Statistics"]["DataScannedInBytes"])
        return identifier


def _value(kind: str, cell: dict[str, str]) -> Any:
    text = cell.get("VarCharValue")
    return None if text is None else NUMBERS.get(kind, str)(text)


def given(truth: sets.Truth, count: int, work: Path, athena: Laboratory) -> list[str]:
    """The records as they were, the night's news and who has gone, as tables of the API; the fields."""
    known = read(KNOWLEDGE)
    mapped = mapping.read(truth.told, known.fields)
    engine = DuckDB(work)
    fields = mapping.expressions(mapped, files.load(engine.connection, truth.csv, mapped.key))
    changes(engine, int(engine.query(f"select count(*) from {files.SOURCE}")[0][0]), count)
    s3 = athena.session.client("s3", endpoint_url=athena.environment["AWS_ENDPOINT_URL"])
    texts = ["source_key", *(f"cast({text} as varchar) as {name}" for name, text in fields.items())]
    for table, wanted in (("given_before", texts), ("given_news", texts), ("given_gone", texts[:1])):
        file = work / f"{table}.parquet"
        rows = spoken(f"select {', '.join(wanted)} from {table}")
        engine.connection.execute(f"copy ({rows}) to '{file}' (format parquet)").fetchall()
        s3.upload_file(str(file), BUCKET, f"{table}/part.parquet")
        names = ", ".join(f"`{name}` string" for name in ["source_key", *fields][: len(wanted)])
        place = f"s3://{BUCKET}/{table}/"
        done = athena.run(f"CREATE EXTERNAL TABLE {table} ({names}) STORED AS PARQUET LOCATION '{place}'")
        if done.state != "SUCCEEDED":
            raise RuntimeError(f"{table}: {done.reason}")
    return list(fields)


def measured(rows: int, count: int) -> dict[str, list[int]]:
    """Bytes of each statement of a full run and of a night."""
    with tempfile.TemporaryDirectory(prefix="scanned-") as name, laboratory(Path(name), "trino") as athena:
        work = Path(name)
        columns = {each: each for each in given(sets.crm(work, rows, SEED, "usual"), count, work, athena)}
        full, night = Counted(athena), Counted(athena)
        state = Nightly(full, read(KNOWLEDGE), columns, SETTINGS, "b_").begin("given_before")
        Nightly(night, read(KNOWLEDGE), columns, SETTINGS, "n_").night(state, "given_news", "given_gone")
        return {"full": full.scanned, "night": night.scanned}


def main(smaller: int, larger: int, count: int) -> None:
    found = {rows: measured(rows, count) for rows in (smaller, larger)}
    print("| work | records | statements | GB | at most USD |\n|---|---|---|---|---|")
    for work, changed in (("full", 1.0), ("night", NEWS / count)):
        few, many, statements = sum(found[smaller][work]), sum(found[larger][work]), len(found[larger][work])
        each = (many - few) / (larger - smaller)
        for rows in (smaller, larger):
            print(f"| {work} | {rows:,} | {len(found[rows][work])} | {sum(found[rows][work]) / 1e9:.3f} | |")
        for rows in AIMS:
            scanned = each * rows + max(0.0, few - each * smaller) * changed
            price = (scanned + statements * LEAST) * PRICE
            print(f"| {work}, projected | {rows:,} | {statements} | {scanned / 1e9:,.1f} | {price:.3f} |")
