"""Everything that writes rows: INSERT, CTAS, UNLOAD, UPDATE, DELETE, MERGE. Iceberg is written copy on write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from infra.local.athena import hive_files, iceberg_rows, maintenance
from infra.local.athena.catalogue import GlueTable, is_iceberg, is_view
from infra.local.athena.ddl import Ddl
from infra.local.athena.dialect import casts, types
from infra.local.athena.dialect.dml import Delete, Insert, Merge, Update, parse_dml
from infra.local.athena.dialect.relations import Relations
from infra.local.athena.dialect.rendered import Columns, Rendered
from infra.local.athena.dialect.typed import Typed, failed
from infra.local.athena.dialect.types import Type
from infra.local.athena.engine import QueryFailed, Result
from infra.local.athena.statements import ColumnSpec, Statement
from infra.local.athena.storage import hive_columns, trino_type

if TYPE_CHECKING:
    from infra.local.athena.duckdb_engine import Work


class Writer:
    """Runs writing statements; the writers of one table take turns."""

    def __init__(self, ddl: Ddl) -> None:
        self._ddl = ddl

    # --- INSERT, UPDATE, DELETE, MERGE

    def change(self, statement: Statement, work: Work) -> Result:
        node = parse_dml(statement.text)
        database, name = work.reader.locate(node.table, node.where)
        with work.catalogue.writer(database, name):
            table = work.reader.table(database, name)
            if table is None:
                raise failed("TABLE_NOT_FOUND", node.where, f"Table 'awsdatacatalog.{database}.{name}' does not exist")
            if is_view(table):
                raise failed("NOT_SUPPORTED", node.where, "Inserting into views is not supported")
            if isinstance(node, Insert):
                return self._insert(node, table, work)
            if not is_iceberg(table):
                raise failed(
                    "NOT_SUPPORTED", node.where, "Modifying Hive table rows is only supported for transactional tables"
                )
            makers: dict[type, Callable[..., int]] = {
                Update: iceberg_rows.update, Delete: iceberg_rows.delete, Merge: iceberg_rows.merge,
            }  # fmt: skip
            count = makers[type(node)](node, table, work)
        return Result("DML", type(node).__name__.upper(), [], [], count)

    def _insert(self, node: Insert, table: GlueTable, work: Work) -> Result:
        relations = Relations(work.reader)
        made = relations.query(node.query)
        targets = self._targets(node, table, work)
        if len(targets) != len(made.columns):
            raise failed(
                "MISMATCHED_COLUMN_ALIASES" if node.columns else "TYPE_MISMATCH",
                node.where,
                _mismatch(targets, made.columns),
            )
        for (_, wanted), (_, given) in zip(targets, made.columns, strict=True):
            if not assignable(given, wanted):
                raise failed("TYPE_MISMATCH", node.where, _mismatch(targets, made.columns))
        sql = work.reader.render(made.sql, relations.scans)
        values = {
            name: casts.coerce(Typed(f"q_.c{i}", given), wanted)
            for i, ((name, wanted), (_, given)) in enumerate(zip(targets, made.columns, strict=True))
        }
        if is_iceberg(table):
            count = iceberg_rows.insert(table, values, sql, work)
            return Result("DML", "INSERT", [], [], count)
        count, files = hive_files.insert(table, values, sql, work)
        return Result("DML", "INSERT", [], [], count, files)

    def _targets(self, node: Insert, table: GlueTable, work: Work) -> Columns:
        """The columns that the values are for, in order."""
        if is_iceberg(table):
            schema = work.catalogue.read_iceberg(table).schema()
            every = [(f.name.lower(), trino_type(f.field_type)) for f in schema.fields]
        else:
            every = hive_columns(table)
        if node.columns is None:
            return every
        known = dict(every)
        for column in node.columns:
            if column not in known:
                raise failed(
                    "COLUMN_NOT_FOUND", node.where, f"Insert column name does not exist in target table: {column}"
                )
            if node.columns.count(column) > 1:
                raise failed(
                    "DUPLICATE_COLUMN_NAME", node.where, f"Insert column name is specified more than once: {column}"
                )
        return [(c, known[c]) for c in node.columns]

    # --- CREATE TABLE AS, UNLOAD

    def create_table_as(self, statement: Statement, work: Work) -> Result:
        database, name = statement.names(work.context.database)
        with work.catalogue.writer(database, name):
            if work.catalogue.table(database, name) is not None:
                if statement.if_exists:
                    return Result("DDL", "CREATE_TABLE_AS_SELECT")
                raise QueryFailed("TABLE_ALREADY_EXISTS", f"Table 'awsdatacatalog.{database}.{name}' already exists")
            made = work.query(statement.query)
            _named(made.columns)
            if str(statement.properties.get("table_type", "")).upper() == "ICEBERG":
                files, count = self._iceberg_table_as(statement, (database, name), made, work)
            else:
                files, count = hive_files.create(statement, (database, name), made, work)
        return Result("DDL", "CREATE_TABLE_AS_SELECT", [], [], count, files)

    def _iceberg_table_as(
        self, statement: Statement, name: tuple[str, str], made: Rendered, work: Work
    ) -> tuple[list[str], int]:
        for column, kind in made.columns:
            if kind.base in ("timestamp", "timestamptz") and kind.size != 6:
                raise QueryFailed(
                    "NOT_SUPPORTED",
                    f'Timestamp precision ({kind.size}) not supported for Iceberg. Use "timestamp(6)": {column}',
                )
        specs = tuple(ColumnSpec(n, str(replace_text(k))) for n, k in made.columns)
        transforms = statement.properties.get("partitioning", [])
        location = statement.properties.get("location")
        if not isinstance(location, str):
            raise QueryFailed("INVALID_TABLE_PROPERTY", "An Iceberg table needs the property location")
        if next(iter(work.catalogue.objects(location)), None) is not None:
            raise QueryFailed("ICEBERG_FILESYSTEM_ERROR", f"Cannot create a table on a non-empty location: {location}")
        table = replace(
            statement,
            columns=specs,
            transforms=tuple(transforms) if isinstance(transforms, list) else (),
            location=location,
        )
        self._ddl.new_iceberg_table(name, table)
        glue = work.catalogue.require(*name)
        try:
            if not statement.with_data:
                return [], 0
            values = {n: casts.coerce(Typed(f"q_.c{i}", k), replace_text(k)) for i, (n, k) in enumerate(made.columns)}
            return [], iceberg_rows.insert(glue, values, made.sql, work)
        except BaseException:
            work.catalogue.delete_table(*name)
            work.catalogue.delete_below(location)
            raise

    def unload(self, statement: Statement, work: Work) -> Result:
        made = work.query(statement.query)
        _named(made.columns)
        files, count = hive_files.unload(statement, made, work)
        return Result("DML", "UNLOAD", [], [], count, files)

    # --- OPTIMIZE, VACUUM

    def optimize(self, statement: Statement, work: Work) -> Result:
        table = self._iceberg(statement, work, "OPTIMIZE")
        with work.catalogue.writer(table["DatabaseName"], table["Name"]):
            maintenance.optimize(table, statement.where, work)
        return Result("DDL", "OPTIMIZE")

    def vacuum(self, statement: Statement, work: Work) -> Result:
        table = self._iceberg(statement, work, "VACUUM")
        with work.catalogue.writer(table["DatabaseName"], table["Name"]):
            maintenance.vacuum(work.catalogue, table)
        return Result("DDL", "VACUUM")

    def _iceberg(self, statement: Statement, work: Work, word: str) -> GlueTable:
        table = work.catalogue.require(*statement.names(work.context.database))
        if not is_iceberg(table):
            raise QueryFailed("NOT_SUPPORTED", f"{word} is supported for Iceberg tables alone")
        return table


def replace_text(kind: Type) -> Type:
    """The type that a column keeps: Iceberg's text has no length."""
    if kind.base in ("varchar", "char"):
        return types.VARCHAR
    if kind.base in ("tinyint", "smallint"):
        return types.INTEGER
    if kind.inner:
        return Type(kind.base, inner=tuple(replace_text(t) for t in kind.inner), names=kind.names)
    return kind


def assignable(given: Type, wanted: Type) -> bool:
    """Whether INSERT takes a `given` for a column: coerced without loss."""
    if given.base == wanted.base and given.base in ("timestamp", "timestamptz", "time"):
        return (given.size or 0) <= (wanted.size or 0)
    return types.coerces(given, wanted)


def _mismatch(targets: Columns, given: Columns) -> str:
    shown = [", ".join(str(kind) for _, kind in columns) for columns in (targets, given)]
    return f"Insert query has mismatched column types: Table: [{shown[0]}], Query: [{shown[1]}]"


def _named(columns: Columns) -> None:
    """A table's columns have names of their own and types that a file can hold."""
    seen: set[str] = set()
    for name, kind in columns:
        if name in seen:
            raise QueryFailed("DUPLICATE_COLUMN_NAME", f"Column name '{name}' specified more than once")
        if name.startswith("_col"):
            raise QueryFailed("MISSING_COLUMN_NAME", f"Column name not specified at position {int(name[4:]) + 1}")
        if any(t.base == "unknown" for t in types.walk(kind)):
            raise QueryFailed("COLUMN_TYPE_UNKNOWN", f"Column type is unknown: {name}")
        seen.add(name)
