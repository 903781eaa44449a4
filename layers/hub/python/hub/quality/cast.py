"""From what the source wrote to the declared type, strictly: a value that does not fit exactly is refused, never bent.

Whole columns are cast at once; only values that a column-wide rule doubts are looked at one by one.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from hub.config import Column

LONG_NUMBER = re.compile(r"(?:^|[\[:,\s-])[0-9.]{17}")
STAMP, UTC_STAMP = pa.timestamp("us"), pa.timestamp("us", "UTC")
ARROW_TYPES = {
    "varchar": pa.string(),
    "json": pa.string(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": STAMP,
}
TRUE, FALSE = pa.array(["true", "t", "yes", "y", "1"]), pa.array(["false", "f", "no", "n", "0"])
INTEGER = r"^[+-]?[0-9]+$"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\.0+)?)?Z?)?$"
MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}(:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?)?$"
)
ZONED = r"[T ].*(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
ODATA = r"^/Date\(([+-]?[0-9]{1,15})([+-][0-9]{4})?\)/$"
QUICK_YEARS = datetime(1678, 1, 1), datetime(2262, 1, 1)  # every unit of Arrow holds these
EPOCHS = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000}  # microseconds of each
Result = tuple[pa.Array, pa.Array]


def arrow_type(name: str) -> pa.DataType:
    """The Arrow type of a declared type such as `decimal(18,4)`."""
    if match := re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", name):
        return pa.decimal128(int(match[1]), int(match[2]))
    return ARROW_TYPES[name]


def to_type(raw: pa.Array, column: Column) -> Result:
    """The column as its declared type, and a mask of the values that did not fit (they are null in the result).

    raw: values as the source gave them, text or any Arrow type. Empty text is no value.
    """
    target = arrow_type(column.type)
    if target == STAMP and column.time_zone and pa.types.is_timestamp(raw.type) and raw.type.tz is None:
        stamps, misfits = _without_misfits(raw.cast(STAMP, safe=False))
        return _local(stamps, column.time_zone), misfits
    if raw.type == target and not pa.types.is_string(target):
        return _without_misfits(raw)
    if (exact := _of_numbers(raw, target)) is not None:
        return exact, _none_of(exact)
    if (exact := _of_moments(raw, column)) is not None:
        return exact, _none_of(exact)
    possible = _of_the_calendar(raw) if _may_leave_it(raw.type) else raw
    text = _without_empty(as_text(possible))
    if column.type == "varchar":
        return text, pc.and_(pc.is_valid(raw), pc.is_null(possible))
    trimmed = _without_empty(pc.utf8_trim_whitespace(text))
    typed = _caster(column)(trimmed)
    return typed, pc.and_(pc.is_valid(trimmed), pc.is_null(typed))


def _without_misfits(raw: pa.Array) -> Result:
    """Values that are of their type already, but for those that no text of them would be."""
    if pa.types.is_floating(raw.type):
        return _finite(raw)
    possible = _of_the_calendar(raw) if pa.types.is_temporal(raw.type) else raw
    return possible, pc.and_(pc.is_valid(raw), pc.is_null(possible))


def _finite(raw: pa.Array) -> Result:
    """What is not a number, or has no end, is refused as its text is."""
    misfits = pc.fill_null(pc.invert(pc.is_finite(raw)), False)
    return pc.if_else(misfits, None, raw) if pc.any(misfits).as_py() else raw, misfits


def _of_numbers(raw: pa.Array, target: pa.DataType) -> pa.Array | None:
    """Numbers as another type of number, where each fits exactly; what does not is for the text of it to tell."""
    if pa.types.is_integer(raw.type) and (pa.types.is_integer(target) or pa.types.is_decimal(target)):
        return _whole(raw, target)
    return _decimals_of_doubles(raw, target) if raw.type == pa.float64() and pa.types.is_decimal(target) else None


def _of_moments(raw: pa.Array, column: Column) -> pa.Array | None:
    """Absolute moments without zone, in UTC. None where they are none, or of a year that only the text of it tells."""
    kind = raw.type
    if column.type != "timestamp" or column.formats or not pa.types.is_timestamp(kind) or kind.tz is None:
        return None
    utc = raw.cast(pa.timestamp(kind.unit, "UTC")).cast(pa.timestamp(kind.unit))
    ends = pc.min_max(utc)
    first, last = (pa.scalar(moment, STAMP).cast(utc.type) for moment in QUICK_YEARS)
    if ends["min"].is_valid and not (pc.less_equal(first, ends["min"]).as_py() and pc.less(ends["max"], last).as_py()):
        return None
    return utc.cast(STAMP, safe=False)


def _decimals_of_doubles(raw: pa.Array, target: pa.Decimal128Type) -> pa.Array | None:
    """The decimals that doubles are the nearest to: up to 15 digits there is one alone. None where one has more."""
    unit = 10.0**target.scale
    scaled = pc.round(pc.multiply(raw, unit))
    most = pc.max(pc.abs(scaled)).as_py()
    if most is None or not most < min(10.0**15, 10.0**target.precision):
        return None
    if not pc.all(pc.equal(pc.divide(scaled, unit), raw)).as_py():
        return None
    digits = scaled.cast(pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Decimal128Array.from_buffers(target, len(digits), digits.buffers(), digits.null_count)


def _without_empty(text: pa.Array) -> pa.Array:
    empty = pc.equal(text, "")
    return pc.if_else(empty, pa.scalar(None, pa.string()), text) if pc.any(empty).as_py() else text


def as_text(raw: pa.Array) -> pa.Array:
    """Any Arrow column as text in the one form that hashes and keys are made of."""
    kind = raw.type
    if isinstance(kind, pa.UuidType):
        return pa.array([None if each is None else str(each) for each in raw.to_pylist()], pa.string())
    if isinstance(kind, pa.BaseExtensionType):
        return as_text(raw.storage)
    if pa.types.is_string(kind):
        return raw
    if pa.types.is_null(kind):
        return pa.nulls(len(raw), pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pc.binary_join_element_wise("\\x", _hex(raw), "")
    if pa.types.is_timestamp(kind):
        utc = raw if kind.tz is None else raw.cast(pa.timestamp(kind.unit, "UTC")).cast(pa.timestamp(kind.unit))
        return pc.strftime(utc.cast(STAMP, safe=False), "%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_nested(kind):
        return pa.array(
            [None if each is None else orjson.dumps(each, default=str).decode() for each in raw.to_pylist()],
            pa.string(),
        )
    return raw.cast(pa.string())


def _hex(raw: pa.Array) -> pa.Array:
    return pa.array([None if each is None else each.hex() for each in raw.to_pylist()], pa.string())


def _none_of(array: pa.Array) -> pa.Array:
    return pa.repeat(pa.scalar(False), len(array))


def _caster(column: Column) -> Callable[[pa.Array], pa.Array]:
    target = arrow_type(column.type)
    if column.type in ("bigint", "integer"):
        return lambda text: _integers(text, target)
    if column.type == "double":
        return lambda text: _finite(_fitting(_matching(text, NUMBER), target))[0]
    if pa.types.is_decimal(target):
        return lambda text: _decimals(text, target)
    if column.type == "date":
        return lambda text: _dates(text, column)
    if column.type == "timestamp":
        return lambda text: _timestamps(text, column)
    return _booleans if column.type == "boolean" else _json


def _matching(text: pa.Array, pattern: str) -> pa.Array:
    """The values that fit the pattern; the rest null."""
    return pc.if_else(pc.match_substring_regex(text, pattern), text, pa.scalar(None, pa.string()))


def _whole(text: pa.Array, target: pa.DataType) -> pa.Array | None:
    """The column cast at once, where Arrow takes every value of it."""
    try:
        return text.cast(target)
    except pa.ArrowInvalid:
        return None


def _fitting(text: pa.Array, target: pa.DataType) -> pa.Array:
    """Cast; halves are tried apart where Arrow refuses the whole, so that one bad value costs only itself."""
    whole = _whole(text, target)
    if whole is not None:
        return whole
    if len(text) == 1:
        return pa.nulls(1, target)
    middle = len(text) // 2
    return pa.concat_arrays([_fitting(text.slice(0, middle), target), _fitting(text.slice(middle), target)])


def _integers(text: pa.Array, target: pa.DataType) -> pa.Array:
    # Arrow reads 0x1F as well, which no source means.
    if (
        not pc.any(pc.match_substring(text, "x", ignore_case=True)).as_py()
        and (plain := _whole(text, target)) is not None
    ):
        return plain
    whole = pc.replace_substring_regex(text, r"^([+-]?[0-9]+)\.0*$", r"\1")  # 17850.0 is a whole number
    digits = pc.replace_substring_regex(_matching(whole, INTEGER), r"^\+", "")
    return _fitting(digits, target)


def _decimals(text: pa.Array, target: pa.Decimal128Type) -> pa.Array:
    if (plain := _whole(text, target)) is not None:
        return plain
    exact = _matching(text, NUMBER)
    # Zeros at the end of a fraction say nothing; other digits beyond the scale would be lost, so they do not fit.
    exact = pc.replace_substring_regex(exact, r"^([+-]?[0-9]*)\.([0-9]*[1-9])?0+$", r"\1.\2")
    typed = _fitting(exact, target)
    doubtful = pc.and_(pc.is_valid(exact), pc.is_null(typed))
    return _one_by_one(exact, typed, doubtful, lambda value: _decimal(value, target))


def _decimal(value: str, target: pa.Decimal128Type) -> Decimal | None:
    """For the rare spellings such as 1e-05."""
    try:
        number = Decimal(value)
        fitted = number.quantize(Decimal(1).scaleb(-target.scale))
    except InvalidOperation:
        return None
    return fitted if fitted == number and len(fitted.as_tuple().digits) <= target.precision else None


def _one_by_one(text: pa.Array, typed: pa.Array, doubtful: pa.Array, read: Callable[[str], object]) -> pa.Array:
    """Put what `read` makes of the doubtful values into `typed`."""
    if not pc.any(doubtful).as_py():
        return typed
    distinct = text.filter(doubtful).dictionary_encode()
    values = pa.array([read(value) for value in distinct.dictionary.to_pylist()], typed.type)
    return pc.replace_with_mask(typed, doubtful, pc.take(values, distinct.indices))


def _booleans(text: pa.Array) -> pa.Array:
    low = pc.utf8_lower(text)
    value = pc.is_in(low, TRUE)
    return pc.if_else(pc.or_(value, pc.is_in(low, FALSE)), value, pa.scalar(None, pa.bool_()))


def _dates(text: pa.Array, column: Column) -> pa.Array:
    if column.formats:
        stamps = _by_formats(text, column.formats, lambda left, form: _moment(left, form, None))
        return stamps.cast(pa.date32(), safe=False)
    return _fitting(pc.utf8_slice_codeunits(_matching(text, DAY), 0, 10), pa.date32())


def _timestamps(text: pa.Array, column: Column) -> pa.Array:
    """UTC without a zone. A moment without an offset is in the column's time zone, UTC if none is declared."""
    if column.formats:
        return _by_formats(text, column.formats, lambda left, form: _moment(left, form, column.time_zone))
    # Arrow takes long to say no, so the first value tells what to ask it.
    if pc.any(pc.match_substring_regex(text.drop_null().slice(0, 1), ZONED)).as_py():
        if (absolute := _whole(text, UTC_STAMP)) is not None:
            return _of_the_calendar(absolute.cast(STAMP))
    elif (plain := _whole(text, STAMP)) is not None:
        return _local(plain, column.time_zone)
    moments = pc.replace_substring_regex(_matching(text, MOMENT), r"(\.[0-9]{6})[0-9]+", r"\1")
    zoned = pc.fill_null(pc.match_substring_regex(moments, ZONED), False)
    nothing = pa.scalar(None, pa.string())
    if not pc.any(zoned).as_py():
        return _local(_fitting(moments, STAMP), column.time_zone)
    absolute = pc.replace_substring_regex(pc.if_else(zoned, moments, nothing), r" ([Z+-][0-9:]*)$", r"\1")
    utc = _fitting(absolute, UTC_STAMP).cast(STAMP)
    naive = _local(_fitting(pc.if_else(zoned, nothing, moments), STAMP), column.time_zone)
    return _of_the_calendar(pc.coalesce(utc, naive))


