"""The columns of a staging table, in order, with their Hive types."""

import re

from hub.config import REFERENCES, DataSet
from hub.config.entities import reference_column

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
PARTITIONS = {"pull_date": "string", "pull_id": "string"}


def table_name(source: str, data_set: str) -> str:
    return f"{source}_{data_set}"


def database_name(stage: str) -> str:
    return f"{stage}_staging"


def hive_type(declared: str) -> str:
    return HIVE.get(declared, re.sub(r"\s", "", declared))


def staging_columns(data_set: DataSet) -> dict[str, str]:
    """Column name -> Hive type: declared, standard forms, tokens of references, control columns."""
    columns = {name: hive_type(column.type) for name, column in data_set.columns.items()}
    columns |= {f"{name}_standard": "string" for name, column in data_set.columns.items() if column.has_standard}
    columns |= {reference_column(name): "string" for name in references(data_set)}
    columns |= {f"_record_key_{entity}": "string" for entity in list(data_set.entity)[1:]}
    return columns | CONTROL


def references(data_set: DataSet) -> dict[str, tuple[str, str]]:
    """Entity column -> (entity that it points to, key expression), for each mapped reference."""
    return {
        column: (REFERENCES[column], expression)
        for mapping in data_set.entity.values()
        for column, expression in mapping.items()
        if column in REFERENCES
    }
