"""Refuses SQL that is not sure to mean the same on Athena, Trino and DuckDB, before any engine sees it."""

import re
from collections.abc import Iterable, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError
from sqlglot.tokenizer_core import Token, TokenType

from hub.errors import ConfigError
from hub.models import graph, histories
from hub.models.forms import forbidden
from hub.models.functions import ALLOWED, INSTEAD
from hub.models.names import CONFORMED, CONTROL, IDENTITY, ZONES
from hub.models.table import Table
from hub.models.text import SqlTextError, calls, outputs, tokens

TEXTS = (exp.Upper, exp.Lower, exp.Concat, exp.DPipe, exp.Trim, exp.Substring, exp.Replace, exp.RegexpReplace)
KNOWN_ZONES = (*ZONES, CONFORMED, CONTROL, IDENTITY)
MOST_READS = 100  # each is a stage or more; Trino refuses a query of over 150 stages, and plans for minutes before that


def expression(sql: str, columns: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong with one expression over the named columns (name -> Trino type), such as an entity's mapping.

    Empty where it may be used. Without `columns` names and types are not checked.
    """
    try:
        found, tree = _read(f"select {sql}")
    except SqlTextError as error:
        return [str(error)]
    except RecursionError:
        return ["is nested too deep; write it flatter"]
    if tree is None:
        return found
    if len(tree.expressions) != 1 or any(
        key not in ("expressions", "kind") and value for key, value in tree.args.items()
    ):
        return [*found, "is not one expression"]
    if any(token.comments for token in tokens(f"select {sql}")):
        found.append("a comment would hide what stands behind it; write it as a comment of the YAML")
    if tree.find(exp.Alias):
        found.append("has a name of its own (`as`); the entity's column names it, take it out")
    if tree.find(exp.Placeholder, exp.Parameter, exp.SessionParameter):
        found.append("has a parameter, and nobody fills it in; write the value")
    found += [f"{name.sql()!r} has a table's name in front; write the column alone" for name in _qualified(tree)]
    if tree.find(exp.Subquery, exp.Table, exp.AggFunc, exp.Window):
        found.append("an expression over one row has no subquery, aggregate or window")
    if columns is not None:
        found += [
            f"line {_line(name)}: {name.name!r} is not a column; one of {', '.join(sorted(columns))}"
            for name in tree.find_all(exp.Column)
            if name.name not in columns
        ]
    return found + forbidden(tree, columns)


def gives_text(sql: str, columns: Mapping[str, str]) -> bool:
    """Whether a sound expression is sure to be a text, which would fail where it is cast to another type."""
    tree = sqlglot.parse_one(f"select {sql}", dialect="athena")
    return isinstance(tree, exp.Select) and _is_text(tree.expressions[0], columns)


def _is_text(node: exp.Expression, columns: Mapping[str, str]) -> bool:
    if isinstance(node, exp.Paren):
        return _is_text(node.this, columns)
    if isinstance(node, exp.Case):
        branches = [each.args["true"] for each in node.args["ifs"]] + [node.args.get("default")]
        return any(_is_text(each, columns) for each in branches if each is not None)
    if isinstance(node, exp.Coalesce):
        return any(_is_text(each, columns) for each in (node.this, *node.expressions))
    if isinstance(node, exp.Cast):
        return bool(node.to.this in exp.DataType.TEXT_TYPES)
    if isinstance(node, exp.Column):
        return columns.get(node.name) == "varchar"
    return (isinstance(node, exp.Literal) and node.is_string) or isinstance(node, TEXTS)


def _qualified(tree: exp.Expression) -> list[exp.Column]:
    return [column for column in tree.find_all(exp.Column) if column.table]


def select(sql: str) -> list[tuple[int, str]]:
    """What is wrong with one SELECT over logical tables, as (line, message)."""
    try:
        found, tree = _read(sql)
    except SqlTextError as error:
        return [(1, str(error))]
    if tree is not None:
        found += [*_tables(tree), *_aliases(tree), *forbidden(tree, {})]
        if (reads := _reads(tree, {})) > MOST_READS:
            found.append(
                f"reads {reads} tables once each named part is written out wherever it is used, as Athena does; "
                f"{MOST_READS} at most: make the part that is used most a table of its own"
            )
    return [_with_line(each) for each in found]


def check_all(tables: Mapping[str, Table]) -> None:
    """Judge all models, their twins and checks; ConfigError with every problem as "file:line: table: what"."""
    problems = []
    tables = histories.with_twins(tables)
    for table in tables.values():
        folder = table.file.rpartition("/")[0]
        file = "history.sql" if table.history_of else "model.sql"
        for line, message in select(table.sql) + _outputs(table):
            problems.append(f"{folder}/{file}:{line}: {table.full_name}: {message}")
        for each in table.checks:
            problems += [f"{folder}/checks.sql:{line}: {each.title}: {message}" for line, message in select(each.sql)]
    if problems:
        raise ConfigError(problems)
    graph.waves(dict(tables))


def _read(sql: str) -> tuple[list[str], exp.Select | exp.SetOperation | None]:
    """Problems of tokens and functions, and the tree of exactly one query; None where there is none."""
    row = tokens(sql)
    found = [f"line {token.line}: {message}" for token, message in _token_problems(row)]
    for name, token in calls(sql):
        if name not in ALLOWED:
            remedy = INSTEAD.get(name)
            found.append(
                f"line {token.line}: function {name} is not portable; "
                + (f"write {remedy}" if remedy else "see the list of functions")
            )
    try:
        trees = sqlglot.parse(sql, dialect="athena")
    except ParseError as error:
        first = error.errors[0]
        return [f"line {first['line']}: {first['description']} near {first['highlight']!r}"], None
    if len(trees) != 1 or not isinstance(trees[0], exp.Select | exp.SetOperation):
        return [*found, "line 1: is not one SELECT; a model is one query, the hub writes INSERT and MERGE"], None
    return found, trees[0]


def _token_problems(row: list[Token]) -> Iterable[tuple[Token, str]]:
    closes = (TokenType.FROM, TokenType.R_PAREN, TokenType.COMMA)
    for at, token in enumerate(row):
        after = row[at + 1].token_type if at + 1 < len(row) else None
        if token.token_type == TokenType.DCOLON:
            yield token, "`::` is not Athena's; write cast(x as type)"
        elif token.token_type == TokenType.COMMA and (after in closes or after is None):
            yield token, "a comma too many"
        elif token.token_type == TokenType.L_BRACKET:
            yield token, "`[` fails on one engine where the other answers null; write element_at(array, n)"
        elif (
            token.text.lower() in INSTEAD
            and after != TokenType.L_PAREN
            and token.text.lower().startswith(("current_", "local"))
        ):
            yield token, f"{token.text} differs at each call; write {INSTEAD[token.text.lower()]}"
        elif token.token_type == TokenType.SEMICOLON:
            yield token, "one query only, without `;`"


def _tables(tree: exp.Expression) -> Iterable[str]:
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.db and table.db not in KNOWN_ZONES:
            yield f"line {_line(table)}: {table.db}.{table.name}: no such zone; one of {', '.join(KNOWN_ZONES)}"
        elif not table.db and table.name not in named:
            yield f"line {_line(table)}: {table.name!r} is neither a table with its zone nor a named part of the query"
        if table.args.get("version") or table.args.get("when"):
            yield f"line {_line(table)}: a model reads the current tables; the run chooses the version"


def _reads(query: exp.Expression, known: Mapping[str, int]) -> int:
    """How many tables are read where no named part is kept for its second use."""
    parts = query.args.get("with_")
    known = dict(known)
    for part in parts.expressions if parts else ():
        known[part.alias] = _reads(part.this, known)
    read = (node for node in query.walk(prune=lambda node: node is parts) if isinstance(node, exp.Table))
    return sum(1 if table.db else known.get(table.name, 1) for table in read)


def _aliases(tree: exp.Expression) -> Iterable[str]:
    """An alias of a computed column is not known to WHERE, GROUP BY and HAVING beside it."""
    for query in tree.find_all(exp.Select):
        computed = {
            each.alias for each in query.expressions if isinstance(each, exp.Alias) and each.this.name != each.alias
        }
        for clause in (query.args.get(name) for name in ("where", "group", "having")):
            for column in clause.find_all(exp.Column) if clause else ():
                if not column.table and column.name in computed and column.find_ancestor(exp.Select) is query:
                    yield f"line {_line(column)}: {column.name!r} is an alias of this SELECT; repeat its expression"


def _outputs(table: Table) -> list[tuple[int, str]]:
    """The SELECT gives exactly the columns that table.yaml lists, by name."""
    try:
        given = [name for name in outputs(table.sql) if name != "_deleted"]
    except ParseError:
        return []  # `select` has said so
    wanted = list(table.selected)
    found = [(1, f"gives no column {name!r} that table.yaml lists") for name in wanted if name not in given]
    unlisted = [] if table.history_of else [name for name in given if name not in wanted]  # a twin leaves some out
    found += [(1, f"gives {name!r}, which table.yaml does not list") for name in unlisted]
    return found + [(1, f"gives {name!r} twice") for name in sorted({name for name in given if given.count(name) > 1})]


def _line(node: exp.Expression) -> int:
    for each in (node, *node.find_all(exp.Identifier)):
        if "line" in each.meta:
            return int(each.meta["line"])
    return 1


def _with_line(message: str) -> tuple[int, str]:
    match = re.match(r"line (\d+): (.*)", message, re.DOTALL)
    return (int(match[1]), match[2]) if match else (1, message)
