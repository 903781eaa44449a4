"""A whole hub moves: what was exported and imported is the same, row for row, and lives on in the same way."""

from datetime import timedelta
from decimal import Decimal

import pytest

from hub import aws
from hub.identity.replay import _answers
from infra.operate.moving.arriving import import_hub
from infra.operate.moving.leaving import export_hub
from infra.operate.moving.place import Folder
from infra.operate.moving.stores import Stores
from tests.e2e.moving import HUB, everything, quiet, stores_of, told
from tests.sql.lake import Lake, entity_hub, staged
from tests.sql.test_matching import person
from tests.sql.test_models import needed

SOURCES = {"crm": 80, "shop": 50}
# Of each kind of table some, with partitions of either sort; who is who, and what keeps it.
SHIPPED = {
    name
    for table in ("customer_redirect", "household", "contact_point", "customer_version")
    for name in needed(f"vault.{table}")
} | needed("reporting.sales_order")


def first_day(lake: Lake) -> None:
    """Two sources, people of both, orders and calls; and what nobody may lose."""
    lake.pull("crm", "customer", [person(number, f"c{number:02}") for number in range(40)])
    lake.pull("shop", "customer", [person(number, f"s{number:02}") for number in range(0, 40, 3)])
    order = {"ordered_at": "2026-01-01 10:00:00.123456", "changed_at": "2026-01-01 10:00:00", "total_amount": "19.90"}
    rows = [{"record_key": f"o{n}", "customer_record_key": f"s{n:02}", "order_number": f"SO-{n}"} for n in (0, 3, 6)]
    lake.pull("shop", "sales_order", [staged("sales_order", order | row) for row in rows])
    lake.erase("c39")
    lake.decide("c01", "c02", 1)
    lake.run()


def next_night(lake: Lake) -> None:
    lake.now += timedelta(days=1)
    _answers.clear()
    lake.pull("crm", "customer", [{**person(5, "c05"), "_deleted": True}, person(7, "c61"), person(11, "c10")])
    lake.run()


def more_items(stores: Stores) -> None:
    """Every kind of value that DynamoDB has, and sessions, which stay."""
    kinds = {
        "number": Decimal("12345678901234567890.1234567890123456"), "small": Decimal("-1E-30"), "bytes": b"\0\xff",
        "texts": {"b", "a"}, "numbers": {Decimal(2), Decimal("1.50")}, "blobs": {b"2", b"1"}, "nothing": None,
        "yes": True, "deep": {"L": [{"SS": "as"}, {"N": Decimal(1)}], "B": [b"x"]}, "empty": "", "रा": "व",
    }  # fmt: skip
    for name in ("consent", "campaigns", "library", "arrivals", "access", "profiles"):
        aws.table(stores.tables[name]).put_item(Item={"pk": f"{name}#1", "sk": "-", **kinds})
    aws.table(stores.tables["access"]).put_item(Item={"pk": "session#1", "sk": "-", "sealed": b"of this hub's key"})
    aws.client("s3").put_object(
        Bucket=stores.buckets["vault"], Key="landing/crm/ä b/../x", Body=b"raw", Metadata={"xxh3": "1f"}
    )
    aws.client("s3").put_object(Bucket=stores.buckets["audit"], Key="2026/01/01/a.json", Body=b"{}")


def shapes(lake: Lake) -> dict[str, tuple]:
    """Columns, types and partitions as the catalogue has them."""
    found = {}
    for zone in ("staging", "vault", "reporting"):
        for table in aws.client("glue").get_tables(DatabaseName=f"{lake.stage}_{zone}")["TableList"]:
            columns = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
            found[f"{zone}.{table['Name']}"] = columns, table.get("PartitionKeys")
    return found


def in_earnest(make_lake) -> Lake:
    lake = make_lake(entity_hub(SOURCES), tables=SHIPPED)
    lake.match_in_earnest()
    return lake


@pytest.fixture
def steady(monkeypatch):
    """Runs of two hubs at one moment have one name, and nights go on from the day before."""
    monkeypatch.setattr("hub.models.planning.secrets.token_hex", lambda size: "ab" * size)
    monkeypatch.setattr("hub.identity.run.FEW_RECORDS", 0)


def test_a_whole_hub_moves_and_its_next_night_is_the_same(make_lake, steady, tmp_path):
    old = in_earnest(make_lake)
    first_day(old)
    here = stores_of(old)
    more_items(here)
    manifest = export_hub(here, HUB, Folder(tmp_path / "out"), quiet)

    new = in_earnest(make_lake)
    new.now = old.now
    there = stores_of(new)
    import_hub(there, HUB, Folder(tmp_path / "out"), quiet)

    assert dict(everything(new)) == dict(everything(old)), "row for row, as released"
    assert shapes(new) == shapes(old)
    assert told(there, old.stage, new.stage) == told(here, old.stage, new.stage), "item for item"
    counted = {table.name: table.rows for table in manifest.tables}
    assert counted == {name: len(rows) for name, rows in everything(old) if name in counted}
    assert counted["vault.customer"] == 40, "39 and the first row, which nobody sees"

    next_night(old)
    next_night(new)
    assert dict(everything(new)) == dict(everything(old)), "the next night gives the same ids and rows"
    assert told(there, old.stage, new.stage) == told(here, old.stage, new.stage), "by the same steps"
