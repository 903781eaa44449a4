"""Tables as DuckDB reads them: which files a query needs, and the text that reads them with Trino's types."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg import expressions as ice
from pyiceberg.table import DataScan
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import DecimalType, IcebergType, ListType, MapType, StructType

from infra.local.athena.catalogue import (
    NULL_PARTITION,
    Catalogue,
    DataObject,
    GlueTable,
    Partition,
    is_iceberg,
    is_view,
)
from infra.local.athena.dialect import casts, types
from infra.local.athena.dialect.relations import Columns, Scan, View
from infra.local.athena.dialect.typed import Typed, failed, identifier, text
from infra.local.athena.dialect.types import Type
from infra.local.athena.engine import Context, QueryFailed
from infra.local.athena.listing import view_text

METADATA = ("snapshots", "files", "history", "partitions", "manifests", "refs")
_FETCHERS = ThreadPoolExecutor(8, thread_name_prefix="fetch")
_NUMBERS = itertools.count(1)
_PLAIN = {
    "boolean": types.BOOLEAN, "int": types.INTEGER, "long": types.BIGINT, "float": types.REAL, "double": types.DOUBLE,
    "string": types.VARCHAR, "binary": types.VARBINARY, "date": types.DATE, "timestamp": types.timestamp(6),
    "timestamptz": types.timestamptz(6), "time": Type("time", 6), "uuid": types.UUID,
}  # fmt: skip


@dataclass
class HiveTable:
    glue: GlueTable


@dataclass
class Snapshot:
    """An Iceberg table at one snapshot; None: a table without any."""

    table: IcebergTable
    snapshot_id: int | None


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
            return self._information(base, where)
        glue = self._catalogue.table(database, base)
        if glue is None:
            raise failed("TABLE_NOT_FOUND", where, f"Table 'awsdatacatalog.{database}.{base}' does not exist")
        if is_view(glue):
            sql, home = view_text(glue)
            return View(sql, Reader(self._catalogue, self._context, self._cursor, home))
        if is_iceberg(glue):
            table = self._catalogue.load_iceberg(glue)
            if metadata:
                return self._metadata(table, metadata, where)
            return self.iceberg_at(table, version, where)
        if version is not None:
            raise failed("NOT_SUPPORTED", where, "This connector does not support versioned tables")
        if metadata == "partitions":
            return self._hive_partitions(glue)
        if metadata:
            raise failed("TABLE_NOT_FOUND", where, f"Table 'awsdatacatalog.{database}.{name}' does not exist")
        return HiveTable(glue), hive_columns(glue)

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

    # --- tables about tables

    def _metadata(self, table: IcebergTable, name: str, where: tuple[int, int]) -> tuple[Rows, Columns]:
        if name not in METADATA:
            raise failed("TABLE_NOT_FOUND", where, f"Table '{table.name()[-1]}${name}' does not exist")
        found = getattr(table.inspect, name)()
        arrays, columns = [], []
        for field in found.schema:
            kind = _arrow_type(field.type)
            if kind is not None:
                arrays.append(_utc(found.column(field.name)))
                columns.append((field.name, kind))
        return Rows(pa.table(arrays, names=[f"c{i}" for i in range(len(arrays))])), columns

    def _hive_partitions(self, glue: GlueTable) -> tuple[Rows, Columns]:
        columns = [(c["Name"], types.parse(c["Type"])) for c in glue.get("PartitionKeys") or ()]
        found = [p.values for p in self._catalogue.partitions(glue)]
        arrays = [pa.array([None if v[n] == NULL_PARTITION else v[n] for v in found], pa.string()) for n, _ in columns]
        return Rows(pa.table(arrays, names=[f"c{i}" for i in range(len(arrays))])), columns

    def _information(self, name: str, where: tuple[int, int]) -> tuple[Rows, Columns]:
        """information_schema: schemata, tables and columns of every database."""
        databases = [d["Name"] for d in self._catalogue.databases()]
        lines: list[tuple[Any, ...]]
        if name == "schemata":
            header = ["catalog_name", "schema_name"]
            lines = [("awsdatacatalog", d) for d in databases]
        elif name in ("tables", "columns"):
            tables = [(d, t) for d in databases for t in self._catalogue.tables(d)]
            header = ["table_catalog", "table_schema", "table_name", "table_type"]
            lines = [("awsdatacatalog", d, t["Name"], "VIEW" if is_view(t) else "BASE TABLE") for d, t in tables]
            if name == "columns":
                header = ["table_catalog", "table_schema", "table_name", "column_name", "data_type", "is_nullable"]
                lines = [
                    ("awsdatacatalog", d, t["Name"], column, str(kind), "YES")
                    for d, t in tables
                    for column, kind in hive_columns(t)
                ]
        else:
            raise failed("TABLE_NOT_FOUND", where, f"Table 'awsdatacatalog.information_schema.{name}' does not exist")
        arrays = [pa.array([line[i] for line in lines], pa.string()) for i in range(len(header))]
        return Rows(pa.table(arrays, names=[f"c{i}" for i in range(len(header))])), [(h, types.VARCHAR) for h in header]

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
        return [str(p) for p in _FETCHERS.map(self._catalogue.fetch, items)]

    def snapshot_text(self, handle: Snapshot, tests: list[tuple[str, str, list[Any]]], extra: str = "") -> str:
        """Reads an Iceberg snapshot; files that cannot match the tests are left out. `extra` adds columns."""
        columns = self._columns_at(handle)
        kinds = [trino_type(f.field_type) for f in columns]
        if handle.snapshot_id is None:
            return _empty(kinds)
        scan = handle.table.scan(snapshot_id=handle.snapshot_id, row_filter=_filter(tests, columns, kinds))
        tasks = list(scan.plan_files())
        if not tasks:
            return _empty(kinds)
        if any(t.delete_files for t in tasks) or _reused_names(handle.table):
            return self._through_arrow(scan, kinds, tasks)
        items = [data_object(t.file.file_path, t.file.file_size_in_bytes) for t in tasks]
        files = self.fetch(items)
        schema = ", ".join(
            f"{f.field_id}: {{name: 'c{i}', type: {text(_stored(k))}, default_value: NULL}}"
            for i, (f, k) in enumerate(zip(columns, kinds, strict=True))
        )
        places = ", filename=true, file_row_number=true" if extra else ""
        source = f"read_parquet({_list(files)}, schema=MAP {{{schema}}}{places})"
        listed = ", ".join(f"{from_storage(f'c{i}', k)} AS c{i}" for i, k in enumerate(kinds))
        return f"(SELECT {listed}{extra} FROM {source})"

    def _columns_at(self, handle: Snapshot) -> list[Any]:
        snapshot = handle.table.snapshot_by_id(handle.snapshot_id) if handle.snapshot_id is not None else None
        current = handle.table.current_snapshot()
        if snapshot is None or snapshot.schema_id is None or (current and snapshot.snapshot_id == current.snapshot_id):
            return list(handle.table.schema().fields)
        return list(handle.table.schemas()[snapshot.schema_id].fields)

    def _through_arrow(self, scan: DataScan, kinds: list[Type], tasks: list[Any]) -> str:
        """PyIceberg applies delete files and renamed columns."""
        for task in tasks:
            self._context.scan(task.file.file_size_in_bytes + sum(d.file_size_in_bytes for d in task.delete_files))
        rows = scan.to_arrow()
        name = self.held(rows.rename_columns([f"c{i}" for i in range(rows.num_columns)]))
        listed = ", ".join(f"{from_storage(f'c{i}', k)} AS c{i}" for i, k in enumerate(kinds))
        return f"(SELECT {listed} FROM {name})"

    def _hive_text(self, glue: GlueTable, tests: list[tuple[str, str, list[Any]]]) -> str:
        columns = hive_columns(glue)
        plain = len(glue["StorageDescriptor"]["Columns"])
        partitions = [p for p in self._catalogue.partitions(glue) if _wanted(p, columns, tests)]
        found = [(item, p) for p in partitions for item in self._catalogue.objects(p.location)]
        if not found:
            return _empty([k for _, k in columns])
        files = self.fetch([item for item, _ in found])
        source, have = _hive_source(glue, files)
        listed = []
        for i, (name, kind) in enumerate(columns[:plain]):
            stored = have.get(name)
            listed.append(f"{_hive_value(stored, kind) if stored else f'CAST(NULL AS {kind.duck})'} AS c{i}")
        if len(columns) == plain:
            return f"(SELECT {', '.join(listed)} FROM {source} f_)"
        names = [n for n, _ in columns[plain:]]
        lines = ", ".join(
            f"({', '.join([text(f), *[_value(p.values[n]) for n in names]])})"
            for f, (_, p) in zip(files, found, strict=True)
        )
        heads = ", ".join(f"p{i}" for i in range(len(names)))
        for i, (_, kind) in enumerate(columns[plain:]):
            listed.append(f"CAST(k_.p{i} AS {kind.duck}) AS c{plain + i}")
        joined = f"{source} f_ JOIN (VALUES {lines}) k_(name_, {heads}) ON f_.filename = k_.name_"
        return f"(SELECT {', '.join(listed)} FROM {joined})"


def hive_columns(glue: GlueTable) -> Columns:
    """The columns of a table in Glue, partition columns last; Hive's timestamps are of milliseconds."""
    found = []
    for column in [*glue["StorageDescriptor"]["Columns"], *(glue.get("PartitionKeys") or ())]:
        try:
            found.append((column["Name"].lower(), types.parse(column["Type"])))
        except types.UnknownType as unknown:
            raise QueryFailed("HIVE_INVALID_METADATA", f"unknown type of column {column['Name']}: {unknown}") from None
    return found


