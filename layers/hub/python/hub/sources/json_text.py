"""JSON without loss: fast where that is exact, by the slower reader where numbers are long or the text is odd."""

import json
import math
from typing import Any

import orjson

# The fast reader makes floats of integers beyond 64 bits and of fractions with more digits than a double holds.
_DIGITS = bytes(0x30 if chr(byte) in "0123456789." else 0x20 for byte in range(256))
_LONG = b"0" * 17
_STEP = 4
_SIGN = b"0" * (17 // _STEP)  # at every fourth place of so many digits
MARK = b"\xef\xbb\xbf"


class NotJson(ValueError):
    """The bytes are no JSON; the message says why and holds nothing of them."""


def loads(data: bytes) -> Any:
    """What the bytes say; numbers that Python's own do not hold exactly, and NaN, as the text that they are."""
    data = data.removeprefix(MARK)
    try:
        if not has_long_numbers(data):
            return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass  # a lone surrogate or NaN costs its row, not the whole answer
    try:
        return _sound(json.loads(data.decode("utf-8"), parse_float=_fraction, parse_constant=str))
    except json.JSONDecodeError as error:
        raise NotJson(error.msg) from None
    except UnicodeDecodeError:
        raise NotJson("not UTF-8") from None
    except RecursionError:
        raise NotJson("nested too deep") from None
    except ValueError:
        raise NotJson("a number of thousands of digits") from None


def has_long_numbers(data: bytes) -> bool:
    """Whether the quick readers might not hold every number exactly."""
    return _SIGN in data[::_STEP].translate(_DIGITS) and _LONG in data.translate(_DIGITS)


def quick_loads(data: bytes) -> Any:
    """What the bytes say, None where only `loads` reads them without loss."""
    try:
        return None if has_long_numbers(data) else orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def dumps(value: Any) -> str:
    """The value as JSON with sorted keys, whatever it holds."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # integers beyond 64 bits, decimals, bytes, nesting beyond 254
        return json.dumps(value, default=str, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _fraction(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) and (len(text) < 17 or repr(value) == text) else text


def _sound(value: Any) -> Any:
    """The value with every surrogate that stands alone replaced; no store holds one."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_sound(each) for each in value]
    if isinstance(value, dict):
        return {_sound(key): _sound(each) for key, each in value.items()}
    return value
