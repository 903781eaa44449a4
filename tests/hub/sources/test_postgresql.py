"""The sql connector on a real PostgreSQL, started for these tests on a socket of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from hub.config import SqlSource
from hub.sources import SourceError, connector

SCRIPT = """
create schema sales;
create table sales.orders (
    region text, number bigint, total numeric(12, 4), paid boolean, ordered_on date,
    changed_at timestamptz, note jsonb, primary key (region, number)
);
insert into sales.orders
select case n % 2 when 0 then 'north' else 'süd' end, n, n * 1.25, n % 3 = 0, date '2024-01-01' + n::int,
    timestamptz '2024-01-01 00:00:00+00' + n * interval '1 hour', '{"n": 1}'
from generate_series(1, 25) as n;
create role reader login password 'p w/1';
grant usage on schema sales to reader;
grant select on all tables in schema sales to reader;
"""


def binary(name):
    folders = [Path(found).parent for found in [shutil.which(name)] if found]
    for folder in [*folders, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        if (folder / name).exists():
            return str(folder / name)
    return None


@pytest.fixture(scope="session")
def postgresql():
    """A server; the folder of its socket. Not under pytest's own folder, which only its owner may enter."""
    initdb, server, control = binary("initdb"), binary("postgres"), binary("pg_ctl")
    if not (initdb and server and control):
        pytest.skip("PostgreSQL is not installed: neither on PATH nor under /usr/lib/postgresql")
    with tempfile.TemporaryDirectory(prefix="hub-pg-") as name:
        folder, user = Path(name), {}
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid}
        data = folder / "data"
        quiet = {"check": True, "capture_output": True, "cwd": folder, **user}
        subprocess.run(
            [initdb, "-D", data, "-U", "owner", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"], **quiet
        )
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        subprocess.run([control, "-D", data, "-o", options, "-l", folder / "log", "-w", "start"], **quiet)
        yield folder
        subprocess.run([control, "-D", data, "-m", "immediate", "stop"], **quiet)


@pytest.fixture(scope="session")
def database(postgresql):
    from adbc_driver_postgresql import dbapi

    url = f"postgresql:///postgres?host={postgresql}&user=owner"
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in SCRIPT.split(";"):
            if statement.strip():
                cursor.execute(statement)
    return url


def source(url, **data_set):
    return SqlSource.model_validate(
        {
            "name": "erp",
            "description": "ERP",
            "owner": "o",
            "trust": 1,
            "connector": "sql",
            "connection": {"url": url},
            "data_sets": {
                "orders": {
                    "description": "Orders",
                    "fetch": {"table": "sales.orders", "rows": 4},
                    "frequency": {"class": "on-demand"},
                    "keys": {"business": ["region", "number"]},
                    "columns": {
                        "region": {"type": "varchar", "required": True},
                        "number": {"type": "bigint", "required": True},
                        "total": {"type": "decimal(18,4)"},
                        "changed_at": {"type": "timestamp"},
                    },
                    **data_set,
                }
            },
        }
    )


def rows(pieces):
    return [tuple(row.values())[:2] for piece in pieces for row in piece.rows.to_pylist()]


EXPECTED = [("north", n) for n in range(2, 26, 2)] + [("süd", n) for n in range(1, 26, 2)]


def test_all_rows_in_the_order_of_the_key(database):
    pieces = list(connector(source(database), "orders", "").pieces(None, None))
    assert rows(pieces) == EXPECTED
    assert {piece.declared for piece in pieces} == {25}
    assert pieces[0].new_fields == {"paid", "ordered_on", "note"}
    assert [len(piece.rows) for piece in pieces] == [4, 4, 4, 4, 4, 4, 1]


def test_types_survive(database):
    from hub.quality import refine

    only = source(database)
    rules = only.data_sets["orders"]
    piece = next(iter(connector(only, "orders", "").pieces(None, None)))
    refined = refine(piece.rows, rules, "DE", __import__("datetime").date(2026, 1, 1))
    assert refined.rejected == {}
    first = refined.rows.to_pylist()[0]
    assert (str(first["total"]), first["changed_at"].isoformat()) == ("2.5000", "2024-01-01T02:00:00")


@pytest.mark.parametrize("after", range(7), ids=lambda n: f"after piece {n}")
def test_any_worker_goes_on_behind_a_piece(database, after):
    made = connector(source(database), "orders", "")
    whole = list(made.pieces(None, None))
    rest = list(made.pieces(None, whole[after].position))
    assert rows(whole[: after + 1] + rest) == EXPECTED
    assert {piece.declared for piece in rest} <= {25}, "what was received counts"


def test_only_what_changed_with_overlap(database):
    fetch = {"table": "sales.orders", "changed_since": {"column": "changed_at", "overlap": "2 hours"}}
    made = connector(source(database, fetch=fetch), "orders", "")
    cursor = list(made.pieces(None, None))[-1].cursor
    assert cursor == {"changed": "2024-01-02 01:00:00+00"}
    assert rows(made.pieces(cursor, None)) == [("north", 24), ("süd", 23), ("süd", 25)]


def test_a_query(database):
    fetch = {"query": "select region, number, total, changed_at from sales.orders where number > 20", "rows": 2}
    found = rows(connector(source(database, fetch=fetch), "orders", "").pieces(None, None))
    assert found == [("north", 22), ("north", 24), ("süd", 21), ("süd", 23), ("süd", 25)]


def test_it_cannot_write(database):
    fetch = {"query": "with gone as (delete from sales.orders returning *) select * from gone"}
    with pytest.raises(SourceError, match="refuses to be read"):
        list(connector(source(database, fetch=fetch), "orders", "").pieces(None, None))


@pytest.mark.parametrize(
    ("url", "told", "why"),
    [
        ("postgresql://reader@127.0.0.1:1/postgres", "cannot be reached", "nobody listens"),
        ("{database}&dbname=nowhere", "cannot be reached", "no such database"),
    ],
)
def test_a_database_that_is_down(database, url, told, why):
    with pytest.raises(SourceError, match=told):
        list(connector(source(url.format(database=database)), "orders", "").pieces(None, None))


def test_a_table_that_is_gone(database):
    with pytest.raises(SourceError, match=r"refuses to be read: .*nothing.* does not exist"):
        list(connector(source(database, fetch={"table": "sales.nothing"}), "orders", "").pieces(None, None))


def test_a_value_that_the_database_complains_of_is_not_told(database):
    """Names of tables and columns are; a value may be a person's."""
    fetch = {"query": "select region, number, cast('Asha Rao' as int) as total, changed_at from sales.orders"}
    with pytest.raises(SourceError, match=r"refuses to be read: .*invalid input syntax") as refused:
        rows(connector(source(database, fetch=fetch), "orders", "").pieces(None, None))
    assert "Asha" not in refused.value.message
