"""Uploads by the API on moto: links, what is refused, completion, and the pull that reads the file."""

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from hub import config
from hub.pulls import PullTask, uploads
from hub.pulls.sweep import sweep_with
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT, Bench, make_stores

CSV = b"call_id,minutes\nc1,5\nc2,7\n"
ELSEWHERE = manifests.calls().replace("name: calls", "name: away").replace(
    "connector: files", "connector: files\nconnection: {location: 's3://elsewhere/in/'}"
)  # fmt: skip
FIXED_NAME = manifests.calls().replace("name: calls", "name: fixed").replace('"*.csv"', '"calls.csv"')
MARKED = (
    manifests.calls().replace("name: calls", "name: marked").replace("format: csv}", 'format: csv, ready: "*.done"}')
)


@pytest.fixture
def world(on_moto, tmp_path, gateway):
    config.read.cache_clear()
    make_stores()
    queue = boto3.client("sqs").create_queue(QueueName="pulls")["QueueUrl"]
    folder = tmp_path / "hub"
    (folder / "sources").mkdir(parents=True)
    (folder / "hub.yaml").write_text(HUB)
    named = {"calls": manifests.calls(), "away": ELSEWHERE, "fixed": FIXED_NAME, "marked": MARKED}
    for name, text in (named | {"crm": manifests.crm("https://crm.example")}).items():
        (folder / f"sources/{name}.yaml").write_text(text)
    (tmp_path / "deployment.json").write_text(config.load(folder).model_dump_json())
    for name, value in {"CONTROL_TABLE": CONTROL, "VAULT_BUCKET": VAULT, "PULL_QUEUE_URL": queue}.items():
        on_moto.setenv(name, value)
    on_moto.setenv("HUB_HOME", str(tmp_path))
    yield gateway("uploads"), Bench(config.load(folder)), queue
    config.read.cache_clear()


def asked(**changes):
    return {"source": "calls", "data_set": "calls", "file_name": "Anna's calls.csv", "size": len(CSV), **changes}


def queued(queue):
    found = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def dropped():
    found = boto3.client("s3").list_objects_v2(Bucket=VAULT, Prefix="drop/").get("Contents", [])
    return [each["Key"] for each in found]


def sent(part, body):
    """What the link's holder does: PUT to where it leads, as the signature says."""
    key = urlsplit(part["url"]).path.lstrip("/").removeprefix(f"{VAULT}/")
    boto3.client("s3").put_object(Bucket=VAULT, Key=key, Body=body)


def test_from_a_link_to_the_pull_that_read_the_file(world, audited):
    api, bench, queue = world
    digest = hashlib.sha256(CSV).hexdigest()
    made = api("POST", "/v1/uploads", asked(sha256=digest), role="sales")
    assert (made.status, made.body["state"], dropped()) == (201, "waiting", [])
    assert made.headers["location"] == f"/v1/uploads/{made.body['upload_id']}"
    (part,) = made.body["parts"]
    url = urlsplit(part["url"])
    assert "Anna" not in part["url"], "a file's name may be a person's"
    assert url.hostname == f"{VAULT}.s3.eu-west-1.amazonaws.com"
    assert set(parse_qs(url.query)["X-Amz-SignedHeaders"][0].split(";")) == {
        "content-length", "content-type", "host", "x-amz-checksum-sha256",
    }  # fmt: skip
    assert part["headers"]["x-amz-checksum-sha256"] == base64.b64encode(bytes.fromhex(digest)).decode()
    path = f"/v1/uploads/{made.body['upload_id']}"
    assert api("POST", f"{path}/complete", role="sales").status == 409, "nothing was sent yet"
    sent(part, CSV)
    for _ in range(2):
        done = api("POST", f"{path}/complete", role="sales")
        assert (done.status, done.body["state"], done.body["parts"]) == (202, "complete", [])
    (task,) = queued(queue)
    assert task == {"source": "calls", "data_set": "calls", "asked_by": "user-1"}
    bench.engine.carry_on(PullTask.model_validate(task), lambda: 300_000)
    (shown,) = api("GET", "/v1/uploads", role="sales").body["items"]
    assert (shown["file_name"], shown["pull"]["state"], shown["pull"]["staged"]) == ("Anna's calls.csv", "complete", 2)
    bench.pull("calls.calls")
    assert api("GET", path, role="sales").body["pull"]["pull_id"] == "calls.calls.00000001", "it stays that pull's"
    assert [action for action, _ in audited()][:2] == ["uploads.start", "uploads.complete"]


REFUSED = [
    ({"data_set": "none"}, "There is no data set", "an unknown data set"),
    ({"source": "none"}, "There is no data set", "an unknown source"),
    ({"source": "crm", "data_set": "contacts"}, "takes no uploads", "a data set that is fetched from an API"),
    ({"source": "away"}, "takes no uploads", "files that lie elsewhere"),
    ({"source": "fixed"}, "certain names", "a pattern without room for another name"),
    ({"file_name": "calls.exe"}, "files that end in .csv", "another ending"),
    ({"file_name": "calls"}, "files that end in .csv", "no ending"),
    ({"file_name": "../../vault/calls.csv"}, "no folders", "a path"),
    ({"file_name": "calls\x00.csv"}, "no folders", "signs that cannot be seen"),
    ({"size": 0}, "not right", "an empty file"),
    ({"size": 5 * 1024**3 + 1}, "at most 5 GB", "more than 5 GB"),
    ({"sha256": "no"}, "not right", "no hash"),
    ({"size": 200_000_000, "sha256": "0" * 64}, "up to 100 MB", "a hash of what is sent in parts"),
    ({"colour": "red"}, "not right", "an unknown field"),
]


