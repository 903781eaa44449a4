"""Lists and merges through the API and its worker, over a data set that was really pulled and an uploaded list."""

import csv
import io
import json
from types import SimpleNamespace

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub import config
from hub.lists.working import Merger
from hub.settings import MergeSettings
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT, Bench, make_stores
from tests.hub.sources import double

BASIS = "they left their card at our stand in March"
FAIR = """Full Name,E-Mail,Mobile,PIN,Note
Asha Rao,N3@EXAMPLE.COM,,411001,met at the stand
Neu Kunde,new@example.com,98765 00001,411001,=1+1
Neu  Künde,,+91 98765 00001,,the same by telephone
Stop Me,stop@example.com,,,
Nobody,,,,
"""


@pytest.fixture
def hub(on_moto, tmp_path, monkeypatch):
    """Five contacts of the CRM; jobs are done when the test says so."""
    make_stores()
    (tmp_path / "hub/sources").mkdir(parents=True)
    (tmp_path / "hub/hub.yaml").write_text(HUB)
    with double.serving(double.Api([manifests.contact(n) for n in range(5)])) as api:
        (tmp_path / "hub/sources/crm.yaml").write_text(manifests.crm(api.url))
        deployment = config.load(tmp_path / "hub")
        Bench(deployment).pull("crm.contacts")
    (tmp_path / "deployment.json").write_text(deployment.model_dump_json())
    settings = {"HUB_HOME": str(tmp_path), "CONTROL_TABLE": CONTROL, "VAULT_BUCKET": VAULT, "MERGE_FUNCTION": "merge"}
    for name, value in settings.items():
        on_moto.setenv(name, value)
    config.read.cache_clear()
    asked = []
    invoked = SimpleNamespace(invoke=lambda **call: asked.append(json.loads(call["Payload"])["merge_id"]))
    monkeypatch.setattr("hub.lists.desk.aws", SimpleNamespace(client=lambda service: invoked))
    yield asked
    config.read.cache_clear()


def work(asked):
    while asked:
        Merger(MergeSettings.read()).carry_on(asked.pop())


def upload(api, name, text, **more):
    return api("PUT", f"/v1/lists/{name}", {"csv": text, "basis": BASIS, **more}, role="steward")


def rows_of(api, merge_id, part):
    link = api("GET", f"/v1/merge_purges/{merge_id}/download", query=f"part={part}", role="steward").body["url"]
    key = f"lists/merges/{merge_id}/{part}.csv"
    assert key in link
    body = boto3.client("s3").get_object(Bucket=VAULT, Key=key)["Body"].read().decode()
    return list(csv.DictReader(io.StringIO(body)))


def test_two_lists_and_a_suppression_list_exact_to_the_row(hub, gateway, audited):
    api = gateway("lists")
    told = upload(api, "fair", FAIR).body
    assert (told["rows"], told["columns"][:2], told["basis"]) == (5, ["Full Name", "E-Mail"], BASIS)
    upload(api, "stop", "email\nSTOP@example.com\n")
    wish = {
        "title": "Fair into CRM",
        "lists": [{"data_set": "crm.contacts"}, {"upload": "fair"}],
        "suppress": [{"upload": "stop"}],
        "without_key": "drop",
    }
    job = api("POST", "/v1/merge_purges", wish, role="steward")
    assert (job.status, job.body["state"]) == (202, "queued")
    merge_id = job.body["merge_id"]
    work(hub)
    done = api("GET", f"/v1/merge_purges/{merge_id}", role="steward").body
    assert done["state"] == "complete", done["error"]
    assert done["report"]["lists"] == {
        "crm.contacts": {"rows": 5, "kept": 5, "merged": 0, "purged": 0},
        "fair": {"rows": 5, "kept": 1, "merged": 2, "purged": 2},
    }
    assert done["report"]["reasons"] == {
        "merged: same email": 1,
        "merged: same phone": 1,
        "purged: on stop": 1,
        "purged: nothing to compare": 1,
    }
    fates = [(row["list"], row["row"], row["fate"], row["into_list"]) for row in rows_of(api, merge_id, "fates")]
    assert fates[5:] == [
        ("fair", "1", "merged", "crm.contacts"),
        ("fair", "2", "kept", ""),
        ("fair", "3", "merged", "fair"),
        ("fair", "4", "purged", ""),
        ("fair", "5", "purged", ""),
    ]
    kept = rows_of(api, merge_id, "kept")
    assert len(kept) == 6
    assert kept[5]["Note"] == "'=1+1", "no formula for a spreadsheet"
    actions = [action for action, _ in audited()]
    assert actions == ["lists.upload", "lists.upload", "lists.merge", "lists.download", "lists.download"]
    assert api("GET", "/v1/merge_purges", role="steward").body["items"][0]["merge_id"] == merge_id
    assert [each["name"] for each in api("GET", "/v1/lists", role="steward").body["items"]] == ["fair", "stop"]


