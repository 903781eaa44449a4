"""Rows from Python values and from Arrow to the one shape of a piece: declared columns, and the rest in `_extra`."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from hub.config import DataSet
from hub.sources import json_text
from hub.sources.declared import Rows
from hub.sources.nested import Nested
from hub.sources.piece import SourceError

EXTRA, ORIGIN = "_extra", "\x1forigin"  # no column of a source is called so
MARKS = "\x1fmarks"  # JSON of what is known of a replayed row: where it stood, and what it is part of
SIMPLE = {
    frozenset(): pa.null(),
    frozenset({str}): pa.string(),
    frozenset({int}): pa.int64(),
    frozenset({float}): pa.float64(),
    frozenset({bool}): pa.bool_(),
}


def column_of(values: Sequence[Any]) -> pa.Array:
    """Python values as an Arrow column; as text where they are of several types or nested."""
    kinds = _types(values)
    try:
        if kinds in SIMPLE:
            return pa.array(values, SIMPLE[kinds])
    except (OverflowError, pa.ArrowInvalid):
        pass  # an integer beyond 64 bits stays text
    return pa.array(list(_texts(values)), pa.string())


def _types(values: Iterable[Any]) -> frozenset[type]:
    return frozenset(map(type, values)) - {type(None)}


def _texts(values: Sequence[Any]) -> Iterator[str | None]:
    """Each value as it would be text in a column of its own kind, whatever its neighbours are."""
    numbers = pa.array([value for value in values if type(value) is float], pa.float64()).cast(pa.string()).to_pylist()
    floats = iter(numbers)
    for value in values:
        yield None if value is None else next(floats) if type(value) is float else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return json_text.dumps(value) if isinstance(value, bool | dict | list) else repr(value)


def from_records(records: Sequence[dict[str, Any]] | Rows, data_set: DataSet) -> tuple[pa.Table, frozenset[str]]:
    """Records as a table, and the names of the fields that nobody declared."""
    if isinstance(records, Rows):
        return _from_rows(records, data_set), frozenset()
    names = {column.source_name or name: name for name, column in data_set.columns.items()}
    if paths := [theirs for theirs in names if theirs.startswith("$")]:
        records = _without(Nested(paths).flat(records), data_set.ignore)
    columns = dict(zip(names.values(), map(column_of, _columns(records, list(names))), strict=True))
    known = names.keys() | set(data_set.ignore)
    found: frozenset[str] = frozenset().union(*records) - known
    if not found:
        return pa.table({**columns, EXTRA: pa.nulls(len(records), pa.string())}), found
    extra = [{field: record[field] for field in record.keys() - known} for record in records]
    texts = [json_text.dumps(fields) if fields else None for fields in extra]
    return pa.table({**columns, EXTRA: pa.array(texts, pa.string())}), found


def _from_rows(rows: Rows, data_set: DataSet) -> pa.Table:
    columns = _at_once(rows) or [column_of([*rows.values(at)]) for at in range(len(data_set.columns))]
    given = dict(zip(data_set.columns, columns, strict=False))  # what is to be ignored comes last
    return pa.table({**given, EXTRA: pa.nulls(len(rows), pa.string())})


def _at_once(rows: Rows) -> list[pa.Array] | None:
    """The columns, None where one has values of several types."""
    kinds = [kind or SIMPLE.get(_types(rows.values(at))) for at, kind in enumerate(rows.kinds)]
    if None in kinds:
        return None
    try:
        record = pa.struct([(str(at), kind) for at, kind in enumerate(kinds)])
        return list(pa.array(rows.tuples(), record, size=len(rows)).flatten())
    except (OverflowError, pa.ArrowInvalid):
        return None  # an integer beyond 64 bits


def _without(records: Sequence[dict[str, Any]], ignored: Sequence[str]) -> Sequence[dict[str, Any]]:
    """Less what is left of an ignored field, `properties.x` of `properties`."""
    around = tuple(f"{name}{mark}" for name in ignored for mark in (".", "["))
    if not around:
        return records
    return [{name: value for name, value in each.items() if not name.startswith(around)} for each in records]


def _columns(records: Sequence[dict[str, Any]], names: Sequence[str]) -> Sequence[Sequence[Any]]:
    """The values by field; the quick way is for records that have every field."""
    try:
        if records and len(names) > 1:
            return list(zip(*map(itemgetter(*names), records), strict=True))
    except KeyError:
        pass  # a field that a record leaves out is empty
    return [[record.get(name) for record in records] for name in names]


def require_columns(table: pa.Table, data_set: DataSet, where: str) -> None:
    """SourceError where a declared column is not there: its values would silently be taken for empty.

    What is there instead is not told: a file without its header begins with somebody's name.
    """
    declared = [column.source_name or name for name, column in data_set.columns.items()]
    if missing := [name for name in declared if name not in table.column_names]:
        raise SourceError(
            f"{where} has no column {', '.join(missing)}; the names must be those of the manifest, in a CSV in its "
            "first line; take out of the manifest what the source gives no more"
        )


def from_arrow(table: pa.Table, data_set: DataSet) -> tuple[pa.Table, frozenset[str]]:
    """A table under the source's names as a piece's table, and the names of the columns that nobody declared."""
    if twice := sorted({name for name in table.column_names if table.column_names.count(name) > 1}):
        raise SourceError(f"the source gives several columns by one name ({', '.join(twice)}); give each its own")
    columns: dict[str, Any] = {}
    for name, column in data_set.columns.items():
        theirs = column.source_name or name
        columns[name] = table[theirs] if theirs in table.column_names else pa.nulls(len(table), pa.string())
    known = {column.source_name or name for name, column in data_set.columns.items()} | set(data_set.ignore)
    found = [name for name in table.column_names if name and name not in known and name != ORIGIN]
    columns[EXTRA] = _extra(table.select(found)) if found else pa.nulls(len(table), pa.string())
    if ORIGIN in table.column_names:
        columns[ORIGIN] = table[ORIGIN]
    return pa.table(columns), frozenset(found)


def _extra(table: pa.Table) -> pa.Array:
    default = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
    texts = []
    for row in in_python(table):
        fields = {name: value for name, value in row.items() if value is not None}
        texts.append(orjson.dumps(fields, default=_plain, option=default).decode() if fields else None)
    return pa.array(texts, pa.string())


def _plain(value: Any) -> str:
    return _text(value) if isinstance(value, bytes) else str(value)


def in_python(table: pa.Table) -> list[dict[str, Any]]:
    """The rows as Python values; moments of years that Python does not have as text."""
    try:
        return table.to_pylist()  # type: ignore[no-any-return]  # pyarrow has no types
    except OverflowError:
        columns = [[_value(each) for each in column] for column in table.columns]
        return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except OverflowError:
        return str(scalar.cast(pa.string()))


def origins(of: str, first_row: int, count: int) -> pa.Array:
    """What stands for the business key of rows that have none: the object and the row's number in it."""
    numbers = pa.arange(first_row, first_row + count).cast(pa.string())
    return pc.binary_join_element_wise(pa.scalar(of), numbers, "\x1f")
