"""Sources, pulls and quarantine as the API shows them, after real pulls of a small API."""

import json

import boto3
import pytest

from hub import config
from hub.config.models import Gate
from hub.errors import LeaseLost
from hub.pulls import PullTask
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT, Bench, make_stores
from tests.hub.sources import double


@pytest.fixture
def api_of():
    """35 contacts of which numbers 4 and 12 are broken."""
    rows = [manifests.contact(n) for n in range(35)]
    rows[4], rows[12] = manifests.contact(4, age=999, stage="?"), manifests.contact(12, stage="?")
    return double.Api(rows)


@pytest.fixture
def crm(tmp_path, api_of):
    """The deployment that reads them."""
    with double.serving(api_of) as api:
        (tmp_path / "hub/sources").mkdir(parents=True)
        (tmp_path / "hub/hub.yaml").write_text(HUB)
        (tmp_path / "hub/sources/crm.yaml").write_text(manifests.crm(api.url))
        yield config.load(tmp_path / "hub")


@pytest.fixture
def queue(on_moto):
    make_stores()
    return boto3.client("sqs").create_queue(QueueName="pulls")["QueueUrl"]


@pytest.fixture
def sources(on_moto, queue, crm, tmp_path, gateway):
    config.read.cache_clear()
    (tmp_path / "deployment.json").write_text(crm.model_dump_json())
    on_moto.setenv("HUB_HOME", str(tmp_path))
    on_moto.setenv("CONTROL_TABLE", CONTROL)
    on_moto.setenv("VAULT_BUCKET", VAULT)
    on_moto.setenv("PULL_QUEUE_URL", queue)
    yield gateway("sources")
    config.read.cache_clear()


@pytest.fixture
def bench(sources, crm):
    return Bench(crm)


def messages(queue):
    found = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def test_sources_with_their_last_pull(sources, bench):
    (shown,) = sources("GET", "/v1/sources", role="viewer").body["items"]
    assert (shown["name"], shown["connector"], shown["trust"]) == ("crm", "rest", 80)
    assert shown["data_sets"][0]["last_pull"] is None, "never pulled"
    assert shown["data_sets"][0]["history"] is False, "nobody asks for it"
    bench.pull("crm.contacts")
    (shown,) = sources("GET", "/v1/sources", role="viewer").body["items"]
    last = shown["data_sets"][0]["last_pull"]
    assert (last["state"], last["balanced"], last["staged"], last["quarantined"]) == ("complete", True, 33, 2)
    assert "connection" not in json.dumps(shown), "where and with what secret is nobody's business here"


def test_pause_and_go_on(sources, bench, audited):
    path = "/v1/sources/crm/data_sets/contacts"
    assert sources("PATCH", path, {"paused": True}, role="operator").body["paused"] is True
    assert bench.pull("crm.contacts", scheduled_at="2099-01-01T00:00:00Z") is None
    assert sources("PATCH", path, {"paused": False}, role="operator").body["paused"] is False
    assert bench.pull("crm.contacts", scheduled_at="2099-01-01T00:00:00Z").state == "complete"
    assert audited() == [("sources.pause", ["crm.contacts"])] * 2
    assert sources("PATCH", path, {"paused": True}, role="viewer").status == 403
    assert sources("PATCH", "/v1/sources/crm/data_sets/gone", {"paused": True}).status == 404
    assert sources("PATCH", path, {"paused": "perhaps"}).status == 422


