"""A result's CSV made harmless for spreadsheets, which run a cell that begins like a formula. Pure: no AWS.

Athena quotes every cell and doubles a quotation mark within one. So a quotation mark that stands after a comma or at
the beginning of a line, and before anything but another one, opens a cell: no parser is needed to find the cells that
begin with one of = + - @, tab or carriage return. Such a cell gets an apostrophe in front, as spreadsheets show texts.
A number keeps its sign: it is no formula, and who adds it up wants it as it is.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

NUMBER: Final = rb"[+-](?:[0-9][0-9 .,]*(?:[eE][+-]?[0-9]+)?|Infinity)\""
FORMULA: Final = re.compile(rb"(?:\A|(?<=[,\n]))\"(?=[=+\-@\t\r])(?!" + NUMBER + rb")")


def harmless(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The text of a CSV as it comes, with an apostrophe before each formula."""
    rest = b""
    for block in blocks:
        whole, newline, rest = (rest + block).rpartition(b"\n")
        yield FORMULA.sub(b"\"'", whole) + newline
    yield FORMULA.sub(b"\"'", rest)
