"""Odd values and hostile moments of a real PostgreSQL."""

from contextlib import closing

import pytest
from adbc_driver_postgresql import dbapi

from hub.quality.cast import as_text
from hub.sources import SourceError
from hub.sources.database import connect
from tests.hub.sources.databases import pieces, rows, source

ODD = [
    ("18446744073709551615::numeric", "18446744073709551615", "beyond 64 bits: exact"),
    ("-0.000000000000000000000000001::numeric", "-0.000000000000000000000000001", "all digits"),
    ("'NaN'::numeric", "nan", "no number: for the type to refuse"),
    ("0.1::float4", "0.1", "as PostgreSQL shows it"),
    ("'2024-02-29 12:00:00.123456+05:30'::timestamptz", "2024-02-29T06:30:00.123456Z", "a moment in UTC"),
    ("'2024-02-29 12:00:00'::timestamp", "2024-02-29T12:00:00.000000Z", "of no zone"),
    ("'9999-12-31'::date", "9999-12-31", "the last"),
    ("'{\"a\": [1, null]}'::jsonb", '{"a": [1, null]}', "text, as PostgreSQL writes it"),
    (r"'\x00ff'::bytea", "\\x00ff", "bytes in hexadecimal, as of every source"),
    ("E'a \"q\", \\r\\n\\\\ नमस्ते 😀'", 'a "q", \r\n\\ नमस्ते 😀', "all that is quoted elsewhere"),
    ("''::text", "", "empty text is not NULL"),
    ("null::text", None, "NULL is not empty text"),
    ("array[1, null, 3]", "[1,null,3]", "a list as JSON"),
    ("'b'::mood", "b", "a word of an enumeration"),
    ("'-1234.56'::money", "-1234.56", "no cents: exact"),
    ("array['-1234.56'::money]", '["-1234.56"]', "nor in a list"),
    ("4294967295::oid", "4294967295", "beyond 32 bits with a sign"),
    ("array[4294967295]::oid[]", "[4294967295]", "in a list too"),
    ("row(1, 'a')", "(1,a)", "a row of no type, as PostgreSQL writes it"),
    ("array['infinity'::date]", '["infinity"]', "a day that no calendar has"),
    ("'10.0.0.1/8'::inet", "10.0.0.1/8", "text, as PostgreSQL writes it"),
    ("'10:00+01'::timetz", "10:00:00+01", "text"),
    ("b'0101'::bit(4)", "0101", "its bits"),
    ("'[1,5)'::int4range", "[1,5)", "text"),
    ("'1 month 2 days'::interval", "1 mon 2 days", "text"),
    ("array['10.0.0.1']::inet[]", "{10.0.0.1}", "a list of what is text, as PostgreSQL writes it"),
    ("5::positive", "5", "a domain is what it is made of"),
]


