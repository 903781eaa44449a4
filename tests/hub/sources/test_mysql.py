"""The sql connector on a real MariaDB."""

import datetime
import socket
import threading
from contextlib import closing, contextmanager

import pytest

from hub.config import Column
from hub.quality.cast import to_type
from hub.sources import SourceError
from tests import servers
from tests.hub.sources.databases import pieces, rows, source

SCRIPT = [
    "create database shop character set utf8mb4",
    "create user reader@'%' identified by 'p w/1'",
    "grant select on shop.* to reader@'%'",
    "create user stranger@'%' identified by 'x'",
    "create database elsewhere",
    "grant select on elsewhere.* to stranger@'%'",
    "use shop",
    "create table orders (region varchar(10), number bigint unsigned, total decimal(12,4),"
    " changed_at timestamp(6) null, primary key (region, number))",
    "insert into orders select if(seq % 2, 'süd', 'north'), seq, seq * 1.25,"
    " timestamp('2024-01-01') + interval seq hour from seq_1_to_25",
    "create table loose (a int, b int, c int)",
    "insert into loose values (1,1,1),(1,1,2),(1,1,3),(1,2,4),(2,1,5),(2,null,6),(null,1,7)",
    "insert into loose values (null,null,8),(null,null,8)",
    "create table big (id int primary key, pad varchar(500))",
    "insert into big select seq, repeat('x', 500) from seq_1_to_20000",
]


@pytest.fixture(scope="module")
def url(mariadb):
    servers.mysql(mariadb, "set time_zone = '+00:00'", *SCRIPT)
    return f"mysql://root@/shop?socket={mariadb.folder}/.s"


ODD = [
    ("bigint unsigned", "18446744073709551615", 18446744073709551615, "beyond Arrow's signed integers"),
    ("bigint", "-9223372036854775808", -9223372036854775808, "the smallest"),
    ("tinyint(1)", "1", 1, "MySQL's truth is a number"),
    ("decimal(30,10)", "12345678901234567890.1234567890", "12345678901234567890.1234567890", "exact"),
    ("decimal(65,5)", "1e50", "1" + "0" * 50 + ".00000", "longer than Arrow's decimals: text, exact"),
    ("decimal(5,0) unsigned", "99999", "99999", "no sign, no point"),
    ("double", "0.1e0 + 0.2e0", 0.30000000000000004, "all digits"),
    ("float", "0.1", 0.1, "as MySQL shows it"),
    ("datetime(3)", "'2024-02-29 12:00:00.123'", "2024-02-29 12:00:00.123000", "a moment of no zone"),
    ("timestamp(6) null", "'2024-02-29 12:00:00.5'", "2024-02-29 12:00:00.500000+00:00", "a moment in UTC"),
    ("datetime", "'0000-00-00'", None, "never entered: empty"),
    ("timestamp(6) null", "'0000-00-00'", None, "never entered: empty"),
    ("date", "'0000-00-00'", None, "never entered: empty"),
    ("date", "'2024-02-00'", "2024-02-00", "a day that is missing stays as it is, for a check to refuse"),
    ("date", "'9999-12-31'", "9999-12-31", "the last"),
    ("time(2)", "'-838:59:59'", "-838:59:59.00", "a span and no time of day: text"),
    ("year", "2024", 2024, "a number"),
    ("bit(12)", "b'101000000001'", 2561, "a number"),
    ("bit(64)", "18446744073709551615", 18446744073709551615, "all of its bits"),
    ("json", """'{"a": ["x\\\\"y", null]}'""", '{"a": ["x\\"y", null]}', "text, as it was written"),
    ("blob", "x'00ff0a'", "\\x00ff0a", "bytes in hexadecimal, as of every source"),
    ("varbinary(9)", "'ä'", "\\xc3a4", "bytes, though they could be text"),
    ("text", r"'a \"q\", \r\n\0\\ नमस्ते 😀'", 'a "q", \r\n\0\\ नमस्ते 😀', "all that CSV and SQL mark with"),
    ("text", "'0000-00-00'", "0000-00-00", "a text is no date"),
    ("varchar(9)", "''", "", "empty text is not NULL"),
    ("varchar(9)", "null", None, "NULL is not empty text"),
    ("varchar(9) character set latin1", "'süd'", "süd", "another character set"),
    ("enum('a','b')", "'b'", "b", "its word, not its number"),
    ("set('x','y')", "'x,y'", "x,y", "its words"),
    ("uuid", "'123e4567-e89b-12d3-a456-426655440000'", "123e4567-e89b-12d3-a456-426655440000", "text"),
    ("inet6", "'::1'", "::1", "text"),
    ("point", "point(1, 2)", "\\x000000000101000000000000000000f03f0000000000000040", "bytes as they are stored"),
    ("longtext", "repeat('ä', 300000)", "ä" * 300000, "longer than the short forms of the protocol"),
]


