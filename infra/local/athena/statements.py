"""What a client asked for: the text of a statement and the parts that the API and the engines act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.local.athena.dialect.lexer import Token, tokens
from infra.local.athena.errors import BadStatement, QueryFailed

__all__ = ["ColumnSpec", "Statement", "bind", "parse"]

PARAMETERS_ALLOWED = frozenset({"query", "insert", "ctas", "unload"})
LITERALS = frozenset({"string", "integer", "decimal", "double", "binary"})

Property = str | int | bool | list[str]


@dataclass(frozen=True)
class ColumnSpec:
    """A column of CREATE TABLE or ADD COLUMNS; `type` is in Hive's spelling, as it was written."""

    name: str
    type: str
    comment: str = ""


@dataclass(frozen=True)
class Statement:
    """One parsed statement. Fields that its kind does not have keep their defaults.

    kind: query explain ctas insert merge update delete unload create_view drop_view optimize vacuum
    create_external_table create_iceberg_table create_database drop_database drop_table add_columns drop_column
    set_properties add_partitions drop_partitions msck show_databases show_tables show_views show_columns
    show_partitions show_create_table show_create_view show_properties describe prepare execute deallocate
    """

    kind: str
    text: str  # as it was sent, without the closing semicolon
    table: tuple[str | None, str] = (None, "")  # database (None: the context's), name
    query: str = ""  # the SELECT inside CTAS, UNLOAD, CREATE VIEW and PREPARE
    properties: dict[str, Property] = field(
        default_factory=dict
    )  # WITH (...) or TBLPROPERTIES (...), names in lower case
    location: str | None = None
    columns: tuple[ColumnSpec, ...] = ()
    partition_columns: tuple[ColumnSpec, ...] = ()  # of a Hive table
    transforms: tuple[str, ...] = ()  # of an Iceberg table: "day(at)", "bucket(16, id)", "city"
    partitions: tuple[tuple[dict[str, str], str | None], ...] = ()  # values by column, location
    storage: dict[str, str] = field(default_factory=dict)  # format, input, output, serde
    serde_properties: dict[str, str] = field(default_factory=dict)
    where: str | None = None
    pattern: str | None = None
    comment: str = ""
    if_exists: bool = False  # IF EXISTS and IF NOT EXISTS alike
    replace: bool = False
    with_data: bool = True
    cascade: bool = False
    arguments: tuple[str, ...] = ()  # EXECUTE ... USING

    def names(self, database: str) -> tuple[str, str]:
        """The table as (database, name), where the context's database stands in."""
        return self.table[0] or database, self.table[1]


def parse(text: str) -> Statement:
    """The statement in a text. Raises BadStatement; what stands inside a query is the engine's to judge."""
    from infra.local.athena.statement_parser import StatementParser

    return StatementParser(text).statement()


def bind(text: str, parameters: Sequence[str]) -> str:
    """Put execution parameters, each one SQL expression, in the place of the question marks, from the left.

    Raises QueryFailed when their number is not that of the question marks, BadStatement for what is no expression.
    """
    places = [token for token in tokens(text) if token.kind == "op" and token.text == "?"]
    if len(places) != len(parameters):
        message = f"line 1:1: Incorrect number of parameters: expected {len(places)} but found {len(parameters)}"
        raise QueryFailed("INVALID_PARAMETER_USAGE", message)
    for place, parameter in zip(reversed(places), reversed(parameters), strict=True):
        made, before = _expression(parameter), text[: place.start]
        gap = " " if before.endswith("-") and made.startswith("-") else ""  # two of them would begin a comment
        text = before + gap + made + text[place.end :]
    return text


def bound(statement: Statement, parameters: Sequence[str] | None) -> Statement:
    """The statement with its parameters in place. Raises as `bind` does, and BadStatement where none are allowed."""
    if not parameters and not _has_places(statement):
        return statement
    if parameters and statement.kind not in PARAMETERS_ALLOWED:
        raise BadStatement("Execution parameters are allowed in SELECT, INSERT INTO, CREATE TABLE AS and UNLOAD alone")
    return parse(bind(statement.text, parameters or ()))


def _has_places(statement: Statement) -> bool:
    if statement.kind not in PARAMETERS_ALLOWED or "?" not in statement.text:
        return False
    return any(t.kind == "op" and t.text == "?" for t in tokens(statement.text))


def _expression(parameter: str) -> str:
    """The parameter's text, in brackets unless it is one literal; nothing in it can close more than it opened."""
    found = [token for token in tokens(parameter) if token.kind != "end"]
    depth = 0
    for token in found:
        depth += (token.text == "(") - (token.text == ")") if token.kind == "op" else 0
        if depth < 0 or (token.kind == "op" and token.text in (";", "?")):
            raise BadStatement(f"line {token.line}:{token.column}: mismatched input '{token.text}' in a parameter")
    if not found or depth:
        raise BadStatement(f"a parameter is no expression: {parameter!r}")
    return parameter[found[0].start : found[-1].end] if _is_literal(found) else f"({parameter}\n)"


def _is_literal(found: list[Token]) -> bool:
    if len(found) == 2 and found[0].text in ("-", "+"):
        found = found[1:]
    return len(found) == 1 and (found[0].kind in LITERALS or found[0].upper in ("TRUE", "FALSE", "NULL"))
