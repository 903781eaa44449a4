"""Repairs that a person undid are not made again: the record keeps in that column what the source wrote there."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import DataSet
from hub.pulls.undoing import mark
from hub.quality import Refined, standard
from hub.quality.cast import to_type
from hub.quality.refine import Fixed, standardised


def put_back(refined: Refined, rows: pa.Table, rules: DataSet, country: str, undone: frozenset[str]) -> pa.Table:
    """The rows with what the source wrote wherever its repair is undone; these fixes are none any more."""
    if not undone:
        return rows
    kept = []
    for fixed in refined.fixed:
        hit = _undone(fixed, rows, undone)
        if not pc.any(hit).as_py():
            kept.append(fixed)
            continue
        column, at = rules.columns[fixed.column], fixed.at.filter(hit)
        values, _ = to_type(fixed.before.filter(hit), column)
        mask = pc.is_in(pa.array(range(len(rows)), at.type), at)
        restored = pc.replace_with_mask(_one(rows[fixed.column]), mask, values)
        rows = _with(rows, fixed.column, restored)
        if column.has_standard:
            rows = _with(rows, f"{fixed.column}_standard", standardised(restored, column, country))
        if column.has_latin:
            rows = _with(rows, f"{fixed.column}_latin", standard.latin(restored))
        rest = pc.invert(hit)
        parts = {name: getattr(fixed, name).filter(rest) for name in ("at", "before", "after", "certainty")}
        kept.append(replace(fixed, **parts))
    refined.fixed = kept
    return rows


def _undone(fixed: Fixed, rows: pa.Table, undone: frozenset[str]) -> pa.Array:
    if not fixed.applied:
        return pa.repeat(pa.scalar(False), len(fixed.at))
    keys = pc.take(_one(rows["_record_key"]), fixed.at).to_pylist()
    pairs = zip(keys, fixed.before.to_pylist(), strict=True)
    return pa.array(
        [key is not None and mark(fixed.column, key, before) in undone for key, before in pairs], pa.bool_()
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()


def _with(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)
