"""The matcher's SQL for one row, in Python: the same texts that Athena runs, read by sqlglot and made into functions.

Nothing is written twice, so nothing can differ but what a function below does with a value. Null is None.
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

from hub.errors import HubError
from hub.identity.distance import levenshtein

Row = Mapping[tuple[str, str], Any]
"""Values by table and column; the table is empty where the text names none."""
Value = Callable[[Row], Any]
Projection = tuple[tuple[str, Value], ...]


class Unreadable(HubError):
    """The text has something that has no meaning here yet."""


def projections(select: str) -> list[Projection]:
    """The columns of a SELECT and of those it reads from, the innermost first; WHERE and joins are the caller's."""
    found: list[Projection] = []
    node: Any = sqlglot.parse_one(select, dialect="trino")
    while isinstance(node, exp.Select):
        found.append(tuple((each.alias_or_name, _value(each.unalias())) for each in node.expressions))
        source = node.args["from_"].this
        node = source.this if isinstance(source, exp.Subquery) else None
    return found[::-1]


def project(columns: Projection, row: Row) -> dict[tuple[str, str], Any]:
    """The row of a SELECT, as the one around it reads it."""
    return {("", name): value(row) for name, value in columns}


def expression(text: str) -> Value:
    """One expression."""
    return _value(sqlglot.parse_one(text, dialect="trino"))


def _value(node: Any) -> Value:
    made = MADE.get(type(node))
    if made:
        return made(node)
    plain = PLAIN.get(type(node))
    if plain is None:
        raise Unreadable(f"hub.identity.expressions does not know {type(node).__name__}; add it to MADE or PLAIN")
    parts, work = plain
    of = [_value(node.args[part]) for part in parts if node.args.get(part) is not None]
    return lambda row: None if None in (given := [each(row) for each in of]) else work(*given)


def _literal(node: Any) -> Value:
    text = node.name
    if node.is_string:
        return lambda row: text
    number: float | int = float(text) if re.search(r"[.e]", text, re.IGNORECASE) else int(text)
    return lambda row: number


def _column(node: Any) -> Value:
    at = (node.table, node.name)
    return lambda row: row[at]


def _and(node: Any) -> Value:
    left, right = _value(node.left), _value(node.right)

    def work(row: Row) -> bool | None:
        one = left(row)
        if one is False:
            return False
        other = right(row)
        return False if other is False else None if one is None or other is None else True

    return work


def _or(node: Any) -> Value:
    left, right = _value(node.left), _value(node.right)

    def work(row: Row) -> bool | None:
        one = left(row)
        if one is True:
            return True
        other = right(row)
        return True if other is True else None if one is None or other is None else False

    return work


def _is(node: Any) -> Value:
    of = _value(node.this)
    return lambda row: of(row) is None


def _in(node: Any) -> Value:
    of, among = _value(node.this), {each.name for each in node.expressions}
    return lambda row: None if (value := of(row)) is None else value in among


def _case(node: Any) -> Value:
    of = _value(node.this) if node.this else None
    ways = [(_value(each.this), _value(each.args["true"])) for each in node.args["ifs"]]
    other = _value(node.args["default"]) if node.args.get("default") else lambda row: None

    def work(row: Row) -> Any:
        if of is not None:
            given = of(row)
            for condition, value in ways:
                if given is not None and condition(row) == given:
                    return value(row)
            return other(row)
        for condition, value in ways:
            if condition(row) is True:
                return value(row)
        return other(row)

    return work


def _coalesce(node: Any) -> Value:
    of = [_value(each) for each in (node.this, *node.expressions)]
    return lambda row: next((value for each in of if (value := each(row)) is not None), None)


def _nullif(node: Any) -> Value:
    of, other = _value(node.this), _value(node.expression)
    return lambda row: None if (value := of(row)) == other(row) else value


def _cast(node: Any) -> Value:
    of, kind = _value(node.this), node.to.this
    to = _whole if kind in INTEGERS else float if kind == exp.DataType.Type.DOUBLE else _text
    return lambda row: None if (value := of(row)) is None else to(value)


def _window(node: Any) -> Value:
    """A number among all rows has no meaning for one; nobody asks for it."""
    return lambda row: None


def _most(pick: Callable[..., Any]) -> Callable[[exp.Expression], Value]:
    def made(node: Any) -> Value:
        of = [_value(each) for each in (node.this, *node.expressions)]
        return lambda row: None if None in (given := [each(row) for each in of]) else pick(given)

    return made


def _text(value: Any) -> str:
    return str(value)