@pytest.fixture(scope="module")
def odd(url, mariadb):
    """What comes of all odd values, read at once."""
    columns = ", ".join(f"c{at} {kind}" for at, (kind, *_) in enumerate(ODD))
    values = ", ".join(value for _, value, *_ in ODD)
    servers.mysql(
        mariadb,
        "set sql_mode = '', time_zone = '+00:00'",
        f"create table odd (id int primary key, {columns})",
        f"insert into odd values (1, {values})",
        database="shop",
    )
    return {
        f"c{at}": rows(
            pieces(source(url, {"query": f"select id, c{at} as v from odd"}, {"v": "varchar", "id": "bigint"}))
        )
        for at in range(len(ODD))
    }


@pytest.mark.parametrize(("at", "case"), list(enumerate(ODD)), ids=[f"{case[0]}: {case[3]}" for case in ODD])
def test_odd_values(odd, at, case):
    ((value, _),) = odd[f"c{at}"]
    given = value if value is None or isinstance(value, int | float) else str(value)
    assert given == case[2], case[3]


ORDERS = {"region": "varchar", "number": "bigint", "total": "decimal(18,4)", "changed_at": "timestamp"}
EXPECTED = [("north", n) for n in range(2, 26, 2)] + [("süd", n) for n in range(1, 26, 2)]


def orders(url, **fetch):
    return source(url, {"table": "orders", "rows": 4, **fetch}, ORDERS, ("region", "number"))


def keys(found):
    return [row[:2] for row in rows(found)]


def test_any_worker_goes_on_behind_a_piece(url):
    whole = list(pieces(orders(url)))
    assert (keys(whole), {piece.declared for piece in whole}) == (EXPECTED, {25})
    assert [len(piece.rows) for piece in whole] == [4] * 6 + [1]
    for after, piece in enumerate(whole):
        rest = list(pieces(orders(url), position=piece.position))
        assert keys(whole[: after + 1] + rest) == EXPECTED
        assert {piece.declared for piece in rest} <= {25}, "what was received counts"


def test_only_what_changed_with_overlap_and_filter(url):
    made = orders(url, changed_since={"column": "changed_at", "overlap": "2 hours"})
    cursor = list(pieces(made))[-1].cursor
    assert cursor == {"changed": "2024-01-02 01:00:00.000000"}
    assert keys(pieces(made, cursor)) == [("north", 24), ("süd", 23), ("süd", 25)]
    assert keys(pieces(orders(url, filter="region like 's%' and number > 20"))) == [("süd", n) for n in (21, 23, 25)]


def test_ranges_side_by_side_are_the_whole_and_go_on_anywhere(url):
    made = orders(url, rows=3, parallel=4)
    whole = list(pieces(made))
    assert sorted(keys(whole)) == sorted(EXPECTED)
    assert len(whole[0].position["ranges"]) == 4
    assert [piece.last for piece in whole] == [False] * (len(whole) - 1) + [True]
    for after, piece in enumerate(whole):
        rest = list(pieces(made, position=piece.position))
        assert sorted(keys(whole[: after + 1] + rest)) == sorted(EXPECTED)


@pytest.mark.parametrize(
    ("key", "size", "told", "why"),
    [
        (["a", "b"], 4, None, "ties within a page, rows without a whole key behind"),
        (["a", "b"], 3, "is empty in more rows", "four rows have no whole key"),
        (["a"], 4, None, "a page ends before a tie"),
        (["c"], 4, None, "the whole is read, also the row that is there twice"),
        (["a", "c"], 5, None, "a key of a column and one that tells apart"),
    ],
)
def test_ties_and_empty_keys(url, key, size, told, why):
    made = source(url, {"table": "loose", "rows": size}, {"a": "integer", "b": "integer", "c": "integer"}, key)
    if told:
        with pytest.raises(SourceError, match=told):
            list(pieces(made))
        return
    found = list(pieces(made))
    assert sorted(row[2] for row in rows(found)) == [1, 2, 3, 4, 5, 6, 7, 8, 8], why
    assert {piece.declared for piece in found} == {9}
    again = [row for piece in found for row in rows(list(pieces(made, position=piece.position)))[:1]]
    assert len(again) == len(found) - 1, "each piece has a place to go on from"


