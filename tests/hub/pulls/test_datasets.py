"""Five real data sets through the engine, counted and summed against another tool that reads the same files."""

import sqlite3
from decimal import Decimal

import boto3
import duckdb
import pyarrow.compute as pc
import pytest

from hub import config
from tests.hub.pulls.conftest import ROOT, VAULT

FOLDER = ROOT / "deployments/datasets"


def drop(data, *sources):
    """Put the files of a source where the hub looks for them."""
    for source in sources:
        for path in sorted((data / source).iterdir()):
            if path.suffix in (".csv", ".parquet"):
                boto3.client("s3").upload_file(str(path), VAULT, f"drop/{source}/{path.name}")


def lite(data, source, sql):
    connection = sqlite3.connect(f"file:{data / source / source}.sqlite?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchone()
    finally:
        connection.close()


@pytest.fixture
def hub(bench):
    return lambda data: bench(config.load(FOLDER, {"HUB_DATA": str(data)}))


DATABASES = [
    ("northwind.customers", "Customers", 93, ()),
    ("northwind.products", "Products", 77, (("unit_price", "UnitPrice"),)),
    ("northwind.orders", "Orders", 830, (("freight", "Freight"),)),
    ("northwind.order_lines", '"Order Details"', 2155, (("unit_price", "UnitPrice"), ("quantity", "Quantity"))),
    ("northwind.suppliers", "Suppliers", 29, ()),
    ("northwind.employees", "Employees", 9, ()),
    ("chinook.customers", "Customer", 59, ()),
    ("chinook.products", "Track", 3503, (("unit_price", "UnitPrice"),)),
    ("chinook.orders", "Invoice", 412, (("total", "Total"),)),
    ("chinook.order_lines", "InvoiceLine", 2240, (("unit_price", "UnitPrice"), ("quantity", "Quantity"))),
    ("sakila.customers", "customer", 599, ()),
    ("sakila.films", "film", 1000, (("rental_rate", "rental_rate"),)),
    ("sakila.rentals", "rental", 16_044, ()),
    ("sakila.payments", "payment", 16_049, (("amount", "amount"),)),
]


@pytest.mark.parametrize(("name", "table", "count", "sums"), DATABASES, ids=[row[0] for row in DATABASES])
def test_databases(hub, hub_data, name, table, count, sums):
    bench = hub(hub_data)
    pull = bench.pull(name)
    assert (pull.state, pull.received, pull.staged, pull.quarantined) == ("complete", count, count, 0), pull.error
    assert lite(hub_data, name.split(".")[0], f"select count(*) from {table}") == (count,)
    rows = bench.staged(name)
    assert len(set(rows["_record_key"].to_pylist())) == count, "each record has its own key"
    for column, theirs in sums:
        expected = lite(hub_data, name.split(".")[0], f"select printf('%.4f', sum({theirs})) from {table}")
        assert Decimal(str(pc.sum(rows[column]).as_py())) == Decimal(expected[0]), column


def test_references_find_their_records(hub, hub_data):
    """An order's customer token is that customer's record key: what joins the facts later."""
    bench = hub(hub_data)
    for name in ("customers", "orders", "order_lines"):
        bench.pull(f"northwind.{name}")
    customers = set(bench.staged("northwind.customers")["_record_key"].to_pylist())
    orders = bench.staged("northwind.orders")
    assert set(orders["_ref_customer_source_key"].to_pylist()) <= customers
    lines = bench.staged("northwind.order_lines")
    assert set(lines["_ref_order_source_key"].to_pylist()) == set(orders["_record_key"].to_pylist())


EXPORTS = [
    ("customers", "Customer.csv", 847),
    ("addresses", "Address.csv", 450),
    ("customer_addresses", "CustomerAddress.csv", 417),
    ("products", "Product.csv", 295),
    ("orders", "SalesOrderHeader.csv", 32),
    ("order_lines", "SalesOrderDetail.csv", 542),
]


def test_exported_files(hub, hub_data):
    drop(hub_data, "adventureworks_lt")
    bench = hub(hub_data)
    for name, file, count in EXPORTS:
        pull = bench.pull(f"adventureworks_lt.{name}")
        assert (pull.state, pull.received, pull.staged) == ("complete", count, count), name
        assert len((hub_data / "adventureworks_lt" / file).read_bytes().splitlines()) == count, file
    customers = bench.staged("adventureworks_lt.customers")
    assert len(set(customers["email_standard"].to_pylist())) == 440
    letters = {
        letter for name in ("first_name", "last_name") for text in customers[name].to_pylist() for letter in text
    }
    assert "é" in letters, "the Western encoding is read"
    again = bench.pull("adventureworks_lt.customers")
    assert (again.state, again.received) == ("complete", 0), "a file that was read is not read again"


def test_half_a_million_lines(hub, hub_data):
    drop(hub_data, "online_retail")
    bench = hub(hub_data)
    parquet = f"read_parquet('{hub_data}/online_retail/online_retail.parquet')"
    lines = bench.pull("online_retail.lines")
    assert (lines.state, lines.received, lines.staged, lines.duplicate) == ("complete", 541_909, 541_909, 0)
    rows = bench.staged("online_retail.lines")
    assert rows["customer_id"].null_count == 135_080
    assert len(set(rows["_record_key"].to_pylist())) == 541_909
    amount = f"sum(cast(Quantity as integer) * cast(UnitPrice as decimal(18,4))) from {parquet}"
    expected = duckdb.sql(f"select sum(cast(Quantity as integer)), {amount}").fetchall()
    ours = duckdb.sql("select sum(quantity), sum(quantity * unit_price) from rows").fetchall()
    assert ours == expected
    distinct = {
        "orders": "InvoiceNo, InvoiceDate, CustomerID, Country",
        "customers": "CustomerID, Country",
        "products": "StockCode, Description",
    }
    for name, columns in distinct.items():
        pull = bench.pull(f"online_retail.{name}")
        where = " where CustomerID is not null" if name == "customers" else ""
        count = duckdb.sql(f"select count(*) from (select distinct {columns} from {parquet}{where})").fetchall()[0]
        assert (pull.received, pull.staged) == (541_909, count[0]), name
        assert pull.filtered == (135_080 if name == "customers" else 0)


def test_figures_follow_a_changed_copy(hub, data_copy):
    """Three rows removed, one changed, one broken: the hub says what the other tool says of the copy."""
    data = data_copy("chinook")
    with sqlite3.connect(data / "chinook/chinook.sqlite") as connection:
        connection.execute("delete from Invoice where InvoiceId in (1, 100, 412)")
        connection.execute("update Invoice set Total = 1000 where InvoiceId = 2")
        connection.execute("update Invoice set Total = 'a lot' where InvoiceId = 3")
    connection.close()
    bench = hub(data)
    pull = bench.pull("chinook.orders")
    assert (pull.state, pull.received, pull.staged, pull.quarantined) == ("complete", 409, 408, 1)
    assert pull.rules == {"total: type": 1}
    sound = lite(data, "chinook", "select printf('%.4f', sum(Total)) from Invoice where typeof(Total) <> 'text'")
    assert Decimal(str(pc.sum(bench.staged("chinook.orders")["total"]).as_py())) == Decimal(sound[0])


def test_figures_follow_a_changed_export(hub, data_copy):
    data = data_copy("adventureworks_lt")
    file = data / "adventureworks_lt/Customer.csv"
    lines = file.read_bytes().split(b"\n")
    lines[10] = b"|+|".join([*lines[10].split(b"|+|")[:-1], b"31.02.2004"])
    lines[20] = lines[20].replace(b"|+|", b"|", 1)
    lines[30] = lines[30].replace(b"@adventure-works.com", b"@elsewhere.example")
    file.write_bytes(b"\n".join(lines[3:]))
    drop(data, "adventureworks_lt")
    bench = hub(data)
    pull = bench.pull("adventureworks_lt.customers")
    assert (pull.state, pull.received, pull.staged, pull.quarantined) == ("complete", 844, 842, 2)
    assert pull.rules == {"modified_on: type": 1, ": unreadable": 1}
    emails = bench.staged("adventureworks_lt.customers")["email_standard"].to_pylist()
    assert sum(email.endswith("@elsewhere.example") for email in emails) == 1
