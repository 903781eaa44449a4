"""A batch of raw rows to typed, checked and standardised rows, and those that may not pass, with their reasons."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from hub.config import Check, Column, DataSet
from hub.quality import checks, standard
from hub.quality.cast import as_text, to_type

EXTRA = "_extra"


@dataclass(frozen=True, slots=True)
class Failure:
    """One rule that a row breaks."""

    column: str
    rule: str
    reason: str


@dataclass(slots=True)
class Refined:
    """What became of a batch's rows, in the order in which they came.

    rows: all rows, typed, with `<column>_standard` and `_extra`; of rejected rows what could be read.
    rejected: position -> failures. filtered: position -> rule. A row is in at most one of the two.
    warned: how many values broke a rule that only warns, by `column: rule`.
    """

    rows: pa.Table
    rejected: dict[int, list[Failure]] = field(default_factory=dict)
    filtered: dict[int, str] = field(default_factory=dict)
    warned: Counter[str] = field(default_factory=Counter)


def refine(raw: pa.Table, data_set: DataSet, country: str, today: date) -> Refined:
    """Cast, check, repair, standardise and filter one batch.

    raw: the declared columns under the hub's names, of any type, and `_extra` (text).
    """
    work = _Work(raw, data_set, country, today)
    for name, column in data_set.columns.items():
        work.column(name, column)
    work.filters()
    return work.result()


class _Work:
    """One batch on its way through its columns."""

    def __init__(self, raw: pa.Table, data_set: DataSet, country: str, today: date) -> None:
        self._raw, self._data_set, self._country, self._today = raw, data_set, country, today
        self._done: dict[str, pa.Array] = {}
        self._standard: dict[str, pa.Array] = {}
        self._kept_aside: dict[int, dict[str, str]] = {}
        self._refined = Refined(rows=raw)

    def column(self, name: str, column: Column) -> None:
        raw = _flat(self._raw[name])
        values, misfits = to_type(raw, column)
        if column.on_failure == "reject":
            self._reject(name, "type", f"is not a {column.type}", misfits)
        else:
            self._warn(name, "type", misfits)
            self._keep_aside(name, raw, misfits)
        for check in column.checks:
            values = self._check(name, column, check, values)
        if column.required:
            # What did not fit its type was a value, and is told as that.
            self._reject(name, "required", "is missing", pc.and_(pc.is_null(values), pc.invert(misfits)))
            if column.on_failure != "reject":
                self._reject(name, "type", f"is not a {column.type}, and the column is required", misfits)
        self._done[name] = values
        if column.has_standard:
            self._standard[f"{name}_standard"] = _standardised(values, column, self._country)

    def _check(self, name: str, column: Column, check: Check, values: pa.Array) -> pa.Array:
        broken = checks.broken(check, values, column, self._country, self._today)
        if not pc.any(broken).as_py():
            return values
        if column.on_failure == "reject":
            self._reject(name, check.rule, _told(check), broken)
            return values
        self._warn(name, check.rule, broken)
        if column.on_failure == "warn":
            return values
        better = checks.repaired(check, values.filter(broken))
        unsound = checks.broken(check, better, column, self._country, self._today)
        better = pc.if_else(unsound, pa.scalar(None, values.type), better)
        self._keep_aside(name, _flat(self._raw[name]), broken)
        return pc.replace_with_mask(values, broken, better)

    def _reject(self, name: str, rule: str, reason: str, mask: pa.Array) -> None:
        for at in _positions(mask):
            self._refined.rejected.setdefault(at, []).append(Failure(name, rule, reason))

    def _warn(self, name: str, rule: str, mask: pa.Array) -> None:
        if count := pc.sum(mask).as_py():
            self._refined.warned[f"{name}: {rule}"] += count

    def _keep_aside(self, name: str, raw: pa.Array, mask: pa.Array) -> None:
        """A value that is nulled or repaired is not lost: `_extra` keeps what the source wrote."""
        source_name = self._data_set.columns[name].source_name or name
        for at, value in zip(_positions(mask), as_text(raw.filter(mask)).to_pylist(), strict=True):
            self._kept_aside.setdefault(at, {})[source_name] = value

    def filters(self) -> None:
        for rule in self._data_set.filters:
            holds = pa.repeat(pa.scalar(True), len(self._raw))
            for name, conditions in rule.where.items():
                values = self._done[name]
                if not conditions:
                    holds = pc.and_(holds, pc.is_null(values))
                for check in conditions:
                    broken = checks.broken(check, values, self._data_set.columns[name], self._country, self._today)
                    holds = pc.and_(holds, pc.and_(pc.is_valid(values), pc.invert(broken)))
            for at in _positions(holds):
                self._refined.filtered.setdefault(at, rule.rule)
        for at in self._refined.filtered:
            self._refined.rejected.pop(at, None)

    def result(self) -> Refined:
        extra = _flat(self._raw[EXTRA])
        if self._kept_aside:
            texts = extra.to_pylist()
            for at, kept in self._kept_aside.items():
                # No field is in both; the text is not read, for its numbers may be longer than a reader keeps.
                texts[at] = (
                    f"{texts[at][:-1]},{orjson.dumps(kept).decode()[1:]}" if texts[at] else orjson.dumps(kept).decode()
                )
            extra = pa.array(texts, pa.string())
        self._refined.rows = pa.table({**self._done, **self._standard, EXTRA: extra})
        return self._refined


def _flat(column: Any) -> pa.Array:
    """A table's column as one array."""
    if isinstance(column, pa.Array):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _positions(mask: pa.Array) -> list[int]:
    return list(pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist())


def _standardised(values: pa.Array, column: Column, country: str) -> pa.Array:
    if column.rule("email"):
        return standard.email(values)
    if check := column.rule("phone"):
        return standard.phone(values, check.of or country)
    return standard.name(values)


def _told(check: Check) -> str:
    if check.rule == "one_of":
        return f"is none of {', '.join(map(str, check.of))}"
    if check.rule == "between":
        return f"is not between {check.of[0]} and {check.of[1]}"
    if check.rule == "length":
        return f"is not {check.of[0]} to {check.of[1]} characters long"
    return f"does not fit {check.of}" if check.rule == "pattern" else f"is no valid {check.rule}"