def test_pulls_newest_first_by_pages(sources, bench):
    for minute in range(5):
        bench.now += 60 * minute
        bench.pull("crm.contacts")
    seen, after = [], ""
    while True:
        page = sources("GET", "/v1/pulls", query=f"limit=2{after}").body
        seen += [pull["pull_seq"] for pull in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [5, 4, 3, 2, 1]
    one_set = sources("GET", "/v1/pulls", query="source=crm&data_set=contacts&limit=3").body
    assert [pull["pull_seq"] for pull in one_set["items"]] == [5, 4, 3]
    following = sources("GET", "/v1/pulls", query=f"source=crm&data_set=contacts&limit=3&after={one_set['next']}").body
    assert [pull["pull_seq"] for pull in following["items"]] == [2, 1]
    assert sources("GET", "/v1/pulls", query="source=shop").body["items"] == []


def test_other_tries_of_a_pull(sources, bench):
    for _ in range(3):
        bench.now += 60
        bench.pull("crm.contacts")
    for seq in (2, 3):
        boto3.resource("dynamodb").Table(CONTROL).update_item(
            Key={"pk": "data_set#crm.contacts", "sk": f"pull#{seq:08d}"},
            UpdateExpression="SET replay_of = :first",
            ExpressionAttributeValues={":first": "crm.contacts.00000001"},
        )
    for query, expected in [
        ("replay_of=crm.contacts.00000001", [3, 2]),
        ("replay_of=crm.contacts.00000001&source=crm&data_set=contacts", [3, 2]),
        ("replay_of=crm.contacts.00000001&source=shop", []),
        ("replay_of=crm.contacts.00000002", []),
        ("replay_of=crm.gone.00000001", []),
        ("replay_of=nonsense", []),
    ]:
        found = sources("GET", "/v1/pulls", query=query, role="viewer").body["items"]
        assert [pull["pull_seq"] for pull in found] == expected, query
    page = sources("GET", "/v1/pulls", query="replay_of=crm.contacts.00000001&limit=1").body
    following = sources("GET", "/v1/pulls", query=f"replay_of=crm.contacts.00000001&limit=1&after={page['next']}").body
    assert [pull["pull_seq"] for pull in (*page["items"], *following["items"])] == [3, 2]


def test_the_age_of_a_data_set_is_shown(sources, bench):
    def shown():
        return sources("GET", "/v1/sources", role="viewer").body["items"][0]["data_sets"][0]

    assert (shown()["frequency"], shown()["freshness"]["state"], shown()["freshness"]["as_of"]) == (
        "on-demand",
        "on_demand",
        None,
    )
    pull = bench.pull("crm.contacts")
    assert shown()["freshness"]["as_of"] == pull.started_at
    sources("PATCH", "/v1/sources/crm/data_sets/contacts", {"paused": True})
    assert shown()["freshness"]["state"] == "paused"


def test_one_pull(sources, bench):
    bench.pull("crm.contacts")
    shown = sources("GET", "/v1/pulls/crm.contacts.00000001").body
    assert (shown["received"], shown["declared_by_source"], shown["reason"]) == (35, 35, None)


@pytest.mark.parametrize("pull_id", ["crm.contacts.00000009", "nonsense", "a.b.c", "crm.contacts.x"])
def test_there_is_no_such_pull(sources, pull_id):
    assert sources("GET", f"/v1/pulls/{pull_id}").status == 404


def test_ask_for_a_pull(sources, bench, queue):
    answer = sources("POST", "/v1/pulls", {"source": "crm", "data_set": "contacts"}, role="operator")
    assert answer.status == 202
    assert answer.headers["location"] == "/v1/pulls?source=crm&data_set=contacts"
    assert messages(queue) == [{"source": "crm", "data_set": "contacts", "asked_by": "user-1"}]
    assert sources("POST", "/v1/pulls", {"source": "crm", "data_set": "gone"}).status == 422
    assert sources("POST", "/v1/pulls", {"source": "crm"}).status == 422
    assert sources("POST", "/v1/pulls", {"source": "crm", "data_set": "contacts"}, role="viewer").status == 403


def test_asking_while_a_worker_is_at_it_is_a_conflict(sources, bench):
    bench.engine.store.acquire("crm.contacts", "worker", 4_000_000_000)
    assert sources("POST", "/v1/pulls", {"source": "crm", "data_set": "contacts"}).status == 409


@pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=201", "colour=red"])
def test_wrong_questions(sources, query):
    assert sources("GET", "/v1/pulls", query=query).status in (400, 422)


HELD = "crm.contacts.00000001"
WHY = {"reason": "The source cleaned up; checked with its owner."}


@pytest.fixture
def held(sources, crm, bench):
    """A pull that its gate holds: 35 rows of which 2 are broken, where no row may be."""
    sets = bench.deployment.sources["crm"].data_sets
    sets["contacts"] = sets["contacts"].model_copy(update={"gate": Gate(max_quarantined_percent=0)})
    pull = bench.pull("crm.contacts")
    assert (pull.state, pull.held_by) == ("held", "quarantined")
    return bench


def test_a_held_pull_is_not_passed_over(sources, held):
    answer = sources("POST", "/v1/pulls", {"source": "crm", "data_set": "contacts"}, role="operator")
    assert (answer.status, answer.body["error"]["message"]) == (409, f"{HELD} is held; release or abandon it first")
    assert sources("GET", f"/v1/pulls/{HELD}").body["state"] == "held"


def worked_off(bench, queue):
    return [
        bench.engine.carry_on(PullTask.model_validate(message), lambda: 300_000) for message in messages(queue)
    ]  # fmt: skip


def test_a_held_pull_is_released_once(sources, held, queue, audited):
    for _ in range(2):
        answer = sources("POST", f"/v1/pulls/{HELD}/release", WHY, role="operator")
        assert (answer.status, answer.body["state"], answer.body["released"]) == (202, "running", ["quarantined"])
    assert [pull and pull.state for pull in worked_off(held, queue)] == ["complete"]
    shown = sources("GET", f"/v1/pulls/{HELD}").body
    assert (shown["staged"], shown["reason"], shown["balanced"]) == (33, None, True)
    assert [(each["what"], each["by"], each["why"]) for each in shown["decisions"]] == [
        ("released", "user-1", WHY["reason"])
    ]
    assert len(held.staged("crm.contacts")) == 33
    assert audited()[0] == ("pulls.release", [HELD])
    assert sources("POST", f"/v1/pulls/{HELD}/release", WHY).body["state"] == "complete", "asked once more"
    assert sources("POST", f"/v1/pulls/{HELD}/abandon", WHY).status == 409, "it is published"


def test_a_held_pull_is_abandoned_and_the_next_begins(sources, held, audited):
    for _ in range(2):
        answer = sources("POST", f"/v1/pulls/{HELD}/abandon", WHY, role="data_engineer")
        assert (answer.status, answer.body["state"], len(answer.body["decisions"])) == (200, "abandoned", 1)
    assert sources("POST", f"/v1/pulls/{HELD}/release", WHY).status == 409
    assert held.pull("crm.contacts").pull_id == "crm.contacts.00000002"
    assert audited()[0] == ("pulls.abandon", [HELD])


def test_only_a_held_pull_is_decided_and_by_whom_it_may(sources, bench):
    bench.pull("crm.contacts")
    for action in ("release", "abandon"):
        assert sources("POST", f"/v1/pulls/{HELD}/{action}", WHY).status == 409
        assert sources("POST", "/v1/pulls/crm.contacts.00000009/" + action, WHY).status == 404
        assert sources("POST", f"/v1/pulls/{HELD}/{action}", WHY, role="steward").status == 403


@pytest.mark.parametrize(
    "reason", ["", "   ", "ok", "Asha (asha@example.com) said so", "call +91 98123 45678", "x" * 501]
)
def test_a_decision_has_a_reason_without_persons(sources, held, reason):
    answer = sources("POST", f"/v1/pulls/{HELD}/release", {"reason": reason})
    assert answer.status == 422
    assert "asha" not in json.dumps(answer.body).lower()
    assert sources("GET", f"/v1/pulls/{HELD}").body["state"] == "held"


def test_what_does_not_balance_cannot_be_released(sources, bench, api_of):
    api_of.total = lambda count: count + 1
    pull = bench.pull("crm.contacts")
    assert (pull.state, pull.held_by) == ("held", None)
    answer = sources("POST", f"/v1/pulls/{HELD}/release", WHY)
    assert answer.status == 409
    assert "the source declares 36 rows, 35 were received" in answer.body["error"]["message"]
    assert sources("POST", f"/v1/pulls/{HELD}/abandon", WHY).status == 200, "the lease was given back"


def test_a_worker_at_it_goes_before_the_person(sources, held):
    held.engine.store.acquire("crm.contacts", "worker", 4_000_000_000)
    answer = sources("POST", f"/v1/pulls/{HELD}/abandon", WHY)
    assert (answer.status, "A worker is at crm.contacts" in answer.body["error"]["message"]) == (409, True)


def test_a_worker_that_had_the_lease_before_the_person_writes_nothing(sources, held):
    store = held.engine.store
    lease = store.acquire("crm.contacts", "slow", 1)
    pull = store.get(HELD)
    assert sources("POST", f"/v1/pulls/{HELD}/abandon", WHY).status == 200
    with pytest.raises(LeaseLost):
        store.resume(lease, pull)
    assert store.get(HELD).state == "abandoned"
