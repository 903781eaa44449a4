"""The Trino engine: the same requests as on DuckDB, run by a real Trino over the same Glue catalogue and S3."""

from __future__ import annotations

import re
from collections.abc import Callable

from infra.local.athena.catalogue import Catalogue, GlueTable, is_iceberg
from infra.local.athena.ddl import Ddl
from infra.local.athena.engine import BadStatement, Column, Context, QueryFailed, Result
from infra.local.athena.statements import Statement
from infra.local.trino import rewrite
from infra.local.trino.client import Answer, TrinoClient
from infra.local.trino.rewrite import Request
from infra.local.trino.server import CATALOG, HIVE

QUERIES = frozenset({"query", "explain", "insert", "merge", "update", "delete"})
WITH_QUERY = frozenset({"ctas", "unload", "create_view"})


class TrinoEngine:
    """What reads or writes rows goes to Trino; what only changes the catalogue is the same code for both engines."""

    def __init__(self, address: str, catalogue: Catalogue) -> None:
        self._client = TrinoClient(address)
        self._catalogue = catalogue
        self._ddl = Ddl(catalogue)
        self._runs: dict[str, Callable[[Statement, Context], Result]] = {
            "query": self._query,
            "explain": self._explain,
            "insert": self._write,
            "merge": self._write,
            "update": self._write,
            "delete": self._write,
            "ctas": self._create_table_as,
            "unload": self._unload,
            "create_view": self._create_view,
            "optimize": self._optimize,
            "vacuum": self._vacuum,
        }

    def run(self, statement: Statement, context: Context) -> Result:
        return self._runs.get(statement.kind, self._ddl.run)(statement, context)

    def check(self, statement: Statement) -> None:
        """Raises BadStatement for text that Trino cannot parse. PREPARE parses and does nothing else."""
        if statement.kind not in QUERIES | WITH_QUERY:
            return
        text = statement.query if statement.kind in WITH_QUERY else statement.text
        try:
            self._client.run(Request(f"PREPARE checked FROM\n{text}"), Context("check", "default", ""))
        except QueryFailed as error:
            if error.name != "SYNTAX_ERROR":
                raise
            message = str(error).removeprefix("SYNTAX_ERROR: ")
            raise BadStatement(re.sub(r"^line (\d+)", lambda found: f"line {int(found[1]) - 1}", message)) from error

    def close(self) -> None:
        """Nothing is held between statements."""

    # --- rows

    def _query(self, statement: Statement, context: Context) -> Result:
        answer = self._client.run(Request(statement.text), context)
        return Result("DML", "SELECT", answer.columns, answer.rows)

    def _explain(self, statement: Statement, context: Context) -> Result:
        answer = self._client.run(Request(statement.text), context)
        lines = [[line] for row in answer.rows for line in str(row[0]).splitlines()]
        return Result("UTILITY", "EXPLAIN", [Column("Query Plan", "string")], lines)

    def _write(self, statement: Statement, context: Context) -> Result:
        """INSERT, MERGE, UPDATE and DELETE, as they are."""
        database, name = statement.names(context.database)
        with self._catalogue.writer(database, name):
            answer = self._client.run(Request(statement.text), context)
            table = self._mark_columns(database, name)
        files = None if is_iceberg(table) else self._written(table["StorageDescriptor"]["Location"], answer)
        return Result("DML", statement.kind.upper(), update_count=answer.update_count, files=files)

    # --- tables and files from queries

    def _create_table_as(self, statement: Statement, context: Context) -> Result:
        iceberg = rewrite.is_iceberg(statement.properties)
        place = "location" if iceberg else "external_location"
        location = str(statement.properties.get(place) or f"{context.output}tables/{context.query_id}/")
        properties = {**statement.properties, place: location}
        database, name = statement.names(context.database)
        request = _made(
            (CATALOG if iceberg else HIVE, database, name),
            statement.query,
            properties,
            if_not_exists=statement.if_exists,
            with_data=statement.with_data,
        )
        with self._catalogue.writer(database, name):
            answer = self._client.run(request, context)
            self._mark_columns(database, name)
        files = None if iceberg else self._written(location, answer)
        return Result("DDL", "CREATE_TABLE_AS_SELECT", update_count=answer.update_count, files=files)

    def _unload(self, statement: Statement, context: Context) -> Result:
        """Write an external table in a database of its own, then forget both; the files stay."""
        database = "unload_" + context.query_id.replace("-", "")
        location = str(statement.location).rstrip("/") + "/"
        properties = {**statement.properties, "external_location": location}
        request = _made((HIVE, database, "files"), statement.query, properties)
        self._catalogue.glue.create_database(DatabaseInput={"Name": database})
        try:
            answer = self._client.run(request, context)
        finally:
            if self._catalogue.table(database, "files"):
                self._catalogue.delete_table(database, "files")
            self._catalogue.glue.delete_database(Name=database)
        files = self._written(location, answer)
        return Result("DML", "UNLOAD", update_count=answer.update_count, files=files)

    def _written(self, location: str, answer: Answer) -> list[str]:
        """The files that a statement wrote: Trino puts its query id into their names."""
        return [item.uri for item in self._catalogue.objects(location) if answer.query_id in item.key]

    # --- views and upkeep

    def _create_view(self, statement: Statement, context: Context) -> Result:
        found = self._client.run(Request(f"SELECT * FROM (\n{statement.query}\n) LIMIT 0"), context)
        name = statement.names(context.database)
        self._ddl.put_view(name, statement.query, found.columns, replaces=statement.replace)
        return Result("DDL", "CREATE_VIEW")

    def _optimize(self, statement: Statement, context: Context) -> Result:
        database, name = statement.names(context.database)
        with self._catalogue.writer(database, name):
            self._client.run(rewrite.optimize((CATALOG, database, name), statement.where), context)
            self._mark_columns(database, name)
        return Result("DDL", "OPTIMIZE")

    def _vacuum(self, statement: Statement, context: Context) -> Result:
        database, name = statement.names(context.database)
        table = self._catalogue.require(database, name)
        if not is_iceberg(table):
            raise QueryFailed("NOT_SUPPORTED", f"VACUUM is for Iceberg tables alone, and {database}.{name} is none")
        properties = self._catalogue.load_iceberg(table).properties
        with self._catalogue.writer(database, name):
            for request in rewrite.vacuum((CATALOG, database, name), properties):
                self._client.run(request, context)
            self._mark_columns(database, name)
        return Result("DDL", "VACUUM")

    def _mark_columns(self, database: str, name: str) -> GlueTable:
        """The table as it now is. Clients know Iceberg columns by a mark that Athena sets and Trino drops."""
        table = self._catalogue.require(database, name)
        columns = table["StorageDescriptor"]["Columns"]
        if is_iceberg(table) and any("iceberg.field.current" not in column.get("Parameters", {}) for column in columns):
            for column in columns:
                column["Parameters"] = {**column.get("Parameters", {}), "iceberg.field.current": "true"}
            self._catalogue.update_table(table)
        return table


def _made(
    name: tuple[str, str, str],
    query: str,
    properties: rewrite.Properties,
    *,
    if_not_exists: bool = False,
    with_data: bool = True,
) -> Request:
    try:
        return rewrite.create_table_as(name, query, properties, if_not_exists=if_not_exists, with_data=with_data)
    except rewrite.UnknownProperty as error:
        raise QueryFailed("INVALID_TABLE_PROPERTY", str(error)) from error
