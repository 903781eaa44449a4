"""The sql connector with SQL Server's real driver, on a double of the protocol: no Microsoft server can be had here."""

import re
import ssl
from contextlib import closing
from pathlib import Path

import pytest

from hub.sources import SourceError
from hub.sources.database import connect
from tests import servers
from tests.hub.sources.databases import pieces, rows, source
from tests.hub.sources.tds import Double, Refusal, serving
from tests.hub.sources.tds_types import COLLATION_NAME
from tests.hub.sources.test_mysql import cut_after

TYPES = {
    "id": "int", "a": "int", "b": "int", "c": "int", "number": "bigint", "region": "nvarchar(10)",
    "total": "decimal(12,4)", "changed_at": "datetime2(7)", "version": "timestamp", "at": "datetimeoffset(7)",
    "code": "varchar(20)", "pad": "varchar(500)", "moment": "datetime", "guid": "uniqueidentifier", "short": "real",
}  # fmt: skip
SCRIPT = f"""
create table dbo.orders (region text, number integer, total text, changed_at text, version blob);
with recursive s(n) as (select 1 union all select n + 1 from s where n < 25)
insert into dbo.orders select iif(n % 2, 'süd', 'north'), n, n * 1.25,
    strftime('%Y-%m-%d %H:%M:%S.0000001', '2024-01-01', n || ' hours'), cast(printf('%08d', n) as blob) from s;
create table dbo.loose (a integer, b integer, c integer);
insert into dbo.loose values (1,1,1),(1,1,2),(1,1,3),(1,2,4),(2,1,5),(2,null,6),(null,1,7),(null,null,8),(null,null,8);
create table dbo.big (id integer primary key, pad text);
with recursive s(n) as (select 1 union all select n + 1 from s where n < 20000)
insert into dbo.big select n, printf('%.500c', 'x') from s;
create table dbo.codes (code text collate {COLLATION_NAME}, number integer);
insert into dbo.codes values ('a',1),('A',2),('a ',3),('B',4),('b',5),('c',6),('Ç',7),('ç',8),('d',9),('it''s',10);
create table dbo.empty (id integer);
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With a certificate for 127.0.0.1 that vouches for itself."""
    made = tmp_path_factory.mktemp("sqlserver")
    servers._certify(made)
    Double(str(made / "shop"), {}).run(SCRIPT)
    return made


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    """What SSM would say."""
    known = {"/right": "p w/1", "/wrong": "p w/2"}
    monkeypatch.setattr("hub.sources.sqlserver.secret", known.__getitem__)


@pytest.fixture
def double(folder):
    with serving(Double(str(folder / "shop"), TYPES)) as serves:
        yield serves


def reading(double, fetch, columns=None, keys=("id",), ignore=(), user="reader", database="shop", **connection):
    connection = {"authentication": {"kind": "password", "secret": "/right"}, **connection}
    return source(f"sqlserver://{user}@127.0.0.1:{double.port}/{database}", fetch, columns, keys, ignore, **connection)


ORDERS = {"region": "varchar", "number": "bigint", "total": "decimal(18,4)", "changed_at": "timestamp"}
EXPECTED = [("north", n) for n in range(2, 26, 2)] + [("süd", n) for n in range(1, 26, 2)]


def orders(double, **fetch):
    return reading(double, {"table": "dbo.orders", "rows": 4, **fetch}, ORDERS, ("region", "number"))


def keys(found):
    return [row[:2] for row in rows(found)]


def test_any_worker_goes_on_behind_a_piece(double):
    whole = list(pieces(orders(double)))
    assert (keys(whole), {piece.declared for piece in whole}) == (EXPECTED, {25})
    assert [len(piece.rows) for piece in whole] == [4] * 6 + [1]
    for after, piece in enumerate(whole):
        rest = list(pieces(orders(double), position=piece.position))
        assert keys(whole[: after + 1] + rest) == EXPECTED
        assert {piece.declared for piece in rest} <= {25}, "what was received counts"


