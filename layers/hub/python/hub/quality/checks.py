"""The rules of a column, each a mask over the whole column. A missing value breaks no rule but `required`.

Rules that look at other rows (unique, reference) are settled where the batches of a pull are known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import Check
from hub.config.checking import ACROSS_ROWS, MOMENTS, NUMBERS, days
from hub.config.postcodes import FORMS
from hub.quality import standard, writings
from hub.quality.forms import SPELLINGS

BIRTHS = ("1900-01-01", "today")
UNTIDY = r"^[\s\x{00A0}]|[\s\x{00A0}]$|[\s\x{00A0}]{2}|[\t\r\n\x{00A0}]"


@dataclass(frozen=True, slots=True)
class Context:
    """country: for telephone numbers and postcodes whose check names none. today: what the bound `today` means."""

    country: str
    today: date


Kept = Callable[[pa.Array, Any, Context], pa.Array]


def broken(check: Check, values: pa.Array, context: Context, standardised: pa.Array | None = None) -> pa.Array | None:
    """Which values break the check; None where none does.

    standardised: the standard form of the values where it is known already.
    """
    if check.rule in ACROSS_ROWS or values.null_count == len(values):
        return None
    if check.rule in ("email", "phone") and standardised is not None:
        kept = pc.is_valid(standardised)
    else:
        kept = KEPT[check.rule](values, check.of, context)
    # Null means that there is no value, or none that the rule could judge: both break nothing, and null is not false.
    if values.null_count == kept.null_count:
        if pc.all(kept).as_py() is not False:
            return None
        return pc.fill_null(pc.invert(kept), False)
    wrong = pc.and_(pc.is_valid(values), pc.invert(pc.fill_null(kept, False)))
    return wrong if pc.any(wrong).as_py() else None


def _literal(value: Any, kind: pa.DataType) -> Any:
    """A manifest's value as the column's type holds it."""
    if pa.types.is_string(kind):
        return str(value)
    return pa.scalar(str(value)).cast(kind).as_py() if not isinstance(value, bool) else value


def literals(listed: Any, kind: pa.DataType) -> pa.Array:
    """The values of a manifest's list as a column of this type."""
    return pa.array([_literal(each, kind) for each in listed], kind)


def _where_there(values: pa.Array, kept: pa.Array) -> pa.Array:
    """The mask with null where there is no value."""
    return kept if not values.null_count else pc.if_else(pc.is_valid(values), kept, pa.scalar(None, pa.bool_()))


def _one_of(values: pa.Array, of: Any, _: Context) -> pa.Array:
    return _where_there(values, pc.is_in(values, literals(of, values.type)))


def _length(values: pa.Array, of: Any, _: Context) -> pa.Array:
    length = pc.utf8_length(values)
    return pc.and_(pc.greater_equal(length, of[0]), pc.less_equal(length, of[1]))


def _form(rule: str) -> Kept:
    forms = pa.array(sorted(set(SPELLINGS[rule].values())), pa.string())
    return lambda values, _, __: _where_there(values, pc.is_in(values, forms))


def _between(values: pa.Array, bounds: Any, context: Context) -> pa.Array:
    least, most = (
        _bound(bound, values.type, context.today, last) for bound, last in zip(bounds, (False, True), strict=True)
    )
    kept = pc.greater_equal(values, least) if least is not None else _where_there(values, _all(values))
    return kept if most is None else pc.and_(kept, pc.less_equal(values, most))


def _all(values: pa.Array) -> pa.Array:
    return pa.repeat(pa.scalar(True), len(values))


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


def _fresh(values: pa.Array, of: Any, context: Context) -> pa.Array:
    """Of a day no longer ago than so many days; what the future holds is no question of age."""
    oldest = datetime.combine(context.today, time.min) - (days(of) or timedelta())
    return pc.greater_equal(values.cast(pa.timestamp("us")), pa.scalar(oldest, pa.timestamp("us")))


def _postcode(values: pa.Array, of: Any, context: Context) -> pa.Array:
    form = FORMS.get(of or context.country, ".*")
    return pc.match_substring_regex(values, f"^({form})$")


def _written(rule: str) -> Kept:
    """Text that stands as the rule would write it."""

    def kept(values: pa.Array, of: Any, context: Context) -> pa.Array:
        distinct = values.dictionary_encode()
        write = writings.writer(rule, of, context.country)
        same = [text == write(text)[0] for text in distinct.dictionary.to_pylist()]
        return pc.take(pa.array(same, pa.bool_()), distinct.indices)

    return kept


KEPT: Mapping[str, Kept] = MappingProxyType(
    {
        "email": lambda values, _, __: pc.is_valid(standard.email(values)),
        "phone": lambda values, of, context: pc.is_valid(standard.phone(values, of or context.country)),
        "one_of": _one_of,
        "pattern": lambda values, of, _: pc.match_substring_regex(values, of),
        "length": _length,
        "between": _between,
        "postcode": _postcode,
        "plausible_date": lambda values, of, context: _between(values, of or BIRTHS, context),
        "fresh": _fresh,
        "tidy": lambda values, _, __: pc.invert(pc.match_substring_regex(values, UNTIDY)),
        **{rule: _form(rule) for rule in SPELLINGS},
        **{rule: _written(rule) for rule in writings.RULES},
    }
)


NO_NUMBER = "write it in digits alone"
NO_MOMENT = "write it as 2024-05-31, or declare its `format`"
TYPE_REMEDIES = {
    **dict.fromkeys(NUMBERS, NO_NUMBER),
    **dict.fromkeys(MOMENTS, NO_MOMENT),
    "boolean": "write true or false",
}
REMEDIES = {
    "one_of": "write one of these, or add it to the check",
    "between": "correct it, or widen the check",
    "plausible_date": "check its day, month and year",
    "length": "correct it, or change the check",
    "reference": "correct it, or send that record too",
    "pattern": "write it in that form",
    "unique": "give each record its own",
    "fresh": "bring it up to date",
    "tidy": "take them out",
    "email": "write it as name@host.example",
    "phone": "write it with its country's code",
}
MISSING = "is missing; write it, or take `required` out"


def no_type(kind: str) -> str:
    """What is wrong with a value that does not fit its column's type."""
    return f"is no {kind}; {TYPE_REMEDIES.get(kind.partition('(')[0], 'correct it')}"


def told(check: Check) -> str:
    """What is wrong with a value that breaks the check and what to do, in words that follow the column's name."""
    return f"{_wrong(check)}; {REMEDIES.get(check.rule, 'correct it')}"


def _wrong(check: Check) -> str:
    of = check.of
    if check.rule == "one_of":
        return f"is none of {', '.join(map(str, of))}"
    if check.rule in ("between", "plausible_date"):
        least, most = of or BIRTHS
        return f"is not between {least} and {most}"
    if check.rule == "length":
        return f"is not {of[0]} to {of[1]} characters long"
    if check.rule == "reference":
        return f"is no {of['column']} of {of['data_set']}"
    plain = {
        "pattern": f"does not fit {of}",
        "unique": "is another record's already",
        "fresh": f"is older than {of}",
        "tidy": "has blanks around it or several in a row",
        "name": "is no name as it is written",
        "company": "is not written as firms are",
        "address": "is not written as addresses are",
        "postcode": f"is no postcode of {of}" if of else "is no postcode of the hub's country",
    }
    return plain.get(check.rule, f"is no valid {check.rule}")
