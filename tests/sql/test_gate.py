"""Only what has passed its rules is analysed: from a dropped file by the real pull and shipped models to a table."""

import json
from datetime import timedelta

import pytest

from hub import aws
from hub.config import Check, Column, Deployment
from hub.models.releases import ChecksFailed
from hub.pulls import PullTask
from hub.pulls.engine import Engine
from hub.pulls.quarantine import Asked, Correction, Quarantine
from hub.pulls.store import PullStore
from hub.settings import PullSettings
from tests.sql.lake import entity_hub
from tests.sql.test_models import needed
from tests.storm.runs.small import order, small_models

ORDERS = [
    ("o1", "paid", "10.00", "sound"),
    ("o2", "eaten", "20.00", "a status that is none"),
    ("o3", "paid", "-5.00", "less than nothing"),
    ("o4", "paid", "ten", "no amount"),
    ("o5", "shipped", "30.00", "sound"),
]


def checked() -> Deployment:
    """Sources with every entity, whose orders have a known status and cost something."""
    given = entity_hub().model_dump(mode="json", by_alias=True)
    orders = given["sources"]["crm"]["data_sets"]["sales_order"]
    orders["gate"] = {"max_quarantined_percent": 100}
    orders["columns"]["status"]["checks"] = [Check(rule="one_of", of=["paid", "shipped"]).model_dump()]
    amount = Column(type="decimal(18,4)", checks=[Check(rule="between", of=[0, None])])
    orders["columns"]["total_amount"] = amount.model_dump()
    return Deployment.model_validate(given)


@pytest.fixture
def lake(make_lake):
    lake = make_lake(checked(), tables=needed("reporting.sales_order"))
    aws.client("events").create_event_bus(Name=lake.stage)
    return lake


def pull(lake, **task):
    settings = PullSettings(
        stage=lake.stage,
        control_table=lake.control,
        vault_bucket=lake.vault,
        event_bus=lake.stage,
        token_key_parameter="/hub/token-key",
    )
    engine = Engine(lake.deployment, settings, b"k" * 64, now=lake.now.timestamp)
    return engine.carry_on(PullTask(source="crm", data_set="sales_order", **task), lambda: 300_000)


def test_rows_that_fail_are_in_quarantine_and_in_no_report(lake):
    lines = [
        {"source_key": key, "order_number": key, "status": status, "total_amount": amount, "currency": "INR"}
        | {"ordered_at": "2026-01-01T10:00:00Z", "changed_at": "2026-01-01T10:00:00Z"}
        for key, status, amount, _ in ORDERS
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    aws.client("s3").put_object(Bucket=lake.vault, Key="drop/crm/orders.jsonl", Body=body)
    done = pull(lake)
    assert (done.state, done.staged, done.quarantined, done.balanced) == ("complete", 2, 3, True)
    lake.run()
    analysed = ["order_number", "status", "total_amount"]
    assert lake.rows("reporting.sales_order", analysed) == [("o1", "paid", "10.0000"), ("o5", "shipped", "30.0000")]
    quarantine, batches = Quarantine(lake.vault), [{"sk": "batch#00001", "quarantine": _key(lake)}]
    refused = {line.record["source_key"]: line for line in quarantine.lines(done, batches)}
    assert {key: [(each["column"], each["rule"]) for each in line.failures] for key, line in refused.items()} == {
        "o2": [("status", "one_of")],
        "o3": [("total_amount", "between")],
        "o4": [("total_amount", "type")],
    }
    assert refused["o3"].record["total_amount"] == "-5.00", "as the source wrote it"


def _key(lake) -> str:
    listed = aws.client("s3").list_objects_v2(Bucket=lake.vault, Prefix="quarantine/crm/sales_order/")["Contents"]
    return next(item["Key"] for item in listed if "batch-00001" in item["Key"])


def test_what_is_corrected_comes_into_reports_with_the_next_run(lake):
    line = {"source_key": "o2", "order_number": "o2", "status": "eaten", "total_amount": "20.00", "currency": "INR"}
    line |= {"ordered_at": "2026-01-01T10:00:00Z", "changed_at": "2026-01-01T10:00:00Z"}
    aws.client("s3").put_object(Bucket=lake.vault, Key="drop/crm/orders.jsonl", Body=json.dumps(line).encode())
    first = pull(lake)
    lake.run()
    assert lake.rows("reporting.sales_order", ["order_number"]) == []
    wish = Asked(corrections=[Correction(batch=1, row=1, values={"status": "paid"})])
    number = Quarantine(lake.vault).ask(first, wish)
    PullStore(lake.control).wait_to_replay("crm.sales_order", f"{number} steward")
    assert pull(lake, replay=True).staged == 1
    lake.run()
    assert lake.rows("reporting.sales_order", ["order_number", "status"]) == [("o2", "paid")]


TWICE = """description: One row per order, it says.
kind: full
key: [record_key]
columns:
  record_key: {type: varchar, required: true}
  status: {type: varchar}
"""


def test_a_key_that_is_there_twice_fails_the_load(make_lake, tmp_path):
    """A model that gives an order twice: the run fails by the table's key alone, and readers keep what they had."""
    folder = small_models(tmp_path / "models")
    (folder / "reporting/once").mkdir()
    (folder / "reporting/once/table.yaml").write_text(TWICE)
    once = "select record_key, status from reporting.plain"
    (folder / "reporting/once/model.sql").write_text(f"{once}\nunion all\n{once} where status = 'twice'")
    lake = make_lake(None, folder)
    lake.pull("crm", "sales_order", [order("a", "paid", 1), order("b", "paid", 1)])
    first = lake.run()
    lake.pull("crm", "sales_order", [order("a", "twice", 2), order("c", "paid", 2)])
    lake.now += timedelta(hours=1)
    with pytest.raises(ChecksFailed, match=r"reporting.once: one row per record_key \(1 rows\)"):
        lake.run()
    assert lake.store.current_release().run_id == first
    assert lake.rows("reporting.once", ["record_key", "status"]) == [("a", "paid"), ("b", "paid")]
