"""Small pieces of SQL text that the renderer puts together."""

from collections.abc import Iterator, Mapping, Sequence

from hub.models.conformed import sql_type
from hub.models.table import PARTITION, Table
from hub.models.text import outputs

# Keeps generated VALUES far below the 262,144 bytes that Athena takes.
ROWS_A_STATEMENT = 2000
CHARACTERS_A_STATEMENT = 60_000

Rows = Sequence[Mapping[str, str | None]]


def equal(left: str, right: str, columns: Sequence[str]) -> str:
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in columns)


def after(left: str, right: str, order: Sequence[str]) -> str:
    """True where left's row comes after right's, by the columns in their order; none of them is null."""
    first, *rest = order
    later = f"{left}.{first} > {right}.{first}"
    return f"{later} or ({left}.{first} = {right}.{first} and ({after(left, right, rest)}))" if rest else later


def identity(table: Table) -> list[str]:
    """What one row of the stored table is found by: of a history a record at one moment, there or gone."""
    return [*table.key, *([table.order[0], "_deleted"] if table.kind == "history" else ())]


def newer(table: Table, updated: Sequence[str]) -> str:
    """When a merge takes the row `s` over the stored `t`: it is newer, or the same row reads otherwise than it did.

    The second heals rows that were written under an earlier text of the model or mapping.
    """
    # Rows from before there was this column.
    first = "t._as_of is null or " if "_as_of" in table.order else ""
    changes = [f"s.{name} is distinct from t.{name}" for name in updated if name not in table.order]
    return f"{first}{after('s', 't', table.order)} or ({equal('s', 't', table.order)} and ({' or '.join(changes)}))"


def rank(key: Sequence[str], order: Sequence[str], *rather: str) -> str:
    """Numbers the rows of a key from its newest, as `_rank`; of two alike the lesser by `rather` comes first."""
    newest = ", ".join([*(f"{name} desc" for name in order), *rather])
    return f"row_number() over (partition by {', '.join(key)} order by {newest}) as _rank"


def nothing(columns: Mapping[str, str]) -> str:
    """A query of the columns and no row."""
    return (
        "select "
        + ", ".join(f"cast(null as {sql_type(kind)}) as {name}" for name, kind in columns.items())
        + " where false"
    )


def values(columns: Mapping[str, str], rows: Rows) -> str:
    """A query that gives the rows; their values are texts of the column's type, or None."""
    if not rows:
        return nothing(columns)
    casts = ", ".join(f"cast({name} as {sql_type(kind)}) as {name}" for name, kind in columns.items())
    listed = ",\n".join("(" + ", ".join(literal(row[name]) for name in columns) + ")" for row in rows)
    return f"select {casts} from (values\n{listed}\n) as given ({', '.join(columns)})"


def literal(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def chunks(rows: Rows) -> Iterator[Rows]:
    """The rows in parts that fit a statement each."""
    part: list[Mapping[str, str | None]] = []
    size = 0
    for row in rows:
        length = sum(len(value or "") for value in row.values())
        if part and (len(part) == ROWS_A_STATEMENT or size + length > CHARACTERS_A_STATEMENT):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield part


def batch_on(table: Table, side: str) -> str | None:
    """A whole number that is equal for rows of one partition, None where no partition can become too many to write."""
    for partition in table.partitions:
        match = PARTITION.fullmatch(partition)
        unit, column = (match[1], match[2]) if match else (None, None)
        if unit == "month":
            return f"(year({side}{column}) * 12 + month({side}{column}))"
        if unit == "year":
            return f"year({side}{column})"
        if unit == "day":
            return f"date_diff('day', date '1970-01-01', cast({side}{column} as date))"
    return None


def gives_deleted(sql: str) -> bool:
    """Whether a model says itself which rows are deleted."""
    return "_deleted" in outputs(sql)


def shape_rules(table: Table) -> list[tuple[str, str]]:
    """The rules that table.yaml implies, as (title, SELECT of the rows that break it)."""
    required = [name for name, column in table.columns.items() if column.required]
    rules = []
    if required:
        missing = " or ".join(f"{name} is null" for name in required)
        rules.append(
            (f"{', '.join(required)} are never null", f"select {required[0]} from {table.full_name} where {missing}")
        )
    if table.key:
        key = ", ".join([*table.key, *(["valid_from"] if table.kind == "history" else [])])
        rules.append((f"one row per {key}", f"select {key} from {table.full_name} group by {key} having count(*) > 1"))
    return rules
