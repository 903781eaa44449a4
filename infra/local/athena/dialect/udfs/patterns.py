"""Regular expressions as Java reads them, and the functions that take one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from infra.local.athena.dialect.udfs.registry import TrinoError, invalid, udf

_ESCAPES = {"d": "[0-9]", "D": "[^0-9]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]", "s": r"[\t\n\x0b\f\r ]",
            "S": r"[^\t\n\x0b\f\r ]", "z": r"\Z", "Z": r"(?=\n?\Z)", "e": r"\x1b"}  # fmt: skip
_INSIDE = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\x0b\f\r "}
_REFUSED = ("G", "X", "R", "Q", "E", "k", "N", "h", "H", "v", "V", "K")


_FOLDS_CASE = re.compile(r"\(\?[a-zA-Z]*i")
_ODD_CASES = re.compile("[İıſßẞǰΐΰϐϑϕϖϰϱϵιΩKÅŉµʼŁևẖ-ẛﬀ-ﬗ\u0345\u1f80-\u1fff]")


def java(pattern: str, value: str) -> re.Pattern[str]:
    """The pattern for this text; where case does not count, letters that engines fold differently are refused."""
    both = pattern + value
    if not both.isascii() and _FOLDS_CASE.search(pattern) and _ODD_CASES.search(both):
        raise TrinoError("NOT_SUPPORTED", "(?i) beside such letters is not supported by this engine")
    return compiled(pattern)


def matches(pattern: str, value: str, at: int = 0) -> Iterator[re.Match[str]]:
    """All matches as Java goes on: one character further after an empty one."""
    made = java(pattern, value)
    while at <= len(value) and (found := made.search(value, at)) is not None:
        yield found
        at = found.end() + (found.end() == found.start())


@lru_cache(512)
def compiled(pattern: str) -> re.Pattern[str]:
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
    return java(pattern, value).search(value) is not None


@udf("trino_regexp_extract", "VARCHAR, VARCHAR, BIGINT -> VARCHAR")
def regexp_extract(value: str, pattern: str, group: int) -> str | None:
    made = java(pattern, value)
    index = _group(made, group)
    found = made.search(value)
    return found.group(index) if found else None


@udf("trino_regexp_extract_all", "VARCHAR, VARCHAR, BIGINT -> VARCHAR[]")
def regexp_extract_all(value: str, pattern: str, group: int) -> list[str | None]:
    index = _group(compiled(pattern), group)
    return [m.group(index) for m in matches(pattern, value)]


@udf("trino_regexp_replace", "VARCHAR, VARCHAR, VARCHAR -> VARCHAR")
def regexp_replace(value: str, pattern: str, replacement: str) -> str:
    parts = _replacement(replacement, compiled(pattern))
    made, at = "", 0
    for found in matches(pattern, value):
        made += value[at : found.start()] + "".join(p if isinstance(p, str) else found.group(p[0]) or "" for p in parts)
        at = found.end()
    return made + value[at:]


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
    for found in matches(pattern, value):
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
    for found in matches(pattern, value):
        parts.append(value[at : found.start()])
        at = found.end()
    return [*parts, value[at:]]


@udf("trino_regexp_position", "VARCHAR, VARCHAR, BIGINT, BIGINT -> INTEGER")
def regexp_position(value: str, pattern: str, start: int, occurrence: int) -> int:
    if start < 1:
        raise invalid("start position cannot be smaller than 1")
    if occurrence < 1:
        raise invalid("occurrence cannot be smaller than 1")
    if start > len(value):
        return -1
    for i, found in enumerate(matches(pattern, value, start - 1), 1):
        if i == occurrence:
            return found.start() + 1
    return -1
