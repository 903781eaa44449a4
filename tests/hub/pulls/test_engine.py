"""Whole pulls through the real engine: what ends where, what is published, what is kept when a source misbehaves."""

import gzip
import json
import threading

import boto3
import pytest

from hub import aws
from hub.pulls.models import PullTask
from hub.pulls.store import LEASE_SECONDS
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, VAULT
from tests.hub.sources import double

CONTACTS = "crm.contacts"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Waiting between attempts is the connector's affair; here nobody waits."""
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)


@pytest.fixture
def crm(bench, deployment):
    """A CRM of 35 contacts and an engine on it."""
    with double.serving(double.Api([manifests.contact(n) for n in range(35)])) as api:
        yield api, bench(deployment(crm=manifests.crm(api.url)))


def quarantine(pull):
    keys = [
        item["Key"]
        for item in boto3.client("s3")
        .list_objects_v2(Bucket=VAULT, Prefix=f"quarantine/{pull.source}/{pull.data_set}/{pull.pull_id}/")
        .get("Contents", [])
    ]
    bodies = [boto3.client("s3").get_object(Bucket=VAULT, Key=key)["Body"].read() for key in keys]
    return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]


def test_an_empty_first_pull_leaves_a_table_that_a_run_can_read(bench, deployment):
    with double.serving(double.Api([])) as api:
        bench = bench(deployment(crm=manifests.crm(api.url)))
        pull = bench.pull(CONTACTS)
    assert (pull.state, pull.received, pull.balanced) == ("complete", 0, True)
    tables = boto3.client("glue").get_tables(DatabaseName="test_staging")["TableList"]
    assert "crm_contacts" in [table["Name"] for table in tables]
    assert not boto3.client("glue").get_partitions(DatabaseName="test_staging", TableName="crm_contacts")["Partitions"]


def test_a_pull_from_api_to_published_staging(crm):
    api, bench = crm
    pull = bench.pull(CONTACTS)
    assert (pull.state, pull.received, pull.staged, pull.declared_by_source, pull.balanced) == (
        "complete",
        35,
        35,
        35,
        True,
    )
    rows = bench.staged(CONTACTS).to_pylist()
    assert sorted(row["contact_id"] for row in rows) == [f"C{n:04d}" for n in range(35)]
    assert {row["_pull_seq"] for row in rows} == {1}
    assert len({row["_record_key"] for row in rows}) == 35
    assert set(api.tokens) == {"Bearer crm-token"}
    landed = boto3.client("s3").list_objects_v2(Bucket=VAULT, Prefix="landing/")["Contents"]
    raw = gzip.decompress(boto3.client("s3").get_object(Bucket=VAULT, Key=landed[0]["Key"])["Body"].read())
    assert [len(json.loads(page)["items"]) for page in raw.splitlines()] == [10, 10, 10, 5], "the bytes as they came"


def test_the_next_pull_asks_for_what_changed_with_overlap(crm):
    api, bench = crm
    bench.pull(CONTACTS)
    api.rows.append(manifests.contact(99, updated_at="2024-05-02T00:00:00Z"))
    asked = len(api.asked)
    pull = bench.pull(CONTACTS)
    assert api.asked[asked]["updated_since"] == "2024-04-30T23:00:34.000000Z", "the highest change less one hour"
    assert (pull.pull_seq, pull.received, pull.staged) == (2, 36, 36), "repeats of an earlier pull are staged again"
    assert pull.cursor_to == {"changed": "2024-05-02T00:00:00.000000Z"}


@pytest.mark.parametrize("paging", [manifests.CURSOR, manifests.PAGE], ids=["cursor", "page"])
@pytest.mark.parametrize(
    ("count", "why"),
    [(0, "no row at all"), (1, "one"), (9, "less than a page"), (10, "a page"), (20, "whole pages"), (21, "and one")],
)
def test_every_page_is_read_once(bench, deployment, paging, count, why):
    with double.serving(double.Api([manifests.contact(n) for n in range(count)])) as api:
        pull = bench(deployment(crm=manifests.crm(api.url, paging))).pull(CONTACTS)
    assert (pull.state, pull.received, pull.staged) == ("complete", count, count), why


def test_a_source_that_gives_smaller_pages_than_asked(bench, deployment):
    with double.serving(double.Api([manifests.contact(n) for n in range(17)])) as api:
        api.largest_page = 5
        pull = bench(deployment(crm=manifests.crm(api.url, manifests.PAGE))).pull(CONTACTS)
    assert (pull.state, pull.received) == ("complete", 17)


