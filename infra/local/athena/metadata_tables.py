"""Tables about tables: information_schema, and what follows the $ in a table's name."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyiceberg.table import Table as IcebergTable

from infra.local.athena.catalogue import NULL_PARTITION, Catalogue, GlueTable, is_view
from infra.local.athena.dialect import types
from infra.local.athena.dialect.rendered import Columns
from infra.local.athena.dialect.typed import failed
from infra.local.athena.dialect.types import Type
from infra.local.athena.storage import hive_columns

METADATA = ("snapshots", "files", "history", "partitions", "manifests", "refs")


def of_iceberg(table: IcebergTable, name: str, where: tuple[int, int]) -> tuple[pa.Table, Columns]:
    """ "table$snapshots" and its like."""
    if name not in METADATA:
        raise failed("TABLE_NOT_FOUND", where, f"Table '{table.name()[-1]}${name}' does not exist")
    found = getattr(table.inspect, name)()
    arrays, columns = [], []
    for field in found.schema:
        kind = _arrow_type(field.type)
        if kind is not None:
            arrays.append(_utc(found.column(field.name)))
            columns.append((field.name, kind))
    return _numbered(arrays), columns


def hive_partitions(catalogue: Catalogue, glue: GlueTable) -> tuple[pa.Table, Columns]:
    """ "table$partitions" of a Hive table, all as text."""
    columns = [(c["Name"], types.parse(c["Type"])) for c in glue.get("PartitionKeys") or ()]
    found = [p.values for p in catalogue.partitions(glue)]
    arrays = [pa.array([None if v[n] == NULL_PARTITION else v[n] for v in found], pa.string()) for n, _ in columns]
    return _numbered(arrays), columns


def information_schema(catalogue: Catalogue, name: str, where: tuple[int, int]) -> tuple[pa.Table, Columns]:
    """information_schema: schemata, tables and columns of every database."""
    databases = [d["Name"] for d in catalogue.databases()]
    lines: list[tuple[Any, ...]]
    if name == "schemata":
        header = ["catalog_name", "schema_name"]
        lines = [("awsdatacatalog", d) for d in databases]
    elif name in ("tables", "columns"):
        tables = [(d, t) for d in databases for t in catalogue.tables(d)]
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
    return _numbered(arrays), [(h, types.VARCHAR) for h in header]


def _numbered(arrays: list[Any]) -> pa.Table:
    return pa.table(arrays, names=[f"c{i}" for i in range(len(arrays))])


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
