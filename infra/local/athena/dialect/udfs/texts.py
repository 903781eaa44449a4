"""Text functions with Trino's results: code points, Java's regular expressions, URLs."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import lru_cache
from urllib.parse import quote_plus, unquote_to_bytes, urlsplit

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
    return unicodedata.normalize(form, value)  # type: ignore[arg-type]


@udf("trino_luhn", "VARCHAR -> BOOLEAN")
def luhn(value: str) -> bool:
    if not value or not value.isascii() or not value.isdigit():
        raise invalid("Input contains non-digit characters")
    digits = [int(c) for c in reversed(value)]
    return sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)) % 10 == 0


@udf("trino_from_utf8", "BLOB -> VARCHAR")
def from_utf8(value: bytes) -> str:
    return bytes(value).decode("utf-8", "replace")


_ESCAPES = {"d": "[0-9]", "D": "[^0-9]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]", "s": r"[\t\n\x0b\f\r ]",
            "S": r"[^\t\n\x0b\f\r ]", "z": r"\Z", "Z": r"(?=\n?\Z)", "h": r"[\t ]", "e": r"\x1b"}  # fmt: skip
_INSIDE = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\x0b\f\r "}
_REFUSED = ("G", "X", "R", "Q", "E", "k", "N", "H", "v", "V", "K")


@lru_cache(512)
def java(pattern: str) -> re.Pattern[str]:
    """A Java (Joni) pattern for Python. Raises for what the two do not share."""
    made, at, inside = "", 0, False
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\" and at + 1 < len(pattern):
            following = pattern[at + 1]
            at += 2
            if following in "pP":
                category, at = _category(pattern, at)
                made += category if inside else f"[{'^' if following == 'P' else ''}{category}]"
                continue
            if following in _REFUSED or (inside and following in "DWSbB"):
                raise TrinoError("NOT_SUPPORTED", f"regular expression \\{following} is not supported by this engine")
            made += _INSIDE.get(following, "\\" + following) if inside else _ESCAPES.get(following, "\\" + following)
            continue
        if inside and (letter == "[" or pattern.startswith("&&", at)):
            raise TrinoError("NOT_SUPPORTED", "set operations in a character class are not supported by this engine")
        if letter == "[" and not inside:
            inside = True
            made += "["
            at += 1
            if pattern.startswith("^", at):
                made += "^"
                at += 1
            if pattern.startswith("]", at):
                raise TrinoError("NOT_SUPPORTED", "']' first in a character class is not supported by this engine")
            continue
        if letter == "]" and inside:
            inside = False
        if pattern.startswith("(?<", at) and at + 3 < len(pattern) and pattern[at + 3] not in "=!" and not inside:
            made += "(?P<"
            at += 3
            continue
        made += letter
        at += 1
    try:
        return re.compile(made)
    except re.error as problem:
        raise invalid(f"Invalid regular expression '{pattern}': {problem}") from None


@lru_cache(64)
def _ranges(category: str) -> str:
    """The characters of a general category, as the inside of a character class."""
    found: list[list[int]] = []
    for point in range(0x110000):
        if unicodedata.category(chr(point)).startswith(category):
            if found and found[-1][1] == point - 1:
                found[-1][1] = point
            else:
                found.append([point, point])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in found)


def _category(pattern: str, at: int) -> tuple[str, int]:
    """The class that follows \\p, such as {L} or {Lu}, and where it ends."""
    match = re.compile(r"\{(L|Lu|Ll|Lt|Lm|Lo|M|N|Nd|P|S|Z|Zs)\}|([LMNPSZ])").match(pattern, at)
    if match is None:
        raise TrinoError(
            "NOT_SUPPORTED", f"regular expression \\p of {pattern[at : at + 8]} is not supported by this engine"
        )
    return _ranges(match.group(1) or match.group(2)), match.end()


def _group(pattern: re.Pattern[str], group: int) -> int:
    if group < 0:
        raise invalid("Group cannot be negative")
    if group > pattern.groups:
        raise invalid(f"Pattern has {pattern.groups} groups. Cannot access group {group}")
    return group


@udf("trino_regexp_like", "VARCHAR, VARCHAR -> BOOLEAN")
def regexp_like(value: str, pattern: str) -> bool:
    return java(pattern).search(value) is not None


@udf("trino_regexp_extract", "VARCHAR, VARCHAR, BIGINT -> VARCHAR")
def regexp_extract(value: str, pattern: str, group: int) -> str | None:
    compiled = java(pattern)
    index = _group(compiled, group)
    found = compiled.search(value)
    return found.group(index) if found else None


@udf("trino_regexp_extract_all", "VARCHAR, VARCHAR, BIGINT -> VARCHAR[]")
def regexp_extract_all(value: str, pattern: str, group: int) -> list[str | None]:
    compiled = java(pattern)
    index = _group(compiled, group)
    return [m.group(index) for m in compiled.finditer(value)]


@udf("trino_regexp_replace", "VARCHAR, VARCHAR, VARCHAR -> VARCHAR")
def regexp_replace(value: str, pattern: str, replacement: str) -> str:
    compiled = java(pattern)
    parts = _replacement(replacement, compiled)
    return compiled.sub(lambda m: "".join(p if isinstance(p, str) else m.group(p[0]) or "" for p in parts), value)


def _replacement(text: str, pattern: re.Pattern[str]) -> list[str | tuple[int | str]]:
    """Java's replacement: $n, ${name}, and a backslash before any other character."""
    parts: list[str | tuple[int | str]] = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            if at + 1 == len(text):
                raise invalid("Illegal replacement sequence: " + text)
            parts.append(text[at + 1])
            at += 2
        elif text[at] == "$":
            at = _reference(text, at + 1, pattern, parts)
        else:
            parts.append(text[at])
            at += 1
    return parts


