"""The columns of a staging table, in order, with their Hive types."""

import re

import pyarrow as pa

from hub.config import REFERENCES, DataSet, versions
from hub.config.entities import reference_column
from hub.quality import arrow_type

HIVE = {"varchar": "string", "json": "string", "integer": "int"}
CONTROL = {
    "_pull_seq": "bigint",
    "_pulled_at": "timestamp",
    "_batch": "int",
    "_row": "int",
    "_deleted": "boolean",
    "_record_hash": "string",
    "_record_key": "string",
    "_extra": "string",
}
HIVE_TO_ARROW = {"string": pa.string(), "int": pa.int32(), "timestamp": pa.timestamp("ms")}
PARTITIONS = {"pull_date": "string", "pull_id": "string"}


def table_name(source: str, data_set: str) -> str:
    return f"{source}_{data_set}"


def database_name(stage: str) -> str:
    return f"{stage}_staging"


def hive_type(declared: str) -> str:
    return HIVE.get(declared, re.sub(r"\s", "", declared))


def stored_type(hive: str) -> pa.DataType:
    """How a Hive type is written to Parquet."""
    return HIVE_TO_ARROW.get(hive) or arrow_type(hive)


def staging_columns(data_set: DataSet) -> dict[str, str]:
    """Column name -> Hive type: declared, their other forms, tokens of references, control columns."""
    columns = {name: hive_type(column.type) for name, column in data_set.columns.items()}
    columns |= {f"{name}{end}": "string" for name, column in data_set.columns.items() for end in column.computed}
    columns |= {reference_column(name): "string" for name in references(data_set)}
    columns |= {f"_record_key_{entity}": "string" for entity in list(data_set.entity)[1:]}
    columns |= {"_attributes": "string"} if data_set.attributes else {}
    return columns | CONTROL


def key_columns_of_records(data_set: DataSet) -> list[str]:
    """What is remembered of a record to bury it: its keys, and what orders a tombstone behind its last version.

    A pull that reads the whole data set is ordered by its own time; a record of one object by its own moments.
    """
    keys = ["_record_key", *(f"_record_key_{entity}" for entity in list(data_set.entity)[1:])]
    if data_set.replaces != "object":
        return keys
    moments = " ".join(moment for entity in data_set.entity for moment in versions.order(data_set, entity))
    words = set(re.findall(r"[a-z_]\w*", moments))
    return keys + [name for name in data_set.columns if name in words]


def references(data_set: DataSet) -> dict[str, tuple[str, str]]:
    """Entity column -> (entity that it points to, key expression), for each mapped reference."""
    return {
        column: (REFERENCES[column], expression)
        for mapping in data_set.entity.values()
        for column, expression in mapping.items()
        if column in REFERENCES
    }
