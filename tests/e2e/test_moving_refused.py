"""What is refused of exports and hubs, and imports that were killed: on a hub of two tables."""

import importlib
import itertools
import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub import aws
from hub.campaigns.store import CampaignStore
from infra.operate.moving import items, tables
from infra.operate.moving.arriving import import_hub
from infra.operate.moving.leaving import export_hub
from infra.operate.moving.manifest import NAME
from infra.operate.moving.place import Folder, place
from infra.operate.moving.state import begun, full
from infra.operate.moving.stores import Stores
from infra.operate.stage import OperateError
from tests.e2e.moving import HUB, everything, quiet, stores_of, told
from tests.sql.lake import Lake, entity_hub
from tests.stores import create_bucket
from tests.storm.runs.small import order, small_models

STATES = ("crm.product", "crm.sales_order")


def put_state(stores: Stores, data_set: str, **more: object) -> None:
    item("control", f"data_set#{data_set}", "state", **more)(None, stores)


@pytest.fixture(scope="module")
def small(make_shared_lake, tmp_path_factory) -> SimpleNamespace:
    """A hub of two tables and its export, which tests copy before they harm it; and how to make an empty hub."""
    models = small_models(tmp_path_factory.mktemp("models"))
    lake = make_shared_lake(entity_hub({"crm": 50}), models)
    lake.pull("crm", "sales_order", [order(f"o{number}", "open", number) for number in range(5)])
    lake.run()
    changed = [order("o1", "paid", 70), {**order("o2", "open", 71), "_deleted": True}]
    lake.pull("crm", "sales_order", changed)
    lake.now += timedelta(days=1)
    lake.run()
    stores, out = stores_of(lake), tmp_path_factory.mktemp("small") / "out"
    for name in STATES:
        put_state(stores, name, next_seq=2, last_complete_seq=1, paused=False)
    for name in ("a.csv", "b.csv"):
        aws.client("s3").put_object(Bucket=lake.vault, Key=f"drop/crm/{name}", Body=name.encode())
    export_hub(stores, HUB, Folder(out), quiet)

    def empty(**keys: str) -> tuple[Lake, Stores]:
        made = make_shared_lake(entity_hub({"crm": 50}), models)
        return made, stores_of(made, **keys)

    return SimpleNamespace(lake=lake, stores=stores, out=out, empty=empty, rows=dict(everything(lake)))


def edited(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        told = json.loads((folder / NAME).read_text())
        change(told)
        (folder / NAME).write_text(json.dumps(told))

    return harm


def without(pattern: str) -> Callable[[Path], None]:
    return lambda folder: next(folder.glob(pattern)).unlink()


def spoiled(pattern: str) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        file = next(folder.glob(pattern))
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)

    return harm


HARMED = [
    (without(NAME), "it is no export, or one that was broken off", "the manifest comes last"),
    (spoiled("tables/reporting/plain/*"), "is damaged: tables/reporting/plain", "one bit of a table's rows"),
    (spoiled("items/control/*"), "is damaged: items/control", "one bit of the items"),
    (spoiled("objects/vault/staging/**/*.parquet"), "is damaged: objects/vault/staging", "one bit of a staged batch"),
    (without("tables/reporting/counted/*"), "is incomplete", "a file of a table lacks"),
    (without("objects/vault/staging/**/*.parquet"), "is incomplete", "a staged batch lacks"),
    (without("objects/vault.jsonl.gz"), "is incomplete", "the list of objects lacks"),
    (without("deployment/hub.yaml"), "is incomplete", "the deployment folder is not whole"),
    (edited(lambda told: told.update(format=2)), "is of format 2, this hub reads format 1", "a later version wrote it"),
    (edited(lambda told: told.pop("items")), "is damaged (1 errors)", "a manifest that was cut"),
    (edited(lambda told: told["objects"][0].update(count=0)), "does not list what was exported", "another list"),
    (edited(lambda told: told["items"][0].update(digest="0" * 64)), "are not those that were exported", "other items"),
]


@pytest.mark.parametrize(("harm", "words", "why"), HARMED, ids=[why for _, _, why in HARMED])
def test_an_export_that_is_not_whole_is_refused_before_anything_is_written(small, fresh, tmp_path, harm, words, why):
    shutil.copytree(small.out, tmp_path / "out")
    harm(tmp_path / "out")
    with pytest.raises(OperateError, match=re.escape(words)):
        import_hub(fresh[1], HUB, Folder(tmp_path / "out"), quiet)
    assert full(fresh[1]) == [] and begun(fresh[1].tables["control"]) is None, why


@pytest.fixture(scope="module")
def fresh(small) -> tuple[Lake, Stores]:
    """An empty hub that stays empty."""
    return small.empty()


