"""A cursor over tokens: what every part of the parser shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from infra.local.athena.dialect.lexer import Token, tokens
from infra.local.athena.errors import BadStatement

T = TypeVar("T")

_WORDS = """
    ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH
    CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP
    ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT
    INTO IS JOIN JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME
    LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN
    TRIM TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH
"""
RESERVED = frozenset(_WORDS.split())


class Cursor:
    """Reads tokens of one statement from the left."""

    def __init__(self, sql: str):
        self.sql = sql
        self.all = tokens(sql)
        self.at = 0

    @property
    def next(self) -> Token:
        return self.all[self.at]

    def peek(self, ahead: int = 1) -> Token:
        return self.all[min(self.at + ahead, len(self.all) - 1)]

    def advance(self) -> Token:
        token = self.next
        self.at = min(self.at + 1, len(self.all) - 1)
        return token

    def fail(self, expecting: str = "") -> BadStatement:
        token = self.next
        text = token.text if token.kind == "end" else self.sql[token.start : token.end]
        hint = f". Expecting: {expecting}" if expecting else ""
        return BadStatement(f"line {token.line}:{token.column}: mismatched input '{text}'{hint}")

    def is_word(self, *words: str) -> bool:
        """Whether these key words come next, in this order."""
        at = self.at
        for word in words:
            if self.all[at].upper != word:  # the end, which is no word, comes before the list is over
                return False
            at += 1
        return True

    def take(self, *words: str) -> bool:
        """Consumes the key words when they come next."""
        if not self.is_word(*words):
            return False
        for _ in words:
            self.advance()
        return True

    def take_one(self, *words: str) -> str | None:
        if self.next.upper in words:
            return self.advance().upper
        return None

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.take(word):
                raise self.fail(f"'{word}'")

    def is_op(self, *ops: str) -> bool:
        return self.next.kind == "op" and self.next.text in ops

    def take_op(self, op: str) -> bool:
        if self.is_op(op):
            self.advance()
            return True
        return False

    def expect_op(self, op: str) -> None:
        if not self.take_op(op):
            raise self.fail(f"'{op}'")

    def is_name(self, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind == "quoted" or (token.kind == "word" and token.upper not in RESERVED)

    def name(self) -> str:
        """An identifier, in lower case as Trino resolves it."""
        if not self.is_name():
            raise self.fail("<identifier>")
        return self.advance().text.lower()

    def dotted(self) -> tuple[str, ...]:
        parts = [self.name()]
        while self.take_op("."):
            parts.append(self.name())
        return tuple(parts)

    def string(self) -> str:
        if self.next.kind != "string":
            raise self.fail("<string>")
        return self.advance().text

    def integer(self) -> int:
        if self.next.kind != "integer":
            raise self.fail("<integer>")
        return int(self.advance().text)

    def names(self) -> list[str]:
        """(a, b, c)"""
        return self.in_brackets(self.name)

    def list_of(self, item: Callable[[], T]) -> list[T]:
        found = [item()]
        while self.take_op(","):
            found.append(item())
        return found

    def in_brackets(self, item: Callable[[], T]) -> list[T]:
        self.expect_op("(")
        found = self.list_of(item)
        self.expect_op(")")
        return found

    def end(self) -> None:
        """Nothing but an optional semicolon may follow."""
        self.take_op(";")
        if self.next.kind != "end":
            raise self.fail("<EOF>")
