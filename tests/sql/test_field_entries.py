"""Who was met in the field is the person who is known online: from the form's entries to one customer."""

import json
from pathlib import Path

import pytest

from hub import aws, config
from hub.config import Deployment
from hub.pulls import PullTask
from hub.pulls.engine import Engine
from hub.settings import PullSettings
from tests.sql.lake import entity_hub, staged
from tests.sql.test_models import needed

ROOT = Path(__file__).parents[2]
ONLINE = [
    ("w1", "Asha Rao", "asha@x.in", None),
    ("w2", "Ravi Iyer", None, "+919845012345"),
    ("w3", "Mira", "mira@x.in", None),
]
ENTRIES = [
    # id, name, e-mail, telephone, whom it is, why
    ("e1", "Asha R.", " ASHA@X.in", None, "w1", "the same address, however it is written"),
    ("e2", "Ravi Iyer", None, "098450 12345", "w2", "the same name and number"),
    ("e3", "Mira", None, None, None, "a name alone is nobody"),
    ("e4", "Dev", "dev@x.in", None, None, "nobody who is known online"),
]


@pytest.fixture
def lake(make_lake):
    given = entity_hub({"website": 50}).model_dump(mode="json", by_alias=True)
    field = config.load(ROOT / "deployments/demo").sources["field"]
    given["sources"]["field"] = field.model_dump(mode="json", by_alias=True)
    lake = make_lake(Deployment.model_validate(given), tables=needed("reporting.customer_key"))
    aws.client("events").create_event_bus(Name=lake.stage)
    return lake


def test_entries_of_the_field_are_matched_to_who_is_known_online(lake):
    changed = {"changed_at": "2026-01-01 10:00:00"}
    rows = [
        staged("customer", {"record_key": key, "source_key": key, "full_name": name, "email_standard": email,
                            "phone_standard": phone} | changed)
        for key, name, email, phone in ONLINE
    ]  # fmt: skip
    lake.pull("website", "customer", rows)
    lines = [
        {"entry_id": key, "full_name": name, "email": email, "phone": phone, "met_at": "fair"}
        | {"entered_at": "2026-01-02T10:00:00.000Z"}
        for key, name, email, phone, _, _ in ENTRIES
    ]
    body = "\n".join(json.dumps({name: value for name, value in line.items() if value}) for line in lines).encode()
    for name in ("first", "again"):  # an answer was lost, and the entries came in two files
        aws.client("s3").put_object(Bucket=lake.vault, Key=f"drop/field/{name}.jsonl", Body=body)
    settings = PullSettings(
        stage=lake.stage, control_table=lake.control, vault_bucket=lake.vault, event_bus=lake.stage,
        token_key_parameter="/hub/token-key",
    )  # fmt: skip
    engine = Engine(lake.deployment, settings, b"k" * 64, now=lake.now.timestamp)
    done = engine.carry_on(PullTask(source="field", data_set="contacts"), lambda: 300_000)
    assert (done.state, done.received, done.staged, done.duplicate) == ("complete", 8, 4, 4)
    lake.run()
    customers = dict(lake.rows("vault.source_customer", ["source_key", "record_key"]))
    owner = dict(lake.rows("reporting.customer_key", ["record_key", "customer_id"]))
    for key, _, _, _, online, why in ENTRIES:
        same = [each for each, *_ in ONLINE if owner[customers[each]] == owner[customers[key]]]
        assert same == ([online] if online else []), why
