"""SQL text by its tokens: what it refers to and calls, and replacement that leaves every other character as it was."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from hub.models.names import CONFORMED, CONTROL, IDENTITY, ZONES

LOGICAL = {*ZONES, CONFORMED, CONTROL, IDENTITY}
# Words that stand before a parenthesis and are no function.
NOT_CALLS = frozenset(
    """
    select from where and or not in on as over by then when else case values filter union all except intersect exists
    join using with having limit distinct between like is interval within any some partition into window set end
    recursive lateral rows range group order inner left right full cross null
    """.split()  # noqa: SIM905 - words are easier to read than a list
)
TYPES = {"decimal", "varchar", "char", "timestamp", "time", "row", "array", "map"}


class SqlTextError(ValueError):
    """The text cannot be cut into tokens; the message names the place."""


def tokens(sql: str) -> list[Token]:
    try:
        return tokenize(sql, dialect="athena")
    except TokenError as error:
        raise SqlTextError(str(error)) from error


@lru_cache(maxsize=512)  # a run asks for the same few hundred texts again and again, and cutting one up takes long
def _tables(sql: str) -> tuple[tuple[str, int, int], ...]:
    """Each `zone.table` of a logical zone with where it begins and ends, in the order of the text."""
    row, found = tokens(sql), []
    for at in range(len(row) - 2):
        first, dot, last = row[at : at + 3]
        before = row[at - 1].token_type if at else None
        if first.text in LOGICAL and dot.token_type == TokenType.DOT and before != TokenType.DOT:
            found.append((f"{first.text}.{last.text}", first.start, last.end + 1))
    return tuple(found)


def references(sql: str) -> set[str]:
    """The full names of the logical tables that the text reads."""
    return {name for name, _, _ in _tables(sql)}


def calls(sql: str) -> Iterator[tuple[str, Token]]:
    """Each function that is called, in lower case, with its token."""
    row = tokens(sql)
    for at in range(len(row) - 1):
        token, after = row[at], row[at + 1]
        before = row[at - 1].token_type if at else None
        if after.token_type != TokenType.L_PAREN or token.token_type in (TokenType.STRING, TokenType.NUMBER):
            continue
        name = token.text.lower()
        if (
            name.replace("_", "").isalnum()
            and not name[0].isdigit()
            and name not in NOT_CALLS | TYPES
            and before != TokenType.ALIAS
        ):
            yield name, token


def replace_tables(sql: str, physical: Callable[[str], str]) -> str:
    """The text with each logical `zone.table` replaced by physical(zone.table)."""
    parts, at = [], 0
    for name, begins, ends in _tables(sql):
        parts += [sql[at:begins], physical(name)]
        at = ends
    return "".join([*parts, sql[at:]])


@lru_cache(maxsize=512)
def outputs(sql: str) -> tuple[str, ...]:
    """The names of the columns that a query gives."""
    tree = parse_one(sql, dialect="athena")
    return tuple(tree.named_selects) if isinstance(tree, exp.Query) else ()
