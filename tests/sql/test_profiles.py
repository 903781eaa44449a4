"""From a release to the profile table: who changed, who is gone, where a merged id leads."""

import io
import itertools
import json
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub import aws
from hub.customers import bulk
from hub.customers.loading import MOST_ATTEMPTS, PHASES, PORTION_SECONDS, UNREAD, Loader, ProfilesBehind
from hub.customers.store import ProfileStore
from tests.sql.lake import entity_hub, staged


@pytest.fixture
def lake(make_lake):
    return make_lake(entity_hub({"crm": 80, "shop": 50}))


def person(key: str, source: str, name: str, email: str, number: int = 1):
    row = {"record_key": key, "source_key": key.upper(), "full_name": name, "email_standard": email}
    return staged("customer", row | {"changed_at": f"2026-01-0{number} 00:00:00"})


def load(lake) -> ProfileStore:
    """One run and all portions of its profiles."""
    run_id = lake.run()
    lake.store.take_lease(run_id, lake.now)
    profiles = ProfileStore(f"{lake.stage}-profiles", b"key")
    loader, progress = Loader(lake.store, profiles, lake.athena, lake.stage, lake.vault), {}
    while not progress.get("done"):
        progress = loader.load(run_id, progress)
    lake.store.free_lease(run_id)
    lake.now += timedelta(days=1)
    return profiles


def test_profiles_follow_the_release(lake):
    lake.pull("crm", "customer", [person("a", "crm", "Asha Rao", "asha@x.in"), person("r", "crm", "Ravi", "ravi@x.in")])
    lake.pull("shop", "customer", [person("b", "shop", "A. Rao", "other@x.in")])
    order = {
        "record_key": "o1",
        "customer_record_key": "b",
        "order_number": "SO-1",
        "ordered_at": "2026-01-01 10:00:00",
    }
    lake.pull("shop", "sales_order", [staged("sales_order", order | {"changed_at": "2026-01-01 10:00:00"})])
    profiles = load(lake)
    asha, shop, ravi = (profiles.find([("email", f"{name}@x.in")], 5)[0][0] for name in ("asha", "other", "ravi"))
    assert (asha["names"], asha["source_keys"], asha["sources"]) == (["Asha Rao"], ["crm:A"], 1)
    assert [each["reference"] for each in profiles.events(shop["customer_id"], 5)[0]] == ["SO-1"]
    first = asha["release_id"]

    lake.pull("shop", "customer", [person("b", "shop", "A. Rao", "asha@x.in", 2)])  # now one e-mail: one customer
    profiles = load(lake)
    merged = profiles.profile(asha["customer_id"])
    assert (merged["names"], merged["sources"]) == (["A. Rao", "Asha Rao"], 2)
    assert profiles.follow(shop["customer_id"]) == asha["customer_id"]
    assert profiles.profile(shop["customer_id"]) is None
    assert profiles.find([("email", "other@x.in")], 5)[0] == []
    assert [each["reference"] for each in profiles.events(asha["customer_id"], 5)[0]] == ["SO-1"], (
        "the time line moved along"
    )
    assert [each["customer_id"] for each in profiles.find([("order", "so-1")], 5)[0]] == [asha["customer_id"]]
    assert profiles.profile(ravi["customer_id"])["release_id"] == first, "who did not change is not written again"


@pytest.fixture
def released(lake):
    """A lake of five customers in a release whose profiles are not loaded yet, and the release's run."""
    lake.pull("crm", "customer", [person(key, "crm", f"Person {key}", f"{key}@x.in") for key in "abcde"])
    run_id = lake.run()
    lake.store.take_lease(run_id, lake.now)
    return lake, run_id


def loader(lake, clock=lambda: 0.0) -> Loader:
    return Loader(
        lake.store, ProfileStore(f"{lake.stage}-profiles", b"key"), lake.athena, lake.stage, lake.vault, clock
    )


BEGUN = {"base": None, "load": "L", "phase": PHASES.index("profiles"), "portion": 0, **UNREAD}


def emails(lake) -> set[str]:
    items = aws.table(f"{lake.stage}-profiles").scan()["Items"]
    return {item["email"] for item in items if item["sk"] == "profile"}


def test_a_portion_ends_with_its_time_and_may_be_done_twice(released, monkeypatch):
    """Each portion's time is over after two rows, each answer is lost once, and goes through JSON as in the machine."""
    lake, run_id = released
    monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 2)
    impatient = loader(lake, itertools.count(0, PORTION_SECONDS / 2).__next__)
    progress, seen, loads = {}, [], set()
    while not progress.get("done"):
        impatient.load(run_id, progress)
        progress = json.loads(json.dumps(impatient.load(run_id, progress)))
        seen.append(len(emails(lake)))
        loads.add(progress["load"])
    assert [count for count, _ in itertools.groupby(seen)] == [0, 2, 4, 5], "two more customers in each portion"
    assert len(loads) == 1, "what one portion unloaded the next ones read"
    assert emails(lake) == {f"{key}@x.in" for key in "abcde"}
    assert progress["portion"] == len(seen)


def occupy(lake, run_id: str, folder: str) -> None:
    """A file where Athena is to unload to: it refuses a folder that is not empty."""
    key = f"scratch/{run_id}/profiles/{folder}/left"
    aws.client("s3").put_object(Bucket=lake.vault, Key=key, Body=b"x")


def test_an_unload_that_failed_is_tried_again_in_a_folder_of_its_own(released):
    lake, run_id = released
    occupy(lake, run_id, "L/profiles-0")
    assert loader(lake).load(run_id, BEGUN)["done"]
    assert len(emails(lake)) == 5


def test_an_unload_that_keeps_failing_fails_the_load(released):
    lake, run_id = released
    for attempt in range(MOST_ATTEMPTS):
        occupy(lake, run_id, f"L/profiles-{attempt}")
    with pytest.raises(ProfilesBehind, match=r"profiles-2/ could not be written: .*already exists"):
        loader(lake).load(run_id, BEGUN)
    assert emails(lake) == set()


def test_files_are_read_piece_by_piece_from_a_mark(lake, monkeypatch):
    monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 2)
    for name, ids in {"a": "123", "b": "", "c": "45"}.items():
        table = pa.table({"id": pa.array(ids, pa.string()), "empty": pa.nulls(len(ids), pa.string())})
        sink = io.BytesIO()
        pq.write_table(table, sink)
        aws.client("s3").put_object(Bucket=lake.vault, Key=f"scratch/pieces/{name}", Body=sink.getvalue())
    folder = f"s3://{lake.vault}/scratch/pieces/"
    pieces = list(bulk.rows(folder, None))
    assert [row for rows, _ in pieces for row in rows] == [{"id": each, "empty": None} for each in "12345"]
    assert [("".join(row["id"] for row in rows), mark[0][-1], mark[1]) for rows, mark in pieces if rows] == [
        ("12", "a", 2), ("3", "a", 3), ("45", "c", 2)
    ]  # fmt: skip
    for number, (_, mark) in enumerate(pieces, 1):
        assert list(bulk.rows(folder, mark)) == pieces[number:], "a mark goes on behind its rows"
    assert list(bulk.rows(f"s3://{lake.vault}/scratch/none/", None)) == []