def test_only_what_changed_with_overlap_and_filter(double):
    made = orders(double, changed_since={"column": "changed_at", "overlap": "2 hours"})
    cursor = list(pieces(made))[-1].cursor
    assert cursor == {"changed": "2024-01-02 01:00:00.0000001"}, "all seven digits"
    assert keys(pieces(made, cursor)) == [("north", 24), ("süd", 23), ("süd", 25)]
    assert keys(pieces(orders(double, filter="region like 's%' and number > 20"))) == [("süd", n) for n in (21, 23, 25)]
    assert any("(region like 's%' and number > 20\n)" in each for each in double.statements), (
        "the server leaves them out"
    )


def test_what_changed_by_a_rowversion(double):
    columns = {"number": "bigint", "version": "varchar"}
    made = reading(double, {"table": "dbo.orders", "changed_since": {"column": "version"}}, columns, ["number"])
    (piece,) = pieces(made)
    assert piece.cursor == {"changed": b"00000025".hex()}
    assert [row[0] for row in rows(pieces(made, {"changed": b"00000024".hex()}))] == [24, 25]


def test_ranges_side_by_side_are_the_whole_and_go_on_anywhere(double):
    made = orders(double, rows=3, parallel=4)
    whole = list(pieces(made))
    assert sorted(keys(whole)) == sorted(EXPECTED)
    assert len(whole[0].position["ranges"]) == len(double.signed_in) == 4
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
def test_ties_and_empty_keys(double, key, size, told, why):
    columns = {"a": "integer", "b": "integer", "c": "integer"}
    made = reading(double, {"table": "dbo.loose", "rows": size}, columns, key)
    if told:
        with pytest.raises(SourceError, match=told):
            list(pieces(made))
        return
    found = list(pieces(made))
    assert sorted(row[2] for row in rows(found)) == [1, 2, 3, 4, 5, 6, 7, 8, 8], why
    assert {piece.declared for piece in found} == {9}


@pytest.mark.parametrize("size", [3, 4, 5, 20])
@pytest.mark.parametrize("parallel", [1, 3])
def test_keys_that_the_collation_takes_for_the_same(double, size, parallel):
    """a, A and a with a blank are one key to the server, and no page ends between them."""
    made = reading(
        double,
        {"table": "dbo.codes", "rows": size, "parallel": parallel},
        {"code": "varchar", "number": "bigint"},
        ["code"],
    )
    found = list(pieces(made))
    assert sorted(row[1] for row in rows(found)) == list(range(1, 11))
    for piece in found:
        groups = [code.casefold().rstrip() for code, _ in rows([piece])]
        others = [code.casefold().rstrip() for each in found if each is not piece for code, _ in rows([each])]
        assert not set(groups) & set(others)


def test_more_rows_of_one_key_than_are_read_at_once(double):
    with pytest.raises(SourceError, match="the same in more rows than are read at once"):
        list(pieces(reading(double, {"table": "dbo.codes", "rows": 2}, {"code": "varchar"}, ["code"])))


def test_what_is_no_key(folder):
    made = Double(str(folder / "shop"), {**TYPES, "id": "real"})
    with serving(made), pytest.raises(SourceError, match="id does not lead from row to row"):
        list(pieces(reading(made, {"table": "dbo.big", "rows": 9})))


def test_one_snapshot_for_all_pages(double):
    double.run("create table dbo.moving as select number as id from dbo.orders")
    reads = pieces(reading(double, {"table": "dbo.moving", "rows": 5}))
    first = next(reads)
    double.run("delete from dbo.moving where id > 20; insert into dbo.moving values (99)")
    rest = list(reads)
    assert [row[0] for row in rows([first, *rest])] == list(range(1, 26))
    assert rest[-1].declared == 25
    assert any("isolation level snapshot begin transaction" in each for each in double.statements)


def test_a_database_without_snapshots_declares_nothing(double):
    double.allows_snapshots = False
    double.run("create table dbo.busy as select number as id from dbo.orders")
    reads = pieces(reading(double, {"table": "dbo.busy", "rows": 5}))
    first = next(reads)
    double.run("insert into dbo.busy values (98), (99)")
    found = [first, *reads]
    assert [row[0] for row in rows(found)] == [*range(1, 26), 98, 99]
    assert {piece.declared for piece in found} == {None}
    assert any("isolation level read committed" in each for each in double.statements)


def test_it_never_commits_and_asks_to_read_only(double):
    list(pieces(orders(double)))
    assert double.signed_in == [
        {"user": "reader", "app": "customer-data-hub", "database": "shop", "reads_only": True, "tls": False}
    ]
    assert not any(re.search("commit(?!_on|ted)|(?<!_on_)commit tran", each, re.I) for each in double.statements[2:])


