"""The parse tree. `where` is the (line, column) of the node's first token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Where = tuple[int, int]


@dataclass(slots=True)
class Node:
    where: Where


@dataclass(slots=True)
class Literal(Node):
    """kind: null, boolean, integer, decimal, double, string, binary."""

    kind: str
    value: str


@dataclass(slots=True)
class Parameter(Node):
    """A question mark; it is replaced by its value before a statement is translated."""


@dataclass(slots=True)
class Typed(Node):
    """A type constructor: DATE '2024-01-31', VARCHAR 'abc'."""

    type: str
    value: str


@dataclass(slots=True)
class Interval(Node):
    value: str
    sign: int
    unit: str
    to: str | None


@dataclass(slots=True)
class Name(Node):
    """A column reference or a dereference: a, t.a, t.a.field. Quoting is forgotten; names compare in lower case."""

    parts: tuple[str, ...]


@dataclass(slots=True)
class Field(Node):
    base: Node
    name: str


@dataclass(slots=True)
class Unary(Node):
    op: str
    operand: Node


@dataclass(slots=True)
class Binary(Node):
    """op: + - * / % || = <> < <= > >= and the words "and", "or", "is distinct from"."""

    op: str
    left: Node
    right: Node


@dataclass(slots=True)
class IsNull(Node):
    operand: Node


@dataclass(slots=True)
class Between(Node):
    operand: Node
    low: Node
    high: Node


@dataclass(slots=True)
class In(Node):
    operand: Node
    items: list[Node] | Query


@dataclass(slots=True)
class Like(Node):
    operand: Node
    pattern: Node
    escape: Node | None


@dataclass(slots=True)
class Exists(Node):
    query: Query


@dataclass(slots=True)
class Subquery(Node):
    query: Query


@dataclass(slots=True)
class Quantified(Node):
    """left op ALL|ANY (query)."""

    op: str
    quantifier: str
    left: Node
    query: Query


@dataclass(slots=True)
class Case(Node):
    operand: Node | None
    whens: list[tuple[Node, Node]]
    default: Node | None


@dataclass(slots=True)
class Cast(Node):
    operand: Node
    type: str
    safe: bool


@dataclass(slots=True)
class Lambda(Node):
    parameters: list[str]
    body: Node


@dataclass(slots=True)
class Array(Node):
    items: list[Node]


@dataclass(slots=True)
class Row(Node):
    items: list[Node]


@dataclass(slots=True)
class Subscript(Node):
    base: Node
    index: Node


@dataclass(slots=True)
class AtTimeZone(Node):
    operand: Node
    zone: Node


@dataclass(slots=True)
class Grouping(Node):
    items: list[Node]


@dataclass(slots=True)
class Sort(Node):
    key: Node
    descending: bool
    nulls_first: bool | None


@dataclass(slots=True)
class Window(Node):
    base: str | None
    partition: list[Node]
    order: list[Sort]
    frame: tuple[str, Any, Any] | None  # (ROWS|RANGE|GROUPS, start, end); a bound is (word, node or None)


@dataclass(slots=True)
class Call(Node):
    name: str
    args: list[Node]
    distinct: bool = False
    star: bool = False
    order: list[Sort] = field(default_factory=list)
    filter: Node | None = None
    over: Window | str | None = None
    nulls: str | None = None  # IGNORE or RESPECT
    options: dict[str, Any] = field(default_factory=dict)  # words of JSON functions and LISTAGG


@dataclass(slots=True)
class Table(Node):
    parts: tuple[str, ...]
    version: tuple[str, Node] | None = None  # ("TIMESTAMP" | "VERSION", expression)


@dataclass(slots=True)
class Aliased(Node):
    relation: Node
    name: str
    columns: list[str] | None


@dataclass(slots=True)
class Join(Node):
    kind: str  # INNER LEFT RIGHT FULL CROSS
    left: Node
    right: Node
    on: Node | None = None
    using: list[str] | None = None


@dataclass(slots=True)
class Derived(Node):
    query: Query
    lateral: bool


@dataclass(slots=True)
class Unnest(Node):
    items: list[Node]
    ordinality: bool


@dataclass(slots=True)
class Item(Node):
    """A select item: an expression with its alias, or * (prefix None) or prefix.*."""

    expression: Node | None
    alias: str | None
    prefix: tuple[str, ...] | None = None


@dataclass(slots=True)
class Select(Node):
    distinct: bool
    items: list[Item]
    relation: Node | None
    where_: Node | None
    groups: list[tuple[str, list[list[Node]]]] | None  # (simple|rollup|cube|sets, sets of expressions)
    having: Node | None
    windows: dict[str, Window]


@dataclass(slots=True)
class Values(Node):
    rows: list[Node]


@dataclass(slots=True)
class SetOperation(Node):
    op: str  # UNION INTERSECT EXCEPT
    all: bool
    left: Node
    right: Node


@dataclass(slots=True)
class Query(Node):
    ctes: list[tuple[str, list[str] | None, Query]]
    recursive: bool
    body: Node
    order: list[Sort]
    offset: int | None
    limit: int | None
