"""Five real data sets from their files to the reporting tables, and again after they have changed.

Each figure is compared with what sqlite3 and DuckDB read from the files themselves.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.local.laptop import ROOT
from tests.browser.conftest import Seen, chromium  # noqa: F401 - the fixture
from tests.browser.operating import Trouble, abandoned_and_pulled_again, at_the_gate, pause_and_resume
from tests.e2e.harness import Running, new_laptop, wait_until
from tests.e2e.test_journey import answer_of

DROPPED = {"adventureworks_lt": ".csv", "online_retail": ".parquet"}
SOURCES = ("northwind", "chinook", "sakila", *DROPPED)
SEPARATOR = "|+|"

Figures = dict[tuple[str, str], tuple[int, Decimal]]


@pytest.fixture(scope="module")
def data(hub_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that may be changed."""
    folder = tmp_path_factory.mktemp("data")
    for source in SOURCES:
        (folder / source).mkdir()
        for file in (hub_data / source).iterdir():
            shutil.copyfile(file, folder / source / file.name)
    return folder


@pytest.fixture(scope="module")
def hub(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A laptop with the deployment `datasets` after the release that holds a pull of every data set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_VAR_HUB_DATA", str(data))
        one = Running(new_laptop(tmp_path_factory.mktemp("datasets"), hub=ROOT / "deployments/datasets"))
        one.start()
    try:
        one.wait_for_line("asked for the first pull", 300)
        drop(one, data)
        wait_until(lambda: newest(one).keys() == data_sets(one), 180, "the first pulls")
        # A files source whose first pull came before its files were dropped is pulled once more.
        pull(one, {name for name, pull in newest(one).items() if not pull["received"]})
        yield one
    finally:
        if one.process is not None and one.process.poll() is None:
            one.stop()


def drop(hub: Running, data: Path, *sources: str) -> None:
    s3 = hub.client("s3")
    bucket = next(b["Name"] for b in s3.list_buckets()["Buckets"] if "vault" in b["Name"])
    for source in sources or DROPPED:
        for file in sorted((data / source).glob(f"*{DROPPED[source]}")):
            s3.upload_file(str(file), bucket, f"drop/{source}/{file.name}")


def data_sets(hub: Running) -> set[str]:
    sources = hub.every("admin", "/v1/sources")
    return {f"{source['name']}.{data_set['name']}" for source in sources for data_set in source["data_sets"]}


def newest(hub: Running) -> dict[str, dict[str, Any]]:
    """The last settled pull of each data set."""
    pulls = [pull for pull in hub.every("admin", "/v1/pulls") if pull["state"] != "running"]
    return {f"{pull['source']}.{pull['data_set']}": pull for pull in reversed(pulls)}


def pull(hub: Running, names: set[str]) -> dict[str, dict[str, Any]]:
    """A new pull of each of the data sets, and the release that holds the last pull of all; the new pulls."""
    before = newest(hub)
    for name in sorted(names):
        source, data_set = name.split(".")
        hub.ask("admin", "POST", "/v1/pulls", {"source": source, "data_set": data_set}, status=202)

    def settled() -> dict[str, dict[str, Any]]:
        after = newest(hub)
        found = {name: after[name] for name in names if after[name]["pull_seq"] > before[name]["pull_seq"]}
        wrong = {name: each["error"] or each["reason"] for name, each in found.items() if each["state"] != "complete"}
        assert not wrong, wrong
        return after if len(found) == len(names) else {}

    after = wait_until(settled, 300, f"a pull of {', '.join(sorted(names))}")

    def released() -> bool:
        release = hub.ask("admin", "GET", "/v1/tables")["release"] or {"pulls": {}}
        return all(release["pulls"].get(name, 0) >= each["pull_seq"] for name, each in after.items())

    wait_until(released, 420, "a release with every pull")
    return {name: after[name] for name in names}


OURS = {
    "customer_key": "0",
    "product": "0",
    "sales_order": "sum(total_amount)",
    "order_line": "sum(line_amount)",
    "interaction": "sum(amount)",
}


def ours(hub: Running) -> Figures:
    """Table and source -> rows and sum, of the release."""
    parts = [
        f"SELECT '{table}' AS kind, source, count(*) AS n, {amount} AS amount FROM reporting.{table}"
        + (" WHERE kind = 'payment'" if table == "interaction" else "")
        + " GROUP BY source"
        for table, amount in OURS.items()
    ]
    parts.append("SELECT 'people', 'all', count(*), 0 FROM reporting.customer")
    rows = answer_of(hub, " UNION ALL ".join(parts))
    return {(r["kind"], r["source"]): (int(str(r["n"])), Decimal(str(r["amount"] or 0))) for r in rows}


DATABASES = [
    ("northwind", "customer_key", "count(*), 0 from Customers"),
    ("northwind", "product", "count(*), 0 from Products"),
    ("northwind", "sales_order", "count(*), 0 from Orders"),
    ("chinook", "customer_key", "count(*), 0 from Customer"),
    ("chinook", "product", "count(*), 0 from Track"),
    ("chinook", "sales_order", "count(*), printf('%.4f', sum(Total)) from Invoice"),
    ("chinook", "order_line", "count(*), printf('%.4f', sum(UnitPrice * Quantity)) from InvoiceLine"),
    ("sakila", "customer_key", "count(*), 0 from customer"),
    ("sakila", "product", "count(*), 0 from film"),
    ("sakila", "sales_order", "count(*), 0 from rental"),
    ("sakila", "interaction", "count(*), printf('%.4f', sum(amount)) from payment"),
]
LINES = "count(*), sum(cast(Quantity as integer) * cast(UnitPrice as decimal(18,4))) {} where Quantity is not null"
PARQUET = [
    ("customer_key", "count(distinct CustomerID), 0 {}"),
    ("product", "count(distinct StockCode), 0 {}"),
    ("sales_order", "count(distinct InvoiceNo), 0 {}"),
    ("order_line", LINES),
]
EXPORTS = [
    ("customer_key", "Customer.csv", None),
    ("product", "Product.csv", None),
    ("sales_order", "SalesOrderHeader.csv", 18),
    ("order_line", "SalesOrderDetail.csv", 6),
]


def theirs(data: Path) -> Figures:
    """The same of the files; the amounts of northwind's lines are rounded line by line and told apart."""
    found: Figures = {}
    for source, table, sql in DATABASES:
        with closing(sqlite3.connect(f"file:{data / source / source}.sqlite?mode=ro", uri=True)) as connection:
            count, amount = connection.execute(f"select {sql}").fetchone()
        found[table, source] = count, Decimal(str(amount))
    for table, sql in PARQUET:
        file = f"from read_parquet('{data}/online_retail/online_retail.parquet')"
        ((count, amount),) = duckdb.sql(f"select {sql.format(file)}").fetchall()
        found[table, "online_retail"] = count, Decimal(str(amount))
    for table, file, column in EXPORTS:
        lines = exported(data, file)
        amount = sum((rounded(line[column]) for line in lines), Decimal(0)) if column else Decimal(0)
        found[table, "adventureworks_lt"] = len(lines), amount
    return found


def exported(data: Path, file: str) -> list[list[str]]:
    content = (data / "adventureworks_lt" / file).read_bytes()
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "iso-8859-1")
    return [line.split(SEPARATOR) for line in text.splitlines() if line]