def test_each_row_is_in_one_place(bench, deployment):
    rows = [manifests.contact(n) for n in range(30)]
    rows[3] = manifests.contact(3, updated_at="yesterday")
    rows[4] = manifests.contact(4, stage="unknwon", age=200)
    rows[5] = manifests.contact(5, stage="test")
    rows[6] = manifests.contact(6, stage="test", age=200)
    rows[7] = manifests.contact(7, email="not an address")
    rows[8] = dict(rows[9])
    rows[10] = manifests.contact(9, full_name="Another")
    rows[11] = "no object"
    rows[12] = manifests.contact(12, nick="Twelve")
    with double.serving(double.Api(rows)) as api:
        bench = bench(deployment(crm=manifests.crm(api.url)))
        pull = bench.pull(CONTACTS)
    assert (pull.received, pull.staged, pull.duplicate, pull.quarantined, pull.filtered) == (30, 24, 1, 3, 2)
    assert pull.rules == {
        "updated_at: type": 1,
        "stage: one_of": 1,
        "age: between": 1,
        ": unreadable": 1,
        "filtered: tests": 2,
    }
    assert pull.warned == {"email: email": 1}
    assert pull.new_fields == ["nick"]
    lines = {line["row"]: line for line in quarantine(pull)}
    assert lines[4 + 0]["record"]["updated_at"] == "yesterday"
    assert [f["rule"] for f in lines[5]["failures"]] == ["between", "one_of"], "each rule that it breaks, by column"
    staged = {row["contact_id"]: row for row in bench.staged(CONTACTS).to_pylist() if row["full_name"] != "Another"}
    assert json.loads(staged["C0012"]["_extra"]) == {"nick": "Twelve"}
    assert (staged["C0007"]["email"], staged["C0007"]["email_standard"]) == ("not an address", None)


def test_drift_may_hold_a_pull(bench, deployment):
    with double.serving(double.Api([manifests.contact(1, nick="One")])) as api:
        bench = bench(deployment(crm=manifests.crm(api.url, on_drift="hold")))
        pull = bench.pull(CONTACTS)
        assert (pull.state, pull.reason) == ("held", "new fields nick; declare or ignore them in the manifest")
        tables = boto3.client("glue").get_tables(DatabaseName="test_staging")["TableList"]
        assert tables == [], "nothing of a held pull is published"
        del api.rows[0]["nick"]
        assert bench.pull(CONTACTS) is None, "nobody has decided"
        assert bench.engine.store.get(pull.pull_id).state == "held"


BROKEN = [
    (double.status(500), "answered 500, 5 times", "an error that stays"),
    (double.status(404), "answered 404", "trying again is vain"),
    (double.status(401), "check the secret", "a wrong token"),
    (double.status(429, Retry_After="3600"), "asks to wait 3600 s", "longer than a worker may wait"),
    (double.html, "answered HTML", "a sign-in page"),
    (double.says("{}"), "no list at $.items", "JSON of another shape"),
    (double.says("[1, 2"), "not whole JSON", "JSON that ends early"),
    (double.cut_short, "broke off", "less than was announced"),
    (double.half_json, "not whole JSON", "half a page that says it is whole"),
    (double.reset, "broke off", "the connection is reset"),
]


@pytest.mark.parametrize(("fault", "told", "why"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_source_that_breaks_is_named_and_the_pull_resumes(crm, monkeypatch, fault, told, why):
    api, bench = crm
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    api.faults = dict.fromkeys(range(3, 20), fault)
    failed = bench.pull(CONTACTS)
    assert failed.state == "failed", why
    assert told in failed.error
    assert (failed.batches, failed.received) == (2, 20), "what came before is kept"
    api.faults = {}
    resumed = bench.pull(CONTACTS)
    assert (resumed.pull_id, resumed.state, resumed.received, resumed.staged) == (failed.pull_id, "complete", 35, 35)
    assert sorted(bench.staged(CONTACTS)["contact_id"].to_pylist()) == [f"C{n:04d}" for n in range(35)]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (double.status(503), "busy"),
        (double.status(429, Retry_After="1"), "asked to slow down"),
        (double.status(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), "a date that is over"),
        (double.status(408), "gave up waiting"),
        (double.cut_short, "broke off"),
        (double.half_json, "half a page"),
        (double.reset, "reset"),
    ],
)
def test_a_source_that_recovers_is_asked_again(crm, fault, why):
    api, bench = crm
    api.faults = {2: fault, 3: fault}
    assert bench.pull(CONTACTS).state == "complete", why
    assert len(api.asked) == 6, "four pages, one of them asked for three times"


def test_a_source_that_does_not_answer_in_time(bench, deployment):
    event = threading.Event()
    with double.serving(double.Api([])) as api:
        api.always = double.silent(event)
        text = manifests.crm(api.url).replace("authentication:", "timeout: 1 second\n  authentication:")
        deployed = deployment(crm=text)
        connection = deployed.sources["crm"].connection
        object.__setattr__(connection, "timeout", connection.timeout / 50)
        pull = bench(deployed).pull(CONTACTS)
        event.set()
    assert pull.error.startswith("GET /contacts, page 1: did not answer in time, 5 times; ")


def test_a_page_that_repeats_is_an_error(crm):
    api, bench = crm
    first = api.answer({"size": "10"})
    api.answer = lambda query: {**first, "next_cursor": "10" if "cursor" not in query else "20"}
    pull = bench.pull(CONTACTS)
    assert pull.state == "failed"
    assert "repeats a page" in pull.error or "names" in pull.error


