"""Quality and fixes as the API shows them, after real pulls of a small API."""

import boto3
import pytest

from hub import config
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT, Bench, make_stores
from tests.hub.sources import double

STAGES = "{type: varchar, check: {one_of: [lead, customer, test]}}"


@pytest.fixture
def pulled(on_moto, tmp_path):
    """20 contacts: two are spelt so that a fix is sure, one so that none is, one has no address and one is a test."""
    rows = [manifests.contact(n) for n in range(20)]
    for at, changes in {3: {"stage": "LEAD"}, 5: {"stage": "custmer"}, 7: {"stage": "?"}, 8: {"email": None}}.items():
        rows[at] |= changes
    rows[9]["stage"] = "test"
    make_stores()
    (tmp_path / "hub/sources").mkdir(parents=True)
    (tmp_path / "hub/hub.yaml").write_text(HUB)
    with double.serving(double.Api(rows)) as api:
        text = manifests.crm(api.url).replace(STAGES, STAGES[:-1] + ", on_failure: fix}")
        (tmp_path / "hub/sources/crm.yaml").write_text(text)
        deployment = config.load(tmp_path / "hub")
        pull = Bench(deployment).pull("crm.contacts")
    (tmp_path / "deployment.json").write_text(deployment.model_dump_json())
    for name, value in {"HUB_HOME": str(tmp_path), "CONTROL_TABLE": CONTROL, "VAULT_BUCKET": VAULT}.items():
        on_moto.setenv(name, value)
    config.read.cache_clear()
    yield pull
    config.read.cache_clear()


def test_quality_by_day(pulled, gateway):
    api = gateway("quality")
    (day,) = api("GET", "/v1/sources/crm/quality", role="viewer").body["items"]
    assert (day["data_set"], day["day"], day["pulls"], day["rows"]) == ("contacts", pulled.started_at[:10], 1, 19)
    assert day["columns"]["email"] == {"completeness": round(18 / 19, 4), "validity": 1.0}
    assert day["columns"]["stage"] == {"completeness": 1.0, "validity": round(16 / 19, 4)}
    assert (day["uniqueness"], day["timeliness"], day["consistency"]) == (1.0, None, None)
    assert api("GET", "/v1/sources/crm/quality", query="data_set=contacts", role="viewer").body["items"] == [day]
    assert api("GET", "/v1/sources/crm/quality", query="data_set=none", role="viewer").status == 404
    assert api("GET", "/v1/sources/none/quality", role="viewer").status == 404


def test_fixes_page_by_page(pulled, gateway):
    api = gateway("quality")
    path, seen = f"pull_id={pulled.pull_id}&limit=1", []
    after = ""
    for _ in range(4):
        page = api("GET", "/v1/fixes", query=path + after, role="steward").body
        seen += [(each["row"], each["before"], each["after"], each["certainty"]) for each in page["items"]]
        if not page["next"]:
            break
        after = f"&after={page['next']}"
    assert seen == [(4, "LEAD", "lead", 1.0), (6, "custmer", "customer", 0.93), (8, "?", None, 0.0)]


def test_a_look_at_fixes_is_audited(pulled, gateway):
    gateway("quality")("GET", "/v1/fixes", query=f"pull_id={pulled.pull_id}", role="steward")
    written = [
        boto3.client("s3").get_object(Bucket="audit", Key=item["Key"])["Body"].read()
        for item in boto3.client("s3").list_objects_v2(Bucket="audit")["Contents"]
    ]
    assert any(b"fixes.read" in each for each in written)
    assert not any(b"custmer" in each for each in written)


@pytest.mark.parametrize("role", ["data_engineer", "viewer", "operator"])
def test_only_a_steward_sees_fixes(pulled, gateway, role):
    assert gateway("quality")("GET", "/v1/fixes", query=f"pull_id={pulled.pull_id}", role=role).status == 403


def test_no_such_pull(pulled, gateway):
    assert gateway("quality")("GET", "/v1/fixes", query="pull_id=crm.contacts.00000099", role="steward").status == 404


def test_fixes_that_are_not_kept_any_more_are_said(pulled, gateway):
    s3 = boto3.client("s3")
    for item in s3.list_objects_v2(Bucket=VAULT, Prefix="fixes/")["Contents"]:
        s3.delete_object(Bucket=VAULT, Key=item["Key"])
    answer = gateway("quality")("GET", "/v1/fixes", query=f"pull_id={pulled.pull_id}", role="steward")
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_fix_is_undone_and_taken_back(pulled, gateway, audited):
    api = gateway("quality")

    def undone():
        items = api("GET", "/v1/fixes", query=f"pull_id={pulled.pull_id}", role="steward").body["items"]
        return {each["before"]: each["undone"] for each in items}

    wish = {"pull_id": pulled.pull_id, "batch": 1, "number": 2}
    assert api("POST", "/v1/fixes/undo", wish, role="steward").body["before"] == "custmer"
    assert undone() == {"LEAD": False, "custmer": True, "?": False}
    assert api("POST", "/v1/fixes/undo", wish, role="steward").status == 200, "twice is once"
    assert ("fixes.undo", [pulled.pull_id]) in audited()
    assert api("POST", "/v1/fixes/undo", {**wish, "undone": False}, role="steward").status == 200
    assert not any(undone().values())
    assert api("POST", "/v1/fixes/undo", {**wish, "number": 99}, role="steward").status == 404
    assert api("POST", "/v1/fixes/undo", wish, role="data_engineer").status == 403
