"""SHOW and DESCRIBE: what the catalogue holds, as lines."""

from __future__ import annotations

import base64
import fnmatch
import json
import re
from collections.abc import Callable, Iterable

from infra.local.athena.catalogue import Catalogue, GlueTable, current_columns, is_iceberg, is_view, partition_path
from infra.local.athena.engine import Column, Context, QueryFailed, Result
from infra.local.athena.statements import Statement


class Listing:
    """Answers SHOW ... and DESCRIBE."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._runs: dict[str, Callable[[Statement, Context], Result]] = {
            "show_databases": self._databases,
            "show_tables": self._tables,
            "show_views": self._tables,
            "show_columns": self._columns,
            "show_partitions": self._partitions,
            "show_properties": self._properties,
            "show_create_table": self._create_table,
            "show_create_view": self._create_view,
            "describe": self._describe,
        }

    def run(self, statement: Statement, context: Context) -> Result:
        """Raises QueryFailed, also for a statement that no engine runs."""
        if statement.kind not in self._runs:
            raise QueryFailed("NOT_SUPPORTED", f"{statement.kind.replace('_', ' ').upper()} is not supported")
        return self._runs[statement.kind](statement, context)

    def _databases(self, statement: Statement, context: Context) -> Result:
        names = (database["Name"] for database in self._catalogue.databases())
        return _lines("SHOW_DATABASES", ["database_name"], _matching(statement.pattern, names))

    def _tables(self, statement: Statement, context: Context) -> Result:
        views = statement.kind == "show_views"
        tables = self._catalogue.tables(statement.table[0] or context.database)
        names = (table["Name"] for table in tables if is_view(table) or not views)
        column = "views" if views else "tab_name"
        return _lines(statement.kind.upper(), [column], _matching(statement.pattern, names))

    def _columns(self, statement: Statement, context: Context) -> Result:
        table = self._table(statement, context)
        return _lines("SHOW_COLUMNS", ["field"], ([column["Name"]] for column in _all_columns(table)))

    def _partitions(self, statement: Statement, context: Context) -> Result:
        table = self._table(statement, context)
        if not table.get("PartitionKeys"):
            raise QueryFailed("NOT_SUPPORTED", f"Table {table['Name']} is not a partitioned table")
        found = sorted(partition_path(partition.values) for partition in self._catalogue.partitions(table))
        return _lines("SHOW_PARTITIONS", ["partition"], ([path] for path in found))

    def _properties(self, statement: Statement, context: Context) -> Result:
        table = self._table(statement, context)
        found = dict(table.get("Parameters") or {})
        if is_iceberg(table):
            found |= self._catalogue.load_iceberg(table).properties
        wanted = {statement.pattern: found.get(statement.pattern, "")} if statement.pattern else found
        return _lines("SHOW_TBLPROPERTIES", ["prpt_name", "prpt_value"], ([k, v] for k, v in sorted(wanted.items())))

    def _describe(self, statement: Statement, context: Context) -> Result:
        table = self._table(statement, context)
        rows = ([column["Name"], column["Type"], column.get("Comment", "")] for column in _all_columns(table))
        return _lines("DESCRIBE_TABLE", ["col_name", "data_type", "comment"], rows)

    def _create_table(self, statement: Statement, context: Context) -> Result:
        table = self._table(statement, context)
        if is_view(table):
            raise QueryFailed("NOT_SUPPORTED", f"{table['Name']} is a view, not a table. Use SHOW CREATE VIEW")
        text = self._iceberg_ddl(table) if is_iceberg(table) else _hive_ddl(table)
        return _lines("SHOW_CREATE_TABLE", ["createtab_stmt"], ([line] for line in text.splitlines()))

    def _create_view(self, statement: Statement, context: Context) -> Result:
        table = self._table(statement, context)
        if not is_view(table):
            raise QueryFailed("NOT_SUPPORTED", f"{table['Name']} is a table, not a view. Use SHOW CREATE TABLE")
        text = f"CREATE VIEW {table['DatabaseName']}.{table['Name']} AS\n{view_text(table)[0]}"
        return _lines("SHOW_CREATE_VIEW", ["create_view"], ([line] for line in text.splitlines()))

    def _table(self, statement: Statement, context: Context) -> GlueTable:
        return self._catalogue.require(*statement.names(context.database))

    def _iceberg_ddl(self, table: GlueTable) -> str:
        loaded = self._catalogue.load_iceberg(table)
        fields = [
            _transform(str(f.transform), loaded.schema().find_column_name(f.source_id)) for f in loaded.spec().fields
        ]
        partitions = f"PARTITIONED BY ({', '.join(fields)})\n" if fields else ""
        return (
            f"CREATE TABLE {table['DatabaseName']}.{table['Name']} (\n{_column_lines(table)})\n{partitions}"
            f"LOCATION '{loaded.location()}'\nTBLPROPERTIES (\n  'table_type'='iceberg'\n)"
        )


def _transform(transform: str, column: str | None) -> str:
    """Iceberg's "bucket[16]" as DDL's bucket(16, id)."""
    name, _, size = transform.rstrip("]").partition("[")
    if name == "identity":
        return str(column)
    return f"{name}({size + ', ' if size else ''}{column})"


def view_text(table: GlueTable) -> tuple[str, str]:
    """The query of a view and the database that its bare table names are in."""
    match = re.search(r"Presto View: ([A-Za-z0-9+/=]+)", table["ViewOriginalText"])
    if match is None:
        raise QueryFailed("NOT_SUPPORTED", f"View {table['Name']} was not made by Athena")
    definition = json.loads(base64.b64decode(match.group(1)))
    return definition["originalSql"], definition.get("schema") or table["DatabaseName"]


def _hive_ddl(table: GlueTable) -> str:
    descriptor = table["StorageDescriptor"]
    keys = ", ".join(f"`{column['Name']}` {column['Type']}" for column in table.get("PartitionKeys") or ())
    parameters = ",\n".join(f"  '{key}'='{value}'" for key, value in sorted((table.get("Parameters") or {}).items()))
    return (
        f"CREATE EXTERNAL TABLE `{table['DatabaseName']}.{table['Name']}`(\n{_column_lines(table)})\n"
        + (f"PARTITIONED BY ({keys})\n" if keys else "")
        + f"ROW FORMAT SERDE\n  '{descriptor['SerdeInfo']['SerializationLibrary']}'\n"
        + f"STORED AS INPUTFORMAT\n  '{descriptor['InputFormat']}'\nOUTPUTFORMAT\n  '{descriptor['OutputFormat']}'\n"
        + f"LOCATION\n  '{descriptor['Location']}'\nTBLPROPERTIES (\n{parameters})"
    )


def _column_lines(table: GlueTable) -> str:
    return ",\n".join(f"  `{column['Name']}` {column['Type']}" for column in current_columns(table))


def _all_columns(table: GlueTable) -> list[dict[str, str]]:
    return [*current_columns(table), *(table.get("PartitionKeys") or ())]


def _matching(pattern: str | None, names: Iterable[str]) -> Iterable[list[str]]:
    """Hive's patterns: * is anything, | separates alternatives."""
    parts = (pattern or "*").split("|")
    return ([name] for name in sorted(names) if any(fnmatch.fnmatchcase(name, part) for part in parts))


def _lines(substatement: str, names: list[str], rows: Iterable[list[str]]) -> Result:
    return Result("UTILITY", substatement, [Column(name, "string") for name in names], list(rows))
