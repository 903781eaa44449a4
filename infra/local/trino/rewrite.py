"""Athena's own statements in Trino's words: CREATE TABLE AS, UNLOAD, OPTIMIZE, VACUUM. Texts only; nothing is run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.local.athena.iceberg import HOUSEKEEPING

Properties = Mapping[str, object]  # names in lower case; values str, int, bool or list of str

COMPRESSION = ("write_compression", "parquet_compression", "orc_compression", "compression")
ELSEWHERE = frozenset({*COMPRESSION, "table_type", "is_external", "compression_level"})  # not table properties of Trino
CODECS = {"UNCOMPRESSED": "NONE", "ZLIB": "GZIP"}
MAX_AGE_SECONDS = 432_000  # Athena's default: five days


class UnknownProperty(ValueError):
    """A table property that Athena does not have."""


@dataclass(frozen=True, slots=True)
class Request:
    """One text for Trino, with the session properties that it needs."""

    text: str
    session: dict[str, str] = field(default_factory=dict)


def quoted(*parts: str) -> str:
    """A qualified name, each part in double quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(value: object) -> str:
    """A Python value as a SQL literal: text, number, boolean or a list of texts."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return "ARRAY[" + ", ".join(literal(item) for item in value) + "]"
    return "'" + str(value).replace("'", "''") + "'"


def create_table_as(
    name: tuple[str, str, str], query: str, properties: Properties, *, if_not_exists: bool, with_data: bool
) -> Request:
    """CREATE TABLE (catalog, database, table) with Trino's own properties AS the query."""
    session = _session(name[0], properties)
    with_ = ", ".join(f"{key} = {value}" for key, value in _table_properties(properties).items())
    text = f"CREATE TABLE {'IF NOT EXISTS ' if if_not_exists else ''}{quoted(*name)} WITH ({with_}) AS {query}" + (
        "" if with_data else " WITH NO DATA"
    )
    return Request(text, session)


def is_iceberg(properties: Properties) -> bool:
    return str(properties.get("table_type", "HIVE")).upper() == "ICEBERG"


def optimize(name: tuple[str, str, str], where: str | None) -> Request:
    """OPTIMIZE ... REWRITE DATA USING BIN_PACK."""
    return Request(f"ALTER TABLE {quoted(*name)} EXECUTE optimize" + (f" WHERE {where}" if where else ""))


def vacuum(name: tuple[str, str, str], properties: Mapping[str, str]) -> list[Request]:
    """VACUUM as the table's properties ask: keep the newest snapshots, expire the old, remove what none names.

    The number to keep is a property of Iceberg's own, which expire_snapshots obeys.
    """
    age = int(properties.get("vacuum_max_snapshot_age_seconds", MAX_AGE_SECONDS))
    keep = int(properties.get("vacuum_min_snapshots_to_keep", 1))
    table = f"ALTER TABLE {quoted(*name)}"
    kept = f"MAP(ARRAY['history.expire.min-snapshots-to-keep'], ARRAY['{keep}'])"
    settle = [] if keep == 1 else [Request(f"{table} SET PROPERTIES extra_properties = {kept}")]
    return [
        *settle,
        Request(f"{table} EXECUTE expire_snapshots(retention_threshold => '{age}s')"),
        Request(f"{table} EXECUTE remove_orphan_files(retention_threshold => '{age}s')"),
    ]


def _session(catalog: str, properties: Properties) -> dict[str, str]:
    given = next((str(properties[name]) for name in COMPRESSION if name in properties), None)
    return {} if given is None else {f"{catalog}.compression_codec": CODECS.get(given.upper(), given.upper())}


def _table_properties(properties: Properties) -> dict[str, str]:
    """Trino's table properties (as SQL) for Athena's. Raises UnknownProperty."""
    known = _ICEBERG if is_iceberg(properties) else _HIVE
    unknown = sorted(set(properties) - set(known) - HOUSEKEEPING - ELSEWHERE)
    if unknown:
        raise UnknownProperty(f"Catalog 'awsdatacatalog' table property '{unknown[0]}' does not exist")
    result = {known[name]: literal(value) for name, value in properties.items() if name in known}
    result.setdefault("format", literal("PARQUET"))
    kept = {name: str(value) for name, value in properties.items() if name in HOUSEKEEPING}
    if kept:
        result["extra_properties"] = f"MAP({literal(list(kept))}, {literal(list(kept.values()))})"
    return result


_ICEBERG = {"location": "location", "format": "format", "partitioning": "partitioning"}
_HIVE = {
    "external_location": "external_location",
    "format": "format",
    "partitioned_by": "partitioned_by",
    "bucketed_by": "bucketed_by",
    "bucket_count": "bucket_count",
    "field_delimiter": "textfile_field_separator",
}