def trino_type(kind: IcebergType) -> Type:
    """Trino's type of an Iceberg one."""
    if isinstance(kind, DecimalType):
        return types.decimal(kind.precision, kind.scale)
    if isinstance(kind, ListType):
        return types.array(trino_type(kind.element_type))
    if isinstance(kind, MapType):
        return types.map_of(trino_type(kind.key_type), trino_type(kind.value_type))
    if isinstance(kind, StructType):
        return types.row([(f.name.lower(), trino_type(f.field_type)) for f in kind.fields])
    if str(kind) not in _PLAIN:
        raise QueryFailed("NOT_SUPPORTED", f"Iceberg type {kind} is not supported by this engine")
    return _PLAIN[str(kind)]


def data_object(uri: str, size: int) -> DataObject:
    """An Iceberg file, which never changes: its size stands for its tag."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return DataObject(bucket, key, str(size), size, key)


def _stored(kind: Type) -> str:
    """DuckDB's type of a column in a file."""
    if kind.base == "timestamptz":
        return "TIMESTAMP WITH TIME ZONE"
    if any(t.base == "timestamptz" for t in types.walk(kind)):
        raise QueryFailed("NOT_SUPPORTED", f"columns of type {kind} are not supported by this engine")
    return kind.duck


def from_storage(sql: str, kind: Type) -> str:
    """A stored column as the dialect holds the type."""
    return f"trino_tz(timezone('UTC', {sql}), 'UTC')" if kind.base == "timestamptz" else sql


