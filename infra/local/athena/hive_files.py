"""Files of Hive tables and UNLOAD: Parquet, text and JSON, by partition, and what the catalogue learns of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local.athena.catalogue import NULL_PARTITION, GlueTable, Partition, partition_path
from infra.local.athena.dialect import casts, types
from infra.local.athena.dialect.rendered import Columns, Rendered
from infra.local.athena.dialect.typed import Typed, identifier, text
from infra.local.athena.dialect.types import Type
from infra.local.athena.engine import QueryFailed
from infra.local.athena.formats import storage_descriptor
from infra.local.athena.statements import Property, Statement
from infra.local.athena.storage import hive_columns, to_storage

if TYPE_CHECKING:
    from infra.local.athena.duckdb_engine import Work

MOST_PARTITIONS = 100
_CODECS = {"snappy", "gzip", "zstd", "none", "uncompressed"}
_REFUSED = ("json", "uuid", "timestamptz", "interval day to second", "interval year to month", "time")


def create(statement: Statement, name: tuple[str, str], made: Rendered, work: Work) -> tuple[list[str], int]:
    """CREATE TABLE AS in a Hive format: the files, then the table and its partitions. Files and number of rows."""
    properties = statement.properties
    location = str(properties.get("external_location") or f"{work.context.output}tables/{work.context.query_id}")
    location = location.rstrip("/") + "/"
    if next(iter(work.catalogue.objects(location)), None) is not None:
        raise QueryFailed(
            "HIVE_PATH_ALREADY_EXISTS", f"Target directory for table '{name[0]}.{name[1]}' already exists: {location}"
        )
    kind = str(properties.get("format", "PARQUET")).upper()
    keys = _partition_keys(properties, made.columns)
    if "bucketed_by" in properties:
        raise QueryFailed("NOT_SUPPORTED", "bucketed_by is not supported by this engine")
    _storable(made.columns)
    plain = [(n, k) for n, k in made.columns if n not in keys]
    codec = _codec(properties, kind)
    descriptor = storage_descriptor({"format": kind}, _text_options(properties, kind), location)
    descriptor["Columns"] = [{"Name": n, "Type": k.glue} for n, k in plain]
    partitioned = [{"Name": n, "Type": k.glue} for n, k in made.columns if n in keys]
    values = [Typed(f"q_.c{i}", k) for i, (_, k) in enumerate(made.columns)]
    source = made.sql if statement.with_data else f"SELECT * FROM ({made.sql}) LIMIT 0"
    files, found, count = _write(
        source, made.columns, values, keys, location, kind, codec, _delimiter(properties), work
    )
    work.catalogue.put_table(
        name[0],
        {
            "Name": name[1],
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": kind.lower()},
            "PartitionKeys": partitioned,
            "StorageDescriptor": descriptor,
        },
    )
    if found:
        work.catalogue.add_partitions(work.catalogue.require(*name), found)
    return files, count


def unload(statement: Statement, made: Rendered, work: Work) -> tuple[list[str], int]:
    """UNLOAD: the files below a place that must be empty. Files and number of rows."""
    location = (statement.location or "").rstrip("/") + "/"
    if next(iter(work.catalogue.objects(location)), None) is not None:
        raise QueryFailed("HIVE_PATH_ALREADY_EXISTS", f"Target directory for unload already exists: {location}")
    kind = str(statement.properties.get("format", "")).upper()
    if not kind:
        raise QueryFailed("INVALID_TABLE_PROPERTY", "UNLOAD needs the property format")
    _storable(made.columns)
    values = [Typed(f"q_.c{i}", k) for i, (_, k) in enumerate(made.columns)]
    keys = _partition_keys(statement.properties, made.columns)
    codec = _codec(statement.properties, kind)
    delimiter = _delimiter(statement.properties)
    files, _, count = _write(made.sql, made.columns, values, keys, location, kind, codec, delimiter, work)
    return files, count


def insert(table: GlueTable, values: Mapping[str, Typed], sql: str, work: Work) -> tuple[int, list[str]]:
    """INSERT INTO a Hive table; new partitions are registered. Number of rows and files."""
    columns = hive_columns(table)
    serde = ((table["StorageDescriptor"].get("SerdeInfo") or {}).get("SerializationLibrary") or "").lower()
    if "parquet" not in serde:
        raise QueryFailed("NOT_SUPPORTED", f"INSERT into files of {serde} is not supported by this engine")
    keys = [c["Name"].lower() for c in table.get("PartitionKeys") or ()]
    ordered = [values.get(n) or casts.null(k) for n, k in columns]
    location = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
    files, found, count = _write(sql, columns, ordered, keys, location, "PARQUET", "snappy", ",", work)
    if found:
        work.catalogue.add_partitions(table, found)
    return count, files


def _partition_keys(properties: Mapping[str, Property], columns: Columns) -> list[str]:
    keys = properties.get("partitioned_by", [])
    names = [str(k).lower() for k in keys] if isinstance(keys, list) else [str(keys)]
    if names and [n for n, _ in columns[-len(names) :]] != names:
        raise QueryFailed(
            "HIVE_COLUMN_ORDER_MISMATCH", "Partition keys must be the last columns in the table and in the same order"
        )
    return names


def _storable(columns: Columns) -> None:
    for name, kind in columns:
        for part in types.walk(kind):
            if part.base in _REFUSED:
                raise QueryFailed("NOT_SUPPORTED", f"Unsupported Hive type: {part}, column {name}")
            if part.base == "timestamp" and (part.size or 0) > 3:
                message = f"Incorrect timestamp precision for {part}; the configured precision is MILLISECONDS"
                raise QueryFailed("NOT_SUPPORTED", f"{message}; column name: {name}")


def _codec(properties: Mapping[str, Property], kind: str) -> str:
    """The compression of the files: snappy for Parquet (Athena's gzip is asked for by name), none for text."""
    for name in ("write_compression", "compression", "parquet_compression"):
        if name in properties:
            codec = str(properties[name]).lower()
            if codec not in _CODECS:
                raise QueryFailed("INVALID_TABLE_PROPERTY", f"Unsupported compression: {codec}")
            return codec
    return "snappy" if kind == "PARQUET" else "none"


def _delimiter(properties: Mapping[str, Property]) -> str:
    return str(properties.get("field_delimiter", "\x01"))


def _text_options(properties: Mapping[str, Property], kind: str) -> dict[str, str]:
    return {"field.delim": _delimiter(properties)} if kind == "TEXTFILE" else {}


def _write(
    sql: str,
    columns: Columns,
    values: list[Typed],
    keys: list[str],
    location: str,
    kind: str,
    codec: str,
    delimiter: str,
    work: Work,
) -> tuple[list[str], list[Partition], int]:
    """The rows as one file per partition; an empty result leaves no file."""
    if kind not in ("PARQUET", "TEXTFILE", "JSON"):
        raise QueryFailed("NOT_SUPPORTED", f"writing {kind} is not supported by this engine")
    items = ", ".join(f"{to_storage(v)} AS {identifier(n)}" for (n, _), v in zip(columns, values, strict=True))
    work.execute(f"CREATE OR REPLACE TEMP TABLE written_ AS SELECT {items} FROM ({sql}) q_")
    ((count,),) = work.execute("SELECT count(*) FROM written_").fetchall()
    kinds = [k for n, k in columns if n in keys]
    groups: list[tuple[Any, ...]] = [()]
    if keys:
        groups = work.execute(f"SELECT DISTINCT {', '.join(map(identifier, keys))} FROM written_").fetchall()
        if len(groups) > MOST_PARTITIONS:
            raise QueryFailed(
                "HIVE_TOO_MANY_OPEN_PARTITIONS",
                f"Exceeded limit of {MOST_PARTITIONS} open writers for partitions/buckets",
            )
    plain = [(n, k) for n, k in columns if n not in keys]
    files: list[str] = []
    found: list[Partition] = []
    for number, group in enumerate(groups if count else ()):
        texts = {key: _partition_text(value, k) for key, value, k in zip(keys, group, kinds, strict=True)}
        folder = location + (partition_path(texts) + "/" if texts else "")
        tests = [
            f"{identifier(k)} IS NOT DISTINCT FROM CAST({text(_raw(v))} AS {t.duck})"
            if v is not None
            else f"{identifier(k)} IS NULL"
            for k, v, t in zip(keys, group, kinds, strict=True)
        ]
        wanted = f"SELECT {', '.join(_shown(n, k, kind) for n, k in plain)} FROM written_"
        wanted += f" WHERE {' AND '.join(tests)}" if tests else ""
        name = f"{work.context.query_id}_{number:05d}{_ending(kind, codec)}"
        _upload(wanted, folder + name, kind, codec, delimiter, work)
        files.append(folder + name)
        if texts:
            found.append(Partition(texts, folder))
    return files, found, int(count)


def _raw(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _partition_text(value: Any, kind: Type) -> str:
    return NULL_PARTITION if value is None else _raw(value)


def _shown(name: str, kind: Type, form: str) -> str:
    if form == "TEXTFILE" and kind.base in ("double", "real", "timestamp"):
        return f"{casts.printed(Typed(identifier(name), kind))} AS {identifier(name)}"
    return identifier(name)


def _ending(kind: str, codec: str) -> str:
    if kind == "PARQUET":
        return ".snappy.parquet" if codec == "snappy" else ".parquet"
    return (".json" if kind == "JSON" else ".txt") + (".gz" if codec == "gzip" else "")


def _upload(sql: str, uri: str, kind: str, codec: str, delimiter: str, work: Work) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows"
        packed = f"COMPRESSION {'gzip' if codec == 'gzip' else 'none'}"
        if kind == "PARQUET":
            options = f"FORMAT parquet, COMPRESSION {'uncompressed' if codec == 'none' else codec}"
        elif kind == "JSON":
            options = f"FORMAT json, {packed}"
        else:
            plain = f"HEADER false, DELIMITER {text(delimiter)}, QUOTE '', ESCAPE '', NULLSTR '\\N'"
            options = f"FORMAT csv, {plain}, {packed}"
        work.execute(f"COPY ({sql}) TO {text(str(file))} ({options})")
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        work.catalogue.s3.upload_file(str(file), bucket, key)
