"""The operations that describe the catalogue: data catalogues, databases, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from infra.local.athena.api_errors import ApiError
from infra.local.athena.catalogue import Catalogue, GlueTable, current_columns
from infra.local.athena.errors import QueryFailed

CATALOGUE = "AwsDataCatalog"
Request = Mapping[str, Any]
Answer = dict[str, Any]


class Metadata:
    """Raises ApiError MetadataException for what is not there."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.operations: dict[str, Callable[[Request], Answer | None]] = {
            "ListDataCatalogs": lambda request: {
                "DataCatalogsSummary": [{"CatalogName": CATALOGUE, "Type": "GLUE", "Status": "CREATE_COMPLETE"}]
            },
            "GetDataCatalog": lambda request: {"DataCatalog": {"Name": request["Name"], "Type": "GLUE"}},
            "ListDatabases": lambda request: {
                "DatabaseList": [_database(database) for database in self._catalogue.databases()]
            },
            "GetDatabase": self._get_database,
            "GetTableMetadata": self._get_table,
            "ListTableMetadata": self._list_tables,
        }

    def _get_database(self, request: Request) -> Answer:
        wanted = request["DatabaseName"].lower()
        for database in self._catalogue.databases():
            if database["Name"] == wanted:
                return {"Database": _database(database)}
        raise ApiError("MetadataException", f"Database {wanted} not found")

    def _get_table(self, request: Request) -> Answer:
        database, name = request["DatabaseName"].lower(), request["TableName"].lower()
        table = self._catalogue.table(database, name)
        if table is None:
            raise ApiError("MetadataException", f"EntityNotFoundException: Entity Not Found: {database}.{name}")
        return {"TableMetadata": _table(table)}

    def _list_tables(self, request: Request) -> Answer:
        try:
            tables = self._catalogue.tables(request["DatabaseName"].lower())
        except QueryFailed as error:
            raise ApiError("MetadataException", str(error)) from error
        return {"TableMetadataList": [_table(table) for table in tables]}


def _database(database: Mapping[str, Any]) -> Answer:
    return {key: database[key] for key in ("Name", "Description", "Parameters") if database.get(key)}


def _table(table: GlueTable) -> Answer:
    descriptor = table.get("StorageDescriptor") or {}
    return {
        "Name": table["Name"],
        "CreateTime": table["CreateTime"].timestamp() if "CreateTime" in table else 0,
        "TableType": table.get("TableType", "EXTERNAL_TABLE"),
        "Columns": _columns(current_columns(table)),
        "PartitionKeys": _columns(table.get("PartitionKeys")),
        "Parameters": {**(table.get("Parameters") or {}), "location": descriptor.get("Location", "")},
    }


def _columns(columns: list[dict[str, str]] | None) -> list[dict[str, str]]:
    return [{key: column[key] for key in ("Name", "Type", "Comment") if column.get(key)} for column in columns or ()]