def to_storage(value: Typed) -> str:
    """A value of the dialect as it is stored."""
    if value.type.base == "timestamptz":
        return f"timezone('UTC', ({value.sql}).t)"
    _stored(value.type)
    return value.sql


def _hive_value(sql: str, kind: Type) -> str:
    if kind.base == "timestamp":
        return casts.rounded(f"CAST({sql} AS TIMESTAMP)", 3)
    return f"CAST({sql} AS {_stored(kind)})"


def _hive_source(glue: GlueTable, files: list[str]) -> tuple[str, dict[str, str]]:
    """The text that reads a Hive table's files, and how its columns are called there (by lower-case name)."""
    descriptor, parameters = glue["StorageDescriptor"], glue.get("Parameters") or {}
    serde = (descriptor.get("SerdeInfo") or {}).get("SerializationLibrary", "").lower()
    options = (descriptor.get("SerdeInfo") or {}).get("Parameters") or {}
    names = [c["Name"].lower() for c in descriptor["Columns"]]
    if "parquet" in serde or "parquet" in (descriptor.get("InputFormat") or "").lower():
        shapes = {_shape(f) for f in files}
        union = ", union_by_name=true" if len(shapes) > 1 else ""
        have = {n.lower(): f"f_.{identifier(n)}" for shape in shapes for n, _ in shape}
        return f"read_parquet({_list(files)}, filename=true, hive_partitioning=false{union})", have
    if "json" in serde:
        shape = ", ".join(
            f"{text(n)}: {text(types.parse(c['Type']).duck)}" for n, c in zip(names, descriptor["Columns"], strict=True)
        )
        options = f"format='newline_delimited', filename=true, hive_partitioning=false, columns={{{shape}}}"
        return f"read_json({_list(files)}, {options})", {n: f"f_.{identifier(n)}" for n in names}
    if "opencsv" in serde or "lazysimple" in serde:
        return _csv_source(files, names, options, parameters, "opencsv" in serde), {
            n: f"nullif(f_.{identifier(n)}, '')" if "opencsv" not in serde else f"f_.{identifier(n)}" for n in names
        }
    raise QueryFailed("HIVE_UNSUPPORTED_FORMAT", f"Unable to read files of {serde} with this engine")


