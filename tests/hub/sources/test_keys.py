"""Keys whose order, and which of them are the same, only the database knows: no page's end loses or repeats a row."""

import sqlite3
from datetime import UTC, datetime

import pytest
from adbc_driver_postgresql import dbapi

from hub.sources import SourceError
from hub.sources.sql import not_ahead
from tests import servers
from tests.hub.sources.databases import pieces, rows, source

NAMES = "'anna', 'Anna', 'bob', 'carl', 'Carl', 'dora'"
POSTGRESQL = [
    ("text collate words", "'apple', 'Banana', 'cherry', 'Date', 'Äpfel', 'zebra', 'Zoo'", "sorted as in a dictionary"),
    ("text collate nocase", NAMES, "no case: an ICU collation that is not deterministic"),
    ("citext", NAMES, "no case: a type"),
    ("text", r"'a', 'it''s', 'a\b', 'ä', 'a '", "what SQL quotes"),
    ("numeric", "1.0, 1.00, 2, 3.10, 3.1, 'NaN'", "one number in two spellings"),
    ("interval", "'1 day', '24 hours', '2 days', '30 days', '1 month'", "one span in two spellings"),
    ("float8", "0, '-0', 0.1, 1e300, 'NaN', '-Infinity'", "two zeros"),
    ("char(5)", "'abc', 'abd', 'abe', 'b', 'bcdef'", "a type that is one character long where no length is written"),
    ("bit(4)", "b'0001', b'0010', b'1111', b'1000'", "the same with bits"),
    ("money", "'1.00', '2.50', '-3', '1000.10'", "the driver counts it in cents"),
    ("inet", "'10.0.0.1', '9.0.0.1', '::1', '10.0.0.1/8', '100.0.0.1'", "sorted as addresses, read as text"),
]
MARIADB = [
    ("varchar(9) collate utf8mb4_general_ci", "'anna', 'Änna', 'bob', 'carl', 'Carl', 'dora'", "no case, no accents"),
    (
        "varchar(9) collate utf8mb4_unicode_ci",
        "'strasse', 'straße', 'a', 'a ', 'b'",
        "letters of two, blanks at the end",
    ),
    (
        "varchar(9) character set latin1 collate latin1_german1_ci",
        "'ä', 'a', 'b', 'süd', 'sud'",
        "not the literal's set",
    ),
    ("varchar(9) collate utf8mb4_bin", "'a', 'A', 'b', 'B', 'c'", "all letters"),
    ("char(9)", NAMES, "of one length"),
    ("enum('sales','refund','b','a')", "'sales', 'refund', 'b', 'a'", "sorted by place, compared with words as words"),
    ("set('z','y','x')", "'z', 'y', 'x', 'z,x', 'y,x'", "sorted by bits"),
]
SQLITE = [
    ("text collate nocase", NAMES, "no case"),
    ("text collate rtrim", "'a', 'a ', 'b', 'c', 'c '", "blanks at the end"),
    ("", "1, 1.0, '1', 'a', 9007199254740993, 9007199254740992.0", "numbers of two types"),
]


def created(number, kind, values):
    each = [value.strip() for value in values.split(", ")]
    filled = ", ".join(f"({value}, {at})" for at, value in enumerate(each, 1))
    return [f"create table keyed_{number} (k {kind}, id int)", f"insert into keyed_{number} values {filled}"], len(each)


