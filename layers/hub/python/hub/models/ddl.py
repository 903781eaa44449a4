"""CREATE and ALTER of Iceberg tables in Athena's DDL, and what to do when a table's shape changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.models.table import Table

DDL_TYPES = {"varchar": "string", "integer": "int"}


@dataclass(frozen=True)
class Shape:
    """What must happen to the stored table before a run writes it."""

    name: str  # physical name to write to
    create: bool = False
    add: dict[str, str] = field(default_factory=dict)
    copy: tuple[str, ...] = ()  # columns taken over from the released table into a new one


def ddl_type(kind: str) -> str:
    return DDL_TYPES.get(kind, kind)


def shape(
    table: Table,
    run_id: str,
    name: str,
    stored: Mapping[str, str] | None,
    layout: str | None,
    released: Mapping[str, str] | None = None,
) -> Shape:
    """How to bring the stored table to its model.

    name: the physical name used so far. stored: its columns with Glue's types, None where it does not exist.
    layout: `table_layout()` of the table as last released, None where it never was. released: the columns that it had
    then; a run that failed may have added others.
    Columns are added in place; any other change builds a new table under a new name, swapped in by the release.
    """
    if stored is None:
        return Shape(name, create=True)
    wanted = {column: ddl_type(kind) for column, kind in table.physical.items()}
    changed = any(wanted.get(column) != kind for column, kind in stored.items())
    if not changed and layout in (None, table_layout(table)):
        return Shape(name, add={column: kind for column, kind in table.physical.items() if column not in stored})
    there = stored if released is None else released
    takes_over = table.kind != "full" and layout is not None and set(table.key) <= set(there)
    copy = tuple(column for column in table.physical if column in there) if takes_over else ()
    return Shape(f"{table.name}__{run_id}", create=True, copy=copy)


def table_layout(table: Table) -> str:
    """What cannot be changed in place besides columns."""
    return f"{table.kind} ({', '.join(table.key)}) by ({', '.join(table.partitions)})"


def create(table: Table, database: str, name: str, location: str) -> str:
    columns = ",\n".join(f"    `{column}` {ddl_type(kind)}" for column, kind in table.physical.items())
    partitions = f"PARTITIONED BY ({', '.join(table.partitions)})\n" if table.partitions else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.{name} (\n{columns}\n)\n{partitions}"
        f"LOCATION '{location}'\n"
        "TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'snappy'"
        f"{_forgets(table)})"
    )


def _forgets(table: Table) -> str:
    """OPTIMIZE leaves a file alone in which a single DELETE has marked rows; where persons are, their bytes must go."""
    personal = any(column.personal != "none" for column in table.columns.values())
    return ", 'optimize_rewrite_delete_file_threshold' = '1'" if personal else ""


def first_row(database: str, name: str) -> str:
    """A row that no reader sees, so that a table without data has a snapshot to be released too."""
    return f"INSERT INTO {database}.{name} (_deleted, _run_id) VALUES (true, '')"


def add_columns(database: str, name: str, columns: Mapping[str, str]) -> str:
    listed = ", ".join(f"`{column}` {ddl_type(kind)}" for column, kind in columns.items())
    return f"ALTER TABLE {database}.{name} ADD COLUMNS ({listed})"