def _csv_source(
    files: list[str], names: list[str], options: dict[str, str], parameters: dict[str, str], quoted: bool
) -> str:
    delimiter = (
        options.get("separatorChar", ",")
        if quoted
        else options.get("field.delim", options.get("serialization.format", "\x01"))
    )
    delimiter = {"\\t": "\t", "1": "\x01", "\\001": "\x01"}.get(delimiter, delimiter)
    quote = options.get("quoteChar", '"') if quoted else ""
    shape = ", ".join(f"{text(n)}: 'VARCHAR'" for n in names)
    return (
        f"read_csv({_list(files)}, auto_detect=false, header=false, "
        f"skip={int(parameters.get('skip.header.line.count', 0))}, "
        f"delim={text(delimiter)}, quote={text(quote)}, escape={text(quote)}, null_padding=true, strict_mode=false, "
        f"nullstr={text(chr(1) + 'null' if quoted else chr(92) + 'N')}, filename=true, hive_partitioning=false, "
        f"columns={{{shape}}})"
    )


@lru_cache(4096)
def _shape(file: str) -> tuple[tuple[str, str], ...]:
    """The columns of a Parquet file; the cache's names change with the contents."""
    schema = pq.read_schema(file)
    return tuple((f.name, str(f.type)) for f in schema)


def _list(files: list[str]) -> str:
    return "[" + ", ".join(text(f) for f in files) + "]"


def _value(raw: str) -> str:
    return "NULL" if raw == NULL_PARTITION else text(raw)


def _empty(kinds: list[Type]) -> str:
    listed = ", ".join(f"CAST(NULL AS {k.duck}) AS c{i}" for i, k in enumerate(kinds))
    return f"(SELECT {listed} WHERE false)"


def _wanted(partition: Partition, columns: Columns, tests: list[tuple[str, str, list[Any]]]) -> bool:
    """Whether a partition's values can meet the tests."""
    for column, op, wanted in tests:
        name, kind = columns[int(column[1:])]
        raw = partition.values.get(name)
        if raw is None:
            continue
        if raw == NULL_PARTITION:
            return False
        value = _parsed(raw, kind)
        if value is None or any(type(w) is not type(value) for w in wanted):
            continue
        if not _holds(value, op, wanted):
            return False
    return True