@pytest.fixture(scope="module")
def in_postgresql(postgresql):
    url = f"postgresql://owner@127.0.0.1:{postgresql.port}/"

    def run(database, statements):
        with dbapi.connect(url + database, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return url + database

    run("postgres", ["create database keyed"])
    run("keyed", ["create collation words (provider = icu, locale = 'en-US')", "create extension citext"])
    run("keyed", ["create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"])
    return lambda statements: run("keyed", statements)


@pytest.fixture(scope="module")
def in_mariadb(mariadb):
    servers.mysql(mariadb, "create database keyed character set utf8mb4")

    def run(statements):
        servers.mysql(mariadb, *statements, database="keyed")
        return f"mysql://root@/keyed?socket={mariadb.folder}/.s"

    return run


@pytest.fixture(scope="module")
def in_sqlite(tmp_path_factory):
    path = tmp_path_factory.mktemp("keyed") / "keyed.db"

    def run(statements):
        with sqlite3.connect(path) as connection:
            for statement in statements:
                connection.execute(statement)
        return f"sqlite:///{path}"

    return run


@pytest.mark.parametrize(
    ("where", "number", "case"),
    [
        (where, at, case)
        for where, cases in {"in_postgresql": POSTGRESQL, "in_mariadb": MARIADB, "in_sqlite": SQLITE}.items()
        for at, case in enumerate(cases)
    ],
    ids=lambda case: case[2] if isinstance(case, tuple) else None,
)
def test_every_row_once(request, where, number, case):
    kind, values, why = case
    statements, count = created(number, kind, values)
    url = request.getfixturevalue(where)(statements)
    for fetch in ({"rows": 2}, {"rows": 3}, {"rows": 2, "parallel": 2}):
        made = source(url, {"table": f"keyed_{number}", **fetch}, {"k": "varchar", "id": "bigint"}, ["k"])
        whole = list(pieces(made))
        assert len(whole) > 1
        for after, piece in enumerate(whole):
            rest = list(pieces(made, position=piece.position))
            assert sorted(row[1] for row in rows(whole[: after + 1] + rest)) == list(range(1, count + 1)), why
        assert {piece.declared for piece in whole} == {count}


def test_more_rows_of_one_key_than_are_read_at_once(in_postgresql):
    url = in_postgresql(
        ["create table crowded as select k::citext, 1 as id from unnest(array['a', 'A', 'á', 'b']) as k"]
    )
    made = source(url, {"table": "crowded", "rows": 2}, {"k": "varchar", "id": "bigint"}, ["k"])
    assert len(rows(pieces(made))) == 4
    in_postgresql(["insert into crowded values ('A', 1)"])
    with pytest.raises(SourceError, match="the same in more rows than are read at once"):
        list(pieces(made))


NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
CURSORS = [
    ("2024-06-01 11:59:00+00", "2024-06-01 11:59:00+00", "before now, as it is written"),
    ("2024-06-01T17:29:00+05:30", "2024-06-01T17:29:00+05:30", "before now, elsewhere"),
    ("2199-01-01 00:00:00+00", "2024-06-01 12:00:00+00:00", "to come"),
    ("2199-01-01T00:00:00Z", "2024-06-01T12:00:00Z", "to come, in its spelling"),
    ("2024-06-01T18:00:00+05:30", "2024-06-01T17:30:00+05:30", "to come, elsewhere"),
    ("2024-06-02 01:00:00", "2024-06-02 01:00:00", "no zone: it may be so late in Auckland"),
    ("2024-06-02 03:00:00.000000", "2024-06-01 00:00:00", "no zone, so late nowhere: the earliest that now may be"),
    ("2199-01-01", "2024-06-01", "a date"),
    ("infinity", "2024-06-01 00:00:00+00:00", "PostgreSQL's"),
    ("294276-12-31 23:59:59", "2024-06-01 00:00:00+00:00", "a year that Python does not know"),
    ("30001015", "30001015", "a counter that looks like a day of the year 3000"),
    ("something", "something", "a text that counts"),
    (9_999_999_999, 9_999_999_999, "a number that counts"),
    (None, None, "nothing there"),
]


@pytest.mark.parametrize(("highest", "cursor", "why"), CURSORS, ids=[case[2] for case in CURSORS])
def test_a_change_to_come_is_no_cursor(highest, cursor, why):
    assert not_ahead(highest, NOW) == cursor, why


def test_a_row_of_the_far_future_hides_no_later_change(in_postgresql, in_mariadb, in_sqlite):
    for run, kind, late in (
        (in_postgresql, "timestamptz", "infinity"),
        (in_mariadb, "datetime(6)", "9999-12-31 23:59:59"),
        (in_sqlite, "text", "2199-01-01T00:00:00Z"),
    ):
        url = run(
            [f"create table dated (id int, at {kind})", f"insert into dated values (1, '2024-01-01'), (2, '{late}')"]
        )
        changed = {"column": "at", "overlap": "1 day"}
        made = source(url, {"table": "dated", "changed_since": changed}, {"id": "bigint", "at": "timestamp"})
        (first,) = pieces(made)
        run([f"insert into dated values (3, '{datetime.now(UTC):%Y-%m-%d %H:%M:%S}')"])
        (second,) = pieces(made, first.cursor)
        assert second.rows["id"].to_pylist() == [2, 3], url
