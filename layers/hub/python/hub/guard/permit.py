"""User SQL to permitted SQL. Everything that is not known to be harmless is refused.

The text is parsed once; each table is replaced by its released projection (the declared columns of one snapshot,
without deleted rows); what runs is written from the tree, never from the text. The written text is then parsed
again: every stored table in it must be one of the projections, whole.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle, pairwise
from typing import Final, Protocol

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from hub.errors import InvalidInput
from hub.guard.nodes import judge
from hub.guard.parameters import SQL_TYPES, Value
from hub.guard.places import Place, refusal
from hub.models.names import physical

ZONE: Final = "reporting"
LONGEST: Final = 60_000
"""Characters of a user's SQL."""
DIALECT: Final = "athena"
OPENED: Final = re.compile(r"""(?:[^'"`/-]|'[^']*'|"[^"]*"|`[^`]*`|--[^\n]*|/\*.*?\*/|/(?!\*)|-(?!-))*+""", re.DOTALL)
"""What stands before a quote or a comment that is not closed."""
MISSING: Final = re.compile(r"Required keyword: .*")
"""The parser's word for it names its own classes."""
AFTER_NO_COMMA: Final = (TokenType.COMMA, TokenType.FROM, TokenType.R_PAREN, TokenType.WHERE, TokenType.SEMICOLON)


class Columns(Protocol):
    """What the guard needs of a model's table."""

    @property
    def shown(self) -> Mapping[str, object]: ...