def test_more_rows_of_one_key_than_are_read_at_once(url):
    with pytest.raises(SourceError, match="the same in more rows than are read at once"):
        list(pieces(source(url, {"query": "select 1 as id, number from orders", "rows": 4})))


def test_one_snapshot_for_all_pages(url, mariadb):
    servers.mysql(mariadb, "create table moving as select number as id from orders", database="shop")
    reading = pieces(source(url, {"table": "moving", "rows": 5}))
    first = next(reading)
    servers.mysql(mariadb, "delete from moving where id > 20", "insert into moving values (99)", database="shop")
    rest = list(reading)
    assert [row[0] for row in rows([first, *rest])] == list(range(1, 26))
    assert rest[-1].declared == 25


def test_what_is_ignored_is_not_read(url):
    made = source(url, {"table": "big", "rows": 20_000}, ignore=["pad"])
    (piece,) = pieces(made)
    assert (len(piece.rows), piece.new_fields) == (20_000, frozenset())
    assert len(piece.raw) < 200_000, "twenty thousand numbers"


def test_a_moment_without_a_zone_is_in_the_zone_that_is_declared(url):
    query = "select number as id, cast('2024-01-01 05:30:00' as datetime) as at from orders limit 1"
    (piece,) = pieces(source(url, {"query": query}, {"id": "bigint", "at": "timestamp"}))
    column = Column.model_validate({"type": "timestamp", "time_zone": "Asia/Kolkata"})
    typed, _ = to_type(piece.rows["at"].combine_chunks(), column)
    assert typed[0].as_py() == datetime.datetime(2024, 1, 1)


def test_it_cannot_write(url, mariadb):
    """The transaction of a worker, whatever its user may do."""
    from hub.sources.database import connect

    with closing(connect(orders(url))) as database, pytest.raises(SourceError, match="by what would write"):
        database.counts("delete from orders")
    assert servers.mysql(mariadb, "select count(*) from shop.orders") == [(25,)]


REFUSED = [
    ({"table": "nothing"}, {}, r"no such table; .*shop\.nothing", "the table is not there"),
    ({"table": "orders"}, {"missing": "bigint", "region": "varchar"}, "orders has no column missing", "it vanished"),
    ({"table": "orders", "filter": "nothing = 1"}, {}, "no such column; .*nothing", "the filter's column vanished"),
    ({"table": "orders", "filter": "region = ="}, {}, "does not understand", "no SQL"),
    (
        {"query": "select repeat('x', 16777215) as id, 'y' as y"},
        {"id": "varchar"},
        "longer than the server",
        "too long",
    ),
]


@pytest.mark.parametrize(("fetch", "columns", "told", "why"), REFUSED, ids=[case[3] for case in REFUSED])
def test_what_the_database_refuses(url, fetch, columns, told, why):
    keys = ["id"] if "query" in fetch else ["region", "number"]
    with pytest.raises(SourceError, match=told):
        list(pieces(source(url, fetch, {**dict.fromkeys(keys, "varchar"), **columns}, keys)))


def test_a_statement_that_takes_too_long(url):
    sleeping = {"query": "select 1 as id from orders where sleep(1)"}  # for each of 25 rows
    with pytest.raises(SourceError, match="than `statement_timeout`"):
        list(pieces(source(url, sleeping, {"id": "varchar"}, ["id"], statement_timeout="1 second")))


def test_a_table_that_somebody_has_locked(url, mariadb):
    import pymysql

    with pymysql.connect(unix_socket=f"{mariadb.folder}/.s", user="root", database="shop") as other:
        with other.cursor() as cursor:
            cursor.execute("lock tables big write")
        with pytest.raises(SourceError, match="somebody who has locked the table"):
            list(pieces(source(url, {"table": "big"}, statement_timeout="2 seconds")))


@pytest.fixture
def secrets(monkeypatch):
    """What SSM would say."""
    known = {"/right": "p w/1", "/wrong": "p w/2", "/x": "x"}
    for module in ("mysql", "postgresql"):
        monkeypatch.setattr(f"hub.sources.{module}.secret", known.__getitem__)