def test_an_erased_person_does_not_come_back_by_a_merge(hub, gateway):
    api = gateway("lists")
    staged = boto3.client("s3").list_objects_v2(Bucket=VAULT, Prefix="staging/")["Contents"]
    body = boto3.client("s3").get_object(Bucket=VAULT, Key=staged[0]["Key"])["Body"].read()
    key = pq.read_table(pa.BufferReader(body))["_record_key"][0].as_py()
    boto3.resource("dynamodb").Table(CONTROL).put_item(Item={"pk": "erasure", "sk": f"record#{key}"})
    upload(api, "fair", FAIR)
    wish = {"title": "t", "lists": [{"data_set": "crm.contacts"}, {"upload": "fair"}]}
    merge_id = api("POST", "/v1/merge_purges", wish, role="steward").body["merge_id"]
    work(hub)
    assert (
        api("GET", f"/v1/merge_purges/{merge_id}", role="steward").body["report"]["lists"]["crm.contacts"]["rows"] == 4
    )


REFUSED = [
    ({"csv": "email\na@b.in\n"}, "basis", "no lawful basis, no list"),
    ({"csv": "email,email\na,b\n", "basis": BASIS}, "each with a name of its own", "a column twice"),
    ({"csv": "email\n", "basis": BASIS}, "has no rows", "a header alone"),
    ({"csv": "a,b\n1\n", "basis": BASIS}, "Row 1 has 1 cells", "a cell too few"),
    ({"csv": 'a\n"x', "basis": BASIS}, "no CSV", "a quote that is not closed"),
]


@pytest.mark.parametrize(("body", "what", "why"), REFUSED)
def test_lists_that_are_refused(hub, gateway, body, what, why):
    answer = gateway("lists")("PUT", "/v1/lists/x", body, role="steward")
    assert answer.status == 422, why
    assert what in json.dumps(answer.body), why


WISHES = [
    ({"lists": [{"data_set": "crm.none"}, {"upload": "fair"}]}, 422, "no data set crm.none"),
    ({"lists": [{"data_set": "crm.contacts"}, {"upload": "none"}]}, 404, "no list none"),
    ({"lists": [{"upload": "fair"}]}, 422, "at least 2"),
    ({"lists": [{"upload": "fair"}, {"upload": "fair"}]}, 422, "twice"),
    ({"lists": [{"upload": "fair"}, {"upload": "bare"}]}, 422, "bare has nothing to be compared by"),
    ({"lists": [{"upload": "fair"}, {"data_set": "crm.contacts", "columns": {"email": "x"}}]}, 422, "no column 'x'"),
    (
        {"lists": [{"upload": "fair"}, {"data_set": "crm.contacts"}], "drop": [{"rule": "r", "column": "zzz"}]},
        422,
        "'zzz', which no list has",
    ),
]


def test_wishes_that_cannot_be_met(hub, gateway):
    api = gateway("lists")
    upload(api, "fair", FAIR)
    upload(api, "bare", "colour\nred\n")
    for wish, status, what in WISHES:
        answer = api("POST", "/v1/merge_purges", {"title": "t", **wish}, role="steward")
        assert (answer.status, what in json.dumps(answer.body)) == (status, True), (wish, answer.body)
    assert hub == [], "nothing was begun"


def test_a_job_that_is_not_done_has_nothing_to_fetch_and_a_failure_says_why(hub, gateway):
    api = gateway("lists")
    upload(api, "fair", FAIR)
    wish = {"title": "t", "lists": [{"data_set": "crm.contacts"}, {"upload": "fair"}]}
    merge_id = api("POST", "/v1/merge_purges", wish, role="steward").body["merge_id"]
    one = f"/v1/merge_purges/{merge_id}"
    assert api("GET", f"{one}/download", role="steward").status == 409
    boto3.client("s3").delete_object(Bucket=VAULT, Key="lists/uploads/fair.csv")
    work([merge_id])
    assert "upload it again" in api("GET", one, role="steward").body["error"]
    assert api("GET", f"{one}/download", role="marketer").status == 403