def item(table: str, pk: str, sk: str = "-", **more: object) -> Callable[[Lake | None, Stores], None]:
    return lambda lake, stores: aws.table(stores.tables[table]).put_item(Item={"pk": pk, "sk": sk, **more})


FULL = [
    (lambda lake, stores: lake.store.take_lease("r1", lake.now), "a run is under way", "a run has begun"),
    (item("access", "session#1"), None, "who signed in to look at it"),
    (item("control", "data_set#crm.sales_order", "pull#00000001", received=0), None, "a pull that brought nothing"),
    (item("control", "data_set#crm.sales_order", "pull#00000001", received=3), "pulls have brought rows", "one row"),
    (item("consent", "c1", "consent#email"), "its table consent has items", "what a person said"),
    (item("campaigns", "campaign", "m1"), "its table campaigns has items", "a campaign"),
    (lambda lake, stores: lake.run(), "it has runs or a release", "a first run without rows"),
]


@pytest.mark.parametrize(("fill", "words", "why"), FULL, ids=[why for _, _, why in FULL])
def test_a_hub_that_is_not_empty_is_refused(small, fill, words, why):
    lake, stores = small.empty()
    fill(lake, stores)
    if words is None:
        import_hub(stores, HUB, Folder(small.out), quiet)
        assert dict(everything(lake)) == small.rows, why
        return
    with pytest.raises(OperateError, match=words):
        import_hub(stores, HUB, Folder(small.out), quiet)
    assert begun(stores.tables["control"]) is None, why


def test_a_hub_with_another_key_is_refused(small):
    """It would know nobody again: the tokens of records and addresses are made with the key."""
    _, stores = small.empty(keys="99")
    with pytest.raises(OperateError, match="has another token-key than the hub that was exported"):
        import_hub(stores, HUB, Folder(small.out), quiet)


KILLED = [
    ("objects.bring", 1, "after the objects of a bucket"),
    ("staged.make", 0, "before the first table over objects"),
    ("tables.make", 0, "before the first table's rows"),
    ("tables.make", 1, "after the first of two tables"),
    ("items.write", 0, "before the items"),
    ("items.write", 5, "within the items"),
    ("items.write", 7, "before the release is out"),
    ("items.put_unless", 0, "behind the release, before the first data set"),
]


@pytest.mark.parametrize(("step", "times", "why"), KILLED, ids=[why for _, _, why in KILLED])
def test_an_import_that_is_killed_shows_nothing_and_goes_on(small, monkeypatch, step, times, why):
    lake, stores = small.empty()
    module, name = step.split(".")
    with monkeypatch.context() as patch:
        target, count = importlib.import_module(f"infra.operate.moving.{module}"), itertools.count()
        whole = getattr(target, name)

        def killed(*given: object) -> object:
            if next(count) == times:
                raise KeyboardInterrupt
            return whole(*given)

        patch.setattr(target, name, killed)
        with pytest.raises(KeyboardInterrupt):
            import_hub(stores, HUB, Folder(small.out), quiet)
    assert (lake.store.current_release() is None) == (name != "put_unless"), "readers see all of it or nothing"
    assert states(stores) == dict.fromkeys(STATES, True), "and nothing is pulled"
    other = Folder(small.out.parent / "other")
    if not other.path.exists():
        export_hub(small.stores, HUB, other, quiet)
    with pytest.raises(OperateError, match="an import of another export"):
        import_hub(stores, HUB, other, quiet)
    said: list[str] = []
    import_hub(stores, HUB, Folder(small.out), said.append)
    assert any("was broken off; it goes on" in line for line in said), why
    assert dict(everything(lake)) == small.rows, why
    names = small.lake.stage, lake.stage
    assert told(stores, *names) == told(small.stores, *names), why
    assert states(stores) == dict.fromkeys(STATES, False), why


def states(stores: Stores) -> dict[str, bool]:
    """Data set -> whether it is paused."""
    found = [each for each in items.scanned(stores.tables["control"]) if each["sk"]["S"] == "state"]
    return {each["pk"]["S"].removeprefix("data_set#"): each["paused"]["BOOL"] for each in found}


