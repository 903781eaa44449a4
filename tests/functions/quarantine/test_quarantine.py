"""Refused rows as the API shows them, and another try with corrections, after real pulls of a small API."""

import json

import boto3
import pytest

from hub import config
from hub.pulls import PullTask
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT, Bench, make_stores
from tests.hub.sources import double

FIRST = "crm.contacts.00000001"
PATH = f"/v1/quarantine/{FIRST}"


@pytest.fixture
def crm(tmp_path):
    """35 contacts of which numbers 4 and 12 are broken, and the deployment that reads them."""
    rows = [manifests.contact(n) for n in range(35)]
    rows[4], rows[12] = manifests.contact(4, age=999, stage="?"), manifests.contact(12, stage="?")
    with double.serving(double.Api(rows)) as api:
        (tmp_path / "hub/sources").mkdir(parents=True)
        (tmp_path / "hub/hub.yaml").write_text(HUB)
        (tmp_path / "hub/sources/crm.yaml").write_text(manifests.crm(api.url))
        yield api, config.load(tmp_path / "hub")


@pytest.fixture
def queue(on_moto):
    make_stores()
    return boto3.client("sqs").create_queue(QueueName="pulls")["QueueUrl"]


@pytest.fixture
def quarantine(on_moto, queue, crm, tmp_path, gateway):
    config.read.cache_clear()
    (tmp_path / "deployment.json").write_text(crm[1].model_dump_json())
    on_moto.setenv("HUB_HOME", str(tmp_path))
    on_moto.setenv("CONTROL_TABLE", CONTROL)
    on_moto.setenv("VAULT_BUCKET", VAULT)
    on_moto.setenv("PULL_QUEUE_URL", queue)
    yield gateway("quarantine")
    config.read.cache_clear()


@pytest.fixture
def bench(quarantine, crm):
    """An engine whose first pull is done, and that works off what the API queued."""
    made = Bench(crm[1])
    made.pull("crm.contacts")
    return made


def worked_off(bench, queue):
    found = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    tasks = [PullTask.model_validate_json(message["Body"]) for message in found]
    return [bench.engine.carry_on(task, lambda: 300_000) for task in tasks]


def correction(row=5, **values):
    return {"corrections": [{"batch": 1, "row": row, "values": values}]}


def test_by_pages_and_audited(quarantine, bench, audited):
    first = quarantine("GET", "/v1/quarantine", query=f"pull_id={FIRST}&limit=1", role="data_engineer").body
    (row,) = first["items"]
    assert (row["batch"], row["row"], row["record"]["contact_id"]) == (1, 5, "C0004")
    assert [(each["column"], each["rule"]) for each in row["failures"]] == [("age", "between"), ("stage", "one_of")]
    second = quarantine("GET", "/v1/quarantine", query=f"pull_id={FIRST}&after={first['next']}").body
    assert [row["record"]["contact_id"] for row in second["items"]] == ["C0012"]
    assert second["next"] is None
    assert ("quarantine.read", [FIRST]) in audited()


@pytest.mark.parametrize("role", ["viewer", "analyst", "marketer", "operator"])
@pytest.mark.parametrize("path", ["/v1/quarantine", PATH, f"{PATH}/download"])
def test_it_is_not_for_everybody(quarantine, role, path):
    assert quarantine("GET", path, role=role).status == 403
    assert quarantine("POST", f"{PATH}/replay", {}, role=role).status == 403


def test_the_summary_counts_by_rule(quarantine, bench):
    assert quarantine("GET", PATH, role="steward").body == {
        "pull_id": FIRST,
        "lines": 2,
        "open": 2,
        "rules": [
            {"column": "stage", "rule": "one_of", "lines": 2, "open": 2},
            {"column": "age", "rule": "between", "lines": 1, "open": 1},
        ],
    }


@pytest.mark.parametrize(
    ("query", "keys", "why"),
    [
        ("rule=stage: one_of", ["C0004", "C0012"], "both break it"),
        ("rule=age: between", ["C0004"], "the other does not"),
        ("rule=age", [], "a rule is a column and what it breaks"),
        ("state=open", ["C0004", "C0012"], "nothing was replayed yet"),
        ("state=settled", [], "nothing was replayed yet"),
    ],
)
def test_the_list_can_be_narrowed(quarantine, bench, query, keys, why):
    found = quarantine("GET", "/v1/quarantine", query=f"pull_id={FIRST}&{query}").body["items"]
    assert [row["record"]["contact_id"] for row in found] == keys, why


def test_a_download_goes_on_where_an_answer_is_full(quarantine, bench, audited, monkeypatch):
    monkeypatch.setattr("hub.pulls.quarantine_desk.MOST_BYTES", 300)
    first = quarantine("GET", f"{PATH}/download", role="steward")
    assert first.headers["content-type"] == "application/x-ndjson"
    assert json.loads(first.body)["record"]["contact_id"] == "C0004"
    second = quarantine("GET", f"{PATH}/download", query=f"after={first.headers['x-next']}")
    assert json.loads(second.body)["record"]["contact_id"] == "C0012"
    assert "x-next" not in second.headers
    assert audited() == [("quarantine.download", [FIRST])] * 2


