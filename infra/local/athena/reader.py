"""Tables as a statement reads them: what a name stands for, and the text that reads its files."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.table import DataScan, FileScanTask
from pyiceberg.table import Table as IcebergTable

from infra.local.athena import hive_source, metadata_tables, pruning
from infra.local.athena.catalogue import Catalogue, DataObject, GlueTable, is_iceberg, is_view
from infra.local.athena.dialect import casts, types
from infra.local.athena.dialect.rendered import Columns, Scan, View
from infra.local.athena.dialect.typed import Typed, failed, text
from infra.local.athena.dialect.types import Type
from infra.local.athena.engine import Context
from infra.local.athena.listing import view_text
from infra.local.athena.storage import file_list, from_storage, hive_columns, no_rows, stored_type, trino_type

_FETCHERS = ThreadPoolExecutor(8, thread_name_prefix="fetch")
_NUMBERS = itertools.count(1)
MOST_PLANNED = 200  # scans


@dataclass
class HiveTable:
    glue: GlueTable


@dataclass
class Snapshot:
    """An Iceberg table at one snapshot; None: a table without any."""

    table: IcebergTable
    snapshot_id: int | None


@dataclass(frozen=True)
class Plan:
    """Which files of a snapshot the tests leave: the same each time, as neither metadata nor manifests ever change."""

    metadata_location: str
    snapshot_id: int
    tests: str
    scan: DataScan = field(compare=False)


@lru_cache(MOST_PLANNED)
def _files_of(plan: Plan) -> tuple[FileScanTask, ...]:
    return tuple(plan.scan.plan_files())


@dataclass
class Rows:
    """Rows that are held in memory."""

    rows: pa.Table


class Reader:
    """The tables of one statement. `find` is what the dialect asks, `render` puts the scans into a query's text."""

    def __init__(
        self, catalogue: Catalogue, context: Context, cursor: duckdb.DuckDBPyConnection, database: str | None = None
    ):
        self._catalogue, self._context, self._cursor = catalogue, context, cursor
        self._database = database or context.database
        self._tables: dict[tuple[str, str], GlueTable | None] = {}

    # --- names

    def locate(self, parts: tuple[str, ...], where: tuple[int, int]) -> tuple[str, str]:
        """(database, table) of a name; a catalogue in front must be Athena's own."""
        if len(parts) > 3 or (len(parts) == 3 and parts[0] not in ("awsdatacatalog", "hive", "iceberg")):
            raise failed("CATALOG_NOT_FOUND", where, f"Catalog '{parts[0]}' does not exist")
        return (parts[-2] if len(parts) > 1 else self._database), parts[-1]

    def find(
        self, parts: tuple[str, ...], version: tuple[str, Typed] | None, where: tuple[int, int]
    ) -> tuple[Any, Columns] | View:
        database, name = self.locate(parts, where)
        base, _, metadata = name.partition("$")
        if database == "information_schema":
            return _held(metadata_tables.information_schema(self._catalogue, base, where))
        glue = self.table(database, base)
        if glue is None:
            raise failed("TABLE_NOT_FOUND", where, f"Table 'awsdatacatalog.{database}.{base}' does not exist")
        if is_view(glue):
            sql, home = view_text(glue)
            return View(sql, Reader(self._catalogue, self._context, self._cursor, home))
        if is_iceberg(glue):
            table = self._catalogue.read_iceberg(glue)
            if metadata:
                return _held(metadata_tables.of_iceberg(table, metadata, where))
            return self.iceberg_at(table, version, where)
        if version is not None:
            raise failed("NOT_SUPPORTED", where, "This connector does not support versioned tables")
        if metadata == "partitions":
            return _held(metadata_tables.hive_partitions(self._catalogue, glue))
        if metadata:
            raise failed("TABLE_NOT_FOUND", where, f"Table 'awsdatacatalog.{database}.{name}' does not exist")
        return HiveTable(glue), hive_columns(glue)

    def table(self, database: str, name: str) -> GlueTable | None:
        """The table as it was when the statement came to its name first."""
        if (database, name) not in self._tables:
            self._tables[database, name] = self._catalogue.table(database, name)
        return self._tables[database, name]

    def iceberg_at(
        self, table: IcebergTable, version: tuple[str, Typed] | None, where: tuple[int, int]
    ) -> tuple[Snapshot, Columns]:
        """The table at a version, with the columns that it had then."""
        current = table.current_snapshot()
        found, schema = (current.snapshot_id if current else None), table.schema()
        if version is not None:
            found = self._snapshot(table, version, where)
            snapshot = table.snapshot_by_id(found)
            if snapshot is not None and snapshot.schema_id is not None:
                schema = table.schemas()[snapshot.schema_id]
        return Snapshot(table, found), [(f.name.lower(), trino_type(f.field_type)) for f in schema.fields]

    def _snapshot(self, table: IcebergTable, version: tuple[str, Typed], where: tuple[int, int]) -> int:
        kind, value = version
        if kind == "VERSION":
            known = table.snapshot_by_name(value.const) if isinstance(value.const, str) else None
            known = table.snapshot_by_id(value.const) if isinstance(value.const, int) else known
            if known is None:
                raise failed("INVALID_ARGUMENTS", where, f"Iceberg snapshot ID does not exists: {value.const}")
            return known.snapshot_id
        if value.type.base not in ("timestamp", "timestamptz", "date"):
            raise failed("TYPE_MISMATCH", where, f"Type {value.type} invalid for a FOR TIMESTAMP AS OF expression")
        instant = casts.coerce(value, types.timestamptz(max(3, value.type.size or 0)))
        ((at,),) = self._cursor.execute(f"SELECT epoch_ms(({instant.sql}).t)").fetchall()
        snapshot = table.snapshot_as_of_timestamp(at)
        if snapshot is None:
            raise failed(
                "INVALID_ARGUMENTS",
                where,
                f"No version history table {'.'.join(table.name())} at or before {value.const}",
            )
        return snapshot.snapshot_id

    # --- scans

    def render(self, sql: str, scans: Iterable[Scan]) -> str:
        """The query's text with every scan's marker replaced by what reads its files."""
        for scan in scans:
            self._context.check()
            sql = sql.replace(scan.marker, self._scan(scan))
        return sql

    def _scan(self, scan: Scan) -> str:
        handle = scan.handle
        if isinstance(handle, Rows):
            return self.held(handle.rows)
        if isinstance(handle, Snapshot):
            return self.snapshot_text(handle, scan.tests)
        return self._hive_text(handle.glue, scan.tests)

    def held(self, rows: pa.Table) -> str:
        """Arrow rows under a name of their own on this cursor."""
        name = f"held_{next(_NUMBERS)}"
        self._cursor.register(name, rows)
        return name

    def fetch(self, items: list[DataObject]) -> list[str]:
        """The objects as local files, counted against the limit before any is read."""
        for item in items:
            self._context.scan(item.size)
        missing = [item for item in items if not self._catalogue.copy(item).exists()]
        for _ in _FETCHERS.map(self._catalogue.fetch, missing):
            self._context.check()
        return [str(self._catalogue.copy(item)) for item in items]

    def planned(self, handle: Snapshot, tests: pruning.Tests) -> tuple[FileScanTask, ...]:
        """The files of a snapshot, without those that cannot match the tests."""
        if handle.snapshot_id is None:
            return ()
        return _files_of(Plan(handle.table.metadata_location, handle.snapshot_id, repr(tests), _scan_of(handle, tests)))

    def snapshot_text(self, handle: Snapshot, tests: pruning.Tests, *, places: bool = False) -> str:
        """Reads an Iceberg snapshot; files that cannot match the tests are left out. `places` adds file_ and place_."""
        columns = _columns_at(handle)
        kinds = [trino_type(f.field_type) for f in columns]
        tasks = self.planned(handle, tests)
        if not tasks:
            return no_rows(kinds)
        if any(t.delete_files for t in tasks) or _reused_names(handle.table):
            return self._through_arrow(_scan_of(handle, tests), kinds, tasks)
        files = self.fetch([data_object(t.file) for t in tasks])
        schema = ", ".join(
            f"{f.field_id}: {{name: 'c{i}', type: {text(stored_type(k))}, default_value: NULL}}"
            for i, (f, k) in enumerate(zip(columns, kinds, strict=True))
        )
        options = ", filename=true, file_row_number=true" if places else ""
        source = f"read_parquet({file_list(files)}, schema=MAP {{{schema}}}{options})"
        renamed = " RENAME (filename AS file_, file_row_number AS place_)" if places else ""
        return f"(SELECT {_listed(kinds)}{renamed} FROM {source})"

    def _through_arrow(self, scan: DataScan, kinds: list[Type], tasks: Iterable[FileScanTask]) -> str:
        """PyIceberg applies delete files and renamed columns."""
        for task in tasks:
            self._context.scan(task.file.file_size_in_bytes + sum(d.file_size_in_bytes for d in task.delete_files))
        rows = scan.to_arrow()
        name = self.held(rows.rename_columns([f"c{i}" for i in range(rows.num_columns)]))
        return f"(SELECT {_listed(kinds)} FROM {name})"

    def _hive_text(self, glue: GlueTable, tests: pruning.Tests) -> str:
        columns = hive_columns(glue)
        partitions = [p for p in self._catalogue.partitions(glue) if pruning.may_match(p, columns, tests)]
        found = [(item, p) for p in partitions for item in self._catalogue.objects(p.location)]
        if not found:
            return no_rows([k for _, k in columns])
        return hive_source.select(glue, found, self.fetch([item for item, _ in found]))