def test_what_is_refused(world):
    api, *_ = world
    for changes, told, why in REFUSED:
        answer = api("POST", "/v1/uploads", asked(**changes))
        assert (answer.status, told in answer.body["error"]["message"]) == (422, True), (why, answer.body)
    assert api("POST", "/v1/uploads", asked(), role="viewer").status == 403
    assert api("GET", "/v1/uploads/1700000000000-000000000000").status == 404
    assert api("GET", "/v1/uploads/nonsense").status == 404
    assert api("GET", "/v1/uploads").body["items"] == []


def test_where_files_may_be_sent(world):
    api, *_ = world
    found = api("GET", "/v1/uploads/targets", role="service").body["items"]
    assert [each["source"] for each in found] == ["calls", "fixed", "marked"]
    assert found[0]["form"] is None, "a table is not written by hand"
    assert found[0]["endings"] == [".csv", ".txt", ".csv.gz", ".csv.zip", ".txt.gz", ".txt.zip"]


def test_another_size_than_the_one_that_was_said_is_not_whole(world):
    api, _, queue = world
    made = api("POST", "/v1/uploads", asked()).body
    sent(made["parts"][0], CSV[:-1])
    assert api("POST", f"/v1/uploads/{made['upload_id']}/complete").status == 409
    assert queued(queue) == []


def test_a_large_file_comes_in_parts_and_appears_all_at_once(world, monkeypatch):
    api, bench, queue = world
    monkeypatch.setattr(uploads, "WHOLE", 1 << 20)
    monkeypatch.setattr(uploads, "PART", 5 << 20)  # the least that S3 takes for a part
    body = b"call_id,minutes\n" + b"".join(b"c%07d,5\n" % number for number in range(700_000))
    made = api("POST", "/v1/uploads", asked(size=len(body))).body
    path, bucket = f"/v1/uploads/{made['upload_id']}", boto3.client("s3")
    assert [(part["number"], part["offset"]) for part in made["parts"]] == [(1, 0), (2, 5 << 20)]
    item = bench.engine.store._table.get_item(Key={"pk": "uploads", "sk": made["upload_id"]})["Item"]

    def send(part, size=None):
        stretch = body[part["offset"] : part["offset"] + (size or part["size"])]
        bucket.upload_part(
            Bucket=VAULT, Key=item["key"], UploadId=item["multipart"], PartNumber=part["number"], Body=stretch
        )

    send(made["parts"][0])
    send(made["parts"][1], 9)  # broke off
    answer = api("POST", f"{path}/complete")
    assert (answer.status, "1 of 2 parts" in answer.body["error"]["message"], dropped()) == (409, True, [])
    again = api("POST", f"{path}/parts").body["parts"]
    assert [part["number"] for part in again] == [2], "only what is missing"
    send(again[0])
    assert (api("POST", f"{path}/complete").status, len(dropped())) == (202, 1)
    assert api("POST", f"{path}/parts").status == 409
    (task,) = queued(queue)
    assert bench.engine.carry_on(PullTask.model_validate(task), lambda: 300_000).staged == 700_000


def test_a_marker_is_put_where_the_data_set_waits_for_one(world):
    api, bench, _ = world
    made = api("POST", "/v1/uploads", asked(source="marked")).body
    sent(made["parts"][0], CSV)
    assert bench.pull("marked.calls").received == 0
    api("POST", f"/v1/uploads/{made['upload_id']}/complete")
    assert sorted(name.rpartition(".")[2] for name in dropped()) == ["csv", "done"]
    assert bench.pull("marked.calls").received == 2


def test_who_does_not_oversee_pulls_sees_his_own_uploads(world):
    api, *_ = world
    theirs = api("POST", "/v1/uploads", asked(), role="service", user="u-2").body["upload_id"]
    mine = api("POST", "/v1/uploads", asked(), role="sales", user="u-1").body["upload_id"]
    assert [each["upload_id"] for each in api("GET", "/v1/uploads", role="sales", user="u-1").body["items"]] == [mine]
    for method, path in (("GET", ""), ("POST", "/parts"), ("POST", "/complete")):
        assert api(method, f"/v1/uploads/{theirs}{path}", role="sales", user="u-1").status == 404
    first = api("GET", "/v1/uploads", role="viewer", query="limit=1").body
    rest = api("GET", "/v1/uploads", role="viewer", query=f"limit=5&after={first['next']}").body
    assert [each["upload_id"] for each in (*first["items"], *rest["items"])] == [mine, theirs]


def test_a_file_that_came_while_a_pull_was_under_way_is_pulled_after_it(world):
    """The message would find a worker at it and be gone; the sweeper asks once that one is done."""
    api, bench, queue = world
    tasks: list[PullTask] = []
    lease = bench.engine.store.acquire("calls.calls", "worker", 4_000_000_000)
    made = api("POST", "/v1/uploads", asked()).body
    sent(made["parts"][0], CSV)
    assert api("POST", f"/v1/uploads/{made['upload_id']}/complete").status == 202
    assert queued(queue) == []
    bench.engine.store.renew(lease, 0)
    sweep_with(bench.deployment, bench.engine.store, tasks.append, bench.now)
    assert [(task.name, task.asked_by) for task in tasks] == [("calls.calls", "user-1")]
    bench.now = 4_100_000_000.0
    assert bench.engine.carry_on(tasks[0], lambda: 300_000).staged == 2
    sweep_with(bench.deployment, bench.engine.store, tasks.append, bench.now + 1000)
    assert len(tasks) == 1, "a pull has begun since"
