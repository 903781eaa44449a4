"""Checks that look at other rows: references to another data set, and values that only one record may have."""

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import DataSet
from hub.pulls.memory import KEY, Memory, unique_columns
from hub.pulls.schema import staging_columns, stored_type
from hub.quality import Refined, told


def check_across(rules: DataSet, rows: pa.Table, refined: Refined, memory: Memory) -> None:
    """Put down which rows break them. A row that is refused or filtered takes no value from another.

    rows: with their record keys. A column without a value, or with one that another check refused, is not judged.
    """
    for name in rules.checked("reference"):
        if known := memory.known.get(name):
            _settle(rules, refined, name, "reference", "dangling", known.lacks(_one(rows[name])))
    types = staging_columns(rules)
    for name, compared in unique_columns(rules).items():
        values = _one(rows[compared]).cast(stored_type(types[compared]), safe=False)
        taken = memory.taken[compared].by_others(values, _one(rows[KEY]), _standing(len(rows), refined))
        _settle(rules, refined, name, "unique", "repeated", taken)


def _settle(rules: DataSet, refined: Refined, name: str, rule: str, kind: str, broken: pa.Array) -> None:
    column = rules.columns[name]
    check = column.rule(rule)
    if check is None or not (count := pc.sum(broken).as_py()):
        return
    filtered = pc.take(broken, pa.array(sorted(refined.filtered), pa.int64()))
    refined.measured[name][kind] += count - (pc.sum(filtered).as_py() or 0)
    if column.severity(check) == "reject":
        refined.reject(name, rule, told(check), broken)
    else:
        refined.warn(name, rule, broken)


def _standing(length: int, refined: Refined) -> pa.Array:
    out = pa.array([*refined.rejected, *refined.filtered], pa.int64())
    return pc.invert(pc.is_in(pa.arange(0, length), out))


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