@pytest.fixture(scope="module")
def url(postgresql):
    url = f"postgresql://owner@127.0.0.1:{postgresql.port}/odd"
    with (
        dbapi.connect(url.removesuffix("odd") + "postgres", autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("create database odd")
    run(
        url,
        "create type mood as enum ('a', 'b')",
        "create domain positive as int check (value > 0)",
        "create table things as select n as id, repeat('x', 500) as pad from generate_series(1, 20000) as n",
        "alter table things add primary key (id)",
        "create table loose (a int, b int, c int)",
        "insert into loose values (1,1,1),(1,1,2),(1,1,3),(1,2,4),(2,1,5),(2,null,6),(null,1,7),(null,null,8)",
        "create role guest login password 'p w/1'",
        "create role stranger login password 'x'",
        "grant select on things to guest",
    )
    return url


def run(url, *statements):
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture(scope="module")
def odd(url):
    values = ", ".join(f"{value} as c{at}" for at, (value, *_) in enumerate(ODD))
    columns = {"id": "bigint", **{f"c{at}": "varchar" for at in range(len(ODD))}}
    (piece,) = pieces(source(url, {"query": f"select 1 as id, {values}"}, columns))
    return piece.rows


@pytest.mark.parametrize(("at", "case"), list(enumerate(ODD)), ids=[f"{case[0]}: {case[2]}" for case in ODD])
def test_odd_values(odd, at, case):
    assert as_text(odd[f"c{at}"].combine_chunks()).to_pylist() == [case[1]], case[2]


@pytest.mark.parametrize(("key", "size"), [(["a", "b"], 4), (["a"], 4), (["c"], 3), (["a", "c"], 3)])
def test_ties_and_empty_keys(url, key, size):
    made = source(url, {"table": "loose", "rows": size}, {"a": "integer", "b": "integer", "c": "integer"}, key)
    found = list(pieces(made))
    assert sorted(row[2] for row in rows(found)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {piece.declared for piece in found} == {8}


def test_ranges_side_by_side_see_one_snapshot(url):
    run(url, "create table moving as select generate_series(1, 40) as id")
    made = source(url, {"table": "moving", "rows": 3, "parallel": 4})
    reading = pieces(made)
    first = next(reading)
    run(url, "delete from moving where id > 20", "insert into moving values (99)")
    whole = [first, *reading]
    assert len(first.position["ranges"]) == 4
    assert sorted(row[0] for row in rows(whole)) == list(range(1, 41))
    assert {piece.declared for piece in whole} == {40}


def test_a_second_connection_sees_what_the_first_does(url):
    run(url, "create table shared as select 1 as id")
    made = source(url, {"table": "shared"})
    with closing(connect(made)) as first:
        snapshot = first.snapshot()
        run(url, "delete from shared")
        with closing(connect(made, snapshot)) as second:
            assert second.counts("select count(*) from shared") == [1]


@pytest.mark.parametrize(
    ("fetch", "told", "why"),
    [
        ({"table": "things", "filter": "nothing = 1"}, r"no such column; .*nothing", "a column that vanished"),
        ({"table": "things", "filter": "id ="}, "does not understand", "no SQL"),
        ({"query": "select id from things, pg_sleep(2)"}, "than `statement_timeout`", "two seconds of sleep"),
        ({"query": "select 1 / (id - id) as id from things"}, "cannot work out a value", "a division by zero"),
        (
            {"query": "with a as (insert into loose values (9) returning a as id) select id from a"},
            "does not understand",
            "it writes",
        ),
    ],
)
def test_what_the_database_refuses(url, fetch, told, why):
    with pytest.raises(SourceError, match=told):
        list(pieces(source(url, fetch, statement_timeout="1 second")))


def test_a_table_that_somebody_has_locked(url):
    with dbapi.connect(url) as other, other.cursor() as cursor:
        cursor.execute("lock table things in access exclusive mode")
        with pytest.raises(SourceError, match="somebody who has locked the table"):
            list(pieces(source(url, {"table": "things"}, statement_timeout="1 second")))


@pytest.mark.parametrize(
    ("user", "secret", "more", "told", "why"),
    [
        ("guest@127.0.0.1", "p w/1", {}, None, "a password with blanks and strokes"),
        ("guest@127.0.0.1", "p w/1", {"tls": "verified", "authority": "{authority}"}, None, "over TLS"),
        ("guest@127.0.0.1", "p w/1", {"tls": "verified"}, "not to be trusted", "its certificate is nobody's"),
        ("guest@127.0.0.1", "p w/2", {}, "refuses the sign-in", "a wrong password"),
        ("stranger@127.0.0.1", "x", {}, "the user has no right", "a right that he lacks"),
        ("guest@localhost", "x", {}, "is a private address", "a name that leads into the house"),
        ("guest@localhost", "x", {"private": True}, "is this machine itself", "whatever the manifest says"),
        ("guest@169.254.169.254", "x", {"private": True}, "link-local", "where the machine's own rights are"),
    ],
)
def test_signing_in(url, postgresql, monkeypatch, user, secret, more, told, why):
    monkeypatch.setattr("hub.sources.postgresql.secret", lambda name: secret)
    more = {name: postgresql.authority if value == "{authority}" else value for name, value in more.items()}
    sign_in = {"kind": "password", "secret": "/x"}
    address = f"postgresql://{user}:{postgresql.port}/odd"
    made = source(address, {"table": "things"}, authentication=sign_in, **more)
    if told is None:
        assert len(rows(pieces(made))) == 20_000, why
        return
    with pytest.raises(SourceError, match=told) as refused:
        list(pieces(made))
    assert "p w" not in refused.value.message


def test_a_worker_that_is_ended_by_the_server(url):
    reading = pieces(source(url, {"table": "things", "rows": 5000}))
    first = next(reading)
    run(url, "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = 'odd'")
    with pytest.raises(SourceError, match=r"stopped or started|was cut"):
        list(reading)
    rest = list(pieces(source(url, {"table": "things", "rows": 5000}), position=first.position))
    assert [row[0] for row in rows([first, *rest])] == list(range(1, 20_001))