def test_a_total_that_does_not_agree_holds_the_pull(crm):
    api, bench = crm
    api.total = lambda count: count + 1
    pull = bench.pull(CONTACTS)
    assert (pull.state, "the source declares 36 rows, 35 were received" in pull.reason) == ("held", True)


def test_a_type_that_changes_everywhere_holds_the_pull(crm):
    api, bench = crm
    for row in api.rows:
        row["age"] = "twenty"
    pull = bench.pull(CONTACTS)
    assert (pull.state, pull.quarantined) == ("held", 35)
    assert pull.reason == "100 % of the rows are quarantined, 20 % are allowed; look at them"
    assert "cursor" not in bench.engine.store.state(CONTACTS), "the rows are asked for again"


def test_an_erased_record_does_not_come_back(crm):
    _, bench = crm
    bench.pull(CONTACTS)
    victim = bench.staged(CONTACTS).to_pylist()[0]
    aws.table(CONTROL).put_item(Item={"pk": "erasure", "sk": f"record#{victim['_record_key']}"})
    pull = bench.pull(CONTACTS)
    assert (pull.staged, pull.filtered, pull.rules) == (34, 1, {"filtered: erased": 1})
    assert victim["contact_id"] not in bench.staged(CONTACTS, [pull.pull_id])["contact_id"].to_pylist()


def test_one_puller_at_a_time(crm):
    _, bench = crm
    lease = bench.engine.store.acquire(CONTACTS, "somebody else", int(bench.now))
    assert lease is not None
    assert bench.pull(CONTACTS) is None, "another worker is at it"
    bench.now += LEASE_SECONDS + 1
    assert bench.pull(CONTACTS).state == "complete", "a lease ends"


def test_paused_means_not_on_schedule(crm):
    _, bench = crm
    bench.engine.store.pause(CONTACTS, True)
    assert bench.pull(CONTACTS, scheduled_at="2099-01-01T00:00:00Z") is None
    assert bench.pull(CONTACTS, asked_by="u1").state == "complete", "a person may still ask"
    bench.engine.store.pause(CONTACTS, False)
    assert bench.pull(CONTACTS, scheduled_at="2099-01-01T00:00:00Z").pull_seq == 2


def test_when_time_is_short_the_next_worker_goes_on(crm, monkeypatch):
    api, bench = crm
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    left = iter([300_000, 300_000, 10_000])
    task = PullTask(source="crm", data_set="contacts")
    stopped = bench.engine.carry_on(task, lambda: next(left))
    assert (stopped.state, stopped.batches) == ("running", 2)
    whole = bench.pull(CONTACTS, pull_id=stopped.pull_id)
    assert (whole.state, whole.received, whole.batches) == ("complete", 35, 4)
    assert len(api.asked) == 4, "no page is asked for twice"


def test_an_unknown_data_set_is_left_alone(crm):
    _, bench = crm
    assert bench.pull("crm.gone") is None


def test_a_pull_that_fails_for_good_gives_way_to_a_new_one(crm):
    api, bench = crm
    api.always = double.html
    for _ in range(5):
        assert bench.pull(CONTACTS).pull_seq == 1
    api.always = None
    pull = bench.pull(CONTACTS)
    assert (pull.pull_seq, pull.state) == (2, "complete")
    assert bench.engine.store.get("crm.contacts.00000001").state == "abandoned"


def test_the_manifest_may_grow(bench, deployment):
    with double.serving(double.Api([manifests.contact(n, city="Pune") for n in range(3)])) as api:
        text = manifests.crm(api.url)
        first = bench(deployment(crm=text))
        first.pull(CONTACTS)
        grown = text.replace("      stage: ", "      city: {type: varchar}\n      stage: ")
        second = bench(deployment(crm=grown))
        pull = second.pull(CONTACTS)
        assert pull.state == "complete"
        columns = boto3.client("glue").get_table(DatabaseName="test_staging", Name="crm_contacts")["Table"]
        names = [column["Name"] for column in columns["StorageDescriptor"]["Columns"]]
        assert names[-1] == "city" and len(set(names)) == len(names), "added at the end, once"
        assert set(second.staged(CONTACTS, [pull.pull_id])["city"].to_pylist()) == {"Pune"}
        retyped = bench(deployment(crm=grown.replace("age:        {type: integer", "age: {type: bigint")))
        refused = retyped.pull(CONTACTS)
    assert refused.state == "failed"
    assert "declare the new type under a new column name" in refused.error


def test_an_object_that_is_not_what_was_committed_is_not_published(crm, monkeypatch):
    _, bench = crm
    monkeypatch.setattr("hub.pulls.engine.Objects.is_as_committed", lambda self, key, etag: False)
    pull = bench.pull(CONTACTS)
    assert pull.state == "held"
    assert "is not what was committed" in pull.reason
