"""The pull worker's handler: messages of the queue, one failing without the others."""

import json
from types import SimpleNamespace

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from hub import aws, config
from hub.pulls.profiles import Profiles
from hub.pulls.store import PullStore
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import BUS, CONTROL, HUB, VAULT, make_stores
from tests.hub.sources import double

CONTEXT = SimpleNamespace(
    function_name="pull",
    memory_limit_in_mb=2048,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:pull",
    aws_request_id="request-1",
    get_remaining_time_in_millis=lambda: 300_000,
)


@pytest.fixture
def world(on_moto, tmp_path, gateway):
    config.read.cache_clear()
    make_stores()
    with double.serving(double.Api([manifests.contact(n) for n in range(12)])) as api:
        (tmp_path / "hub/sources").mkdir(parents=True)
        (tmp_path / "hub/hub.yaml").write_text(HUB)
        (tmp_path / "hub/sources/crm.yaml").write_text(manifests.crm(api.url))
        (tmp_path / "deployment.json").write_text(config.load(tmp_path / "hub").model_dump_json())
        settings = {
            "HUB_HOME": str(tmp_path),
            "CONTROL_TABLE": CONTROL,
            "VAULT_BUCKET": VAULT,
            "EVENT_BUS": BUS,
            "TOKEN_KEY_PARAMETER": "/hub/token-key",
        }
        for name, value in settings.items():
            on_moto.setenv(name, value)
        yield gateway("pull").module
    config.read.cache_clear()


def event(*bodies):
    return {
        "Records": [
            {
                "messageId": f"m{n}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "eventSource": "aws:sqs",
            }
            for n, body in enumerate(bodies)
        ]
    }


def test_a_schedules_message_makes_a_pull(world):
    task = {"source": "crm", "data_set": "contacts", "scheduled_at": "2099-01-01T00:00:00Z"}
    assert world.handler(event(task), CONTEXT) == {"batchItemFailures": []}
    pull = PullStore(CONTROL).get("crm.contacts.00000001")
    assert (pull.state, pull.staged, pull.balanced) == ("complete", 12, True)
    assert Profiles(CONTROL).get("crm", "contacts").rows == 12


def test_a_profile_that_cannot_be_made_costs_no_pull(world, monkeypatch):
    def fails(*_):
        raise ValueError("Asha")

    monkeypatch.setattr(world.profiling, "keep", fails)
    assert world.handler(event({"source": "crm", "data_set": "contacts", "asked_by": "u"}), CONTEXT) == {
        "batchItemFailures": []
    }
    assert PullStore(CONTROL).get("crm.contacts.00000001").state == "complete"


def test_a_broken_message_does_not_keep_the_others(world):
    answer = world.handler(event("not json", {"source": "crm", "data_set": "contacts"}), CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert PullStore(CONTROL).get("crm.contacts.00000001").state == "complete"


def test_the_event_is_on_the_bus(world):
    sent = []
    hooks = aws.client("events").meta.events
    hooks.register("provide-client-params.events.PutEvents", lambda params, **_: sent.extend(params["Entries"]))
    world.handler(event({"source": "crm", "data_set": "contacts"}), CONTEXT)
    (entry,) = sent
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (BUS, "hub", "PullCompleted")
    assert json.loads(entry["Detail"]) | {"completed_at": ""} == {
        "version": 1,
        "pull_id": "crm.contacts.00000001",
        "source": "crm",
        "data_set": "contacts",
        "pull_seq": 1,
        "staged": 12,
        "completed_at": "",
    }


def test_a_bus_that_refuses_leaves_the_pull_complete_and_the_event_to_the_next_worker(world):
    """The rows are published; only the news of them waits."""
    task = event({"source": "crm", "data_set": "contacts", "scheduled_at": "2099-01-01T00:00:00Z"})

    def refuses(**_):
        raise ConnectionError("no bus")

    hooks = aws.client("events").meta.events
    hooks.register("before-call.events.PutEvents", refuses, unique_id="refuses")
    with pytest.raises(BatchProcessingError):
        world.handler(task, CONTEXT)
    store = PullStore(CONTROL)
    assert store.get("crm.contacts.00000001").state == "complete"
    assert store.state("crm.contacts")["unannounced"] == "crm.contacts.00000001"
    hooks.unregister("before-call.events.PutEvents", unique_id="refuses")
    assert world.handler(task, CONTEXT) == {"batchItemFailures": []}
    assert "unannounced" not in store.state("crm.contacts")
