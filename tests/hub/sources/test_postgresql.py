"""The sql connector on a real PostgreSQL, started for these tests."""

from contextlib import closing

import pytest
from adbc_driver_postgresql import dbapi

from hub.config import SqlSource
from hub.sources import SourceError, connector
from hub.sources.database import connect

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


@pytest.fixture(scope="session")
def database(postgresql):
    url = f"postgresql://owner@127.0.0.1:{postgresql.port}/postgres"
    run(url, SCRIPT)
    return url


def run(url, script):
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in script.split(";"):
            if statement.strip():
                cursor.execute(statement)


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
    with pytest.raises(SourceError, match="does not understand"):
        list(connector(source(database, fetch=fetch), "orders", "").pieces(None, None))
    with closing(connect(source(database))) as reading, pytest.raises(SourceError, match="by what would write"):
        reading.counts("insert into sales.orders (region, number) values ('x', 1) returning number")


@pytest.mark.parametrize(
    ("url", "told", "why"),
    [
        ("postgresql://reader@127.0.0.1:1/postgres", "cannot be reached", "nobody listens"),
        ("{database}?dbname=nowhere", "no such database", "no such database"),
    ],
)
def test_a_database_that_is_down(database, url, told, why):
    with pytest.raises(SourceError, match=told):
        list(connector(source(url.format(database=database)), "orders", "").pieces(None, None))


def test_a_table_that_is_gone(database):
    with pytest.raises(SourceError, match=r"no such table; .*nothing.* does not exist"):
        list(connector(source(database, fetch={"table": "sales.nothing"}), "orders", "").pieces(None, None))


def test_a_value_that_the_database_complains_of_is_not_told(database):
    """Names of tables and columns are; a value may be a person's."""
    fetch = {"query": "select region, number, cast('Asha Rao' as int) as total, changed_at from sales.orders"}
    with pytest.raises(SourceError, match="cannot work out a value") as refused:
        rows(connector(source(database, fetch=fetch), "orders", "").pieces(None, None))
    assert "Asha" not in refused.value.message


def test_the_kit_lists_what_no_data_set_reads(database):
    from infra.operate import kit

    said = []
    kit._undeclared(source(database, fetch={"table": "sales.other"}), 10, {}, {}, said.append)
    assert "sales.orders: no data set reads it; drafted from 10 rows:" in said
