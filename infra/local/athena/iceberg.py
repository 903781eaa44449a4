"""Iceberg tables as Athena's DDL describes them: types, partition transforms, properties."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyiceberg import types as iceberg
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import Transform, parse_transform

from infra.local.athena.dialect import types
from infra.local.athena.errors import QueryFailed
from infra.local.athena.statements import ColumnSpec, Property

HOUSEKEEPING = frozenset(
    {
        "vacuum_max_snapshot_age_seconds",
        "vacuum_min_snapshots_to_keep",
        "vacuum_max_metadata_files_to_keep",
        "optimize_rewrite_min_data_file_size_bytes",
        "optimize_rewrite_max_data_file_size_bytes",
        "optimize_rewrite_data_file_threshold",
        "optimize_rewrite_delete_file_threshold",
    }
)
_DEFAULTS = {"format-version": "2", "write.parquet.compression-codec": "snappy"}
_PLAIN: dict[str, iceberg.IcebergType] = {
    "boolean": iceberg.BooleanType(),
    "integer": iceberg.IntegerType(),
    "bigint": iceberg.LongType(),
    "real": iceberg.FloatType(),
    "double": iceberg.DoubleType(),
    "varchar": iceberg.StringType(),
    "varbinary": iceberg.BinaryType(),
    "date": iceberg.DateType(),
    "time": iceberg.TimeType(),
    "timestamp": iceberg.TimestampType(),
    "timestamptz": iceberg.TimestamptzType(),
    "uuid": iceberg.UUIDType(),
}


def column_type(text: str) -> types.Type:
    """A column's type from Hive's spelling. Raises QueryFailed."""
    try:
        return types.parse(text)
    except types.UnknownType:
        raise QueryFailed("NOT_SUPPORTED", f"Unsupported column type: {text}") from None


def iceberg_type(kind: types.Type, ids: Iterator[int]) -> iceberg.IcebergType:
    """Iceberg's type; nested fields take their ids from `ids`. Raises QueryFailed for types that Iceberg lacks."""
    if kind.base == "decimal":
        return iceberg.DecimalType(kind.size or 38, kind.scale)
    if kind.base == "array":
        return iceberg.ListType(next(ids), iceberg_type(kind.element, ids), element_required=False)
    if kind.base == "map":
        key, value = next(ids), next(ids)
        return iceberg.MapType(
            key, iceberg_type(kind.inner[0], ids), value, iceberg_type(kind.inner[1], ids), value_required=False
        )
    if kind.base == "row":
        fields = zip(kind.keys, kind.inner, strict=True)
        return iceberg.StructType(
            *(iceberg.NestedField(next(ids), name, iceberg_type(inner, ids), required=False) for name, inner in fields)
        )
    if kind.base not in _PLAIN or (kind.base == "varchar" and kind.size is not None):
        raise QueryFailed("NOT_SUPPORTED", f"Type not supported for Iceberg: {kind}")
    return _PLAIN[kind.base]


def schema_of(columns: Sequence[ColumnSpec]) -> Schema:
    """The schema with ids counted from 1; columns come first, so a column's id is its place."""
    ids = itertools.count(len(columns) + 1)
    return Schema(
        *(
            iceberg.NestedField(
                place,
                column.name,
                iceberg_type(column_type(column.type), ids),
                required=False,
                doc=column.comment or None,
            )
            for place, column in enumerate(columns, 1)
        )
    )


def spec_of(schema: Schema, transforms: Sequence[str]) -> PartitionSpec:
    """The partition spec for DDL's "day(at)", "bucket(16, id)", "city" and CTAS's "bucket(id, 16)"."""
    fields = []
    for place, text in enumerate(transforms):
        transform, column, suffix = _transform(text)
        try:
            source = schema.find_field(column, case_sensitive=False)
        except ValueError:
            raise QueryFailed("COLUMN_NOT_FOUND", f"Unknown partition column: {column}") from None
        fields.append(PartitionField(source.field_id, 1000 + place, transform, source.name + suffix))
    return PartitionSpec(*fields)


def _transform(text: str) -> tuple[Transform[Any, Any], str, str]:
    """(transform, column, suffix of the partition field's name)"""
    call = re.fullmatch(r"(\w+)\s*\((.*)\)", text.strip(), re.DOTALL)
    if call is None:
        return parse_transform("identity"), text.strip(' `"'), ""
    name = re.sub(r"^(year|month|day|hour)s$", r"\1", call.group(1).lower())
    arguments = [part.strip(' `"') for part in call.group(2).split(",")]
    numbers = [part for part in arguments if part.isdigit()]
    columns = [part for part in arguments if not part.isdigit()]
    simple, sized = {"year", "month", "day", "hour"}, {"bucket": "_bucket", "truncate": "_trunc"}
    if name in simple and len(columns) == 1 and not numbers:
        return parse_transform(name), columns[0], f"_{name}"
    if name in sized and len(columns) == len(numbers) == 1:
        return parse_transform(f"{name}[{numbers[0]}]"), columns[0], sized[name]
    raise QueryFailed("NOT_SUPPORTED", f"Unsupported partition transform: {text}")


def new_table_properties(properties: Mapping[str, Property]) -> dict[str, str]:
    """The properties that a new table begins with: Athena's defaults, and those given. Raises QueryFailed."""
    return _DEFAULTS | properties_of(properties)


def properties_of(properties: Mapping[str, Property]) -> dict[str, str]:
    """Iceberg's table properties for Athena's. Raises QueryFailed for those that Athena does not take."""
    result: dict[str, str] = {}
    for name, value in properties.items():
        if name in HOUSEKEEPING:
            result[name] = str(value)
        elif name == "format":
            result["write.format.default"] = str(value).lower()
        elif name in ("write_compression", "compression_level"):
            key = "codec" if name == "write_compression" else "level"
            result[f"write.parquet.compression-{key}"] = str(value).lower()
        elif name not in ("table_type", "location", "is_external", "partitioning"):
            raise QueryFailed("INVALID_TABLE_PROPERTY", f"Unsupported table property: {name}")
    return result
