"""From a release to the profile table: who changed, who is gone, where a merged id leads."""

import io
import itertools
import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub import aws
from hub.campaigns.audience_query import statement
from hub.campaigns.segments import SegmentRequest, permitted
from hub.customers import bulk
from hub.customers.loading import MOST_ATTEMPTS, PHASES, PORTION_SECONDS, UNREAD, Loader, ProfilesBehind
from hub.customers.store import ProfileStore
from hub.guard import Door
from hub.models.loader import read as read_models
from tests.sql.lake import entity_hub, staged
from tests.stores import create_table

TABLES = {
    "vault.erasure", "vault.source_customer", "vault.match_decision", "vault.customer_match", "vault.customer_redirect",
    "vault.customer", "vault.edit", "vault.verified", "vault.claim", "vault.customer_attributes", "vault.discrepancy",
    "reporting.customer", "reporting.customer_key", "reporting.interaction",
}  # fmt: skip


# What the matcher tells of pairs and households, made up of initials here.
PARTS = {
    "match_doubt": (
        "select one.record_key as left_key, other.record_key as right_key, 1.0e0 as bits, -9.0e0 as household_bits,\n"
        "    cast(null as bigint) as records\n"
        "from vault.source_customer as one\ninner join vault.source_customer as other\n"
        "    on substr(other.full_name, 1, 1) = substr(one.full_name, 1, 1) and one.record_key < other.record_key\n",
        {
            "left_key": "varchar",
            "right_key": "varchar",
            "bits": "double",
            "household_bits": "double",
            "records": "bigint",
        },
    ),
    "household": (
        "select substr(full_name, 1, 1) as household_id, customer_id, 'member' as role\nfrom vault.customer\n"
        "where substr(full_name, 1, 1) in ('A', 'R')\n",
        {"household_id": "varchar", "customer_id": "varchar", "role": "varchar"},
    ),
}


@pytest.fixture(scope="module")
def hub(make_shared_lake):
    """One hub for all tests, with one release of five customers; each test loads profiles into its own table."""
    hub = make_shared_lake(entity_hub({"crm": 80, "shop": 50}), tables=TABLES)
    for name, (model, columns) in PARTS.items():
        folder = hub.home / "sql/vault" / name
        folder.mkdir(parents=True)
        told = {
            column: {"type": kind, "required": column != "records", "description": "x"}
            for column, kind in columns.items()
        }
        keys = [column for column in columns if column.endswith(("_key", "customer_id"))]
        table = {"description": "x", "kind": "full", "key": keys, "columns": told}
        (folder / "table.json").write_text(json.dumps(table))
        (folder / "model.sql").write_text(model)
    hub.sync()
    order = {"record_key": "o1", "customer_record_key": "b", "order_number": "SO-1"}
    order |= {"ordered_at": "2026-01-01 10:00:00", "changed_at": "2026-01-01 10:00:00"}
    named = {"a": "Asha Rao", "r": "Ravi", "m": "Mira", "d": "Dev"}
    hub.pull("crm", "customer", [person(key, name, f"{name.split()[0].lower()}@x.in") for key, name in named.items()])
    hub.pull("shop", "customer", [person("b", "A. Rao", "other@x.in")])
    hub.pull("shop", "sales_order", [staged("sales_order", order)])
    hub.run()
    return hub


EMAILS = {"asha@x.in", "ravi@x.in", "mira@x.in", "dev@x.in", "other@x.in"}


def person(key: str, name: str, email: str, number: int = 1):
    row = {"record_key": key, "source_key": key.upper(), "full_name": name, "email_standard": email}
    return staged("customer", row | {"changed_at": f"2026-01-0{number} 00:00:00"})


@pytest.fixture
def table(hub) -> str:
    name = f"{hub.stage}-{uuid.uuid4().hex[:8]}"
    create_table(aws.client("dynamodb"), name)
    return name


def loader(hub, table: str, clock=lambda: 0.0) -> Loader:
    return Loader(hub.store, ProfileStore(table, b"key"), hub.athena, hub.stage, hub.vault, clock)


def load(hub, table: str, run_id: str) -> ProfileStore:
    """All portions of the profiles of a run."""
    hub.store.take_lease(run_id, hub.now)
    progress = {}
    while not progress.get("done"):
        progress = loader(hub, table).load(run_id, progress)
    hub.store.free_lease(run_id)
    return ProfileStore(table, b"key")


