"""Reads what statements are made of: names as Hive and Trino quote them, stretches of source text, properties."""

from __future__ import annotations

from infra.local.athena.dialect.cursor import Cursor
from infra.local.athena.dialect.lexer import Token
from infra.local.athena.statements import Property

HIVE_NAMES = ("word", "quoted", "back")


class PartsParser(Cursor):
    """The parts that statements share; `text` is the source without the closing semicolon."""

    def __init__(self, sql: str) -> None:
        super().__init__(sql)
        last = self.all[-2] if len(self.all) > 1 else self.all[-1]
        if last.kind == "op" and last.text == ";":
            self.all = (*self.all[:-2], self.all[-1])
            sql = sql[: last.start]
        self.text = sql.strip()
        self._end = len(sql.rstrip())

    def rest(self) -> str:
        """The source text from here to the end."""
        text = self.sql[self.next.start : self._end]
        self.at = len(self.all) - 1
        return text

    def arguments(self) -> tuple[str, ...]:
        """The source texts between the commas that stand outside brackets."""
        found, depth, start = [], 0, self.next.start
        while self.next.kind != "end":
            token = self.advance()
            depth += (token.text in "([") - (token.text in ")]") if token.kind == "op" else 0
            if token.kind == "op" and token.text == "," and depth == 0:
                found.append(self.sql[start : token.start].strip())
                start = token.end
        return (*found, self.sql[start : self._end].strip())

    def identifier(self) -> str:
        """A name as Hive or Trino quotes it, in lower case."""
        if self.next.kind not in HIVE_NAMES:
            raise self.fail("<identifier>")
        return self.advance().text.lower()

    def table_name(self) -> tuple[str | None, str]:
        """[catalogue.][database.]table"""
        parts = [self.identifier()]
        while self.take_op("."):
            parts.append(self.identifier())
        if len(parts) > 3:
            raise self.fail("a table name of at most three parts")
        return (parts[-2] if len(parts) > 1 else None), parts[-1]

    def source(self, stop: tuple[str, ...] = ()) -> str:
        """The source text up to a comma or bracket that closes this list, or a stop word."""
        start, end, depth = self.next.start, self.next.start, 0
        while self.next.kind != "end":
            token = self.next
            if depth == 0 and (token.upper in stop or (token.kind == "op" and token.text in ",)")):
                break
            depth += _depth(token)
            end = self.advance().end
        if start == end:
            raise self.fail()
        return self.sql[start:end]

    def bracketed(self) -> str:
        """The source text inside the brackets that open here."""
        self.expect_op("(")
        start, depth = self.next.start, 1
        while self.next.kind != "end":
            depth += _depth(self.next) if self.next.text in ("(", ")") else 0
            if depth == 0:
                return self.sql[start : self.advance().start].strip()
            self.advance()
        raise self.fail("')'")

    def pairs(self) -> dict[str, str]:
        """('name' = 'value', ...)"""
        return dict(self.in_brackets(self._pair))

    def _pair(self) -> tuple[str, str]:
        name = self.string() if self.next.kind == "string" else self.identifier()
        self.expect_op("=")
        return name, self.advance().text

    def assigned(self) -> dict[str, Property]:
        """(name = value, ...) where a value is a text, a number, a boolean or ARRAY['text', ...]."""
        return dict(self.in_brackets(self._property))

    def _property(self) -> tuple[str, Property]:
        name = self.identifier()
        self.expect_op("=")
        if self.take("ARRAY"):
            self.expect_op("[")
            values = self.list_of(self.string)
            self.expect_op("]")
            return name, values
        if word := self.take_one("TRUE", "FALSE"):
            return name, word == "TRUE"
        return name, self.integer() if self.next.kind == "integer" else self.string()


def _depth(token: Token) -> int:
    return (token.text in ("(", "<")) - (token.text in (")", ">")) if token.kind == "op" else 0
