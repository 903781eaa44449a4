"""Rules between the columns of a row, each two masks over the whole batch: which rows it can judge, which break it."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.config.models import Expectation
from hub.config.postcodes import PLACES

COMPARED: Mapping[str, Callable[[pa.Array, Any], pa.Array]] = MappingProxyType(
    {
        "equal": pc.equal,
        "not_equal": pc.not_equal,
        "at_most": pc.less_equal,
        "less": pc.less,
        "at_least": pc.greater_equal,
        "more": pc.greater,
    }
)
WORDS = {
    "equal": "is not equal to",
    "not_equal": "is equal to",
    "at_most": "is more than",
    "less": "is not less than",
    "at_least": "is less than",
    "more": "is not more than",
    "present_if": "is missing although there is",
    "postcode_of": "is no postcode of the place in",
    "age_of": "is not the age of who was born on",
}


def judge(expect: Expectation, columns: Mapping[str, pa.Array], today: date) -> tuple[pa.Array, pa.Array]:
    """Which rows the expectation speaks of, and which of them do not meet it; neither mask has nulls."""
    left = columns[expect.column]
    if expect.is_ == "present_if":
        judged = pc.is_valid(columns[expect.of or ""])
        return judged, pc.and_(judged, pc.is_null(left))
    if expect.is_ == "postcode_of":
        return _postcodes(left, columns[expect.of or ""])
    if expect.is_ == "age_of":
        return _ages(left, columns[expect.of or ""], today)
    left, right = _alike(left, columns[expect.of] if expect.of else _literal(expect.value, left.type))
    met = COMPARED[expect.is_](left, right)
    return pc.is_valid(met), pc.fill_null(pc.invert(met), False)


def told(expect: Expectation) -> str:
    """What is wrong with a row that does not meet the expectation, in words that follow the column's name."""
    return f"{WORDS[expect.is_]} {expect.of or expect.value}; correct one of them"


def _literal(value: Any, kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(value) if isinstance(value, bool) else pa.scalar(str(value)).cast(_wide(kind))


def _wide(kind: pa.DataType) -> pa.DataType:
    """The type in which values of a family are compared without loss where that is possible."""
    if pa.types.is_decimal(kind):
        return pa.decimal128(38, kind.scale)
    if pa.types.is_integer(kind):
        return pa.decimal128(38, 10)
    return pa.timestamp("us") if pa.types.is_date(kind) or pa.types.is_timestamp(kind) else kind


def _alike(left: pa.Array, right: Any) -> tuple[pa.Array, Any]:
    """Both in one type: decimals exactly, a day as its midnight, anything with a double as a double."""
    if left.type == right.type:
        return left, right
    if pa.types.is_floating(left.type) or pa.types.is_floating(right.type):
        return left.cast(pa.float64()), right.cast(pa.float64())
    if pa.types.is_date(left.type) or pa.types.is_timestamp(left.type):
        return left.cast(pa.timestamp("us")), right.cast(pa.timestamp("us"))
    return left, right


def _postcodes(codes: pa.Array, states: pa.Array) -> tuple[pa.Array, pa.Array]:
    """An Indian postcode against the name of its state or city; a place that nobody knows is not judged."""
    named = pc.replace_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(states)), r"[.\s]+", " ")
    known = pc.is_in(named, pa.array(list(PLACES), pa.string()))
    judged = pc.and_(pc.and_(known, pc.is_valid(named)), pc.is_valid(codes))
    meets = pa.repeat(pa.scalar(False), len(codes))
    for place in pc.unique(named.filter(judged)).to_pylist():
        begins = "|".join(PLACES[place])
        fits = pc.match_substring_regex(pc.fill_null(codes, ""), rf"^\s*({begins})")
        meets = pc.or_(meets, pc.and_(pc.fill_null(pc.equal(named, place), False), fits))
    return judged, pc.and_not(judged, meets)


def _ages(years: pa.Array, births: pa.Array, today: date) -> tuple[pa.Array, pa.Array]:
    """Full years since birth, one either way: an age was true on the day on which somebody wrote it down."""
    born = births.cast(pa.date32(), safe=False)
    turned = pc.or_(
        pc.less(pc.month(born), today.month),
        pc.and_(pc.equal(pc.month(born), today.month), pc.less_equal(pc.day(born), today.day)),
    )
    full = pc.subtract(pc.subtract(today.year, pc.year(born)), pc.if_else(turned, 0, 1))
    off = pc.abs(pc.subtract(years.cast(pa.float64()), full.cast(pa.float64())))
    judged = pc.is_valid(off)
    return judged, pc.fill_null(pc.greater(off, 1), False)
