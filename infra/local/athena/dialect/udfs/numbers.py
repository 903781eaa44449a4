"""Numbers: exact decimals, Java's printing of doubles, digests."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac as hmac_
import math
import struct
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext

from infra.local.athena.dialect.udfs.registry import TrinoError, invalid, udf

_WIDE = Context(prec=120)


@udf("trino_divide", "VARCHAR, VARCHAR, BIGINT -> VARCHAR")
def divide(left: str, right: str, scale: int) -> str:
    """Decimal division rounded half up to `scale` places."""
    divisor = Decimal(right)
    if not divisor:
        raise TrinoError("DIVISION_BY_ZERO", "Division by zero")
    with localcontext(_WIDE):
        return format((Decimal(left) / divisor).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP), "f")


@udf("trino_round_text", "VARCHAR, INTEGER -> VARCHAR")
def round_text(value: str, places: int) -> str:
    with localcontext(_WIDE):
        return format(Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")


@udf("trino_truncate_text", "VARCHAR, INTEGER -> VARCHAR")
def truncate_text(value: str, places: int) -> str:
    with localcontext(_WIDE):
        return format(Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_DOWN), "f")


@udf("trino_double_text", "DOUBLE, INTEGER -> VARCHAR")
def double_text(value: float, scale: int) -> str:
    """A double as a decimal of `scale` places: the shortest digits, rounded half up, as Trino casts it."""
    if math.isnan(value) or math.isinf(value):
        return "none"
    with localcontext(Context(prec=400)):
        return format(Decimal(repr(value)).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP), "f")


@udf("trino_round_places", "DOUBLE, INTEGER -> DOUBLE")
def round_places(value: float, places: int) -> float:
    if math.isnan(value) or math.isinf(value):
        return value
    factor = 10.0**places
    scaled = abs(value) * factor
    if math.isinf(scaled) or scaled >= 2**63:
        return value
    made = math.floor(scaled + 0.5) if scaled + 0.5 - scaled == 0.5 else math.floor(scaled) + (scaled % 1 >= 0.5)
    return math.copysign(made / factor, value)


@udf("trino_round_real", "FLOAT, INTEGER -> DOUBLE")
def round_real(value: float, places: int) -> float:
    rounded: float = round_places(value, places)
    return rounded


_FINE = Context(prec=60)


def _exactly(name: str, compute: Callable[[Decimal], Decimal]) -> None:
    """A function rounded correctly from many digits: the C library's last digit differs from Java's."""

    def call(value: float) -> float:
        if math.isnan(value) or math.isinf(value):
            return value if name == "cbrt" else math.nan
        with localcontext(_FINE):
            return (
                math.copysign(float(compute(Decimal(value))), value) if value == 0 else float(compute(Decimal(value)))
            )

    udf(f"trino_{name}", "DOUBLE -> DOUBLE")(call)


def _cube_root(value: Decimal) -> Decimal:
    if not value:
        return value
    root = abs(value) ** (Decimal(1) / Decimal(3))
    return root if value > 0 else -root


_exactly("cbrt", _cube_root)
_exactly("log10", lambda value: value.log10())


def java_double(value: float, digits: str) -> str:
    """Java's Double.toString-like form that Trino casts to: 1.2345678E4 from the shortest digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return sign + "0E0"
    parts = Decimal(digits).as_tuple()
    figures = "".join(map(str, parts.digits))
    exponent = len(figures) + int(parts.exponent) - 1
    tail = figures[1:].rstrip("0") or "0"
    return f"{sign}{figures[0]}.{tail}E{exponent}"


@udf("trino_double", "DOUBLE -> VARCHAR")
def double(value: float) -> str:
    return java_double(value, repr(value))


@udf("trino_real", "FLOAT -> VARCHAR")
def real(value: float) -> str:
    return java_double(value, shortest_real(value))


def shortest_real(value: float) -> str:
    """The fewest digits that give the same single-precision number."""
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if math.isinf(value) or math.isnan(value) or struct.unpack("f", struct.pack("f", float(text)))[0] == value:
            return text
    return repr(value)


@udf("trino_power", "DOUBLE, DOUBLE -> DOUBLE")
def power(base: float, exponent: float) -> float:
    if (abs(base) == 1 and math.isinf(exponent)) or (base == 1 and math.isnan(exponent)):
        return math.nan
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        if base == 0:
            return -math.inf if math.copysign(1, base) < 0 and exponent % 2 == 1 else math.inf
        return math.nan


@udf("trino_log", "DOUBLE, DOUBLE -> DOUBLE")
def log(base: float, value: float) -> float:
    def ln(x: float) -> float:
        return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)

    below = ln(base)
    return ln(value) / below if below else math.nan if ln(value) == 0 else math.copysign(math.inf, ln(value))


@udf("trino_width_bucket", "DOUBLE, DOUBLE, DOUBLE, BIGINT -> BIGINT")
def width_bucket(value: float, low: float, high: float, buckets: int) -> int:
    if buckets <= 0:
        raise invalid("bucketCount must be greater than 0")
    if math.isnan(value):
        raise invalid("operand must not be NaN")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise invalid("bounds must be finite")
    if low == high:
        raise invalid("bounds cannot equal each other")
    lower, upper = min(low, high), max(low, high)
    if value < lower:
        result = 0
    elif value >= upper:
        result = buckets + 1
    else:
        result = int(buckets * (value - lower) / (upper - lower) + 1)
    return buckets - result + 1 if low > high else result


