"""Five real data sets from their files to the reporting tables, each figure against another tool."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from infra.local.laptop import ROOT
from tests.e2e.harness import Running, new_laptop, wait_until
from tests.e2e.test_journey import answer_of

DROPPED = ("adventureworks_lt", "online_retail")


@pytest.fixture(scope="module")
def hub(hub_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A laptop with the deployment `datasets` after the release that holds a pull of every data set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_VAR_HUB_DATA", str(hub_data))
        one = Running(new_laptop(tmp_path_factory.mktemp("datasets"), hub=ROOT / "deployments/datasets"))
        one.start()
    try:
        one.wait_for_line("asked for the first pull", 60)
        drop(one, hub_data)
        pull_all(one)
        yield one
    finally:
        if one.process is not None and one.process.poll() is None:
            one.stop()


def drop(hub: Running, data: Path) -> None:
    s3 = hub.client("s3")
    bucket = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "vault" in b["Name"])
    for source in DROPPED:
        for file in sorted((data / source).iterdir()):
            if file.suffix in (".csv", ".parquet"):
                s3.upload_file(str(file), bucket, f"drop/{source}/{file.name}")


def pull_all(hub: Running) -> None:
    """A pull with rows of each data set, and the release that holds them all."""
    sources = hub.every("admin", "/v1/sources")
    names = {(source["name"], data_set["name"]) for source in sources for data_set in source["data_sets"]}

    def filled() -> dict[tuple[str, str], int]:
        """The newest complete pull that brought rows, by data set; empty while any is under way."""
        pulls = hub.every("admin", "/v1/pulls")
        if {pull["state"] for pull in pulls} != {"complete"} or {(p["source"], p["data_set"]) for p in pulls} != names:
            return {}
        return {(p["source"], p["data_set"]): p["pull_seq"] for p in reversed(pulls) if p["received"]}

    # A files source whose first pull came before its files were dropped is pulled once more.
    first = wait_until(filled, 180, "the first pulls")
    for source, data_set in names - set(first):
        hub.ask("admin", "POST", "/v1/pulls", {"source": source, "data_set": data_set}, status=202)
    wanted = wait_until(lambda: found if set(found := filled()) == names else None, 240, "a pull of every file")

    def released() -> bool:
        release = hub.ask("admin", "GET", "/v1/tables")["release"] or {"pulls": {}}
        return all(release["pulls"].get(f"{s}.{d}", 0) >= seq for (s, d), seq in wanted.items())

    wait_until(released, 420, "a release with every pull")


COUNTS = {
    "northwind": {"customers": 93, "orders": 830, "lines": 2155},
    "chinook": {"customers": 59, "orders": 412, "lines": 2240},
    "sakila": {"customers": 599, "orders": 16_044, "payments": 16_049},
    "adventureworks_lt": {"customers": 847, "orders": 32, "lines": 542},
    "online_retail": {"lines": 541_909},
}
TABLES = {
    "customers": "SELECT source, count(*) AS n FROM reporting.customer_key GROUP BY source",
    "orders": "SELECT source, count(*) AS n FROM reporting.sales_order GROUP BY source",
    "lines": "SELECT source, count(*) AS n FROM reporting.order_line GROUP BY source",
    "payments": "SELECT source, count(*) AS n FROM reporting.interaction WHERE kind = 'payment' GROUP BY source",
}


@pytest.mark.parametrize("table", TABLES)
def test_every_record_is_in_its_reporting_table(hub: Running, table: str) -> None:
    found = {row["source"]: int(str(row["n"])) for row in answer_of(hub, TABLES[table])}
    expected = {source: counts[table] for source, counts in COUNTS.items() if table in counts}
    assert {source: found.get(source) for source in expected} == expected


def lite(data: Path, source: str, sql: str) -> Decimal:
    connection = sqlite3.connect(f"file:{data / source / source}.sqlite?mode=ro", uri=True)
    try:
        return Decimal(str(connection.execute(sql).fetchone()[0]))
    finally:
        connection.close()


def test_sums_are_those_of_the_databases(hub: Running, hub_data: Path) -> None:
    amounts = {r["source"]: Decimal(str(r["amount"])) for r in answer_of(hub, LINE_AMOUNTS)}
    northwind = 'select printf("%.4f", sum(UnitPrice * Quantity * (1 - Discount))) from "Order Details"'
    assert abs(amounts["northwind"] - lite(hub_data, "northwind", northwind)) < Decimal("0.1"), "rounded line by line"
    chinook = 'select printf("%.2f", sum(UnitPrice * Quantity)) from InvoiceLine'
    assert amounts["chinook"] == lite(hub_data, "chinook", chinook)
    (paid,) = answer_of(hub, "SELECT sum(amount) AS paid FROM reporting.interaction WHERE kind = 'payment'")
    assert Decimal(str(paid["paid"])) == lite(hub_data, "sakila", 'select printf("%.2f", sum(amount)) from payment')


LINE_AMOUNTS = (
    "SELECT source, sum(line_amount) AS amount, sum(quantity) AS quantity FROM reporting.order_line GROUP BY source"
)


def test_sums_are_those_of_half_a_million_lines(hub: Running, hub_data: Path) -> None:
    (ours,) = [row for row in answer_of(hub, LINE_AMOUNTS) if row["source"] == "online_retail"]
    file = f"read_parquet('{hub_data}/online_retail/online_retail.parquet')"
    amount = "sum(cast(Quantity as integer) * cast(UnitPrice as decimal(18,4)))"
    ((quantity, total),) = duckdb.sql(f"select sum(cast(Quantity as integer)), {amount} from {file}").fetchall()
    assert (Decimal(str(ours["quantity"])), Decimal(str(ours["amount"]))) == (quantity, total)


def test_orders_lead_to_their_customers(hub: Running) -> None:
    """The 440 addresses of adventureworks' 847 customers make 440 people; every order's buyer is one of them."""
    sql = (
        "SELECT count(DISTINCT k.customer_id) AS people, count(DISTINCT k.record_key) AS records "
        "FROM reporting.customer_key k WHERE k.source = 'adventureworks_lt'"
    )
    (row,) = answer_of(hub, sql)
    assert (int(str(row["people"])), int(str(row["records"]))) == (440, 847)
    joined = (
        "SELECT o.source, count(*) AS n FROM reporting.sales_order o "
        "JOIN reporting.customer_key k ON k.record_key = o.customer_record_key GROUP BY o.source"
    )
    found = {r["source"]: int(str(r["n"])) for r in answer_of(hub, joined)}
    for source in ("northwind", "chinook", "sakila"):
        assert found[source] == COUNTS[source]["orders"], source