def _moment(text: pa.Array, form: str, zone: str | None) -> pa.Array:
    if form in EPOCHS:
        return _scaled(text, EPOCHS[form])
    if form == "odata":
        return _scaled(pc.replace_substring_regex(_matching(text, ODATA), ODATA, r"\1"), 1_000)
    return _local(_by_format(text, form), zone)


def _by_formats(text: pa.Array, forms: Sequence[str], read: Callable[[pa.Array, str], pa.Array]) -> pa.Array:
    """Each value by the first format that reads it."""
    typed = read(text, forms[0])
    for form in forms[1:]:
        left = pc.and_not(pc.is_null(typed), pc.is_null(text))
        if not pc.any(left).as_py():
            break
        typed = pc.replace_with_mask(typed, left, read(text.filter(left), form))
    return typed


def _of_the_calendar(days: pa.Array) -> pa.Array:
    """Years 1 to 9999: an offset or PostgreSQL's infinity lies beyond them, where engines and Python do not follow."""
    first, last = (pa.scalar(end, STAMP).cast(days.type, safe=False) for end in (datetime.min, datetime.max))
    possible = pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last))
    return pc.if_else(possible, days, pa.scalar(None, days.type))


def _may_leave_it(kind: pa.DataType) -> bool:
    """Whether Arrow's type holds more than the calendar does: 24:00 too, but nothing that is counted in nanoseconds."""
    if pa.types.is_timestamp(kind):
        return bool(kind.unit != "ns")
    return kind in (pa.date32(), pa.date64(), pa.time64("us"))


