"""Files of Hive tables as DuckDB reads them: Parquet, JSON and text, and the values of their partitions."""

from __future__ import annotations

from functools import lru_cache

import pyarrow.parquet as pq

from infra.local.athena.catalogue import NULL_PARTITION, DataObject, GlueTable, Partition
from infra.local.athena.dialect import casts, types
from infra.local.athena.dialect.typed import identifier, text
from infra.local.athena.dialect.types import Type
from infra.local.athena.errors import QueryFailed
from infra.local.athena.storage import file_list, hive_columns, stored_type


def select(glue: GlueTable, found: list[tuple[DataObject, Partition]], files: list[str]) -> str:
    """Reads the table's columns out of local copies of the objects found, each with its partition's values."""
    columns = hive_columns(glue)
    plain = len(glue["StorageDescriptor"]["Columns"])
    source, have = _files_source(glue, files)
    listed = []
    for i, (name, kind) in enumerate(columns[:plain]):
        stored = have.get(name)
        listed.append(f"{_value_of(stored, kind) if stored else f'CAST(NULL AS {kind.duck})'} AS c{i}")
    if len(columns) == plain:
        return f"(SELECT {', '.join(listed)} FROM {source} f_)"
    names = [n for n, _ in columns[plain:]]
    lines = ", ".join(
        f"({', '.join([text(f), *[_partition_value(p.values[n]) for n in names]])})"
        for f, (_, p) in zip(files, found, strict=True)
    )
    heads = ", ".join(f"p{i}" for i in range(len(names)))
    for i, (_, kind) in enumerate(columns[plain:]):
        listed.append(f"CAST(k_.p{i} AS {kind.duck}) AS c{plain + i}")
    joined = f"{source} f_ JOIN (VALUES {lines}) k_(name_, {heads}) ON f_.filename = k_.name_"
    return f"(SELECT {', '.join(listed)} FROM {joined})"


def _value_of(sql: str, kind: Type) -> str:
    if kind.base == "timestamp":
        return casts.rounded(f"CAST({sql} AS TIMESTAMP)", 3)
    return f"CAST({sql} AS {stored_type(kind)})"


def _files_source(glue: GlueTable, files: list[str]) -> tuple[str, dict[str, str]]:
    """The text that reads a Hive table's files, and how its columns are called there (by lower-case name)."""
    descriptor, parameters = glue["StorageDescriptor"], glue.get("Parameters") or {}
    serde = (descriptor.get("SerdeInfo") or {}).get("SerializationLibrary", "").lower()
    options = (descriptor.get("SerdeInfo") or {}).get("Parameters") or {}
    names = [c["Name"].lower() for c in descriptor["Columns"]]
    if "parquet" in serde or "parquet" in (descriptor.get("InputFormat") or "").lower():
        shapes = {_shape(f) for f in files}
        union = ", union_by_name=true" if len(shapes) > 1 else ""
        have = {n.lower(): f"f_.{identifier(n)}" for shape in shapes for n, _ in shape}
        return f"read_parquet({file_list(files)}, filename=true, hive_partitioning=false{union})", have
    if "json" in serde:
        shape = ", ".join(
            f"{text(n)}: {text(types.parse(c['Type']).duck)}" for n, c in zip(names, descriptor["Columns"], strict=True)
        )
        options = f"format='newline_delimited', filename=true, hive_partitioning=false, columns={{{shape}}}"
        return f"read_json({file_list(files)}, {options})", {n: f"f_.{identifier(n)}" for n in names}
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
        f"read_csv({file_list(files)}, auto_detect=false, header=false, "
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


def _partition_value(raw: str) -> str:
    return "NULL" if raw == NULL_PARTITION else text(raw)
