"""A batch of raw rows to typed, checked and standardised rows, and those that may not pass, with their reasons."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from hub.config import Check, Column, DataSet
from hub.quality import checks, relations, repairs, standard
from hub.quality.cast import as_text, to_type
from hub.quality.checks import Context

EXTRA = "_extra"


@dataclass(frozen=True, slots=True)
class Failure:
    """One rule that a row breaks."""

    column: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """Values of one column that were made better by one rule.

    at: positions of their rows. before: as the source wrote them. after: null where no better value is known.
    applied: false where the values stay and `after` is a suggestion.
    """

    column: str
    rule: str
    at: pa.Array
    before: pa.Array
    after: pa.Array
    certainty: pa.Array
    applied: bool = True


@dataclass(slots=True)
class Refined:
    """What became of a batch's rows, in the order in which they came.

    rows: all rows, typed, with `<column>_standard`, `<column>_latin` and `_extra`; of rejected rows what could be read.
    rejected: position -> failures. filtered: position -> rule. A row is in at most one of the two.
    warned: how many values broke a rule that only warns or that no repair was found for, by `column: rule`.
    measured: by column what its quality is worked out from: values, and how many of them are wrong in which way.
    related: by rule between columns, the rows that it judged and those that break it. Filtered rows are in neither.
    """

    rows: pa.Table
    rejected: dict[int, list[Failure]] = field(default_factory=dict)
    filtered: dict[int, str] = field(default_factory=dict)
    warned: Counter[str] = field(default_factory=Counter)
    fixed: list[Fixed] = field(default_factory=list)
    measured: dict[str, Counter[str]] = field(default_factory=dict)
    related: dict[str, Counter[str]] = field(default_factory=dict)

    def reject(self, column: str, rule: str, reason: str, mask: pa.Array) -> None:
        """Refuse the rows of the mask; a filtered row stays filtered."""
        failure = Failure(column, rule, reason)
        for at in positions(mask):
            if at not in self.filtered:
                self.rejected.setdefault(at, []).append(failure)

    def warn(self, column: str, rule: str, mask: pa.Array) -> None:
        if count := pc.sum(mask).as_py():
            self.warned[f"{column}: {rule}"] += count


def refine(raw: pa.Table, data_set: DataSet, country: str, today: date) -> Refined:
    """Cast, check, repair, standardise and filter one batch.

    raw: the declared columns under the hub's names, of any type, and `_extra` (text).
    """
    work = _Work(raw, data_set, Context(country, today))
    for name, column in data_set.columns.items():
        work.column(name, column)
    work.filters()
    work.rules()
    return work.result()


class _Work:
    """One batch on its way through its columns."""

    def __init__(self, raw: pa.Table, data_set: DataSet, context: Context) -> None:
        self._raw, self._data_set, self._context = raw, data_set, context
        self._done: dict[str, pa.Array] = {}
        self._standard: dict[str, pa.Array] = {}
        self._wrong: dict[str, dict[str, pa.Array]] = {}
        self._kept_aside: dict[int, dict[str, str]] = {}
        self._refined = Refined(rows=raw)

    def column(self, name: str, column: Column) -> None:
        raw = _flat(self._raw[name])
        values, misfits = to_type(raw, column)
        self._wrong[name] = {}
        if misfit := bool(pc.any(misfits).as_py()):
            self._wrong[name]["invalid"] = misfits
            values = self._misfit(name, column, raw, values, misfits)
        standard_form = standardised(values, column, self._context.country) if column.has_standard else None
        for check in column.checks:
            values, changed = self._check(name, column, check, values, standard_form)
            if changed and column.has_standard:
                standard_form = standardised(values, column, self._context.country)
        if column.default is not None and values.null_count:
            values = self._impute(name, column, values, misfits)
            if column.has_standard:
                standard_form = standardised(values, column, self._context.country)
        if column.required and (values.null_count or misfit):
            # What did not fit its type was a value, and is told as that.
            self._refined.reject(name, "required", checks.MISSING, pc.and_not(pc.is_null(values), misfits))
            if column.on_failure != "reject":
                unread = pc.and_(pc.is_null(values), misfits)
                self._refined.reject(name, "type", f"{checks.no_type(column.type)}; the column is required", unread)
        self._done[name] = values
        if standard_form is not None:
            self._standard[f"{name}_standard"] = standard_form
        if column.has_latin:
            self._standard[f"{name}_latin"] = standard.latin(values)

    def _impute(self, name: str, column: Column, values: pa.Array, misfits: pa.Array) -> pa.Array:
        """The default where the source has nothing, each recorded and marked; what did not fit was something."""
        missing = pc.and_not(pc.is_null(values), misfits)
        for wrong in self._wrong[name].values():
            missing = pc.and_not(missing, wrong)
        if not pc.any(missing).as_py():
            return values
        self._wrong[name]["imputed"] = missing
        self._keep_aside(name, pa.nulls(len(values), pa.string()), missing)
        count = pc.sum(missing).as_py()
        default = pa.repeat(checks.literals([column.default], values.type)[0], count)
        return self._fix(name, "default", missing, values, repairs.Repaired(default, pa.repeat(pa.scalar(0.0), count)))

    def _misfit(self, name: str, column: Column, raw: pa.Array, values: pa.Array, misfits: pa.Array) -> pa.Array:
        """What becomes of the values that do not fit their type."""
        if column.on_failure == "reject":
            self._refined.reject(name, "type", checks.no_type(column.type), misfits)
            return values
        self._keep_aside(name, raw, misfits)
        if column.on_failure in ("warn", "suggest"):
            self._refined.warn(name, "type", misfits)
            return values
        better = repairs.reread(as_text(raw.filter(misfits)), column)
        sure = pa.repeat(pa.scalar(repairs.LIKELY), len(better))
        return self._fix(name, "type", misfits, values, repairs.Repaired(better, sure))

    def _check(
        self, name: str, column: Column, check: Check, values: pa.Array, standard_form: pa.Array | None
    ) -> tuple[pa.Array, bool]:
        """The values after the check, and whether some are others now."""
        # One of the checks has made the standard form already.
        known = standard_form if check is (column.rule("email") or column.rule("phone")) else None
        broken = checks.broken(check, values, self._context, known)
        if broken is None:
            return values, False
        kind, severity = "stale" if check.rule == "fresh" else "invalid", column.severity(check)
        wrong = self._wrong[name]
        wrong[kind] = pc.or_(wrong[kind], broken) if kind in wrong else broken
        if severity == "reject":
            self._refined.reject(name, check.rule, checks.told(check), broken)
        elif severity == "warn":
            self._refined.warn(name, check.rule, broken)
        elif severity == "suggest":
            self._suggest(name, check, broken, values)
        else:
            self._keep_aside(name, _flat(self._raw[name]), broken)
            better = repairs.repaired(check, values.filter(broken), self._context)
            return self._fix(name, check.rule, broken, values, better), True
        return values, False

    def _fix(self, name: str, rule: str, mask: pa.Array, values: pa.Array, better: repairs.Repaired) -> pa.Array:
        """Put better values in their places and keep a record of each; null where none is known."""
        raw = as_text(_flat(self._raw[name]).filter(mask))
        at = pc.indices_nonzero(mask)
        self._refined.fixed.append(Fixed(name, rule, at, raw, as_text(better.values), better.certainty))
        if unmended := better.values.null_count:
            self._refined.warned[f"{name}: {rule}"] += unmended
        return pc.replace_with_mask(values, mask, better.values)

    def _suggest(self, name: str, check: Check, mask: pa.Array, values: pa.Array) -> None:
        """Write down what would be better; the value stays until a person decides."""
        self._refined.warn(name, check.rule, mask)
        better = repairs.repaired(check, values.filter(mask), self._context)
        raw = as_text(_flat(self._raw[name]).filter(mask))
        known = pc.is_valid(better.values)
        told = (pc.indices_nonzero(mask), raw, as_text(better.values), better.certainty)
        at, before, after, certainty = (each.filter(known) for each in told)
        self._refined.fixed.append(Fixed(name, check.rule, at, before, after, certainty, applied=False))

    def _keep_aside(self, name: str, raw: pa.Array, mask: pa.Array) -> None:
        """A value that is nulled or repaired is not lost: `_extra` keeps what the source wrote."""
        source_name = self._data_set.columns[name].source_name or name
        for at, value in zip(positions(mask), as_text(raw.filter(mask)).to_pylist(), strict=True):
            self._kept_aside.setdefault(at, {})[source_name] = value

    def filters(self) -> None:
        for rule in self._data_set.filters:
            holds = pa.repeat(pa.scalar(True), len(self._raw))
            for name, conditions in rule.where.items():
                values = self._done[name]
                holds = pc.and_(holds, pc.is_valid(values) if conditions else pc.is_null(values))
                for check in conditions:
                    broken = checks.broken(check, values, self._context)
                    holds = holds if broken is None else pc.and_not(holds, broken)
            for at in positions(holds):
                self._refined.filtered.setdefault(at, rule.rule)
        for at in self._refined.filtered:
            self._refined.rejected.pop(at, None)

    def rules(self) -> None:
        """What must hold between columns."""
        for rule in self._data_set.rules:
            judged, broken = relations.judge(rule.expect, self._done, self._context.today)
            self._refined.related[rule.rule] = Counter(judged=self._count(judged), broken=self._count(broken))
            if rule.on_failure == "reject":
                self._refined.reject(rule.expect.column, rule.rule, relations.told(rule.expect), broken)
            else:
                self._refined.warn(rule.expect.column, rule.rule, broken)

    def _count(self, mask: pa.Array) -> int:
        """How many of the rows that no filter leaves out."""
        count = pc.sum(mask).as_py() or 0
        if count and self._refined.filtered:
            count -= pc.sum(pc.take(mask, pa.array(sorted(self._refined.filtered), pa.int64()))).as_py() or 0
        return int(count)

    def _measure(self) -> None:
        kept = len(self._raw) - len(self._refined.filtered)
        for name, wrong in self._wrong.items():
            raw = _flat(self._raw[name])
            # A value that a repair took away was one; empty text was none.
            there = pc.is_valid(self._done[name])
            for kind, mask in wrong.items():
                there = pc.and_not(there, mask) if kind == "imputed" else pc.or_(there, mask)
            counts = {kind: self._count(mask) for kind, mask in wrong.items()}
            filled = kept if not raw.null_count and there.true_count == len(raw) else self._count(there)
            self._refined.measured[name] = Counter(filled=filled, **counts)

    def result(self) -> Refined:
        self._measure()
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


def positions(mask: pa.Array) -> list[int]:
    """Where the mask is true."""
    return list(pc.indices_nonzero(mask if not mask.null_count else pc.fill_null(mask, False)).to_pylist())


def standardised(values: pa.Array, column: Column, country: str) -> pa.Array:
    """The standard form of a column that has one."""
    if column.rule("email"):
        return standard.email(values)
    if check := column.rule("phone"):
        return standard.phone(values, check.of or country)
    return standard.name(values)