def rounded(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"), "ROUND_HALF_UP")


def agree(hub: Running, expected: Figures) -> None:
    found = ours(hub)
    assert {key: found.get(key) for key in expected} == expected


KNOWN = {
    ("customer_key", "northwind"): 93,
    ("sales_order", "northwind"): 830,
    ("order_line", "northwind"): 2155,
    ("customer_key", "chinook"): 59,
    ("sales_order", "chinook"): 412,
    ("order_line", "chinook"): 2240,
    ("customer_key", "sakila"): 599,
    ("sales_order", "sakila"): 16_044,
    ("interaction", "sakila"): 16_049,
    ("customer_key", "adventureworks_lt"): 847,
    ("order_line", "online_retail"): 541_909,
}
PEOPLE = "SELECT count(DISTINCT customer_id) AS people FROM reporting.customer_key WHERE source = 'adventureworks_lt'"
BUYERS = (
    "SELECT o.source, count(*) AS n FROM reporting.sales_order o "
    "JOIN reporting.customer_key k ON k.record_key = o.customer_record_key GROUP BY o.source"
)
NORTHWIND = 'select sum(UnitPrice * Quantity * (1 - Discount)) from "Order Details"'


def lite(data: Path, source: str, script: str) -> None:
    with closing(sqlite3.connect(data / source / f"{source}.sqlite")) as connection:
        connection.executescript(script)


def people(hub: Running) -> int:
    return int(str(answer_of(hub, PEOPLE)[0]["people"]))


def addresses(data: Path) -> int:
    """The e-mail addresses of adventureworks' customers: each is one person."""
    return len({line[9].lower() for line in exported(data, "Customer.csv")})


def test_figures_are_those_of_the_files(hub: Running, data: Path) -> None:
    agree(hub, theirs(data))
    found = ours(hub)
    assert {key: found[key][0] for key in KNOWN} == KNOWN
    with closing(sqlite3.connect(data / "northwind/northwind.sqlite")) as connection:
        ((amount,),) = connection.execute(NORTHWIND).fetchall()
    assert abs(found["order_line", "northwind"][1] - Decimal(amount)) < Decimal("0.1"), "rounded line by line"
    assert people(hub) == addresses(data) == 440
    buyers = {row["source"]: int(str(row["n"])) for row in answer_of(hub, BUYERS)}
    for source in ("northwind", "chinook", "sakila"):
        assert buyers[source] == KNOWN["sales_order", source], source


REMOVE_AND_CHANGE = {
    "chinook": "delete from Invoice where InvoiceId in (1, 100, 412); delete from Customer where CustomerId = 59;"
    "update Invoice set Total = 1000 where InvoiceId = 2;",
    "northwind": "delete from Orders where OrderID in (10248, 10249, 10250);"
    'update "Order Details" set Quantity = 77 where OrderID = 10251 and ProductID = 22;',
    "sakila": "delete from payment where payment_id in (select payment_id from payment order by payment_id limit 3);"
    "update payment set amount = 500 where payment_id = (select max(payment_id) from payment);",
}
BREAK = {
    "chinook": "update Invoice set Total = 'a lot' where InvoiceId = 3;",
    "sakila": "update payment set amount = 'free' where payment_id = (select min(payment_id) from payment);",
}


CHANGED = {
    "chinook.orders", "chinook.customers", "northwind.orders", "northwind.order_lines", "sakila.payments",
    "adventureworks_lt.customers", *(f"online_retail.{name}" for name in ("lines", "orders", "customers", "products")),
}  # fmt: skip


def remove_and_change(data: Path) -> None:
    """Three rows less and one otherwise, in each source."""
    for source, script in REMOVE_AND_CHANGE.items():
        lite(data, source, script)
    file = data / "adventureworks_lt/Customer.csv"
    lines = file.read_bytes().split(b"\n")
    lines[30] = lines[30].replace(b"@adventure-works.com", b"@elsewhere.example")
    file.write_bytes(b"\n".join(lines[3:]))
    rewrite(data, "rn not in (7, 300000, 541909)", "case when rn = 9 then '1000' else Quantity end")


def break_one(data: Path) -> None:
    """One row that breaks a rule, in three of the sources; its key can be read."""
    for source, script in BREAK.items():
        lite(data, source, script)
    file = data / "adventureworks_lt/Customer.csv"
    lines = file.read_bytes().split(b"\n")
    lines[10] = b"|+|".join([*lines[10].split(b"|+|")[:-1], b"31.02.2004"])
    file.write_bytes(b"\n".join(lines))
    rewrite(data, "true", "case when rn = 1000 then null else Quantity end")


def rewrite(data: Path, where: str, quantity: str) -> None:
    file = data / "online_retail/online_retail.parquet"
    numbered = f"(select *, row_number() over () as rn from read_parquet('{file}'))"
    kept = f"select * exclude (rn) replace ({quantity} as Quantity) from {numbered} where {where} order by rn"
    duckdb.sql(f"copy ({kept}) to '{file}.new' (format parquet)")
    Path(f"{file}.new").replace(file)


def test_figures_follow_changed_files(hub: Running, data: Path) -> None:
    """Three rows removed, one changed, one broken: the second pull of the same hub says what the files say."""
    before = ours(hub)["people", "all"][0]
    remove_and_change(data)
    expected, mails = theirs(data), addresses(data)
    break_one(data)
    # A broken row stays as it was; where a row is known by its place in the file alone, it is left out.
    expected["order_line", "online_retail"] = theirs(data)["order_line", "online_retail"]
    drop(hub, data)
    pulls = pull(hub, CHANGED)
    agree(hub, expected)
    assert people(hub) == mails
    assert ours(hub)["people", "all"][0] == before - 1 - (440 - mails), "one of chinook's and those of the export"
    told = {name: (each["quarantined"], each["deleted"]) for name, each in pulls.items()}
    assert told["chinook.orders"] == told["sakila.payments"] == told["adventureworks_lt.customers"] == (1, 3)
    assert told["northwind.orders"] == (0, 3)
    assert told["online_retail.lines"] == (1, 4)
    assert all(each["balanced"] for each in pulls.values())

    orders = pulls["chinook.orders"]["pull_id"]
    (refused,) = hub.ask("admin", "GET", f"/v1/quarantine?pull_id={orders}")["items"]
    assert [(each["column"], each["rule"]) for each in refused["failures"]] == [("total", "type")]
    assert (refused["record"]["InvoiceId"], refused["record"]["Total"]) in {("3", "a lot"), (3, "a lot")}

    lite(data, "chinook", "update Invoice set Total = 5.25 where InvoiceId = 3")
    assert pull(hub, {"chinook.orders"})["chinook.orders"]["quarantined"] == 0
    key = ("sales_order", "chinook")
    assert ours(hub)[key] == theirs(data)[key], "what was corrected is in"


@pytest.fixture
def trouble(hub: Running, data: Path) -> Trouble:
    """Adventure Works' addresses; some of them were changed on a day that there is not."""
    lines = (data / "adventureworks_lt/Address.csv").read_bytes().rstrip(b"\n").split(b"\n")
    broken = len(lines) // 3
    s3 = hub.client("s3")
    bucket = next(each["Name"] for each in s3.list_buckets()["Buckets"] if "vault" in each["Name"])

    def with_wrong_days(count: int) -> None:
        wrong = [line.rpartition(b"|+|")[0] + b"|+|2004-02-31" for line in lines[:count]]
        body = b"\n".join([*wrong, *lines[count:], b""])
        s3.put_object(Bucket=bucket, Key="drop/adventureworks_lt/Address.csv", Body=body)

    names = "adventureworks_lt", "addresses"
    return Trouble(*names, with_wrong_days, len(lines), broken, "modified_on: type", "ModifiedDate", "2004-02-29")


@pytest.mark.parametrize("width", [1280, 360], ids=["desk", "phone"])
def test_a_person_operates_it_in_the_console(
    hub: Running,
    trouble: Trouble,
    chromium: Any,  # noqa: F811 - a fixture is named like its parameter
    width: int,
) -> None:
    """Pause, resume, gate, correct, replay, release, abandon: on the real pages, with real data."""
    context = chromium.new_context(viewport={"width": width, "height": 800})
    seen = Seen(context.new_page(), hub.laptop.console)
    seen.page.set_default_timeout(120_000)
    seen.sign_in(hub.people["data_engineer"]["username"], hub.people["data_engineer"]["password"])
    if width > 1000:
        pause_and_resume(seen, trouble)
        at_the_gate(seen, trouble)
    else:
        abandoned_and_pulled_again(seen, trouble)
    context.close()
    pulls = hub.every("admin", f"/v1/pulls?source={trouble.source}&data_set={trouble.data_set}")
    kinds = ("staged", "duplicate", "quarantined", "filtered")
    assert all(each["balanced"] and each["received"] == sum(each[kind] for kind in kinds) for each in pulls)
