"""Hive's tables, whose files are objects of the vault bucket: staging, fixes, and what later matchings read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from hub import aws
from hub.models.names import physical
from infra.operate.moving.digests import Tally
from infra.operate.moving.manifest import HiveTable, Partition
from infra.operate.moving.stores import Stores

PER_CALL = 100
SAID = ("classification", "EXTERNAL")
KEPT = ("InputFormat", "OutputFormat", "Compressed", "SerdeInfo")


def found(stores: Stores, matching: Mapping[str, Any] | None) -> list[HiveTable]:
    """The tables of staging, and those of the released matching that its next night reads."""
    glue, database = aws.client("glue"), stores.database("staging")
    listed = [table for page in glue.get_paginator("get_tables").paginate(DatabaseName=database)
              for table in page["TableList"]]  # fmt: skip
    kept = []
    for name in lasting(matching, stores.stage):
        with suppress(glue.exceptions.EntityNotFoundException):  # then it is not there for the old hub either
            kept.append(glue.get_table(DatabaseName=stores.database("scratch"), Name=name)["Table"])
    told = [_told(stores, "staging", table) for table in listed]
    return told + [_told(stores, "scratch", table) for table in kept]


def lasting(matching: Mapping[str, Any] | None, stage: str) -> list[str]:
    """The names of the tables that a matching's state names."""
    prefix = f"{physical('scratch', stage)}."
    names = _texts(json.loads(matching["state"])) if matching and "state" in matching else []
    return sorted({name.removeprefix(prefix) for name in names if name.startswith(prefix)})


def folders(tables: Iterable[HiveTable]) -> dict[str, str]:
    """Folder -> the Parquet table whose rows lie in it."""
    return {
        folder: f"{table.database}.{table.name}"
        for table in tables
        if _is_parquet(table)
        for folder in ([each.folder for each in table.partitions] if table.partition_keys else [table.folder])
    }


def counted(tables: Iterable[HiveTable], rows: Mapping[str, Tally]) -> list[HiveTable]:
    """The tables with their rows; of those that have none and are Parquet, none."""
    full = []
    for table in tables:
        tally = rows.get(f"{table.database}.{table.name}")
        if tally is None and _is_parquet(table):
            tally = Tally()
        said = {"rows": tally.count, "digest": tally.digest} if tally else {}
        full.append(table.model_copy(update=said))
    return full


def make(stores: Stores, told: HiveTable) -> None:
    """Make a table over objects that are there; one that is there is made anew."""
    glue, database = aws.client("glue"), stores.database(told.database)
    with suppress(glue.exceptions.EntityNotFoundException):
        glue.delete_table(DatabaseName=database, Name=told.name)
    storage = {"Columns": told.columns, "Location": stores.uri("vault", told.folder), **told.storage}
    table = {
        "Name": told.name,
        "Description": told.description,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": told.parameters,
        "PartitionKeys": told.partition_keys,
        "StorageDescriptor": storage,
    }
    glue.create_table(DatabaseName=database, TableInput=table)
    for at in range(0, len(told.partitions), PER_CALL):
        glue.batch_create_partition(
            DatabaseName=database,
            TableName=told.name,
            PartitionInputList=[
                {
                    "Values": each.values,
                    "StorageDescriptor": storage
                    | {"Location": stores.uri("vault", each.folder), "Columns": each.columns or told.columns},
                }
                for each in told.partitions[at : at + PER_CALL]
            ],
        )


def _told(stores: Stores, database: str, table: Mapping[str, Any]) -> HiveTable:
    storage, keys = table["StorageDescriptor"], table.get("PartitionKeys") or []
    columns = _columns(storage["Columns"])
    return HiveTable(
        database=database,
        name=table["Name"],
        description=table.get("Description") or "",
        folder=_folder(stores, storage["Location"]),
        columns=columns,
        partition_keys=_columns(keys),
        parameters={name: value for name, value in (table.get("Parameters") or {}).items() if name in SAID},
        storage={name: storage[name] for name in KEPT if storage.get(name)},
        partitions=list(_partitions(stores, table, columns)) if keys else [],
        rows=None,
        digest=None,
    )


def _partitions(stores: Stores, table: Mapping[str, Any], columns: list[dict[str, str]]) -> Iterator[Partition]:
    pages = aws.client("glue").get_paginator("get_partitions")
    for page in pages.paginate(DatabaseName=table["DatabaseName"], TableName=table["Name"]):
        for each in page["Partitions"]:
            own = _columns(each["StorageDescriptor"].get("Columns") or columns)
            yield Partition(
                values=each["Values"],
                folder=_folder(stores, each["StorageDescriptor"]["Location"]),
                columns=None if own == columns else own,
            )


def _is_parquet(table: HiveTable) -> bool:
    return "parquet" in json.dumps(table.storage).lower()


def _columns(listed: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"Name": each["Name"], "Type": each["Type"]} for each in listed]


def _folder(stores: Stores, location: str) -> str:
    return location.removeprefix(stores.uri("vault")).rstrip("/") + "/"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)
