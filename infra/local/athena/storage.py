"""How Trino's types stand in files and catalogues, and how a stored column becomes the dialect's."""

from __future__ import annotations

from pyiceberg.types import DecimalType, IcebergType, ListType, MapType, StructType

from infra.local.athena.catalogue import GlueTable
from infra.local.athena.dialect import types
from infra.local.athena.dialect.rendered import Columns
from infra.local.athena.dialect.typed import Typed, text
from infra.local.athena.dialect.types import Type
from infra.local.athena.errors import QueryFailed

_PLAIN = {
    "boolean": types.BOOLEAN, "int": types.INTEGER, "long": types.BIGINT, "float": types.REAL, "double": types.DOUBLE,
    "string": types.VARCHAR, "binary": types.VARBINARY, "date": types.DATE, "timestamp": types.timestamp(6),
    "timestamptz": types.timestamptz(6), "time": Type("time", 6), "uuid": types.UUID,
}  # fmt: skip


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


def stored_type(kind: Type) -> str:
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
    stored_type(value.type)
    return value.sql


def file_list(files: list[str]) -> str:
    """Files as DuckDB's readers take them."""
    return "[" + ", ".join(text(f) for f in files) + "]"


def no_rows(kinds: list[Type]) -> str:
    """A relation of these types without a row."""
    listed = ", ".join(f"CAST(NULL AS {k.duck}) AS c{i}" for i, k in enumerate(kinds))
    return f"(SELECT {listed} WHERE false)"