def test_what_is_ignored_is_not_read(double):
    made = reading(double, {"table": "dbo.big", "rows": 20_000}, ignore=["pad"])
    (piece,) = pieces(made)
    assert (len(piece.rows), piece.new_fields) == (20_000, frozenset())
    assert not any('"pad"' in each for each in double.statements)


def test_an_empty_table(double):
    (piece,) = pieces(reading(double, {"table": "dbo.empty"}))
    assert (len(piece.rows), piece.declared, piece.last) == (0, 0, True)


PERSON = "Priya"  # what stands in a row is in no message
REFUSED = [
    ("table", {"table": "dbo.nothing"}, None, r"no such table; .*Invalid object name 'dbo.nothing'", "it is not there"),
    ("vanished", {"table": "dbo.empty", "filter": "1 = 1"}, None, "has no column missing", "a column of the manifest"),
    ("column", {"table": "dbo.big", "filter": "town = 1"}, None, r"no such column; .*town", "the filter's column"),
    ("syntax", {"table": "dbo.big", "filter": "id = ="}, None, "does not understand", "no SQL"),
    ("rights", {"table": "dbo.big"}, Refusal(229, f"denied on {PERSON}"), "no right to it", "no SELECT"),
    ("lock", {"table": "dbo.big"}, Refusal(1222, "Lock request time out."), "locked the table", "a lock"),
    ("victim", {"table": "dbo.big"}, Refusal(1205, f"{PERSON}"), "locked the table", "a deadlock"),
    ("altered", {"table": "dbo.big"}, Refusal(3961, f"{PERSON}"), "was altered", "snapshots do not outlive that"),
    ("stops", {"table": "dbo.big"}, Refusal(6005, "SHUTDOWN is in progress."), "stopped", "a shutdown"),
    ("value", {"table": "dbo.big"}, Refusal(245, f"Conversion of '{PERSON}'"), "work out a value", "before any row"),
    ("within", {"table": "dbo.big"}, Refusal(8134, f"{PERSON}", 7), "work out a value", "within the rows"),
    ("slow", {"table": "dbo.big"}, Refusal(0), "than `statement_timeout`", "it does not answer"),
    ("odd", {"table": "dbo.big"}, Refusal(4242, f"{PERSON}"), r"refuses to be read \(error 4242\)", "nobody knows it"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fetch", "refusal", "told", "why"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_the_server_refuses(double, name, fetch, refusal, told, why):
    if refusal:
        double.refuses = {"select top (50001)": refusal}
    columns = {"id": "bigint", "missing": "varchar"} if name == "vanished" else {"id": "bigint"}
    with pytest.raises(SourceError, match=told) as refused:
        list(pieces(reading(double, fetch, columns, statement_timeout="1 second")))
    assert PERSON not in refused.value.message, why


def secured(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # with later ones the protocol begins in another way
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(
    ("server", "connection", "told", "why"),
    [
        (None, {}, None, "a password"),
        ("own", {"tls": "verified", "authority": "own"}, None, "over TLS"),
        ("own", {"tls": "verified"}, "certificate is not to be trusted", "its certificate is nobody's"),
        (None, {"tls": "verified", "authority": "own"}, "does not speak TLS", "the password is not sent"),
        ("own", {}, None, "a server that insists on TLS, on this machine"),
        (None, {"authentication": {"kind": "password", "secret": "/wrong"}}, "refuses the sign-in", "a wrong password"),
        (None, {"user": "stranger"}, "refuses the sign-in", "an unknown user"),
        (None, {"database": "nowhere"}, "the user and the database", "no such database; the server says no more"),
    ],
)
def test_signing_in(folder, server, connection, told, why):
    context = secured(folder) if server else None
    if "authority" in connection:
        connection = {**connection, "authority": (folder / "cert.pem").read_text()}
    with serving(Double(str(folder / "shop"), TYPES, context)) as double:
        made = reading(double, {"table": "dbo.orders"}, ORDERS, ("region", "number"), **connection)
        if told is None:
            assert len(rows(pieces(made))) == 25, why
            assert [each["tls"] for each in double.signed_in] == [bool(server)]
            return
        with pytest.raises(SourceError, match=told) as refused:
            list(pieces(made))
    assert "p w" not in refused.value.message
    if "tls" in connection:
        assert double.signed_in == [], "nothing was sent to whom nobody vouches for"


@pytest.mark.parametrize(
    ("address", "connection", "told"),
    [
        ("127.0.0.1:1", {}, "127.0.0.1 cannot be reached: nobody answers"),
        ("localhost:1", {}, "is a private address"),
        ("localhost:1", {"private": True}, "is this machine itself"),
        ("169.254.169.254", {"private": True}, "link-local"),
        ("no.such.host.invalid", {}, "is not known"),
    ],
)
def test_where_it_does_not_connect(address, connection, told):
    with pytest.raises(SourceError, match=told):
        list(pieces(source(f"sqlserver://reader@{address}/shop", {"table": "t"}, **connection)))


def test_a_certificate_of_another_name(folder, monkeypatch):
    """To the number that was checked; the certificate is to be that of the name."""
    monkeypatch.setattr("hub.sources.remote.Remote._checked", lambda *_: ["127.0.0.1"])
    with serving(Double(str(folder / "shop"), TYPES, secured(folder))) as double:
        trusted = {"tls": "verified", "authority": (folder / "cert.pem").read_text()}
        made = source(f"sqlserver://reader@db.example:{double.port}/shop", {"table": "dbo.big"}, **trusted)
        with pytest.raises(SourceError, match=r"db\.example cannot be reached: .*certificate"):
            list(pieces(made))
    assert (double.signed_in, len(double.connections)) == ([], 1)


@pytest.mark.parametrize("name", ["the same", "another"])
def test_a_server_that_sends_the_driver_on(folder, tmp_path, monkeypatch, name):
    """As for a copy that is only read. The driver goes there by itself; it must be the one that `url` names."""
    servers._certify(tmp_path)
    other = secured(folder if name == "the same" else tmp_path)
    with (
        serving(Double(str(folder / "shop"), TYPES, other)) as copy,
        serving(Double(str(folder / "shop"), TYPES, secured(folder), sends_on_to=copy.port)) as double,
    ):
        trusted = {"tls": "verified", "authority": (folder / "cert.pem").read_text()}
        made = reading(double, {"table": "dbo.orders"}, ORDERS, ("region", "number"), **trusted)
        if name == "the same":
            assert len(rows(pieces(made))) == 25
            return
        with pytest.raises(SourceError, match="certificate is not to be trusted"):
            list(pieces(made))
    assert copy.signed_in == []


def big(double, port=None):
    made = reading(double, {"table": "dbo.big", "rows": 3000})
    url = made.connection.url.replace(f":{double.port}/", f":{port or double.port}/")
    return made.model_copy(update={"connection": made.connection.model_copy(update={"url": url})})


def test_a_connection_that_is_cut_within_a_page(double):
    found = []
    with (
        cut_after(double.port, 5_000_000) as port,
        pytest.raises(SourceError, match="connection to the database was cut"),
    ):
        for piece in pieces(big(double, port)):
            found.append(piece)
    assert len(found) == 3, "five megabytes are three pages and a part"
    rest = list(pieces(big(double), position=found[-1].position))
    assert [row[0] for row in rows([*found, *rest])] == list(range(1, 20_001)), "another worker goes on"


def test_a_server_that_goes_between_two_pages(double):
    reads = pieces(big(double))
    first = next(reads)
    double.drops_all()
    with pytest.raises(SourceError, match="was cut"):
        list(reads)
    rest = list(pieces(big(double), position=first.position))
    assert [row[0] for row in rows([first, *rest])] == list(range(1, 20_001)), "none is lost, none is there twice"


def test_nothing_of_a_sign_in_stays_on_the_disk(double, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with closing(connect(orders(double))):
        assert list(Path(tmp_path).iterdir()) == []


def test_the_kit_lists_what_no_data_set_reads(double):
    from infra.operate import kit

    said = []
    kit._undeclared(reading(double, {"table": "dbo.loose"}), 10, {}, {}, said.append)
    assert "dbo.orders: no data set reads it; drafted from 10 rows:" in said
    assert "dbo.empty: no data set reads it; it is empty" in said
