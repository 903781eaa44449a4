"""Expressions of Trino SQL, by precedence as in its grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.athena.dialect import tree
from infra.local.athena.dialect.cursor import Cursor
from infra.local.athena.dialect.special_forms import SpecialForms
from infra.local.athena.errors import BadStatement, QueryFailed

if TYPE_CHECKING:
    from infra.local.athena.dialect.tree import Node

_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MULTIPLICATIVE = ("*", "/", "%")


class ExpressionParser(SpecialForms, Cursor):
    """booleanExpression, valueExpression and primaryExpression of SqlBase.g4."""

    Mismatch = BadStatement

    def refuse(self, what: str, where: tree.Where) -> QueryFailed:
        return QueryFailed("NOT_SUPPORTED", f"line {where[0]}:{where[1]}: {what} is not supported by this engine")

    def query(self) -> tree.Query:
        """A subquery's text; the parser of statements, which is built on this class, has it."""
        raise NotImplementedError

    def expression(self) -> Node:
        left = self._and()
        while self.is_word("OR"):
            where = self.advance().where
            left = tree.Binary(where, "or", left, self._and())
        return left

    def _and(self) -> Node:
        left = self._not()
        while self.is_word("AND"):
            where = self.advance().where
            left = tree.Binary(where, "and", left, self._not())
        return left

    def _not(self) -> Node:
        where = self.next.where
        if self.take("NOT"):
            return tree.Unary(where, "not", self._not())
        return self._predicate()

    def _predicate(self) -> Node:
        left = self.value_expression()
        where = self.next.where
        if self.next.kind == "op" and self.next.text in _COMPARISONS:
            op = _COMPARISONS[self.advance().text]
            if quantifier := self.next.upper if self.next.upper in ("ALL", "ANY", "SOME") else None:
                self.advance()
                return tree.Quantified(where, op, quantifier.replace("SOME", "ANY"), left, self._bracketed_query())
            return tree.Binary(where, op, left, self.value_expression())
        if self.take("IS"):
            return self._is(where, left)
        negated = self.is_word("NOT") and self.peek().upper in ("BETWEEN", "IN", "LIKE")
        if negated:
            self.advance()
        found = self._between_in_like(where, left)
        if found is None:
            return left
        return tree.Unary(where, "not", found) if negated else found

    def _is(self, where: tree.Where, left: Node) -> Node:
        negated = self.take("NOT")
        if self.take("NULL"):
            found: Node = tree.IsNull(where, left)
        else:
            self.expect("DISTINCT", "FROM")
            found = tree.Binary(where, "is distinct from", left, self.value_expression())
        return tree.Unary(where, "not", found) if negated else found

    def _between_in_like(self, where: tree.Where, left: Node) -> Node | None:
        if self.take("BETWEEN"):
            low = self.value_expression()
            self.expect("AND")
            return tree.Between(where, left, low, self.value_expression())
        if self.take("IN"):
            self.expect_op("(")
            query = self.next.upper in ("SELECT", "WITH", "VALUES", "TABLE")
            items = self.query() if query else self.list_of(self.expression)
            self.expect_op(")")
            return tree.In(where, left, items)
        if self.take("LIKE"):
            pattern = self.value_expression()
            return tree.Like(where, left, pattern, self.value_expression() if self.take("ESCAPE") else None)
        return None

    def value_expression(self) -> Node:
        left = self._sum()
        while self.is_op("||"):
            where = self.advance().where
            left = tree.Binary(where, "||", left, self._sum())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while self.is_op("+", "-"):
            token = self.advance()
            left = tree.Binary(token.where, token.text, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._signed()
        while self.is_op(*_MULTIPLICATIVE):
            token = self.advance()
            left = tree.Binary(token.where, token.text, left, self._signed())
        return left

    def _signed(self) -> Node:
        if self.is_op("-", "+"):
            token = self.advance()
            return tree.Unary(token.where, token.text, self._signed())
        return self._zoned()

    def _zoned(self) -> Node:
        left = self._postfix()
        while self.is_word("AT", "TIME", "ZONE"):
            where = self.next.where
            self.take("AT", "TIME", "ZONE")
            left = tree.AtTimeZone(where, left, self._postfix())
        return left

    def _postfix(self) -> Node:
        base = self._primary()
        while self.is_op("[", "."):
            token = self.advance()
            if token.text == "[":
                base = tree.Subscript(token.where, base, self.value_expression())
                self.expect_op("]")
            else:
                name = self.name()
                if isinstance(base, tree.Name):
                    base = tree.Name(base.where, (*base.parts, name))
                else:
                    base = tree.Field(token.where, base, name)
        return base

    def _primary(self) -> Node:
        token = self.next
        if token.kind in ("integer", "decimal", "double", "string", "binary"):
            self.advance()
            return tree.Literal(token.where, token.kind, token.text)
        if token.kind == "op":
            return self._bracketed()
        if token.kind == "word" and (special := self.special_form()) is not None:
            return special
        if not self.is_name():
            raise self.fail("<expression>")
        if token.kind == "word" and self.peek().kind == "string":
            self.advance()
            return tree.Typed(token.where, token.text.lower(), self.string())
        if self.peek().text == "->" and self.peek().kind == "op":
            name = self.name()
            self.advance()
            return tree.Lambda(token.where, [name], self.expression())
        if self.peek().kind == "op" and self.peek().text == "(":
            return self.call()
        return tree.Name(token.where, (self.name(),))

    def _bracketed(self) -> Node:
        where = self.next.where
        if self.take_op("?"):
            return tree.Parameter(where)
        if self._is_lambda():
            self.advance()
            names = [] if self.is_op(")") else self.list_of(self.name)
            self.expect_op(")")
            self.expect_op("->")
            return tree.Lambda(where, names, self.expression())
        self.expect_op("(")
        if self._starts_query():
            query = self.query()
            self.expect_op(")")
            return tree.Subquery(where, query)
        items = self.list_of(self.expression)
        self.expect_op(")")
        return items[0] if len(items) == 1 else tree.Row(where, items)

    def _starts_query(self) -> bool:
        ahead = 0
        while self.peek(ahead).kind == "op" and self.peek(ahead).text == "(":
            ahead += 1
        return self.peek(ahead).upper in ("SELECT", "WITH", "VALUES") or (
            self.peek(ahead).upper == "TABLE" and self.is_name(ahead + 1)
        )

    def _is_lambda(self) -> bool:
        """( [name [, name]*] ) ->"""
        if not self.is_op("("):
            return False
        ahead = 1
        while self.is_name(ahead):
            ahead += 1
            if self.peek(ahead).text == ",":
                ahead += 1
        return self.peek(ahead).text == ")" and self.peek(ahead + 1).text == "->"

    def _bracketed_query(self) -> tree.Query:
        self.expect_op("(")
        query = self.query()
        self.expect_op(")")
        return query
