"""What must hold between the fields of a source that is a database."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hub.config.rest_rules import SECRET_NAME

Problem = tuple[tuple[str | int, ...], str]

EXAMPLE = "sqlite:///<file>, or postgresql://, mysql://, mariadb:// or sqlserver:// and <user>@<host>/<database>"
# A socket on the machine itself; all else that a driver reads from an address has a word of its own here or none.
PARAMETERS = {
    "sqlite": set[str](),
    "postgresql": {"host", "user", "dbname"},
    "mysql": {"socket"},
    "mariadb": {"socket"},
    "sqlserver": set[str](),
}
LONGEST_STATEMENT = 240  # seconds; a worker has five minutes
QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`")
ENDS = (";", "--", "/*", "*/", "#", "$", "\\", "\0", ":=", "{", "}")
BRACKETED = re.compile(rf"{QUOTED.pattern}|\[(?:[^\]]|\]\])*\]")  # of SQL Server
WRITES = re.compile(
    r"\b(alter|analyze|call|copy|create|delete|do|drop|dumpfile|exec|execute|grant|insert|into|load|lock|merge|outfile"
    r"|opendatasource|openquery|openrowset|rename|replace\s+into|reset|revoke|set|truncate|update|vacuum)\b",
    re.IGNORECASE,
)


def connection(given: Any) -> Iterator[Problem]:
    """Every problem of how a database is reached, but for those of its address as such."""
    try:
        parts = urlsplit(given.url)
    except ValueError:
        return  # told already
    known = PARAMETERS[parts.scheme]
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if SECRET_NAME.search(name):
            continue  # told already
        if name not in known:
            yield (
                ("connection", "url"),
                f"has the parameter {name!r}; take it out: how to connect is said by the words beside `url`",
            )
        elif name in ("host", "socket") and not value.startswith("/"):
            yield ("connection", "url"), f"has a {name} that is no path; the host stands between @ and /"
    if parts.scheme == "sqlserver" and not parts.hostname:
        yield ("connection", "url"), "names no host; write sqlserver://<user>@<host>/<database>"
    if given.tls == "none" and parts.hostname and not _by_private_number(parts.hostname):
        yield ("connection", "tls"), "may be none only for a private address that is written as a number; take it out"
    if given.authority is not None and "-----BEGIN CERTIFICATE-----" not in given.authority:
        yield (
            ("connection", "authority"),
            "is no certificate in PEM; write what stands from -----BEGIN CERTIFICATE----- on",
        )
    if not 1 <= given.statement_timeout.total_seconds() <= LONGEST_STATEMENT:
        yield (
            ("connection", "statement_timeout"),
            f"is 1 to {LONGEST_STATEMENT} seconds; write for example `60 seconds`",
        )


def fetch(data_set: Any, url: str) -> Iterator[Problem]:
    """Every problem of what is read of a database."""
    given = data_set.fetch
    if bool(given.table) == bool(given.query):
        yield (), "needs a table or a query, not both"
    if given.changed_since and given.changed_since.parameter:
        yield ("changed_since", "parameter"), "is for REST; a database is asked by the column, take it out"
    if given.query and not reads_only(given.query):
        yield ("query",), "must be one SELECT without a semicolon; it is read a piece at a time"
    if given.query and url.startswith("sqlserver:") and (what := _more_than_a_query(given.query)):
        yield ("query",), f"{what}; write one SELECT that can stand in parentheses"
    if given.filter and (what := no_condition(given.filter)):
        yield ("filter",), f"{what}; write one condition, for example country = 'IN'"
    if given.parallel > 1 and url.startswith("sqlite:"):
        yield ("parallel",), "is for a database on a server; take it out"


def reads_only(query: str) -> bool:
    """Whether a source's query is one SELECT; the database's read-only transaction has the last word."""
    begins = re.match(r"\s*(select|with)\b", query, re.IGNORECASE)
    return bool(begins) and ";" not in query and not re.search(r"\binto\s+(outfile|dumpfile)\b", query, re.IGNORECASE)


def no_condition(text: str) -> str | None:
    """Why a text is not one condition within a statement, in any of the databases; None where it is."""
    return _no_part(text, QUOTED) or _no_part(text, BRACKETED)


def _more_than_a_query(text: str) -> str | None:
    """Why SQL Server might do more than read: a session of its can write, and a statement ends without a sign."""
    if not re.match(r"\s*select\b", text, re.IGNORECASE):
        return "does not begin with SELECT"
    return no_condition(text)


def _no_part(text: str, quotes: re.Pattern[str]) -> str | None:
    bare = quotes.sub(" ? ", text)
    if any(mark in bare for mark in ("'", '"', "`")):
        return "has a quote that is not closed"
    if found := next((mark for mark in ENDS if mark in bare or (mark == "\\" and mark in text)), None):
        return f"has {found!r}, which may end the statement or hide a part of it"
    if match := WRITES.search(bare):
        return f"has the word {match[0].lower()}, which may write; put it in double quotes if a column is called so"
    depth = 0
    for sign in re.findall(r"[()]", bare):
        depth += 1 if sign == "(" else -1
        if depth < 0:
            return "closes a parenthesis that it did not open"
    return "has a parenthesis that is not closed" if depth else None


def _by_private_number(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