def _reference(text: str, at: int, pattern: re.Pattern[str], parts: list[str | tuple[int | str]]) -> int:
    if named := re.compile(r"\{([A-Za-z][A-Za-z0-9]*)\}").match(text, at):
        if named.group(1) not in pattern.groupindex:
            raise invalid(f"Illegal replacement sequence: unknown group {{ {named.group(1)} }}")
        parts.append((named.group(1),))
        return named.end()
    if at >= len(text) or not "0" <= text[at] <= "9":
        raise invalid("Illegal replacement sequence: " + text)
    number, end = int(text[at]), at + 1
    if number > pattern.groups:
        raise invalid(f"Illegal replacement sequence: unknown group {number}")
    while end < len(text) and "0" <= text[end] <= "9" and number * 10 + int(text[end]) <= pattern.groups:
        number, end = number * 10 + int(text[end]), end + 1
    parts.append((number,))
    return end


@udf("trino_regexp_pieces", "VARCHAR, VARCHAR -> STRUCT(between VARCHAR[], groups VARCHAR[][])")
def regexp_pieces(value: str, pattern: str) -> dict[str, object]:
    between, groups, at = [], [], 0
    for found in java(pattern).finditer(value):
        between.append(value[at : found.start()])
        groups.append(list(found.groups()))
        at = found.end()
    return {"between": [*between, value[at:]], "groups": groups}


@udf("trino_regexp_join", "VARCHAR[], VARCHAR[] -> VARCHAR")
def regexp_join(between: list[str], made: list[str | None]) -> str:
    joined = "".join(b + (m or "") for b, m in zip(between, made, strict=False))
    return joined + between[-1]


@udf("trino_regexp_split", "VARCHAR, VARCHAR -> VARCHAR[]")
def regexp_split(value: str, pattern: str) -> list[str]:
    parts, at = [], 0
    for found in java(pattern).finditer(value):
        parts.append(value[at : found.start()])
        at = found.end()
    return [*parts, value[at:]]


@udf("trino_regexp_position", "VARCHAR, VARCHAR, BIGINT, BIGINT -> INTEGER")
def regexp_position(value: str, pattern: str, start: int, occurrence: int) -> int:
    if start < 1:
        raise invalid("start position cannot be smaller than 1")
    if occurrence < 1:
        raise invalid("occurrence cannot be smaller than 1")
    compiled = java(pattern)
    if start > len(value):
        return -1
    for i, found in enumerate(compiled.finditer(value, start - 1), 1):
        if i == occurrence:
            return found.start() + 1
    return -1


_URL = re.compile(r"^[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~\u0080-\U0010ffff-]*$")


@udf("trino_url_part", "VARCHAR, VARCHAR -> VARCHAR")
def url_part(value: str, part: str) -> str | None:
    """A part of a URL as java.net.URI sees it; NULL for text that is no URI."""
    if not _URL.match(value) or re.search(r"%(?![0-9A-Fa-f]{2})", value):
        return None
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return None
    authority = parts.netloc.rsplit("@", 1)[-1]
    host = re.sub(r":\d*$", "", authority)
    found = {
        "protocol": parts.scheme and value[: len(parts.scheme)], "host": host,
        "path": unquote_to_bytes(parts.path).decode("utf-8", "replace"),
        "query": unquote_to_bytes(parts.query).decode("utf-8", "replace"),
        "fragment": unquote_to_bytes(parts.fragment).decode("utf-8", "replace"),
    }  # fmt: skip
    if part == "port":
        return None if port is None else str(port)
    if part == "host":
        return host or None
    return found[part]


@udf("trino_url_parameter", "VARCHAR, VARCHAR -> VARCHAR")
def url_parameter(value: str, name: str) -> str | None:
    if not _URL.match(value):
        return None
    for pair in urlsplit(value).query.split("&"):
        key, separator, rest = pair.partition("=")
        if unquote_to_bytes(key.replace("+", " ")).decode("utf-8", "replace") == name:
            return unquote_to_bytes(rest.replace("+", " ")).decode("utf-8", "replace") if separator else ""
    return None


@udf("trino_url_decode", "VARCHAR -> VARCHAR")
def url_decode(value: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise invalid("URLDecoder: Illegal hex characters in escape (%) pattern")
    return unquote_to_bytes(value.replace("+", " ")).decode("utf-8", "replace")


@udf("trino_url_encode", "VARCHAR -> VARCHAR")
def url_encode(value: str) -> str:
    return quote_plus(value, safe="*").replace("~", "%7E")


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
