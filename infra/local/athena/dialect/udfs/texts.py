"""Text functions with Trino's results, counted in code points."""

from __future__ import annotations

import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from infra.local.athena.dialect.udfs.registry import TrinoError, invalid, udf


@udf("trino_fail", "VARCHAR, VARCHAR -> VARCHAR")
def trino_fail(name: str, message: str) -> str:
    raise TrinoError(name, message)


@udf("trino_reverse", "VARCHAR -> VARCHAR")
def reverse(value: str) -> str:
    return value[::-1]


@udf("trino_upper", "VARCHAR -> VARCHAR")
def upper(value: str) -> str:
    """Letter by letter, as Java: a letter whose capital is longer stays."""
    return "".join(u if len(u := c.upper()) == 1 else c for c in value)


@udf("trino_replace", "VARCHAR, VARCHAR, VARCHAR -> VARCHAR")
def replace(value: str, search: str, replacement: str) -> str:
    return value.replace(search, replacement)


@udf("trino_strpos", "VARCHAR, VARCHAR, BIGINT -> BIGINT")
def strpos(value: str, needle: str, instance: int) -> int:
    if instance == 0:
        raise invalid("'instance' must not be a positive or negative number.")
    found = -1 if instance > 0 else len(value) + 1
    for _ in range(abs(instance)):
        if instance > 0:
            found = value.find(needle, found + 1)
        else:
            found = value.rfind(needle, 0, max(0, found + len(needle) - 1))
        if found < 0:
            return 0
    return found + 1


@udf("trino_split", "VARCHAR, VARCHAR, BIGINT -> VARCHAR[]")
def split(value: str, delimiter: str, limit: int) -> list[str]:
    if not delimiter:
        raise invalid("The delimiter may not be the empty string")
    if limit <= 0:
        raise invalid("Limit must be positive")
    return value.split(delimiter, limit - 1)


@udf("trino_split_part", "VARCHAR, VARCHAR, BIGINT -> VARCHAR")
def split_part(value: str, delimiter: str, index: int) -> str | None:
    if index <= 0:
        raise invalid("Index must be greater than zero")
    parts = value.split(delimiter) if delimiter else list(value)
    return parts[index - 1] if index <= len(parts) else None


@udf("trino_split_to_map", "VARCHAR, VARCHAR, VARCHAR -> MAP(VARCHAR, VARCHAR)")
def split_to_map(value: str, entries: str, pair: str) -> dict[str, str]:
    if not entries or not pair:
        raise invalid("A delimiter is empty")
    if entries == pair:
        raise invalid("entryDelimiter and keyValueDelimiter must not be the same")
    found: dict[str, str] = {}
    for entry in value.split(entries):
        if not entry and entry == value.split(entries)[-1]:
            continue
        key, separator, rest = entry.partition(pair)
        if not separator or pair in rest:
            raise invalid(f"Key-value delimiter must appear exactly once in each entry. Bad input: '{entry}'")
        if key in found:
            raise invalid(f"Duplicate keys ({key}) are not allowed")
        found[key] = rest
    return found


@udf("trino_pad", "VARCHAR, BIGINT, VARCHAR, BOOLEAN -> VARCHAR")
def pad(value: str, size: int, padding: str, left: bool) -> str:
    if not padding:
        raise invalid("Padding string must not be empty")
    if not 0 <= size <= 2147483647:
        raise invalid(f"Target length must be in the range [0..2147483647]: {size}")
    missing = size - len(value)
    if missing <= 0:
        return value[:size]
    filler = (padding * (missing // len(padding) + 1))[:missing]
    return filler + value if left else value + filler


@udf("trino_codepoint", "VARCHAR -> INTEGER")
def codepoint(value: str) -> int:
    if not value:
        raise invalid("Input string must be a single character string")
    return ord(value)


@udf("trino_translate", "VARCHAR, VARCHAR, VARCHAR -> VARCHAR")
def translate(value: str, source: str, target: str) -> str:
    table: dict[int, int | None] = {}
    for i, letter in enumerate(source):
        table.setdefault(ord(letter), ord(target[i]) if i < len(target) else None)
    return value.translate(table)


@udf("trino_levenshtein", "VARCHAR, VARCHAR -> BIGINT")
def levenshtein(left: str, right: str) -> int:
    if left == right:
        return 0
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            change = previous[j - 1] + (a != b)
            insert, delete = current[j - 1] + 1, previous[j] + 1
            best = insert if insert < delete else delete
            current.append(change if change < best else best)
        previous = current
    return previous[-1]


@udf("trino_hamming", "VARCHAR, VARCHAR -> BIGINT")
def hamming(left: str, right: str) -> int:
    if len(left) != len(right):
        raise invalid("The input strings to hamming_distance function must have the same length")
    return sum(a != b for a, b in zip(left, right, strict=True))


@udf("trino_soundex", "VARCHAR -> VARCHAR")
def soundex(value: str) -> str:
    codes = dict(zip("BFPVCGJKQSXZDTLMNR", "111122222222334556", strict=True))
    letters = [c for c in value.upper() if c.isascii() and c.isalpha()]
    if any(not c.isascii() for c in value):
        raise invalid("The character is not mapped: soundex takes ASCII letters only")
    if not letters:
        return ""
    made, last = letters[0], codes.get(letters[0], "")
    for letter in letters[1:]:
        code = codes.get(letter, "")
        if code and code != last:
            made += code
        if letter not in "HW":
            last = code
    return (made + "000")[:4]


@udf("trino_normalize", "VARCHAR, VARCHAR -> VARCHAR")
def normalize(value: str, form: str) -> str:
    return unicodedata.normalize(form, value)  # type: ignore[arg-type]  # ValueError for other forms


@udf("trino_luhn", "VARCHAR -> BOOLEAN")
def luhn(value: str) -> bool:
    if not value or not value.isascii() or not value.isdigit():
        raise invalid("Input contains non-digit characters")
    digits = [int(c) for c in reversed(value)]
    return sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)) % 10 == 0


@udf("trino_from_utf8", "BLOB -> VARCHAR")
def from_utf8(value: bytes) -> str:
    return bytes(value).decode("utf-8", "replace")


@udf("trino_format", "VARCHAR, VARCHAR, BIGINT, BIGINT, VARCHAR -> VARCHAR")
def format_place(value: str, flags: str, width: int, precision: int, letter: str) -> str:
    """One place of format(): %d, %f and %s with the flags - 0 and ,"""
    if value == "null" or letter == "s":
        shown = value if precision < 0 else value[:precision]
        return shown.ljust(width) if "-" in flags else shown.rjust(width)
    if letter == "f":
        places = 6 if precision < 0 else precision
        with localcontext(Context(prec=120)):
            value = format(Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")
    sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
    if "," in flags:
        whole, point, rest = digits.partition(".")
        digits = f"{int(whole):,}{point}{rest}"
    if "0" in flags:
        digits = digits.rjust(width - len(sign), "0")
    return (sign + digits).ljust(width) if "-" in flags else (sign + digits).rjust(width)