def test_what_has_begun_behind_the_release_goes_on_where_it_is(small, monkeypatch):
    """Killed between two data sets: the first one may have been pulled meanwhile, and its files read."""
    _, stores = small.empty()
    whole, put = items.put_unless, []

    def killed(table: str, given: items.Item, attribute: str) -> None:
        if put:
            raise KeyboardInterrupt
        put.append(given["pk"]["S"].removeprefix("data_set#"))
        whole(table, given, attribute)

    with monkeypatch.context() as patch:
        patch.setattr(items, "put_unless", killed)
        with pytest.raises(KeyboardInterrupt):
            import_hub(stores, HUB, Folder(small.out), quiet)
    put_state(stores, put[0], next_seq=7, last_complete_seq=6, paused=False)
    item("control", f"data_set#{put[0]}", "pull#00000006", received=3)(None, stores)
    files = dropped(stores)
    assert len(files) == 2
    import_hub(stores, HUB, Folder(small.out), quiet)
    kept = {each["pk"]["S"]: each for each in items.scanned(stores.tables["control"]) if "next_seq" in each}
    assert {name.removeprefix("data_set#"): int(each["next_seq"]["N"]) for name, each in kept.items()} == {
        name: 7 if name in put else 2 for name in STATES
    }
    assert any(each["sk"]["S"] == "pull#00000006" for each in items.scanned(stores.tables["control"]))
    assert dropped(stores) == files, "a file that is put again may be a new one to its pull"


def dropped(stores: Stores) -> list[tuple]:
    listed = aws.client("s3").list_objects_v2(Bucket=stores.buckets["vault"], Prefix="drop/")["Contents"]
    return [(each["Key"], each["ETag"], each["LastModified"]) for each in listed]


RESTLESS = [
    (lambda lake: lake.store.take_lease("r2", lake.now), "a run is under way", "a run has the lease"),
    (lambda lake: lake.pull("crm", "product", [], "running"), "crm.product.00000001 is running", "a pull reads"),
    (lambda lake: CampaignStore(f"{lake.stage}-campaigns").arm("m1", "u1"), "m1 goes by itself", "birthdays"),
]


@pytest.mark.parametrize(("stir", "words", "why"), RESTLESS, ids=[why for _, _, why in RESTLESS])
def test_a_hub_that_does_not_stand_still_is_not_exported(small, tmp_path, stir, words, why):
    lake, stores = small.empty()
    import_hub(stores, HUB, Folder(small.out), quiet)
    stir(lake)
    put_state(stores, "crm.product", running_pull=1)
    with pytest.raises(OperateError, match=words):
        export_hub(stores, HUB, Folder(tmp_path / "out"), quiet)
    assert not (tmp_path / "out" / NAME).exists(), why


def test_a_hub_that_is_used_while_it_is_exported_is_no_export(small, tmp_path, monkeypatch):
    lake, stores = small.empty()
    import_hub(stores, HUB, Folder(small.out), quiet)
    whole = tables.export

    def used(*given: object) -> object:
        item("consent", "c1", "consent#email")(lake, stores)
        return whole(*given)

    monkeypatch.setattr(tables, "export", used)
    with pytest.raises(OperateError, match=r"was used while it was exported \(items of consent\)"):
        export_hub(stores, HUB, Folder(tmp_path / "out"), quiet)
    with pytest.raises(OperateError, match="is not empty"):
        export_hub(stores, HUB, Folder(tmp_path / "out"), quiet)
    with pytest.raises(OperateError, match="it is no export"):
        import_hub(small.empty()[1], HUB, Folder(tmp_path / "out"), quiet)


def test_a_bucket_holds_an_export_as_a_folder_does(small):
    create_bucket(aws.client("s3"), f"{small.lake.stage}-exports")
    where = place(f"s3://{small.lake.stage}-exports/hubs/one/")
    export_hub(small.stores, HUB, where, quiet)
    lake, stores = small.empty()
    import_hub(stores, HUB, where, quiet)
    assert dict(everything(lake)) == small.rows


def test_a_table_without_any_row_is_a_table(small, tmp_path):
    lake, stores = small.empty()
    import_hub(stores, HUB, Folder(small.out), quiet)
    lake.query(f"delete from {lake.stage}_vault.erasure")
    newest = lake.query(
        f'select cast(snapshot_id as varchar) as id from {lake.stage}_vault."erasure$snapshots" '
        "order by committed_at desc limit 1"
    )
    for sk in ("current", f"release#{lake.store.current_release().release_id}"):
        aws.table(lake.control).update_item(
            Key={"pk": "release", "sk": sk},
            UpdateExpression="SET #tables.#name = :id",
            ExpressionAttributeNames={"#tables": "tables", "#name": "vault.erasure"},
            ExpressionAttributeValues={":id": newest[0]["id"]},
        )
    found = export_hub(stores, HUB, Folder(tmp_path / "out"), quiet)
    assert {table.name: table.rows for table in found.tables}["vault.erasure"] == 0
    again, others = small.empty()
    import_hub(others, HUB, Folder(tmp_path / "out"), quiet)
    assert dict(everything(again)) == dict(everything(lake))
    assert dict(everything(again))["vault.erasure"] == []
    again.run()