@pytest.fixture
def released(hub) -> Iterator[str]:
    """The first release's run, whose profiles no table has yet."""
    run_id = hub.store.runs(100)[-1].run_id
    assert hub.store.take_lease(run_id, hub.now)
    yield run_id
    hub.store.free_lease(run_id)


def test_profiles_follow_the_release(hub, table, released):
    profiles = load(hub, table, released)
    asha, shop, ravi = (profiles.find([("email", f"{name}@x.in")], 5)[0][0] for name in ("asha", "other", "ravi"))
    assert (asha["names"], asha["source_keys"], asha["sources"]) == (["Asha Rao"], ["crm:A"], 1)
    assert [each["reference"] for each in profiles.events(shop["customer_id"], 5)[0]] == ["SO-1"]
    first = asha["release_id"]
    (record,) = profiles.parts.records(asha["customer_id"])
    assert (record["record_key"], record["source"], record["source_key"], record["trust"]) == ("a", "crm", "A", "80")
    (doubt,), more = profiles.parts.doubts(5)
    assert ((doubt["left_key"], doubt["right_key"], doubt["worth"]), more) == (("a", "b", "333"), None)
    assert {doubt["left_customer"], doubt["right_customer"]} == {asha["customer_id"], shop["customer_id"]}
    home, members = profiles.parts.household(shop["customer_id"])
    assert (home, set(members)) == ("A", {asha["customer_id"], shop["customer_id"]})

    hub.now += timedelta(days=1)
    hub.pull("shop", "customer", [person("b", "A. Rao", "asha@x.in", 2)])  # now one e-mail: one customer
    profiles = load(hub, table, hub.run())
    merged = profiles.profile(asha["customer_id"])
    assert (merged["names"], merged["sources"]) == (["A. Rao", "Asha Rao"], 2)
    assert profiles.follow(shop["customer_id"]) == asha["customer_id"]
    assert profiles.profile(shop["customer_id"]) is None
    assert profiles.find([("email", "other@x.in")], 5)[0] == []
    assert [each["reference"] for each in profiles.events(asha["customer_id"], 5)[0]] == ["SO-1"], (
        "the time line moved along"
    )
    assert [each["customer_id"] for each in profiles.find([("order", "so-1")], 5)[0]] == [asha["customer_id"]]
    assert [each["record_key"] for each in profiles.parts.records(asha["customer_id"])] == ["a", "b"]
    assert profiles.parts.records(shop["customer_id"]) == []
    assert profiles.parts.owners(["a", "b", "gone"]) == dict.fromkeys("ab", asha["customer_id"])
    ((doubt,), _), (home, members) = profiles.parts.doubts(5), profiles.parts.household(asha["customer_id"])
    assert (doubt["worth"], doubt["left_customer"]) == (doubt["worth"], doubt["right_customer"])
    assert set(members) == {asha["customer_id"]}
    assert profiles.profile(ravi["customer_id"])["release_id"] == first, "who did not change is not written again"

    chosen = SimpleNamespace(sql=f"select '{asha['customer_id']}' as customer_id union select '{ravi['customer_id']}'")
    columns = set(read_models(hub.home)["vault.customer"].columns)
    audience = hub.query(statement(chosen, hub.store.current_release(), hub.stage, columns))
    assert {each["customer_id"]: each["earlier"] for each in audience} == {
        asha["customer_id"]: shop["customer_id"],
        ravi["customer_id"]: None,
    }, "a sending finds what was said under an earlier id"


BEGUN = {"base": None, "phase": PHASES.index("profiles"), "portion": 0, **UNREAD}


def test_report_segment_and_profile_read_one_version(hub, table):
    """Also while a later run has built past it: until that is released, all of them see the release before."""
    now = hub.store.current_release()
    profiles = load(hub, table, now.run_id)
    hub.now += timedelta(days=1)
    hub.pull("crm", "customer", [person("n", "Nina", "nina@x.in", 3)])
    later = hub.plan()
    hub.execute(later)
    sql = "select customer_id from reporting.customer"
    report = Door(hub.control, hub.home, hub.stage).open(sql, {})
    wanted = SegmentRequest(name="All", sql=sql)
    segment = permitted(wanted, {}, read_models(hub.home), hub.store.current_release(), hub.stage)
    assert report.release_id == profiles.noted_release() == now.release_id
    assert report.sources == segment.sources, "the same snapshot of the one table of customers"
    assert report.sources[0].snapshot == int(now.tables["reporting.customer"])
    counted = {row["customer_id"] for row in hub.query(report.inline())}
    assert counted == {row["customer_id"] for row in hub.query(segment.inline())}
    assert counted == set(profiles.some(sorted(counted)))
    assert profiles.find([("email", "nina@x.in")], 5)[0] == []
    hub.releaser.fail(later, "never mind", hub.now)


