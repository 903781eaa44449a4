"""Where in the user's text something is, so that a refusal can point at it."""

import re
from dataclasses import dataclass
from typing import Final, Self

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token

from hub.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from 1, as an engine counts them."""

    line: int
    column: int

    @classmethod
    def of_offset(cls, sql: str, offset: int) -> Self:
        before = sql[:offset]
        return cls(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)

    @classmethod
    def of_token(cls, token: Token) -> Self:
        return cls(token.line, max(token.col - (token.end - token.start), 1))

    @classmethod
    def of_end(cls, sql: str, line: int, column: int, text: str) -> Self:
        """The start of a text whose last character is at the column."""
        return cls(line, max(column - len(text) + 1, 1))

    @classmethod
    def of_node(cls, node: exp.Expr, sql: str) -> Self:
        """The first part of the node that the parser placed; else the first word of the text that reads like it."""
        starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
        alike = (token.start for token in _tokens(sql) if token.text.lower() == node.key.replace("current", "current_"))
        return cls.of_offset(sql, min(starts) if starts else next(alike, 0))

    @classmethod
    def of_parameter(cls, name: object, sql: str) -> Self:
        match = re.search(rf":{re.escape(name)}\b" if isinstance(name, str) else r"\?", sql)
        return cls.of_offset(sql, match.start() if match else 0)


PROJECTION: Final = re.compile(
    r'\(SELECT (?:"[^"]*"(?:, )?)+ FROM "[^"]*"\."[^"]*" FOR VERSION AS OF \d+ WHERE NOT "_deleted"\)'
)
ENGINE: Final = re.compile(r"line (\d+):(\d+)")


def of_engine(message: str, written: str, sql: str) -> Place | None:
    """Where in the user's text an engine's error is, which speaks of the text that was written from it.

    The word at the engine's place, and how often it stands before that, are looked up in the user's text.
    """
    match = ENGINE.search(message)
    if match is None:
        return None
    line, column = int(match[1]), int(match[2])
    offset = sum(len(each) for each in written.splitlines(keepends=True)[: line - 1]) + column - 1
    hidden = [found.span() for found in PROJECTION.finditer(written)]
    own = [token for token in _tokens(written) if not any(start <= token.start < end for start, end in hidden)]
    at = next((token for token in own if token.start <= offset <= token.end), None)
    if at is None:
        return None
    before = sum(1 for token in own if token.start < at.start and _same(token, at))
    theirs = [token for token in _tokens(sql) if _same(token, at)]
    return Place.of_offset(sql, theirs[before].start) if before < len(theirs) else None


def _same(one: Token, other: Token) -> bool:
    return one.text.lower() == other.text.lower()


def _tokens(sql: str) -> list[Token]:
    return sqlglot.tokenize(sql, dialect="athena")


def refusal(message: str, sql: str, place: Place) -> InvalidInput:
    """The error of a user's SQL: "line 2:5: ..." and the same in its details."""
    details = {"line": place.line, "column": place.column}
    return InvalidInput(f"line {place.line}:{place.column}: {message}", details)