@pytest.mark.parametrize(
    ("address", "more", "told", "why"),
    [
        ("reader@127.0.0.1:{port}/shop", {}, None, "a password"),
        ("reader@127.0.0.1:{port}/shop", {"tls": "verified", "authority": "{authority}"}, None, "over TLS"),
        ("reader@127.0.0.1:{port}/shop", {"tls": "verified"}, "not to be trusted", "its certificate is nobody's"),
        ("reader@127.0.0.1:{port}/shop", {"secret": "/wrong"}, "refuses the sign-in", "a wrong password"),
        ("stranger@127.0.0.1:{port}/shop", {"secret": "/x"}, "the user has no right", "a right that he lacks"),
        ("reader@127.0.0.1:{port}/nowhere", {}, "no right|no such database", "no such database"),
        ("reader@127.0.0.1:1/shop", {}, "127.0.0.1 cannot be reached: nobody answers", "nobody listens"),
        ("reader@localhost:{port}/shop", {}, "is a private address", "a name that leads into the house"),
        ("reader@localhost:{port}/shop", {"private": True}, "is this machine itself", "whatever the manifest says"),
        ("reader@169.254.169.254/shop", {"private": True}, "link-local", "where the machine's own rights are"),
        ("reader@no.such.host.invalid/shop", {}, "is not known", "no such host"),
    ],
)
def test_signing_in(url, mariadb, secrets, address, more, told, why):
    more = {
        name: value.format(authority=mariadb.authority) if isinstance(value, str) else value
        for name, value in more.items()
    }
    sign_in = {"kind": "password", "secret": more.pop("secret", "/right")}
    made = source(
        f"mariadb://{address.format(port=mariadb.port)}",
        {"table": "orders"},
        ORDERS,
        ("region", "number"),
        authentication=sign_in,
        **more,
    )
    if told is None:
        assert len(rows(pieces(made))) == 25, why
        return
    with pytest.raises(SourceError, match=told) as refused:
        list(pieces(made))
    assert "p w" not in refused.value.message


@contextmanager
def cut_after(port, count):
    """A port between the hub and a server; the connection is cut after so many bytes of answers."""
    listening, behind = socket.create_server(("127.0.0.1", 0)), socket.create_connection(("127.0.0.1", port))
    accepted = []

    def pass_on(source, target, left):
        while left > 0 and (data := source.recv(65536)):
            target.sendall(data[:left])
            left -= len(data)

    def serve():
        client, _ = listening.accept()
        accepted.append(client)
        asking = threading.Thread(target=pass_on, args=(client, behind, 1 << 40))
        asking.start()
        pass_on(behind, client, count)
        for each in (client, behind):
            each.shutdown(socket.SHUT_RDWR)
        asking.join()

    serving = threading.Thread(target=serve)
    serving.start()
    yield listening.getsockname()[1]
    serving.join()
    for each in (listening, behind, *accepted):
        each.close()


def test_a_connection_that_is_cut_within_a_page(url, mariadb, secrets):
    sign_in = {"kind": "password", "secret": "/right"}
    found = []
    with cut_after(mariadb.port, 5_000_000) as port:
        made = source(f"mysql://reader@127.0.0.1:{port}/shop", {"table": "big", "rows": 3000}, authentication=sign_in)
        with pytest.raises(SourceError, match="connection to the database was cut"):
            for piece in pieces(made):
                found.append(piece)
    assert len(found) == 3, "five megabytes are three pages and a part"
    rest = list(pieces(source(url, {"table": "big", "rows": 3000}), position=found[-1].position))
    assert [row[0] for row in rows([*found, *rest])] == list(range(1, 20_001)), "another worker goes on"


def test_a_server_that_is_restarted(url, mariadb):
    reading = pieces(source(url, {"table": "big", "rows": 5000}))
    first = next(reading)
    mariadb.restart()
    with pytest.raises(SourceError, match="was cut"):
        list(reading)
    rest = list(pieces(source(url, {"table": "big", "rows": 5000}), position=first.position))
    assert [row[0] for row in rows([first, *rest])] == list(range(1, 20_001))


def test_the_kit_lists_what_no_data_set_reads(url):
    from infra.operate import kit

    said = []
    kit._undeclared(source(url, {"table": "loose"}), 10, {}, {}, said.append)
    assert "shop.orders: no data set reads it; drafted from 10 rows:" in said