def _substring(text: str, start: int, length: int | None = None) -> str:
    if start < 0:
        start += len(text) + 1
    if start < 1 or start > len(text):
        return ""
    return text[start - 1 :] if length is None else text[start - 1 : start - 1 + max(0, length)]


def _translate(text: str, old: str, new: str) -> str:
    return text.translate(_letters(old, new))


@cache
def _letters(old: str, new: str) -> dict[int, str]:
    table: dict[int, str] = {}
    for place, letter in enumerate(old):  # the first of a letter that is there twice counts
        table.setdefault(ord(letter), new[place] if place < len(new) else "")
    return table


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Java's form of a pattern in Python's: the end is `\\Z`, classes are of ASCII."""
    return re.compile(text.replace("\\z", "\\Z"), re.ASCII)


def _like(text: str, pattern: str) -> bool:
    return _pattern(pattern).search(text) is not None


def _extract(text: str, pattern: str, group: int = 0) -> str | None:
    found = _pattern(pattern).search(text)
    return found[group] if found else None


def _replaced(text: str, pattern: str, to: str = "") -> str:
    return _pattern(pattern).sub(re.sub(r"\$(\d)", r"\\\1", to), text)


def _pad(text: str, size: int, fill: str) -> str:
    return (fill * size)[: max(0, size - len(text))] + text[:size]


def _whole(value: Any) -> int:
    """Trino rounds half away from zero where a fraction becomes a whole number."""
    return _rounded(value) if isinstance(value, float) else int(value)


def _rounded(value: float, places: int = 0) -> Any:
    scale = 10**places
    found = math.floor(abs(value) * scale + 0.5) / scale
    signed = math.copysign(found, value)
    return signed if places else int(signed)


INTEGERS = {exp.DataType.Type[name] for name in ("TINYINT", "SMALLINT", "INT", "BIGINT")}
MADE: dict[type, Callable[[Any], Value]] = {
    exp.Literal: _literal,
    exp.Column: _column,
    exp.And: _and,
    exp.Or: _or,
    exp.Is: _is,
    exp.In: _in,
    exp.Case: _case,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    exp.Cast: _cast,
    exp.Window: _window,
    exp.Least: _most(min),
    exp.Greatest: _most(max),
    exp.Paren: lambda node: _value(node.this),
    exp.Null: lambda node: lambda row: None,
    exp.Boolean: lambda node: lambda row: bool(node.this),
}
TWO, ONE = ("this", "expression"), ("this",)
PLAIN: dict[type, tuple[tuple[str, ...], Callable[..., Any]]] = {
    exp.Not: (ONE, lambda a: not a),
    exp.EQ: (TWO, lambda a, b: a == b),
    exp.NEQ: (TWO, lambda a, b: a != b),
    exp.GT: (TWO, lambda a, b: a > b),
    exp.GTE: (TWO, lambda a, b: a >= b),
    exp.LT: (TWO, lambda a, b: a < b),
    exp.LTE: (TWO, lambda a, b: a <= b),
    exp.Add: (TWO, lambda a, b: a + b),
    exp.Sub: (TWO, lambda a, b: a - b),
    exp.Mul: (TWO, lambda a, b: a * b),
    exp.Neg: (ONE, lambda a: -a),
    exp.Abs: (ONE, abs),
    exp.Ln: (ONE, math.log),
    exp.Pow: (TWO, math.pow),
    exp.Div: (TWO, lambda a, b: a / b if isinstance(a, float) or isinstance(b, float) else int(a / b)),
    exp.Lower: (ONE, str.lower),
    exp.Upper: (ONE, str.upper),
    exp.Length: (ONE, len),
    exp.DPipe: (TWO, lambda a, b: a + b),
    exp.Encode: (ONE, str.encode),
    exp.Hex: (ONE, lambda a: a.hex().upper()),
    exp.LowerHex: (ONE, lambda a: a.hex()),
    exp.Levenshtein: (TWO, levenshtein),
    exp.StrPosition: (("this", "substr"), lambda a, b: a.find(b) + 1),
    exp.Substring: (("this", "start", "length"), _substring),
    exp.Translate: (("this", "from_", "to"), _translate),
    exp.Replace: (("this", "expression", "replacement"), lambda a, b, c="": a.replace(b, c)),
    exp.RegexpLike: (TWO, _like),
    exp.RegexpExtract: (("this", "expression", "group"), _extract),
    exp.RegexpReplace: (("this", "expression", "replacement"), _replaced),
    exp.Pad: (("this", "expression", "fill_pattern"), _pad),
    exp.Round: (("this", "decimals"), _rounded),
}
