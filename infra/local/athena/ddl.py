"""Statements on the catalogue alone: the same code whatever engine reads and writes the rows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import unquote

from pyiceberg.exceptions import NoSuchNamespaceError, TableAlreadyExistsError

from infra.local.athena import iceberg, listing
from infra.local.athena.catalogue import Catalogue, GlueTable, Partition, is_iceberg, is_view, partition_path
from infra.local.athena.engine import Column, Context, QueryFailed, Result
from infra.local.athena.formats import storage_descriptor
from infra.local.athena.statements import ColumnSpec, Statement

Runner = Callable[[Statement, Context], Result]


class Ddl:
    """Runs what needs Glue and S3 but no engine. `run` raises QueryFailed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._listing = listing.Listing(catalogue)
        self._runs: dict[str, Runner] = {
            "create_database": self._create_database,
            "drop_database": self._drop_database,
            "create_external_table": self._create_external_table,
            "create_iceberg_table": self._create_iceberg_table,
            "drop_table": self._drop_table,
            "drop_view": self._drop_view,
            "add_columns": self._add_columns,
            "drop_column": self._drop_column,
            "set_properties": self._set_properties,
            "add_partitions": self._add_partitions,
            "drop_partitions": self._drop_partitions,
            "msck": self._msck,
        }

    def run(self, statement: Statement, context: Context) -> Result:
        context.check()
        runner = self._runs.get(statement.kind, self._listing.run)
        return runner(statement, context)

    # --- databases

    def _create_database(self, statement: Statement, context: Context) -> Result:
        name, glue = statement.table[1], self._catalogue.glue
        entry = {"Name": name, "Description": statement.comment}
        if statement.location:
            entry["LocationUri"] = statement.location
        try:
            glue.create_database(DatabaseInput=entry)
        except glue.exceptions.AlreadyExistsException:
            if not statement.if_exists:
                raise QueryFailed("SCHEMA_ALREADY_EXISTS", f"Database {name} already exists") from None
        return Result("DDL", "CREATE_DATABASE")

    def _drop_database(self, statement: Statement, context: Context) -> Result:
        name, glue = statement.table[1], self._catalogue.glue
        try:
            tables = self._catalogue.tables(name)
            if tables and not statement.cascade:
                raise QueryFailed("SCHEMA_NOT_EMPTY", f"Database {name} is not empty. One or more tables exist.")
            for table in tables:
                self._drop(table)
            glue.delete_database(Name=name)
        except QueryFailed as error:
            if error.name != "SCHEMA_NOT_FOUND" or not statement.if_exists:
                raise
        return Result("DDL", "DROP_DATABASE")

    # --- tables and views

    def _create_external_table(self, statement: Statement, context: Context) -> Result:
        database, name = statement.names(context.database)
        if statement.location is None:
            raise QueryFailed("INVALID_TABLE_PROPERTY", f"LOCATION is missing for the external table {name}")
        descriptor = storage_descriptor(statement.storage, statement.serde_properties, statement.location)
        descriptor["Columns"] = _columns(statement.columns)
        table = {
            "Name": name,
            "Description": statement.comment,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", **{key: str(value) for key, value in statement.properties.items()}},
            "PartitionKeys": _columns(statement.partition_columns),
            "StorageDescriptor": descriptor,
        }
        self._create(statement, database, lambda: self._catalogue.put_table(database, table))
        return Result("DDL", "CREATE_TABLE")

    def _create_iceberg_table(self, statement: Statement, context: Context) -> Result:
        database, name = statement.names(context.database)
        if statement.location is None:
            raise QueryFailed("INVALID_TABLE_PROPERTY", f"LOCATION is missing for the Iceberg table {name}")
        self._create(statement, database, lambda: self.new_iceberg_table((database, name), statement))
        return Result("DDL", "CREATE_TABLE")

    def new_iceberg_table(self, name: tuple[str, str], statement: Statement) -> None:
        """Make the empty table that a statement's columns, transforms, location and properties describe."""
        schema = iceberg.schema_of(statement.columns)
        try:
            self._catalogue.iceberg().create_table(
                name,
                schema,
                location=(statement.location or "").rstrip("/"),
                partition_spec=iceberg.spec_of(schema, statement.transforms),
                properties=iceberg.new_table_properties(statement.properties),
            )
        except TableAlreadyExistsError:
            message = f"Table 'awsdatacatalog.{name[0]}.{name[1]}' already exists"
            raise QueryFailed("TABLE_ALREADY_EXISTS", message) from None
        except NoSuchNamespaceError:
            raise QueryFailed("SCHEMA_NOT_FOUND", f"Schema '{name[0]}' does not exist") from None

    def _create(self, statement: Statement, database: str, make: Callable[[], None]) -> None:
        try:
            make()
        except QueryFailed as error:
            if error.name != "TABLE_ALREADY_EXISTS" or not statement.if_exists:
                raise

    def _drop_table(self, statement: Statement, context: Context) -> Result:
        table = self._catalogue.table(*statement.names(context.database))
        if table is not None:
            if is_view(table):
                raise QueryFailed("NOT_SUPPORTED", f"{table['Name']} is a view, not a table. Use DROP VIEW")
            self._drop(table)
        elif not statement.if_exists:
            self._catalogue.require(*statement.names(context.database))
        return Result("DDL", "DROP_TABLE")

    def _drop(self, table: GlueTable) -> None:
        """Remove a table; an Iceberg table's files go with it, as in Athena."""
        with self._catalogue.writer(table["DatabaseName"], table["Name"]):
            self._catalogue.delete_table(table["DatabaseName"], table["Name"])
            if is_iceberg(table):
                self._catalogue.delete_below(table["StorageDescriptor"]["Location"])

    def _drop_view(self, statement: Statement, context: Context) -> Result:
        database, name = statement.names(context.database)
        table = self._catalogue.table(database, name)
        if table is not None and is_view(table):
            self._catalogue.delete_table(database, name)
        elif not statement.if_exists:
            raise QueryFailed("TABLE_NOT_FOUND", f"View 'awsdatacatalog.{database}.{name}' does not exist")
        return Result("DDL", "DROP_VIEW")

    def put_view(self, name: tuple[str, str], query: str, columns: Sequence[Column], *, replaces: bool) -> None:
        """Keep a view as Athena does: its text and its columns' Trino types, encoded, beside Hive columns."""
        database, view = name
        definition = {
            "originalSql": query,
            "catalog": "awsdatacatalog",
            "schema": database,
            "columns": [{"name": column.name, "type": column.type} for column in columns],
        }
        encoded = base64.b64encode(json.dumps(definition).encode()).decode()
        hive = [{"Name": column.name, "Type": iceberg.column_type(column.type).glue} for column in columns]
        table = {
            "Name": view,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "PartitionKeys": [],
            "StorageDescriptor": {"Columns": hive, "Location": "", "SerdeInfo": {}},
            "ViewOriginalText": f"/* Presto View: {encoded} */",
            "ViewExpandedText": "/* Presto View */",
        }
        there = self._catalogue.table(database, view)
        if there is not None and not is_view(there):
            raise QueryFailed("TABLE_ALREADY_EXISTS", f"Table 'awsdatacatalog.{database}.{view}' is not a view")
        self._catalogue.put_table(database, table, replace=replaces)

    # --- changes of a table

    def _add_columns(self, statement: Statement, context: Context) -> Result:
        table = self._catalogue.require(*statement.names(context.database))
        with self._catalogue.writer(table["DatabaseName"], table["Name"]):
            if is_iceberg(table):
                schema = iceberg.schema_of(statement.columns)
                with self._catalogue.load_iceberg(table).update_schema() as update:
                    for column in schema.fields:
                        update.add_column(column.name, column.field_type, doc=column.doc)
            else:
                table["StorageDescriptor"]["Columns"] += _columns(statement.columns)
                self._catalogue.update_table(table)
        return Result("DDL", "ALTER_TABLE_ADD_COLUMNS")

    def _drop_column(self, statement: Statement, context: Context) -> Result:
        table = self._catalogue.require(*statement.names(context.database))
        if not is_iceberg(table):
            raise QueryFailed("NOT_SUPPORTED", "Columns are dropped from Iceberg tables alone")
        with (
            self._catalogue.writer(table["DatabaseName"], table["Name"]),
            self._catalogue.load_iceberg(table).update_schema() as update,
        ):
            update.delete_column(statement.columns[0].name)
        return Result("DDL", "ALTER_TABLE_DROP_COLUMN")

    def _set_properties(self, statement: Statement, context: Context) -> Result:
        table = self._catalogue.require(*statement.names(context.database))
        with self._catalogue.writer(table["DatabaseName"], table["Name"]):
            if is_iceberg(table):
                wanted = iceberg.properties_of(statement.properties)
                with self._catalogue.load_iceberg(table).transaction() as change:
                    change.set_properties(wanted)
            else:
                table["Parameters"] |= {key: str(value) for key, value in statement.properties.items()}
                self._catalogue.update_table(table)
        return Result("DDL", "ALTER_TABLE_SET_TBLPROPERTIES")

    # --- partitions

    def _add_partitions(self, statement: Statement, context: Context) -> Result:
        table = self._catalogue.require(*statement.names(context.database))
        base = table["StorageDescriptor"]["Location"].rstrip("/")
        wanted = [
            Partition(values, location or f"{base}/{partition_path(values)}")
            for values, location in statement.partitions
        ]
        known = {tuple(found.values.items()) for found in self._catalogue.partitions(table)}
        keys = [column["Name"] for column in table["PartitionKeys"]]
        wanted = [replace(item, values={key: item.values[key] for key in keys}) for item in wanted]
        if not statement.if_exists and any(tuple(item.values.items()) in known for item in wanted):
            raise QueryFailed("ALREADY_EXISTS", "Partition already exists.")
        self._catalogue.add_partitions(table, wanted)
        return Result("DDL", "ALTER_TABLE_ADD_PARTITION")

    def _drop_partitions(self, statement: Statement, context: Context) -> Result:
        table = self._catalogue.require(*statement.names(context.database))
        glue = self._catalogue.glue
        for values, _ in statement.partitions:
            ordered = [values[column["Name"]] for column in table["PartitionKeys"]]
            try:
                glue.delete_partition(
                    DatabaseName=table["DatabaseName"], TableName=table["Name"], PartitionValues=ordered
                )
            except glue.exceptions.EntityNotFoundException:
                if not statement.if_exists:
                    raise QueryFailed("NOT_FOUND", f"Partition not found: {partition_path(values)}") from None
        return Result("DDL", "ALTER_TABLE_DROP_PARTITION")

    def _msck(self, statement: Statement, context: Context) -> Result:
        """MSCK REPAIR TABLE: register the partitions whose folders (key=value/...) hold files."""
        table = self._catalogue.require(*statement.names(context.database))
        keys = [column["Name"] for column in table["PartitionKeys"]]
        base = table["StorageDescriptor"]["Location"].rstrip("/")
        known = {tuple(found.values.values()) for found in self._catalogue.partitions(table)} if keys else set()
        found: dict[tuple[str, ...], Partition] = {}
        for item in self._catalogue.objects(base):
            pairs = re.findall(r"([^/=]+)=([^/]*)/", item.path)
            values = {key.lower(): unquote(value) for key, value in pairs}
            if set(values) >= set(keys) and keys:
                folder = base + "/" + "/".join(f"{key}={value}" for key, value in pairs)
                ordered = {key: values[key] for key in keys}
                found.setdefault(tuple(ordered.values()), Partition(ordered, folder))
        new = [partition for values, partition in found.items() if values not in known]
        self._catalogue.add_partitions(table, new)
        place = f"{table['DatabaseName']}.{table['Name']}"
        lines = [f"Repair: Added partition to metastore {place}:{partition_path(item.values)}" for item in new]
        return Result("DDL", "MSCK_REPAIR", [Column("result", "string")], [[line] for line in lines])


def _columns(columns: Sequence[ColumnSpec]) -> list[dict[str, str]]:
    return [
        {"Name": column.name, "Type": hive_type(column.type)} | ({"Comment": column.comment} if column.comment else {})
        for column in columns
    ]


def hive_type(text: str) -> str:
    """A type as Glue keeps it: lower case, no blanks. Raises QueryFailed for an unknown type."""
    iceberg.column_type(text)
    return re.sub(r"\s+", "", text).lower()
