"""The rules of a column, each a mask over the whole column. A missing value breaks no rule but `required`."""

from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import Check, Column
from hub.quality import standard


def broken(check: Check, values: pa.Array, column: Column, country: str, today: date) -> pa.Array:
    """Which values break the check.

    country: for telephone numbers whose check names none. today: what the bound `today` means.
    """
    if check.rule == "email":
        kept = pc.is_valid(standard.email(values))
    elif check.rule == "phone":
        kept = pc.is_valid(standard.phone(values, check.of or country))
    elif check.rule == "one_of":
        kept = pc.is_in(values, pa.array([_literal(each, values.type) for each in check.of], values.type))
    elif check.rule == "pattern":
        kept = pc.match_substring_regex(values, check.of)
    elif check.rule == "length":
        least, most = check.of
        length = pc.utf8_length(values)
        kept = pc.and_(pc.greater_equal(length, least), pc.less_equal(length, most))
    else:
        kept = _between(values, check.of, today)
    return pc.and_(pc.is_valid(values), pc.invert(pc.fill_null(kept, False)))


def repaired(check: Check, values: pa.Array) -> pa.Array:
    """What `on_failure: fix` makes of broken values; null where the rule knows no repair."""
    if check.rule == "one_of" and pa.types.is_string(values.type):
        known = {str(each).casefold(): str(each) for each in check.of}
        found = [known.get((value or "").strip().casefold()) for value in values.to_pylist()]
        return pa.array(found, pa.string())
    if check.rule == "length":
        return pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(values), 0, check.of[1])
    return pa.nulls(len(values), values.type)


def _literal(value: Any, kind: pa.DataType) -> Any:
    """A manifest's value as the column's type holds it."""
    if pa.types.is_string(kind):
        return str(value)
    return pa.scalar(str(value)).cast(kind).as_py() if not isinstance(value, bool) else value


def _between(values: pa.Array, bounds: Any, today: date) -> pa.Array:
    least, most = (_bound(bound, values.type, today, last) for bound, last in zip(bounds, (False, True), strict=True))
    kept = pa.repeat(pa.scalar(True), len(values))
    if least is not None:
        kept = pc.and_(kept, pc.greater_equal(values, least))
    return kept if most is None else pc.and_(kept, pc.less_equal(values, most))


def _bound(bound: Any, kind: pa.DataType, today: date, last: bool) -> pa.Scalar | None:
    """A bound as a scalar; for timestamps the upper bound is the end of its day."""
    if bound is None:
        return None
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        day = today if bound == "today" else date.fromisoformat(bound)
        if pa.types.is_date(kind):
            return pa.scalar(day, kind)
        return pa.scalar(datetime.combine(day, time.max if last else time.min), kind)
    return pa.scalar(str(bound)).cast(pa.decimal128(38, 10) if pa.types.is_decimal(kind) else pa.float64())


def utc_today() -> date:
    return datetime.now(UTC).date()
