"""Files through the engine: new, changed, gone and half-written ones told apart; killed workers; SFTP."""

import gzip
import io
import zipfile

import boto3
import pytest

from hub.pulls import PullTask
from hub.sources.bucket import Bucket
from hub.sources.folder import Vanished
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import VAULT

CALLS = "calls.calls"
HEADER = "call_id,minutes\n"
NAMES = {"a.csv": "", "b.csv": "", "c.csv": ""}


def put(name, data):
    body = data.encode() if isinstance(data, str) else data
    boto3.client("s3").put_object(Bucket=VAULT, Key=f"drop/calls/{name}", Body=body)


def rows(letter, count, minutes=1):
    return HEADER + "".join(f"{letter}{n},{minutes}\n" for n in range(count))


@pytest.fixture
def calls(bench, deployment):
    def made(fetch='pattern: "*.csv", format: csv', keyed=True):
        text = manifests.calls(keyed).replace('pattern: "*.csv", format: csv', fetch)
        return bench(deployment(calls=text))

    return made


def counted(pull):
    assert pull.received == pull.staged + pull.duplicate + pull.quarantined + pull.filtered
    return pull.state, pull.received, pull.staged


def test_new_and_changed_files_are_read_and_no_others(calls):
    bench = calls()
    put("a.csv", rows("a", 25))
    assert counted(bench.pull(CALLS)) == ("complete", 25, 25)
    put("b.csv", rows("b", 3))
    assert counted(bench.pull(CALLS)) == ("complete", 3, 3), "a new one"
    put("a.csv", rows("a", 26))
    assert counted(bench.pull(CALLS)) == ("complete", 26, 26), "a changed one"
    put("a.csv", rows("a", 26))
    assert counted(bench.pull(CALLS)) == ("complete", 0, 0), "the same content again"
    boto3.client("s3").delete_object(Bucket=VAULT, Key="drop/calls/b.csv")
    put("c.csv", rows("c", 2))
    pull = bench.pull(CALLS)
    assert (counted(pull), len(pull.cursor_to["objects"])) == (("complete", 2, 2), 2), "one that is gone is forgotten"
    put("b.csv", rows("b", 3))
    assert counted(bench.pull(CALLS)) == ("complete", 3, 3), "it came back"


@pytest.mark.parametrize(
    ("ready", "markers", "read", "why"),
    [
        ('"*.done"', [], 0, "no marker yet"),
        ('"*.done"', ["a.csv.done"], 1, "under the whole name"),
        ('"*.done"', ["a.done", "b.done"], 2, "under the name without its ending"),
        ("_SUCCESS", ["_SUCCESS"], 2, "one for the folder"),
        ("_SUCCESS", ["old/_SUCCESS"], 0, "another folder's"),
    ],
)
def test_a_file_waits_for_its_marker(calls, ready, markers, read, why):
    bench = calls(f'pattern: "*.csv", format: csv, ready: {ready}')
    put("a.csv", rows("a", 1))
    put("b.csv", rows("b", 1))
    for marker in markers:
        put(marker, "")
    assert counted(bench.pull(CALLS)) == ("complete", read, read), why


def test_a_file_that_goes_between_listing_and_reading_is_left_out(calls, monkeypatch):
    bench = calls()
    put("a.csv", rows("a", 2))
    put("b.csv", rows("b", 2))
    read = Bucket._range

    def gone(self, found, start, end):
        if found.name == "a.csv":
            raise Vanished("drop/calls/a.csv was taken away while it was being read; the pull goes on later")
        return read(self, found, start, end)

    monkeypatch.setattr(Bucket, "_range", gone)
    assert counted(bench.pull(CALLS)) == ("complete", 2, 2)


def test_a_file_that_is_replaced_between_listing_and_reading_fails_in_words(calls, monkeypatch):
    bench = calls()
    put("a.csv", rows("a", 2))
    listed = Bucket.listed

    def stale(self):
        found = list(listed(self))
        put("a.csv", rows("a", 3))
        return iter(found)

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "listed", stale)
        pull = bench.pull(CALLS)
    assert (pull.state, "was replaced while it was being read" in pull.error) == ("failed", True)
    assert counted(bench.pull(CALLS)) == ("complete", 3, 3)


def test_half_a_file_is_never_visible(calls, monkeypatch):
    """A file is replaced when some batches of it are committed: the pull fails, and the next worker mends it."""
    monkeypatch.setattr("hub.sources.formats.text.BLOCK", 100)
    monkeypatch.setattr("hub.sources.formats.text.HEAD", 100)
    monkeypatch.setattr("hub.sources.folder.WINDOW", 300)
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    bench, read = calls(), Bucket._range
    put("a.csv", rows("a", 200))

    def replaced(self, found, start, end):
        if start >= 600:
            put("a.csv", rows("a", 201))
        return read(self, found, start, end)

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "_range", replaced)
        pull = bench.pull(CALLS)
    assert (pull.state, "was replaced" in pull.error, pull.batches > 0) == ("failed", True, True)
    assert not boto3.client("glue").get_tables(DatabaseName="test_staging")["TableList"], "nothing is published"
    pull = bench.pull(CALLS)
    assert (pull.pull_seq, counted(pull)[0]) == (1, "complete")
    assert {row["call_id"] for row in bench.staged(CALLS).to_pylist()} == {f"a{n}" for n in range(201)}


def test_a_file_that_is_cut_off_is_told(calls):
    bench, whole = calls(), gzip.compress(rows("a", 200).encode())
    put("a.csv", whole[:-30])
    pull = bench.pull(CALLS)
    assert (pull.state, "drop/calls/a.csv is cut off behind byte" in pull.error) == ("failed", True)
    put("a.csv", whole)
    assert counted(bench.pull(CALLS)) == ("complete", 200, 200)


def test_workers_that_stop_anywhere_leave_what_one_would_have(calls, monkeypatch):
    """Three files, a zip of two among them; each worker makes one batch. Rows without a key show their places."""
    monkeypatch.setattr("hub.sources.formats.text.BLOCK", 70)
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("one.csv", rows("z", 20))
        archive.writestr("two.csv", rows("y", 20))
    bench = calls('pattern: "*", format: csv', keyed=False)
    for name, data in {
        "a.csv": rows("a", 20),
        "b.gz": gzip.compress(rows("b", 20).encode()),
        "c": sink.getvalue(),
    }.items():
        put(name, data)
    pull = bench.engine.carry_on(PullTask(source="calls", data_set="calls"), iter([300_000, 0]).__next__)
    workers = 1
    while pull.state == "running":
        left = iter([300_000, 0])
        task = PullTask(source="calls", data_set="calls", pull_id=pull.pull_id)
        pull, workers = bench.engine.carry_on(task, lambda left=left: next(left, 0)), workers + 1
    assert (counted(pull), workers > 5) == (("complete", 80, 80), True)
    staged = bench.staged(CALLS).to_pylist()
    assert sorted(row["call_id"] for row in staged) == sorted(f"{c}{n}" for c in "abyz" for n in range(20))
    assert len({row["_record_key"] for row in staged}) == 80, "each row has a place of its own"


def test_too_many_files_are_refused(calls, monkeypatch):
    monkeypatch.setattr("hub.sources.files.MOST_FILES", 2)
    for name in NAMES:
        put(name, rows(name[0], 1))
    pull = calls().pull(CALLS)
    assert (pull.state, "has 3 files that fit '*.csv', 2 are allowed" in pull.error) == ("failed", True)
