"""Bad databases. Each row: kind, script, fetch; place, what."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pymssql
import pymysql
import pytest

from hub.config import SqlSource
from hub.sources import SourceError, mysql, sql, sqlserver
from tests.hub.bad.canaries import EMAIL, PERSON, WORD

TABLE = f"create table people (id, name, at); insert into people values (1, '{PERSON}', '{EMAIL}');"
SLOW = "with recursive n(i) as (select 1 union all select i + 1 from n) select i as id, '' as name, '' as at from n"
DATABASES = [
    ("no such file", None, {"table": "people"}, "shop.sqlite", "is not there"),
    ("no database", PERSON.encode() * 99, {"table": "people"}, "`url`", "the file is no database"),
    ("no such table", "create table other (id);", {"table": "people"}, "people", "no such table"),
    ("no such column", TABLE, {"table": "people", "filter": "town = 'x'"}, "town", "no such column"),
    ("no SQL", TABLE, {"query": "select * from people where where"}, "where", "does not understand"),
    ("a column is gone", TABLE.replace("at)", "other)"), {"table": "people"}, "people has no column", "at;"),
    ("takes for ever", TABLE, {"query": SLOW}, "one statement", "took longer"),
    ("no keys", "create table people (id, name, at); insert into people (name) values ('a'), ('b');",
     {"table": "people", "rows": 1}, "(id)", "is empty in more rows"),
]  # fmt: skip


def of_a_database(world, made, fetch):
    path = world.folder / "shop.sqlite"
    path.unlink(missing_ok=True)
    if isinstance(made, bytes):
        path.write_bytes(made)
    elif made:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(made)
    return _of_sql(f"sqlite:///{path}", fetch)


def of_a_server(world, url, given):
    return _of_sql(url, {"table": "people"}, **given)


def _of_sql(url, fetch, **connection):
    data_set = {
        "description": "d",
        "fetch": fetch,
        "frequency": {"class": "on-demand"},
        "keys": {"business": ["id"]},
        "columns": {"id": {"type": "bigint"}, "name": {"type": "varchar"}, "at": {"type": "varchar"}},
    }
    about = {"name": "shop", "description": "d", "owner": "o@example.org", "trust": 1, "connector": "sql"}
    source = SqlSource.model_validate({**about, "connection": {"url": url, **connection}, "data_sets": {"x": data_set}})
    quick = source.connection.model_copy(update={"statement_timeout": timedelta(seconds=0.05)})
    source = source.model_copy(update={"connection": quick})
    with pytest.raises(SourceError) as refused:
        list(sql.Sql(source, source.data_sets["x"]).pieces(None, None))
    return refused.value.message


# What servers say, as their drivers hand it on. Each row: kind, number and text of MySQL; what. It names no place.

BY_HAND = f"{PERSON}'s {WORD} at row 1"
SERVERS = [
    ("sign-in", (1045, BY_HAND), "sign-in"),
    ("no such database", (1049, "Unknown database 'shop'"), "no such database"),
    ("no right", (1142, BY_HAND), "no right to it"),
    ("it would write", (1792, "Cannot execute statement in a READ ONLY transaction."), "what would write"),
    ("a lock", (1205, BY_HAND), "locked the table"),
    ("full", (1040, BY_HAND), "no connection left"),
    ("stops", (1053, BY_HAND), "being stopped"),
    ("cut", (2013, BY_HAND), "was cut"),
    ("altered", (1412, BY_HAND), "was altered"),
    ("no value", (1690, BY_HAND), "cannot work out a value"),
    ("another", (4242, BY_HAND), "refuses to be read"),
]


SQL_SERVER = (
    4242,
    BY_HAND + "DB-Lib error message 20018, severity 16:\nGeneral SQL Server error",
)  # a number of its own


def of_sql_server(world, said, _):
    number, text = said
    return sqlserver._told(pymssql.OperationalError((number, text.encode()))).message


def of_a_refusal(world, said, _):
    return mysql._told(pymysql.OperationalError(*said)).message
