"""How a delimited text is written: its separator, its quote, whether its first line is a header."""

import csv
import io
import re
from dataclasses import dataclass

from hub.config.connections import FilesFetch

SEPARATORS = (",", ";", "\t", "|", "|+|", "+|", "||", "^|", "|~|", "~|~", "::", "^", "\x01")
STAND_IN = b"\x1f"


@dataclass(frozen=True, slots=True)
class Dialect:
    separator: str
    quote: str | None
    header: bool
    names: tuple[str, ...]


def dialect(head: str, fetch: FilesFetch) -> Dialect:
    """As declared; the rest by the first lines."""
    lines = _lines(head)
    separator = "\t" if fetch.format == "tsv" and not fetch.separator else fetch.separator or _separator(lines)
    quote = fetch.quote
    if quote == "auto":
        quote = "'" if '"' not in head and _wrapped(head, "'", separator) else '"'
    if len(separator) > 1:
        quote = None  # the few programs that write such separators do so because they do not quote
    first = _first(head, separator, quote)
    header = _is_header(first, fetch.names) if fetch.header == "auto" else fetch.header
    return Dialect(separator, quote, header, tuple(distinct(first)) if header else fetch.names)


def _lines(head: str) -> list[str]:
    """The first lines without what is quoted; the last one may be cut off."""
    plain = re.sub(r'"[^"]*"', '""', head)
    lines = [line for line in plain.splitlines()[:21] if line.strip()]
    return lines[:-1] if len(lines) > 1 and not plain.endswith(("\n", "\r")) and len(lines) > 20 else lines


def _separator(lines: list[str]) -> str:
    """What splits the first lines into the same number of fields, the more fields the better.

    A longer one that every occurrence of a shorter one belongs to is what is meant.
    """
    counts = {each: [line.count(each) for line in lines] for each in SEPARATORS}
    even = [each for each in SEPARATORS if counts[each] and len(set(counts[each])) == 1 and counts[each][0]]
    best = max(even or SEPARATORS[:4], key=lambda each: min(counts[each], default=0))
    longer = [
        each
        for each in even
        if len(each) > len(best) and best in each and counts[each][0] * each.count(best) == counts[best][0]
    ]
    return max(longer, key=len, default=best)


def _wrapped(head: str, quote: str, separator: str) -> int:
    return min(head.count(quote + separator), head.count(separator + quote))


def _first(head: str, separator: str, quote: str | None) -> list[str]:
    """The fields of the first line that is not empty."""
    text = head.lstrip("\r\n")
    if not text.strip():
        return []
    if len(separator) > 1:
        return text.splitlines()[0].split(separator)
    if not quote:
        return text.splitlines()[0].split(separator)
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, quotechar=quote), [])
    except csv.Error:  # a line of a hundred kilobytes is no header
        return []


def _is_header(first: list[str], names: tuple[str, ...]) -> bool:
    """A header, unless the manifest names the columns and the first line does not."""
    return not names or {each.strip().casefold() for each in first} == {name.casefold() for name in names}


def distinct(names: list[str]) -> list[str]:
    """A header without blanks and repeats, so that every column has a name to be kept under."""
    found: list[str] = []
    for at, name in enumerate(names, 1):
        stripped = name.strip()
        distinct_one = stripped if stripped and stripped not in found else f"{stripped or 'column'} {at}"
        while distinct_one in found:
            distinct_one += f" {at}"
        found.append(distinct_one)
    return found