def _parsed(raw: str, kind: Type) -> Any:
    try:
        if kind.base == "varchar":
            return raw
        if kind.is_integer:
            return int(raw)
        return date.fromisoformat(raw) if kind.base == "date" else None
    except ValueError:
        return None


def _holds(value: Any, op: str, wanted: list[Any]) -> bool:
    first = wanted[0]
    tests = {
        "=": lambda: value == first, "<": lambda: value < first, "<=": lambda: value <= first,
        ">": lambda: value > first, ">=": lambda: value >= first, "in": lambda: value in wanted,
        "between": lambda: wanted[0] <= value <= wanted[1],
    }  # fmt: skip
    return bool(tests[op]())


def _filter(tests: list[tuple[str, str, list[Any]]], columns: list[Any], kinds: list[Type]) -> ice.BooleanExpression:
    """The tests as PyIceberg's filter, by which it leaves files out; the query applies them to the rows itself."""
    made: ice.BooleanExpression = ice.AlwaysTrue()
    for column, op, wanted in tests:
        at = int(column[1:])
        values = [_literal(w, kinds[at]) for w in wanted]
        if None in values:
            continue
        made = ice.And(made, _predicate(columns[at].name, op, values))
    return made


def _predicate(name: str, op: str, values: list[Any]) -> ice.BooleanExpression:
    if op == "in":
        return ice.In(name, values)
    if op == "between":
        return ice.And(ice.GreaterThanOrEqual(name, values[0]), ice.LessThanOrEqual(name, values[1]))
    simple = {
        "=": ice.EqualTo,
        "<": ice.LessThan,
        "<=": ice.LessThanOrEqual,
        ">": ice.GreaterThan,
        ">=": ice.GreaterThanOrEqual,
    }
    return simple[op](name, values[0])


def _literal(value: Any, kind: Type) -> Any:
    """A constant as PyIceberg takes it for a column; None when the two do not fit."""
    if isinstance(value, bool | float | Decimal):
        return None
    if isinstance(value, datetime):
        return (
            value.isoformat() + ("+00:00" if kind.base == "timestamptz" else "")
            if kind.base.startswith("timestamp")
            else None
        )
    if isinstance(value, date):
        return value.isoformat() if kind.base == "date" else None
    if isinstance(value, int):
        return value if kind.is_integer and (kind.base == "bigint" or abs(value) < 2**31) else None
    return value if isinstance(value, str) and kind.base == "varchar" else None


def _reused_names(table: IcebergTable) -> bool:
    """Whether nested fields changed, which only PyIceberg resolves; columns themselves are read by their ids."""
    nested = re.compile("struct|map|list")
    shapes: dict[int, str] = {}
    for schema in table.schemas().values():
        for field in schema.fields:
            kind = str(field.field_type)
            if nested.match(kind) and shapes.setdefault(field.field_id, kind) != kind:
                return True
    return False


def _arrow_type(kind: pa.DataType) -> Type | None:
    """Trino's type of a metadata table's column; None for those that are left out."""
    if pa.types.is_timestamp(kind):
        return types.timestamptz(3)
    if pa.types.is_integer(kind):
        return types.BIGINT if kind.bit_width == 64 else types.INTEGER
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return types.VARCHAR
    if pa.types.is_boolean(kind):
        return types.BOOLEAN
    if pa.types.is_map(kind) and pa.types.is_string(kind.key_type) and pa.types.is_string(kind.item_type):
        return types.map_of(types.VARCHAR, types.VARCHAR)
    return None


def _utc(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column; its timestamps as the dialect holds them."""
    if not pa.types.is_timestamp(column.type):
        return column
    instants = column.cast(pa.timestamp("us")).combine_chunks()
    zones = pa.array(["UTC"] * len(instants), pa.string())
    made = pa.StructArray.from_arrays([instants, zones], ["t", "z"], mask=instants.is_null())
    return pa.chunked_array([made])
