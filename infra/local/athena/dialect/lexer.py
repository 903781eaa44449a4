"""Tokens of Trino SQL, each with its line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Token:
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


def tokens(sql: str) -> list[Token]:
    """All tokens but white space and comments, closed by one of kind "end". Raises BadStatement."""
    found: list[Token] = []
    at, line, line_start = 0, 1, 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        column = at - line_start + 1
        if match is None:
            raise BadStatement(f"line {line}:{column}: mismatched input '{sql[at]}'")
        kind, text = str(match.lastgroup), match.group()
        if kind != "space":
            upper = text.upper() if kind == "word" else ""
            found.append(Token(kind, _value(kind, text), at, match.end(), line, column, upper))
        if newlines := text.count("\n"):
            line += newlines
            line_start = at + text.rindex("\n") + 1
        at = match.end()
    found.append(Token("end", "<EOF>", at, at, line, at - line_start + 1))
    return found


def _value(kind: str, text: str) -> str:
    if kind in ("string", "quoted", "back"):
        return text[1:-1].replace(text[0] * 2, text[0])
    if kind == "binary":
        return text[2:-1]
    if kind in ("integer", "decimal", "double"):
        return text.replace("_", "")
    return text
