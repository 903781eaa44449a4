"""Batches that come late, twice and in any order end in the same state, through the pulls' engine and the models."""

import json
import os
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from hub import aws
from hub.config import Deployment
from hub.config.names import pushed
from hub.pulls import PullTask
from hub.pulls.engine import Engine
from hub.settings import PullSettings
from tests.sql.lake import ROOT
from tests.sql.test_models import needed

SEEDS = [int(seed) for seed in os.environ.get("SEEDS", f"{date.today():%Y%m%d}").split(",")]
ORDERS, VERSIONS, RUNS = 6, 5, 2
SHOWN = ["order_number", "status", "total_amount", "changed_at"]


def source(name):
    columns = {
        "number": {"type": "varchar", "required": True}, "status": {"type": "varchar"},
        "total": {"type": "decimal(18,4)"}, "changed": {"type": "timestamp"},
        "sent": {"type": "timestamp", "required": True}, "gone": {"type": "boolean"},
    }  # fmt: skip
    return {
        "name": name, "description": "A shop.", "owner": "tests", "trust": 50, "connector": "push",
        "connection": {"authentication": {"kind": "token", "secret": "/hub/shop/token"}},
        "data_sets": {"orders": {
            "description": "Versions of orders.", "fetch": {}, "frequency": {"class": "on-demand"},
            "keys": {"business": ["number"], "change": "changed", "order": "sent", "deleted": "gone"},
            "columns": columns,
            "entity": {"sales_order": {"source_key": "number", "order_number": "number", "status": "status",
                                       "total_amount": "total"}},
        }},
    }  # fmt: skip


def versions_of(chance):
    """What became of the orders, oldest first. `sent` alone says so: the clock of `changed` stands and goes back."""
    begin, found = datetime(2026, 1, 1, tzinfo=UTC), []
    for number in range(ORDERS * VERSIONS):
        version = {"number": f"N{chance.randrange(ORDERS)}", "status": f"s{number}", "total": number}
        changed = begin + timedelta(hours=chance.randrange(3))
        version |= {"changed": chance.choice([changed.isoformat(), None]), "gone": chance.random() < 0.2}
        found.append(version | {"sent": (begin + timedelta(seconds=number)).isoformat()})
    return found


def batches_of(versions, chance):
    """Any order, some twice, in batches that share pulls as it happens."""
    given = [*versions, *chance.sample(versions, len(versions) // 3)]
    chance.shuffle(given)
    while given:
        size = chance.randrange(1, 6)
        yield given[:size]
        given = given[size:]


class Shop:
    """Sends batches to one source, and pulls them."""

    def __init__(self, lake, name):
        self._lake, self._name, self._sent = lake, name, 0
        settings = PullSettings(
            stage=lake.stage, control_table=lake.control, vault_bucket=lake.vault, event_bus="bus",
            token_key_parameter="/hub/token-key",
        )  # fmt: skip
        self._engine = Engine(lake.deployment, settings, b"k" * 64, now=lambda: lake.now.timestamp())

    def send(self, rows):
        self._sent += 1
        name = f"{1_800_000_000_000_000_000 + self._sent:019d}-{self._sent:016x}-{len(rows)}.json"
        key = pushed(self._name, "orders") + name
        aws.client("s3").put_object(Bucket=self._lake.vault, Key=key, Body=json.dumps(rows).encode())

    def pull(self):
        pull = self._engine.carry_on(PullTask(source=self._name, data_set="orders"), lambda: 300_000)
        assert (pull.state, pull.quarantined) == ("complete", 0), pull.error
        self._lake.now += timedelta(minutes=1)


@pytest.fixture
def lake(make_lake, monkeypatch):
    monkeypatch.setattr("hub.pulls.engine.announce", lambda bus, pull: None)
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    monkeypatch.setattr("hub.sources.push.PIECE_OBJECTS", 2)
    hub = {"name": "fixture", "currency": "INR", "country": "IN"}
    sources = {name: source(name) for name in ("straight", "muddled")}
    deployment = Deployment.model_validate({"name": "fixture", "hub": hub, "sources": sources})
    return make_lake(deployment, ROOT / "sql", tables=needed("reporting.sales_order"))


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_in_the_same_state(lake, seed):
    chance = random.Random(seed)
    versions = versions_of(chance)
    straight, muddled = Shop(lake, "straight"), Shop(lake, "muddled")
    straight.send(versions)
    straight.pull()
    batches = list(batches_of(versions, chance))
    for at, batch in enumerate(batches, 1):
        muddled.send(batch)
        if chance.random() < 0.3 or at == len(batches):
            muddled.pull()
        if at == len(batches) // RUNS:
            lake.run()
    lake.run()
    rows = lake.rows("reporting.sales_order", ["source", *SHOWN])
    shown = {name: [row[1:] for row in rows if row[0] == name] for name in ("straight", "muddled")}
    last = {version["number"]: version for version in versions}
    assert {row[0]: row[1] for row in shown["straight"]} == {
        number: version["status"] for number, version in last.items() if not version["gone"]
    }, seed
    assert shown["muddled"] == shown["straight"], seed