@udf("trino_shift", "BIGINT, BIGINT, BIGINT, VARCHAR -> BIGINT")
def shift(value: int, by: int, bits: int, kind: str) -> int:
    if by < 0:
        raise invalid("Shift must be positive")
    if kind == "arithmetic":
        return value >> min(by, bits - 1)
    if by >= bits:
        return 0
    unsigned = value & ((1 << bits) - 1)
    made = (unsigned << by if kind == "left" else unsigned >> by) & ((1 << bits) - 1)
    return made - (1 << bits) if made >> (bits - 1) else made


@udf("trino_bit_count", "BIGINT, BIGINT -> BIGINT")
def bit_count(value: int, bits: int) -> int:
    if not 2 <= bits <= 64:
        raise invalid(f"Bits specified in bit_count must be between 2 and 64, got {bits}")
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise invalid(
            f"Number must be representable with the bits specified. {value} cannot be represented with {bits} bits"
        )
    return (value & ((1 << bits) - 1)).bit_count()


@udf("trino_to_base", "BIGINT, BIGINT -> VARCHAR")
def to_base(value: int, radix: int) -> str:
    if not 2 <= radix <= 36:
        raise invalid(f"Radix must be between 2 and 36: {radix}")
    digits, rest = "", abs(value)
    while rest or not digits:
        rest, digit = divmod(rest, radix)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return "-" + digits if value < 0 else digits


@udf("trino_from_base", "VARCHAR, BIGINT -> BIGINT")
def from_base(value: str, radix: int) -> int:
    if not 2 <= radix <= 36:
        raise invalid(f"Radix must be between 2 and 36: {radix}")
    try:
        if value != value.strip() or "_" in value:
            raise ValueError
        found = int(value, radix)
    except ValueError:
        raise invalid(f"Not a valid base-{radix} number: {value}") from None
    if not -(2**63) <= found < 2**63:
        raise invalid(f"Not a valid base-{radix} number: {value}")
    return found


@udf("trino_skewness", "DOUBLE[] -> DOUBLE")
def skewness(values: list[float | None]) -> float | None:
    numbers = [v for v in values if v is not None]
    n = len(numbers)
    mean = sum(numbers) / n
    second = sum((v - mean) ** 2 for v in numbers)
    third = sum((v - mean) ** 3 for v in numbers)
    return math.sqrt(n) * third / second**1.5 if second else math.nan


@udf("trino_sha512", "BLOB -> BLOB")
def sha512(value: bytes) -> bytes:
    return hashlib.sha512(bytes(value)).digest()


@udf("trino_hmac", "BLOB, BLOB, VARCHAR -> BLOB")
def hmac(value: bytes, key: bytes, digest: str) -> bytes:
    return hmac_.new(bytes(key), bytes(value), digest).digest()


@udf("trino_crc32", "BLOB -> BIGINT")
def crc32(value: bytes) -> int:
    return binascii.crc32(bytes(value))


@udf("trino_from_hex", "VARCHAR -> BLOB")
def from_hex(value: str) -> bytes:
    try:
        return binascii.unhexlify(value)
    except ValueError:
        raise invalid(f"Invalid hex string: {value}") from None


@udf("trino_from_base64", "VARCHAR, BOOLEAN -> BLOB")
def from_base64(value: str, url: bool) -> bytes:
    text = value.translate(str.maketrans("-_", "+/")) if url else value
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4 if text else 0), validate=True)
    except ValueError:
        raise invalid(f"Invalid base64 text: {value}") from None


@udf("trino_big_endian", "BIGINT -> BLOB")
def big_endian(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


@udf("trino_reverse_bytes", "BLOB -> BLOB")
def reverse_bytes(value: bytes) -> bytes:
    return bytes(value)[::-1]


_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5, _MASK = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5, (1 << 64) - 1


def _rotate(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _MASK


def _round(seed: int, lane: int) -> int:
    return _rotate((seed + lane * _P2) & _MASK, 31) * _P1 & _MASK


@udf("trino_xxhash64", "BLOB -> BLOB")
def xxhash64(value: bytes) -> bytes:
    """XXH64 with seed 0, big-endian."""
    data, at = bytes(value), 0
    if len(data) >= 32:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        while at + 32 <= len(data):
            lanes = [_round(v, w) for v, w in zip(lanes, struct.unpack_from("<4Q", data, at), strict=True)]
            at += 32
        made = sum(_rotate(v, r) for v, r in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            made = ((made ^ _round(0, lane)) * _P1 + _P4) & _MASK
    else:
        made = _P5
    made = (made + len(data)) & _MASK
    while at + 8 <= len(data):
        made = (_rotate(made ^ _round(0, struct.unpack_from("<Q", data, at)[0]), 27) * _P1 + _P4) & _MASK
        at += 8
    if at + 4 <= len(data):
        made = (_rotate(made ^ (struct.unpack_from("<I", data, at)[0] * _P1 & _MASK), 23) * _P2 + _P3) & _MASK
        at += 4
    for byte in data[at:]:
        made = _rotate(made ^ (byte * _P5 & _MASK), 11) * _P1 & _MASK
    made = ((made ^ (made >> 33)) * _P2) & _MASK
    made = ((made ^ (made >> 29)) * _P3) & _MASK
    return (made ^ (made >> 32)).to_bytes(8, "big")
