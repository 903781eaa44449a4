"""Tokens of Trino SQL, each with its line and column."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from infra.local.athena.errors import BadStatement

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\r\n]*|/\*.*?\*/)
    |(?P<double>(?:\d[\d_]*(?:\.\d*)?|\.\d+)[eE][+-]?\d+)
    |(?P<decimal>\d[\d_]*\.\d*|\.\d+)
    |(?P<integer>\d+(?:_\d+)*(?![A-Za-z_]))
    |(?P<binary>[xX]'[^']*')
    |(?P<word>[A-Za-z_][A-Za-z0-9_@]*)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<back>`(?:[^`]|``)*`)
    |(?P<op><>|!=|<=|>=|\|\||->|=>|[-+*/%<>=().,;?\[\]:{}|$])""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """`text` is the value: unquoted for strings and quoted names, as written otherwise; `upper` for key words."""

    kind: str
    text: str
    start: int
    end: int
    line: int
    column: int
    upper: str = ""

    @property
    def where(self) -> tuple[int, int]:
        return self.line, self.column


@lru_cache(maxsize=16)  # a statement's outer shape is read from them, then its tree
def tokens(sql: str) -> tuple[Token, ...]:
    """All tokens but white space and comments, closed by one of kind "end". Raises BadStatement."""
    found: list[Token] = []
    at, line, line_start = 0, 1, 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        column = at - line_start + 1
        if match is None:
            raise BadStatement(f"line {line}:{column}: mismatched input '{sql[at]}'")
        kind, text, end = str(match.lastgroup), match.group(), match.end()
        if kind == "word":
            found.append(Token(kind, text, at, end, line, column, text.upper()))
        elif kind == "op":
            found.append(Token(kind, text, at, end, line, column))
        elif kind != "space":
            found.append(Token(kind, _value(kind, text), at, end, line, column))
        if "\n" in text:
            line += text.count("\n")
            line_start = at + text.rindex("\n") + 1
        at = end
    found.append(Token("end", "<EOF>", at, at, line, at - line_start + 1))
    return tuple(found)


def _value(kind: str, text: str) -> str:
    if kind in ("string", "quoted", "back"):
        return text[1:-1].replace(text[0] * 2, text[0])
    if kind == "binary":
        return text[2:-1]
    if kind in ("integer", "decimal", "double"):
        return text.replace("_", "")
    return text