def _held(made: tuple[pa.Table, Columns]) -> tuple[Rows, Columns]:
    return Rows(made[0]), made[1]


def _listed(kinds: list[Type]) -> str:
    """Stored columns as the dialect holds them. A list of all names takes DuckDB longer to parse than all the rest."""
    odd = [f"{sql} AS c{i}" for i, k in enumerate(kinds) if (sql := from_storage(f"c{i}", k)) != f"c{i}"]
    return f"* REPLACE ({', '.join(odd)})" if odd else "*"


def _columns_at(handle: Snapshot) -> list[Any]:
    snapshot = handle.table.snapshot_by_id(handle.snapshot_id) if handle.snapshot_id is not None else None
    current = handle.table.current_snapshot()
    if snapshot is None or snapshot.schema_id is None or (current and snapshot.snapshot_id == current.snapshot_id):
        return list(handle.table.schema().fields)
    return list(handle.table.schemas()[snapshot.schema_id].fields)


def _scan_of(handle: Snapshot, tests: pruning.Tests) -> DataScan:
    columns = _columns_at(handle)
    kinds = [trino_type(f.field_type) for f in columns]
    return handle.table.scan(pruning.iceberg_filter(tests, columns, kinds), snapshot_id=handle.snapshot_id)


def data_object(file: DataFile) -> DataObject:
    """An Iceberg file, which never changes: its size stands for its tag."""
    bucket, _, key = file.file_path.partition("://")[2].partition("/")
    return DataObject(bucket, key, str(file.file_size_in_bytes), file.file_size_in_bytes, key)


def _reused_names(table: IcebergTable) -> bool:
    """Whether nested fields changed, which only PyIceberg resolves; columns themselves are read by their ids."""
    nested = re.compile("struct|map|list")
    shapes: dict[int, str] = {}
    for schema in table.schemas().values():
        for each in schema.fields:
            kind = str(each.field_type)
            if nested.match(kind) and shapes.setdefault(each.field_id, kind) != kind:
                return True
    return False