class Released(Protocol):
    """What the guard needs of a release."""

    @property
    def tables(self) -> Mapping[str, str]: ...
    @property
    def names(self) -> Mapping[str, str]: ...
    @property
    def columns(self) -> Mapping[str, Mapping[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Projection:
    """What a user may see of one table: these columns of this snapshot."""

    database: str
    table: str
    snapshot: int
    columns: tuple[str, ...]

    def query(self) -> exp.Select:
        source = exp.Table(
            this=exp.to_identifier(self.table, quoted=True),
            db=exp.to_identifier(self.database, quoted=True),
            version=exp.Version(this="VERSION", kind="AS OF", expression=exp.Literal.number(self.snapshot)),
        )
        columns = [exp.column(exp.to_identifier(name, quoted=True)) for name in self.columns]
        deleted = exp.column(exp.to_identifier("_deleted", quoted=True))
        return exp.select(*columns).from_(source).where(exp.Not(this=deleted))


@dataclass(frozen=True, slots=True)
class Permitted:
    """SQL that may run, its positional parameters, the logical names of its tables and the names of its columns.

    columns: as far as the text names them; `*` stands for all of its tables. sources: what it reads.
    """

    sql: str
    parameters: list[str]
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    sources: tuple[Projection, ...] = ()
    release_id: str | None = None

    def inline(self) -> str:
        """The SQL with its parameters written into it, for a statement that takes none."""
        literals = iter(self.parameters)
        parts, end = [], 0
        for token in _tokens(self.sql):
            if token.token_type == TokenType.PLACEHOLDER:
                parts += [self.sql[end : token.start], next(literals)]
                end = token.end + 1
        return "".join([*parts, self.sql[end:]])


def projections(tables: Mapping[str, Columns], release: Released | None, stage: str) -> dict[str, Projection]:
    """The tables that a user may read, by logical name. Without a release every snapshot is 0: enough to judge SQL."""
    found = {}
    for name, table in tables.items():
        zone, _, short = name.partition(".")
        if zone != ZONE or (release is not None and name not in release.tables):
            continue
        stored = release.names.get(name, short) if release else short
        snapshot = int(release.tables[name]) if release else 0
        had = release.columns.get(name, table.shown) if release else table.shown  # a model may be ahead of its run
        columns = tuple(column for column in table.shown if column in had)
        found[name] = Projection(physical(ZONE, stage), stored, snapshot, columns)
    return found


def permit(sql: str, values: Mapping[str, Value], tables: Mapping[str, Projection]) -> Permitted:
    """The permitted form of one query; InvalidInput with line and column for any other text.

    values: the parameters that `:name` may stand for. tables: see `projections`.
    """
    try:
        return _permit(sql, values, tables)
    except InvalidInput:
        raise
    except RecursionError as error:
        raise InvalidInput("The query is nested too deeply") from error
    except (
        SqlglotError,
        AssertionError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        StopIteration,
    ) as error:
        # The parser fails in more ways than it declares. What it cannot read is not run.
        raise InvalidInput("The query cannot be read") from error


def _permit(sql: str, values: Mapping[str, Value], tables: Mapping[str, Projection]) -> Permitted:
    if len(sql) > LONGEST:
        raise InvalidInput(f"A query has at most {LONGEST} characters")
    if any(character < " " and character not in "\t\r\n" for character in sql):
        raise InvalidInput("There is a control character in the query")
    tree = _parse(sql)
    used = tuple(sorted({_check_table(table, tables, sql) for table in tree.find_all(exp.Table)} - {""}))
    _check_parameters(tree, values, sql)
    judge(tree, sql)
    _bind(tree, values)
    _project(tree, tables)
    written = _write(tree)
    _prove(written, [tables[name] for name in used])
    positional, names = _positional(written)
    sources = tuple(tables[name] for name in used)
    return Permitted(positional, _literals(names, values), used, tuple(tree.named_selects), sources)


def _parse(sql: str) -> exp.Query:
    row = _tokens(sql)
    for token, after in zip(row, [*row[1:], None], strict=True):
        if token.token_type == TokenType.SEMICOLON and after is not None:
            raise refusal("One query only: there is something after the `;`", sql, Place.of_token(after))
        if token.token_type == TokenType.COMMA and (after is None or after.token_type in AFTER_NO_COMMA):
            raise refusal("A comma too many", sql, Place.of_token(token))
        if token.token_type == TokenType.L_BRACE:
            raise refusal("Braces have no meaning in a query", sql, Place.of_token(token))
        if token.token_type == TokenType.DECIMAL and after is not None and after.token_type == TokenType.STRING:
            raise refusal("Write the number itself, or cast('1.5' as decimal(10, 1))", sql, Place.of_token(token))
    if not row:
        raise InvalidInput("There is no query")
    try:
        trees = sqlglot.parse(sql, dialect=DIALECT)
    except sqlglot.ParseError as error:
        first = error.errors[0]
        place = Place.of_end(sql, first["line"], first["col"], first["highlight"])
        what = MISSING.sub("something is missing", first["description"].rstrip("."))
        raise refusal(f"Syntax error: {what} near {first['highlight']!r}", sql, place) from error
    found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(found) != 1 or not isinstance(found[0], exp.Select | exp.SetOperation):
        raise refusal("A report is one SELECT, which may begin WITH", sql, Place.of_token(row[0]))
    return found[0]


def _tokens(sql: str) -> list[Token]:
    try:
        return sqlglot.tokenize(sql, dialect=DIALECT)
    except sqlglot.errors.TokenError as error:
        before = OPENED.match(sql)
        place = Place.of_offset(sql, before.end() if before else 0)
        raise refusal("Syntax error: a quote or a comment is not closed", sql, place) from error


def _check_table(table: exp.Table, tables: Mapping[str, Projection], sql: str) -> str:
    """The logical name of a released table; "" for a named part of the query. Refused otherwise."""
    name, zone = table.this, table.args.get("db")
    extra = {key for key, value in table.args.items() if value} - {"this", "db", "alias", "joins"}
    if not isinstance(name, exp.Identifier) or extra:
        raise refusal("A table is named as reporting.<table> and nothing more", sql, Place.of_node(table, sql))
    if zone is None:
        if name.name.lower() in _visible(table):
            return ""
        raise refusal(
            f"There is no table {name.name!r}; tables are named reporting.<table>", sql, Place.of_node(name, sql)
        )
    full = f"{zone.name}.{name.name}".lower()
    if full not in tables:
        raise refusal(f"There is no table {full!r} for reports", sql, Place.of_node(zone, sql))
    return full


def _visible(table: exp.Expr) -> set[str]:
    """The names of the WITH parts that can be read where the table stands: those before it, and those around it."""
    names: set[str] = set()
    inner, outer = table, table.parent
    while outer is not None:
        if isinstance(outer, exp.With):
            before = outer.expressions[: next(n for n, part in enumerate(outer.expressions) if part is inner)]
            names |= {part.alias.lower() for part in before}
        elif isinstance(parts := outer.args.get("with_"), exp.With) and parts is not inner:
            names |= {part.alias.lower() for part in parts.expressions}
        inner, outer = outer, outer.parent
    return names


def _check_parameters(tree: exp.Query, values: Mapping[str, Value], sql: str) -> None:
    for placeholder in tree.find_all(exp.Placeholder):
        name = placeholder.this
        if not isinstance(name, str) or name not in values:
            what = f"There is no parameter :{name}" if name else "A parameter is written :name"
            raise refusal(f"{what}; there are: {', '.join(values) or 'none'}", sql, Place.of_parameter(name, sql))
        value, parent = values[name], placeholder.parent
        if value.kind == "list" and not (isinstance(parent, exp.In) and placeholder.arg_key == "expressions"):
            raise refusal(f"The list :{name} is used as `x in (:{name})`", sql, Place.of_parameter(name, sql))
        counts_rows = isinstance(parent, exp.Limit | exp.Offset | exp.Fetch)
        if counts_rows and (value.kind != "integer" or value.texts[0].startswith("-")):
            raise refusal(f"The number of rows :{name} has to be 0 or more", sql, Place.of_parameter(name, sql))


def _bind(tree: exp.Query, values: Mapping[str, Value]) -> None:
    """Give each parameter its type. Athena takes none as a number of rows: there the integer itself is written."""
    for placeholder in list(tree.find_all(exp.Placeholder)):
        value = values[placeholder.this]
        if isinstance(placeholder.parent, exp.Limit | exp.Offset | exp.Fetch):
            placeholder.replace(exp.Literal.number(value.texts[0]))
        elif kind := SQL_TYPES[value.kind]:
            placeholder.replace(exp.cast(placeholder.copy(), exp.DataType.build(kind, dialect=DIALECT)))
        elif value.kind == "list":
            copies: list[exp.Expr] = [placeholder.copy() for _ in value.texts]
            parent = placeholder.parent
            assert isinstance(parent, exp.In)
            others = [each for each in parent.expressions if each is not placeholder]
            parent.set("expressions", others + copies)


def _project(tree: exp.Query, tables: Mapping[str, Projection]) -> None:
    for column in tree.find_all(exp.Column):
        if column.args.get("db") is not None and column.args["db"].name.lower() == ZONE:
            column.set("db", None)
    for table in list(tree.find_all(exp.Table)):
        if table.args.get("db") is None:
            continue
        alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
        released = tables[f"{table.db}.{table.name}".lower()].query()
        table.replace(exp.Subquery(this=released, alias=alias.copy(), joins=table.args.get("joins")))


def _write(tree: exp.Expr) -> str:
    return tree.sql(dialect=DIALECT, comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)


def _prove(written: str, used: Iterable[Projection]) -> None:
    """Read what was written once more, as an engine will: each stored table in it is a released projection, whole."""
    tree = sqlglot.parse_one(written, dialect=DIALECT)
    allowed = {_write(projection.query()) for projection in used}
    for table in tree.find_all(exp.Table):
        if table.args.get("db") is not None and _write(table.find_ancestor(exp.Select) or table) not in allowed:
            raise InvalidInput("The query cannot be read in one way only; write it more simply")
    if _write(tree) != written:
        raise InvalidInput("The query cannot be read in one way only; write it more simply")


def _positional(written: str) -> tuple[str, list[str]]:
    """The text with each `:name` as `?`, and the names in the order of the text."""
    parts, names, end = [], [], 0
    row = _tokens(written)
    for colon, name in pairwise(row):
        if colon.token_type == TokenType.COLON and name.start == colon.end + 1:
            parts += [written[end : colon.start], "?"]
            names.append(name.text)
            end = name.end + 1
    return "".join([*parts, written[end:]]), names


def _literals(names: Iterable[str], values: Mapping[str, Value]) -> list[str]:
    """One literal per `?`. A list stands there once per element, each time it is used."""
    supplies = {name: cycle(value.literals()) for name, value in values.items()}
    return [next(supplies[name]) for name in names]