def _scaled(text: pa.Array, microseconds: int) -> pa.Array:
    whole = _integers(text, pa.int64())
    possible = pc.less_equal(pc.abs_checked(whole), 253_402_300_799 * 1_000_000 // microseconds)
    return pc.multiply(pc.if_else(possible, whole, pa.scalar(None, pa.int64())), microseconds).cast(STAMP)


def _local(stamps: pa.Array, zone: str | None) -> pa.Array:
    if zone in (None, "UTC"):
        return stamps
    aware = pc.assume_timezone(stamps, zone, ambiguous="earliest", nonexistent="earliest")
    return aware.cast(UTC_STAMP).cast(STAMP)


def _by_format(text: pa.Array, form: str) -> pa.Array:
    """By strptime. It reads the 30th of February too, so what does not come back the same is read again, strictly."""
    parsed = pc.strptime(text, format=form, unit="s", error_is_null=True)
    doubtful = pc.and_(pc.is_valid(text), pc.fill_null(pc.not_equal(pc.strftime(parsed, form), text), True))
    return _one_by_one(text, parsed.cast(STAMP), doubtful, lambda value: _strict(value, form))


def _strict(value: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(value, form)
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _json(text: pa.Array) -> pa.Array:
    return pa.array([None if value is None else _one_form(value) for value in text.to_pylist()], pa.string())


def _one_form(value: str) -> str | None:
    """JSON with sorted fields and without blanks, as every source would have it; None for what is none."""
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    # A number of more digits than a double holds stays as it was written, and its neighbours with it.
    return value if LONG_NUMBER.search(value) else orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()
