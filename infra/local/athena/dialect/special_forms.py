"""Expressions that begin with a key word: CASE, CAST, EXTRACT, INTERVAL, TRIM, JSON functions, calls and windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from infra.local.athena.dialect import tree

if TYPE_CHECKING:
    from infra.local.athena.dialect.expression_parser import ExpressionParser as Base  # type: ignore[attr-defined]  # cycle
    from infra.local.athena.dialect.tree import Node
else:
    Base = object

_UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_NULLARY = ("CURRENT_DATE", "CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_TIME", "LOCALTIME", "CURRENT_USER")


class SpecialForms(Base):  # type: ignore[misc]  # a part of the class that it calls back
    def special_form(self) -> Node | None:
        """The node when a key word opens a form of its own; None when the word is an ordinary name."""
        word = self.next.upper
        if word in _NULLARY:
            token = self.advance()
            precision: list[Node] = []
            if self.take_op("("):
                precision = [tree.Literal(self.next.where, "integer", str(self.integer()))]
                self.expect_op(")")
            return tree.Call(token.where, word.lower(), precision)
        forms: dict[str, Callable[[], Node]] = {
            "NULL": self._null, "TRUE": self._boolean, "FALSE": self._boolean, "CASE": self._case,
            "EXISTS": self._exists, "GROUPING": self._grouping_call,
        }  # fmt: skip
        followed: dict[str, Callable[[], Node]] = {
            "CAST": self._cast, "TRY_CAST": self._cast, "EXTRACT": self._extract, "TRIM": self._trim,
            "ROW": self._row, "NORMALIZE": self._normalize, "POSITION": self._position, "SUBSTRING": self._substring,
            "JSON_EXISTS": self._json_path, "JSON_VALUE": self._json_path, "JSON_QUERY": self._json_path,
            "JSON_OBJECT": self._json_object, "JSON_ARRAY": self._json_array, "LISTAGG": self._listagg,
        }  # fmt: skip
        after = self.peek()
        if word in forms:
            return forms[word]()
        if word in followed and after.kind == "op" and after.text == "(":
            return followed[word]()
        if word == "ARRAY" and after.text == "[" and after.kind == "op":
            return self._array()
        if word == "INTERVAL" and (after.kind == "string" or after.text in "+-"):
            return self._interval()
        if word == "DOUBLE" and after.upper == "PRECISION" and self.peek(2).kind == "string":
            where = self.advance().where
            self.advance()
            return tree.Typed(where, "double", self.string())
        return None

    def _null(self) -> Node:
        return tree.Literal(self.advance().where, "null", "")

    def _boolean(self) -> Node:
        token = self.advance()
        return tree.Literal(token.where, "boolean", token.text.lower())

    def _exists(self) -> Node:
        where = self.advance().where
        return tree.Exists(where, self._bracketed_query())

    def _grouping_call(self) -> Node:
        where = self.advance().where
        return tree.Grouping(where, self.in_brackets(self.expression))

    def _case(self) -> Node:
        where = self.advance().where
        operand = None if self.is_word("WHEN") else self.expression()
        whens = []
        while self.take("WHEN"):
            condition = self.expression()
            self.expect("THEN")
            whens.append((condition, self.expression()))
        if not whens:
            raise self.fail("'WHEN'")
        default = self.expression() if self.take("ELSE") else None
        self.expect("END")
        return tree.Case(where, operand, whens, default)

    def _cast(self) -> Node:
        token = self.advance()
        self.expect_op("(")
        operand = self.expression()
        self.expect("AS")
        type_name = self.type_name()
        self.expect_op(")")
        return tree.Cast(token.where, operand, type_name, token.upper == "TRY_CAST")

    def type_name(self) -> str:
        """The type as text in Trino's spelling; types.parse reads it."""
        token = self.next
        if token.kind not in ("word", "quoted"):
            raise self.fail("<type>")
        word = self.advance().text.lower()
        if word == "row" and self.is_op("("):
            name = "row(" + ", ".join(self.in_brackets(self._row_field)) + ")"
        elif word == "interval":
            unit = self.advance().text.lower()
            self.expect("TO")
            name = f"interval {unit} to {self.advance().text.lower()}"
        elif word == "double" and self.take("PRECISION"):
            name = "double"
        elif word in ("array", "map") and self.is_op("("):
            name = f"{word}(" + ", ".join(self.in_brackets(self.type_name)) + ")"
        elif word in ("timestamp", "time"):
            precision = f"({self._bracketed_integer()})" if self.is_op("(") else ""
            zone = ""
            if self.take("WITH", "TIME", "ZONE"):
                zone = " with time zone"
            elif self.take("WITHOUT", "TIME", "ZONE"):
                zone = ""
            name = word + precision + zone
        elif self.is_op("("):
            name = f"{word}(" + ",".join(str(i) for i in self.in_brackets(self.integer)) + ")"
        else:
            name = word
        while self.take("ARRAY"):
            name = f"array({name})"
        return name

    def _bracketed_integer(self) -> int:
        found: list[int] = self.in_brackets(self.integer)
        (value,) = found
        return value

    def _row_field(self) -> str:
        """name type, or type alone."""
        two = self.peek(1)
        bare = two.kind == "op" or two.upper in ("PRECISION", "WITH", "WITHOUT", "ARRAY")
        if bare:
            return self.type_name()
        name = self.advance().text
        return f'"{name.lower()}" {self.type_name()}'

    def _extract(self) -> Node:
        where = self.advance().where
        self.expect_op("(")
        unit = self.name()
        self.expect("FROM")
        operand = self.expression()
        self.expect_op(")")
        return tree.Call(where, "extract", [operand], options={"field": unit})

    def _trim(self) -> Node:
        where = self.advance().where
        self.expect_op("(")
        side = (self.take_one("BOTH", "LEADING", "TRAILING") or "BOTH").lower()
        names = {"both": "trim", "leading": "ltrim", "trailing": "rtrim"}
        if self.take("FROM"):
            args = [self.expression()]
        else:
            args = [self.expression()]
            if self.take("FROM"):
                args = [self.expression(), *args]
            elif self.take_op(","):
                args.append(self.expression())
        self.expect_op(")")
        return tree.Call(where, names[side], args)

    def _row(self) -> Node:
        where = self.advance().where
        return tree.Row(where, self.in_brackets(self.expression))

    def _normalize(self) -> Node:
        where = self.advance().where
        self.expect_op("(")
        args = [self.expression()]
        if self.take_op(","):
            token = self.advance()
            args.append(tree.Literal(token.where, "string", token.text.upper()))
        self.expect_op(")")
        return tree.Call(where, "normalize", args)

    def _position(self) -> Node:
        where = self.advance().where
        self.expect_op("(")
        needle = self.value_expression()
        self.expect("IN")
        text = self.value_expression()
        self.expect_op(")")
        return tree.Call(where, "strpos", [text, needle])

    def _substring(self) -> Node:
        where = self.advance().where
        self.expect_op("(")
        args = [self.expression()]
        if self.take("FROM"):
            args.append(self.expression())
            if self.take("FOR"):
                args.append(self.expression())
        else:
            while self.take_op(","):
                args.append(self.expression())
        self.expect_op(")")
        return tree.Call(where, "substr", args)

    def _array(self) -> Node:
        where = self.advance().where
        self.expect_op("[")
        items = [] if self.is_op("]") else self.list_of(self.expression)
        self.expect_op("]")
        return tree.Array(where, items)

    def _interval(self) -> Node:
        where = self.advance().where
        sign = -1 if self.take_op("-") else 1
        self.take_op("+")
        value = self.string()
        unit = self.take_one(*_UNITS)
        if unit is None:
            raise self.fail(", ".join(f"'{u}'" for u in _UNITS))
        to = self.take_one(*_UNITS) if self.take("TO") else None
        return tree.Interval(where, value, sign, unit.lower(), to.lower() if to else None)

    def _json_path(self) -> Node:
        """json_exists, json_value, json_query (input, 'path' [options])."""
        token = self.advance()
        self.expect_op("(")
        operand = self.expression()
        if self.is_word("FORMAT"):
            raise self.refuse("FORMAT JSON", self.next.where)
        self.expect_op(",")
        path = tree.Literal(self.next.where, "string", self.string())
        call = tree.Call(token.where, token.text.lower(), [operand, path])
        while not self.is_op(")"):
            self._json_option(call)
        self.expect_op(")")
        return call

    def _json_option(self, call: tree.Call) -> None:
        if self.take("RETURNING"):
            call.options["returning"] = self.type_name()
        elif self.take_one("WITHOUT"):
            self.take("ARRAY")
            self.expect("WRAPPER")
        elif self.take("WITH"):
            conditional = self.take("CONDITIONAL")
            self.take("UNCONDITIONAL")
            self.take("ARRAY")
            self.expect("WRAPPER")
            call.options["wrapper"] = "conditional" if conditional else "unconditional"
        else:
            raise self.refuse(f"{call.name} with {self.next.text}", self.next.where)

    def _json_object(self) -> Node:
        where = self.advance().where
        self.expect_op("(")
        args: list[Node] = []
        while not self.is_op(")"):
            if args:
                self.expect_op(",")
            self.take("KEY")
            args.append(self.value_expression())
            if not self.take_op(":"):
                self.expect("VALUE")
            args.append(self.expression())
        self.expect_op(")")
        return tree.Call(where, "json_object", args)

    def _json_array(self) -> Node:
        where = self.advance().where
        self.expect_op("(")
        args = [] if self.is_op(")") else self.list_of(self.expression)
        self.expect_op(")")
        return tree.Call(where, "json_array", args)

    def _listagg(self) -> Node:
        where = self.advance().where
        self.expect_op("(")
        distinct = self.take_one("DISTINCT", "ALL") == "DISTINCT"
        args = self.list_of(self.expression)
        if self.is_word("ON"):
            raise self.refuse("LISTAGG ON OVERFLOW", self.next.where)
        self.expect_op(")")
        self.expect("WITHIN", "GROUP")
        self.expect_op("(")
        self.expect("ORDER", "BY")
        order = self.list_of(self.sort)
        self.expect_op(")")
        return self._tail(tree.Call(where, "listagg", args, distinct=distinct, order=order))

    def call(self) -> tree.Call:
        token = self.next
        call = tree.Call(token.where, self.name(), [])
        self.expect_op("(")
        if self.take_op("*"):
            call.star = True
        elif not self.is_op(")"):
            call.distinct = self.take_one("DISTINCT", "ALL") == "DISTINCT"
            call.args = self.list_of(self.expression)
            if self.take("ORDER", "BY"):
                call.order = self.list_of(self.sort)
        self.expect_op(")")
        return self._tail(call)

    def _tail(self, call: tree.Call) -> tree.Call:
        if self.is_word("FILTER") and self.peek().text == "(":
            self.advance()
            self.expect_op("(")
            self.expect("WHERE")
            call.filter = self.expression()
            self.expect_op(")")
        if self.next.upper in ("IGNORE", "RESPECT") and self.peek().upper == "NULLS":
            call.nulls = self.advance().upper
            self.advance()
        if self.is_word("OVER") and (self.peek().text == "(" or self.is_name(1)):
            self.advance()
            call.over = self.window() if self.is_op("(") else self.name()
        return call

    def sort(self) -> tree.Sort:
        where, key = self.next.where, self.expression()
        descending = self.take_one("ASC", "DESC") == "DESC"
        nulls_first = None
        if self.take("NULLS"):
            word = self.take_one("FIRST", "LAST")
            if word is None:
                raise self.fail("'FIRST', 'LAST'")
            nulls_first = word == "FIRST"
        return tree.Sort(where, key, descending, nulls_first)

    def window(self) -> tree.Window:
        where = self.next.where
        self.expect_op("(")
        window = tree.Window(where, None, [], [], None)
        if self.is_name() and self.next.upper not in ("PARTITION", "ROWS", "RANGE", "GROUPS"):
            window.base = self.name()
        if self.take("PARTITION", "BY"):
            window.partition = self.list_of(self.expression)
        if self.take("ORDER", "BY"):
            window.order = self.list_of(self.sort)
        if kind := self.take_one("ROWS", "RANGE", "GROUPS"):
            if self.take("BETWEEN"):
                start = self._bound()
                self.expect("AND")
                window.frame = (kind, start, self._bound())
            else:
                window.frame = (kind, self._bound(), ("CURRENT ROW", None))
        self.expect_op(")")
        return window

    def _bound(self) -> tuple[str, Node | None]:
        if self.take("CURRENT", "ROW"):
            return "CURRENT ROW", None
        if self.take("UNBOUNDED"):
            side = self.take_one("PRECEDING", "FOLLOWING")
            if side is None:
                raise self.fail("'PRECEDING', 'FOLLOWING'")
            return f"UNBOUNDED {side}", None
        value = self.value_expression()
        side = self.take_one("PRECEDING", "FOLLOWING")
        if side is None:
            raise self.fail("'PRECEDING', 'FOLLOWING'")
        return side, value