def emails(table: str) -> set[str]:
    items = aws.table(table).scan()["Items"]
    return {item["email"] for item in items if item["sk"] == "profile"}


def test_a_portion_ends_with_its_time_and_may_be_done_twice(hub, table, released, monkeypatch):
    """Each portion's time is over after two rows, each answer is lost once, and goes through JSON as in the machine."""
    monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 2)
    impatient = loader(hub, table, itertools.count(0, PORTION_SECONDS / 2).__next__)
    progress, seen, loads = {}, [], set()
    while not progress.get("done"):
        impatient.load(released, progress)
        progress = json.loads(json.dumps(impatient.load(released, progress)))
        seen.append(len(emails(table)))
        loads.add(progress["load"])
    assert [count for count, _ in itertools.groupby(seen)] == [0, 2, 4, 5], "two more customers in each portion"
    assert len(loads) == 1, "what one portion unloaded the next ones read"
    assert emails(table) == EMAILS
    assert progress["portion"] == len(seen)


def occupy(hub, run_id: str, folder: str) -> None:
    """A file where Athena is to unload to: it refuses a folder that is not empty."""
    key = f"scratch/{run_id}/profiles/{folder}/left"
    aws.client("s3").put_object(Bucket=hub.vault, Key=key, Body=b"x")


def test_an_unload_that_failed_is_tried_again_in_a_folder_of_its_own(hub, table, released):
    occupy(hub, released, "once/profiles-0")
    assert loader(hub, table).load(released, {**BEGUN, "load": "once"})["done"]
    assert emails(table) == EMAILS


def test_an_unload_that_keeps_failing_fails_the_load(hub, table, released):
    for attempt in range(MOST_ATTEMPTS):
        occupy(hub, released, f"always/profiles-{attempt}")
    with pytest.raises(ProfilesBehind, match=r"profiles-2/ could not be written: .*already exists"):
        loader(hub, table).load(released, {**BEGUN, "load": "always"})
    assert emails(table) == set()


def test_files_are_read_piece_by_piece_from_a_mark(hub, monkeypatch):
    monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 2)
    for name, ids in {"a": "123", "b": "", "c": "45"}.items():
        table = pa.table({"id": pa.array(ids, pa.string()), "empty": pa.nulls(len(ids), pa.string())})
        sink = io.BytesIO()
        pq.write_table(table, sink)
        aws.client("s3").put_object(Bucket=hub.vault, Key=f"scratch/pieces/{name}", Body=sink.getvalue())
    folder = f"s3://{hub.vault}/scratch/pieces/"
    pieces = list(bulk.rows(folder, None))
    assert [row for rows, _ in pieces for row in rows] == [{"id": each, "empty": None} for each in "12345"]
    assert [("".join(row["id"] for row in rows), mark[0][-1], mark[1]) for rows, mark in pieces if rows] == [
        ("12", "a", 2), ("3", "a", 3), ("45", "c", 2)
    ]  # fmt: skip
    for number, (_, mark) in enumerate(pieces, 1):
        assert list(bulk.rows(folder, mark)) == pieces[number:], "a mark goes on behind its rows"
    assert list(bulk.rows(f"s3://{hub.vault}/scratch/none/", None)) == []


def test_an_old_id_leads_to_who_has_its_founding_record_and_on_with_it(hub, table):
    """x falls apart: its founding record x1 goes to y, x2 to z. Later x1 goes on to w, and y stays who he is."""

    def night(number: int, **mails: str) -> ProfileStore:
        hub.now += timedelta(days=1)
        hub.pull("crm", "customer", [person(key, f"Xu {key}", f"{at}@n.in", number) for key, at in mails.items()])
        return load(hub, table, hub.run())

    profiles = night(4, y="y", z="z", w="w")
    y, z, w = (profiles.parts.owners([key])[key] for key in "yzw")
    assert z < y, "the lesser id is not the right one"
    x = night(5, x1="x", x2="x").parts.owners(["x1"])["x1"]
    profiles = night(6, x1="y", x2="z")
    assert profiles.parts.owners(["x1", "x2"]) == {"x1": y, "x2": z}
    assert (profiles.follow(x), profiles.profile(x)) == (y, None)
    profiles = night(7, x1="w")
    assert profiles.parts.owners(["x1", "y"]) == {"x1": w, "y": y}
    assert profiles.follow(x) == w, "an id leads on, although nobody went this night"
