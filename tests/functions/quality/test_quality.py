"""Quality and fixes as the API shows them, after real pulls of a small API."""

import os
import time
from pathlib import Path

import boto3
import pytest

from hub import config
from hub.pulls import profiling
from hub.pulls.freshness import watch
from hub.pulls.profiles import Profiles
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT, Bench, make_stores
from tests.hub.pulls.settings import SETTINGS
from tests.hub.sources import double

TARGETS = """
quality_targets:
  - {name: stages, owner: Sales office, data_set: crm.contacts, measure: validity, column: stage, at_least: 90}
  - {name: addresses, owner: Marketing, data_set: crm.contacts, measure: completeness, column: email, at_least: 90}
  - {name: references, owner: Data office, data_set: crm.contacts, measure: consistency, at_least: 99}
"""
STAGES = "{type: varchar, check: {one_of: [lead, customer, test]}}"


@pytest.fixture
def pulled(on_moto, tmp_path):
    """20 contacts: two are spelt so that a fix is sure, one so that none is, one has no address and one is a test."""
    rows = [manifests.contact(n) for n in range(20)]
    for at, changes in {3: {"stage": "LEAD"}, 5: {"stage": "custmer"}, 7: {"stage": "?"}, 8: {"email": None}}.items():
        rows[at] |= changes
    rows[9]["stage"] = "test"
    rows[10] |= {"loyalty": "Gold 7", "ann@example.com": 1}
    rows[11] |= {"field_7": "ABCPD1234E"}
    rows[12] |= {"field_7": "XYZPK9876A", "note": "write to ann@example.com"}
    make_stores()
    (tmp_path / "hub/sources").mkdir(parents=True)
    (tmp_path / "hub/hub.yaml").write_text(HUB + TARGETS)
    with double.serving(double.Api(rows)) as api:
        text = manifests.crm(api.url).replace(STAGES, STAGES[:-1] + ", on_failure: fix}")
        (tmp_path / "hub/sources/crm.yaml").write_text(text)
        deployment = config.load(tmp_path / "hub")
        pull = Bench(deployment).pull("crm.contacts")
    profiling.keep(SETTINGS, pull, deployment.sources["crm"].data_sets["contacts"])
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


def test_targets_have_an_owner_and_one_that_is_missed_rings(pulled, gateway):
    api = gateway("quality")
    found = api("GET", "/v1/quality_targets", role="viewer").body["items"]
    assert [(each["name"], each["owner"], each["value"], each["state"]) for each in found] == [
        ("stages", "Sales office", 84.21, "missed"),
        ("addresses", "Marketing", 94.74, "met"),
        ("references", "Data office", None, "not_measured"),
    ]
    assert {each["day"] for each in found} == {pulled.started_at[:10]}
    seen = watch(config.read(Path(os.environ["HUB_HOME"])), CONTROL, time.time())
    assert seen.missed == ["stages"], "the sweeper counts it, and the alarm of TargetsMissed rings"


def test_personal_data_are_found_where_nobody_declared_them(pulled, gateway):
    answer = gateway("quality")("GET", "/v1/personal_data", role="auditor")
    found = {each["column"]: each for each in answer.body["items"]}
    assert {name: (each["state"], each["declared"], each["found"]) for name, each in found.items()} == {
        "field_7": ("undeclared", "none", "id"),
        "note": ("mentioned", "none", "none"),
        "full_name": ("declared", "name", "name"),
        "email": ("declared", "email", "email"),
    }
    assert (found["field_7"]["in_manifest"], found["email"]["in_manifest"]) == (False, True)
    assert found["note"]["mentions"] == {"email": 1}
    assert answer.body["items"][0]["column"] == "field_7", "what nobody declared comes first"
    assert not any(value in str(answer.body) for value in ("ABCPD", "ann@")), "and no value is told"


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


def test_the_profile_of_a_source_is_what_its_last_pull_showed_and_no_value_of_a_person(pulled, gateway):
    api = gateway("quality")
    answer = api("GET", "/v1/sources/crm/profile", role="viewer")
    (found,) = answer.body["items"]
    assert (found["data_set"], found["pull_id"], found["rows"]) == ("contacts", pulled.pull_id, pulled.staged)
    assert (found["keys"], found["change"], found["newest"]) == (["contact_id"], "updated_at", "2024-05-01")
    columns = {each["name"]: each for each in found["columns"]}
    assert {name: each["type"] for name, each in columns.items() if each["declared"]} == {
        "contact_id": "varchar",
        "full_name": "varchar",
        "email": "varchar",
        "age": "bigint",
        "stage": "varchar",
        "updated_at": "timestamp",
    }
    assert (columns["email"]["personal"], columns["email"]["shapes"], columns["email"]["filled"]) == ("email", [], 18)
    assert (columns["loyalty"]["declared"], columns["loyalty"]["shapes"]) == (False, [{"form": "Aaaa 9", "rows": 1}])
    assert not any(value in str(answer.body) for value in ("Name 1", "n1@", "Gold", "ann@"))
    assert api("GET", "/v1/sources/crm/profile", query="data_set=none", role="viewer").status == 404
    assert api("GET", "/v1/sources/crm/profile", role="sales").status == 403


KEPT_OF = [
    # pull: day, staged, replay; kept: day, rows, columns; made anew; why
    (("2026-02-02", 5, None), None, True, "the first"),
    (("2026-02-02", 0, None), None, False, "nothing was staged"),
    (("2026-02-02", 5, "crm.contacts.00000001"), None, False, "a replay has the odd rows only"),
    (("2026-02-02", 5, None), ("2026-02-01", 900, None), False, "a handful of changes is no sample"),
    (("2026-02-02", 100, None), ("2026-02-01", 2000, None), True, "another day, and rows enough"),
    (("2026-02-01", 5000, None), ("2026-02-01", 2000, None), False, "this day has its sample"),
    (("2026-02-01", 30, None), ("2026-02-01", 20, None), True, "a larger sample"),
    (("2026-02-02", 5, None), ("2026-02-01", 2000, ["contact_id"]), True, "the manifest has other columns"),
]


def test_when_a_profile_is_made_anew(pulled):
    rules = config.load(Path(os.environ["HUB_HOME"]) / "hub").sources["crm"].data_sets["contacts"]
    profiles = Profiles(CONTROL)
    made = profiles.get("crm", "contacts")
    for (day, staged, replay_of), kept, anew, why in KEPT_OF:
        before = None
        boto3.resource("dynamodb").Table(CONTROL).delete_item(Key={"pk": "data_set#crm.contacts", "sk": "profile"})
        if kept:
            left = [each for each in made.columns if kept[2] is None or each.name in kept[2]]
            before = made.model_copy(update={"day": kept[0], "rows": kept[1], "columns": left})
            profiles.put(before)
        of = pulled.model_copy(update={"started_at": f"{day}T00:00:00.000Z", "staged": staged, "replay_of": replay_of})
        profiling.keep(SETTINGS, of, rules)
        assert (profiles.get("crm", "contacts") != before) is anew, why