def test_corrected_and_replayed(quarantine, bench, queue, audited):
    asked = quarantine("POST", f"{PATH}/replay", correction(age="44", stage="lead"), role="steward")
    assert (asked.status, asked.headers["location"]) == (202, "/v1/pulls?source=crm&data_set=contacts")
    assert asked.body == {
        "source": "crm", "data_set": "contacts", "replay_of": FIRST, "lines": 1, "state": "queued",
    }  # fmt: skip
    (pull,) = worked_off(bench, queue)
    assert (pull.state, pull.replay_of, pull.asked_by, pull.received, pull.staged) == (
        "complete",
        FIRST,
        "user-1",
        1,
        1,
    )
    settled, left = quarantine("GET", "/v1/quarantine", query=f"pull_id={FIRST}").body["items"]
    assert settled["settled"] == {"by": pull.pull_id, "fate": "passed"}
    assert left["settled"] is None
    assert [each["open"] for each in quarantine("GET", PATH).body["rules"]] == [1, 0]
    assert audited()[0] == ("quarantine.replay", [FIRST])
    assert "44" not in json.dumps(audited()), "no value of a person is in the audit log"


def test_nothing_is_replayed_twice(quarantine, bench, queue):
    body = correction(age="44", stage="lead")
    assert [quarantine("POST", f"{PATH}/replay", body).status for _ in range(2)] == [202, 202], "a double click"
    assert [pull and pull.staged for pull in worked_off(bench, queue)] == [1, None]
    again = quarantine("POST", f"{PATH}/replay", body)
    assert (again.status, again.body["error"]["message"]) == (
        409,
        "row 5 of batch 1 was taken up by crm.contacts.00000002",
    )
    assert bench.engine.store.get("crm.contacts.00000002").staged == 1


def test_without_corrections_every_open_row_is_tried(quarantine, bench, queue):
    assert quarantine("POST", f"{PATH}/replay", {}).body["lines"] == 2
    (pull,) = worked_off(bench, queue)
    assert (pull.received, pull.staged, pull.quarantined, pull.state) == (2, 0, 2, "complete")
    again = quarantine("POST", f"{PATH}/replay", {})
    assert again.body["error"]["message"] == f"Nothing that {FIRST} set aside is open"
    assert quarantine("GET", f"/v1/quarantine/{pull.pull_id}").body["open"] == 2, "they are in the replay's now"


@pytest.mark.parametrize(
    ("corrections", "says"),
    [
        ([{"batch": 1, "row": 6}], "there is no row 6 of batch 1 in this quarantine"),
        ([{"batch": 1, "row": 5}, {"batch": 1, "row": 5}], "row 5 of batch 1 is named twice; put its values together"),
        ([{"batch": 1, "row": 5, "values": {"colour": "Asha"}}], "'colour' is no field of this data set"),
        ([{"batch": 1, "row": 5, "values": {"age": 5}}], "string"),
        ([{"batch": 0, "row": 5}], "greater than"),
        ([{"batch": 1, "row": 5, "note": "x"}], "not permitted"),
    ],
)
def test_wrong_corrections_are_named(quarantine, bench, corrections, says):
    answer = quarantine("POST", f"{PATH}/replay", {"corrections": corrections})
    assert answer.status == 422
    assert says in json.dumps(answer.body["error"]["details"])
    assert "Asha" not in json.dumps(answer.body)


@pytest.mark.parametrize(
    ("pull_id", "status"), [("crm.contacts.00000009", 404), ("nonsense", 404), ("crm.gone.00000001", 404)]
)
def test_there_is_no_such_pull(quarantine, bench, pull_id, status):
    for path in ("", "/download"):
        assert quarantine("GET", f"/v1/quarantine/{pull_id}{path}").status == status
    assert quarantine("POST", f"/v1/quarantine/{pull_id}/replay", {}).status == status


def test_only_a_complete_pull_is_replayed(quarantine, bench, crm):
    crm[0].rows[:] = [manifests.contact(n, stage="?", updated_at="2025-01-01T00:00:00Z") for n in range(35)]
    held = bench.pull("crm.contacts")
    answer = quarantine("POST", f"/v1/quarantine/{held.pull_id}/replay", {})
    assert (held.state, answer.status) == ("held", 409)


def test_what_is_not_kept_any_more_is_said(quarantine, bench):
    s3 = boto3.client("s3")
    for item in s3.list_objects_v2(Bucket=VAULT, Prefix="quarantine/")["Contents"]:
        s3.delete_object(Bucket=VAULT, Key=item["Key"])
    answer = quarantine("GET", PATH)
    assert (answer.status, answer.code) == (404, "not_found")
