"""A whole hub moves: what was exported and imported is the same, row for row, and lives on in the same way."""

import importlib
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub import aws
from hub.campaigns.store import CampaignStore
from hub.identity.replay import _answers
from infra.operate.moving import items, tables
from infra.operate.moving.arriving import import_hub
from infra.operate.moving.leaving import export_hub
from infra.operate.moving.manifest import NAME
from infra.operate.moving.place import Folder, place
from infra.operate.moving.state import begun, full
from infra.operate.moving.stores import KEYS, TABLES, Stores
from infra.operate.stage import OperateError
from tests.sql.lake import Lake, entity_hub, staged
from tests.sql.test_matching import person
from tests.sql.test_models import needed
from tests.stores import create_bucket, create_table
from tests.storm.runs.small import order, small_models

HUB = Path(__file__).parents[2] / "deployments/demo"
SOURCES = {"crm": 80, "shop": 50}
# Of each kind of table some, with partitions of either sort; who is who, and what keeps it.
SHIPPED = {
    name
    for table in ("customer_redirect", "household", "contact_point", "customer_version")
    for name in needed(f"vault.{table}")
} | needed("reporting.sales_order")
OWN = ("access", "arrivals", "library", "campaigns")
# Of statements that are over: their names, how many bytes they read, until when they are shown.
OF_THE_ENGINE = ("execution", "answers", "bytes_scanned", "expires_at")
LINK_KEYS = {"current": "k1", "keys": {"k1": "22"}}


def stores_of(lake: Lake, keys: str = "11") -> Stores:
    """The stores of a hub; those that a lake has not are made."""
    parameters = {name: f"/hub/{lake.stage}/{name}" for name in KEYS}
    stores = Stores(
        stage=lake.stage,
        workgroup=lake.stage,
        buckets={"vault": lake.vault, "reporting": lake.reporting, "audit": f"{lake.stage}-audit"},
        tables={name: f"{lake.stage}-{name}" for name in TABLES},
        parameters=parameters,
    )
    create_bucket(aws.client("s3"), stores.buckets["audit"])
    for name in OWN:
        create_table(aws.client("dynamodb"), stores.tables[name])
    for name, value in zip(KEYS, (keys, json.dumps(LINK_KEYS)), strict=True):
        aws.client("ssm").put_parameter(Name=parameters[name], Value=value, Type="SecureString")
    return stores


def quiet(_: str) -> None:
    pass


def first_day(lake: Lake) -> None:
    """Two sources, people of both, orders and calls; and what nobody may lose."""
    lake.pull("crm", "customer", [person(number, f"c{number:02}") for number in range(40)])
    lake.pull("shop", "customer", [person(number, f"s{number:02}") for number in range(0, 40, 3)])
    order = {"ordered_at": "2026-01-01 10:00:00.123456", "changed_at": "2026-01-01 10:00:00", "total_amount": "19.90"}
    rows = [{"record_key": f"o{n}", "customer_record_key": f"s{n:02}", "order_number": f"SO-{n}"} for n in (0, 3, 6)]
    lake.pull("shop", "sales_order", [staged("sales_order", order | row) for row in rows])
    lake.erase("c39")
    lake.decide("c01", "c02", 1)
    lake.run()


def next_night(lake: Lake) -> None:
    lake.now += timedelta(days=1)
    _answers.clear()
    lake.pull("crm", "customer", [{**person(5, "c05"), "_deleted": True}, person(7, "c61"), person(11, "c10")])
    lake.run()


def more_items(stores: Stores) -> None:
    """Every kind of value that DynamoDB has, and sessions, which stay."""
    kinds = {
        "number": Decimal("12345678901234567890.1234567890123456"), "small": Decimal("-1E-30"), "bytes": b"\0\xff",
        "texts": {"b", "a"}, "numbers": {Decimal(2), Decimal("1.50")}, "blobs": {b"2", b"1"}, "nothing": None,
        "yes": True, "deep": {"L": [{"SS": "as"}, {"N": Decimal(1)}], "B": [b"x"]}, "empty": "", "रा": "व",
    }  # fmt: skip
    for name in ("consent", "campaigns", "library", "arrivals", "access", "profiles"):
        aws.table(stores.tables[name]).put_item(Item={"pk": f"{name}#1", "sk": "-", **kinds})
    aws.table(stores.tables["access"]).put_item(Item={"pk": "session#1", "sk": "-", "sealed": b"of this hub's key"})
    aws.client("s3").put_object(
        Bucket=stores.buckets["vault"], Key="landing/crm/ä b/../x", Body=b"raw", Metadata={"xxh3": "1f"}
    )
    aws.client("s3").put_object(Bucket=stores.buckets["audit"], Key="2026/01/01/a.json", Body=b"{}")


def everything(lake: Lake) -> Iterator[tuple[str, list]]:
    """Each table of the catalogue, in Athena's own texts; also what readers do not see."""
    release = lake.store.current_release()
    for name, snapshot in sorted(release.tables.items()):
        zone, short = name.split(".")
        source = f"{lake.stage}_{zone}.{release.names.get(name, short)} for version as of {int(snapshot)}"
        yield name, sorted((tuple(row.items()) for row in lake.query(f"select * from {source}")), key=str)
    glue = aws.client("glue")
    for table in glue.get_tables(DatabaseName=f"{lake.stage}_staging")["TableList"]:
        rows = lake.query(f"select * from {lake.stage}_staging.{table['Name']}")
        yield table["Name"], sorted((tuple(row.items()) for row in rows), key=str)


def shapes(lake: Lake) -> dict[str, tuple]:
    """Columns, types and partitions as the catalogue has them."""
    found = {}
    for zone in ("staging", "vault", "reporting"):
        for table in aws.client("glue").get_tables(DatabaseName=f"{lake.stage}_{zone}")["TableList"]:
            columns = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
            found[f"{zone}.{table['Name']}"] = columns, table.get("PartitionKeys")
    return found


def told(stores: Stores, *stages: str) -> dict[str, list]:
    """All items that are carried, without the names of stages; where a release says which snapshots, which tables."""
    found = {}
    for name, table in stores.tables.items():
        rows = [items.plain(item) for item in items.scanned(table)]
        for row in rows:
            if row["pk"]["S"] == "release" and "tables" in row:
                row["tables"] = sorted(row["tables"]["M"])
            for part in OF_THE_ENGINE if row["pk"]["S"].startswith("run#") else ():
                row.pop(part, None)
        found[name] = sorted(re.sub("|".join(stages), "<stage>", json.dumps(row, sort_keys=True)) for row in rows)
    return found


def in_earnest(make_lake) -> Lake:
    lake = make_lake(entity_hub(SOURCES), tables=SHIPPED)
    lake.match_in_earnest()
    return lake


@pytest.fixture
def steady(monkeypatch):
    """Runs of two hubs at one moment have one name, and nights go on from the day before."""
    monkeypatch.setattr("hub.models.planning.secrets.token_hex", lambda size: "ab" * size)
    monkeypatch.setattr("hub.identity.run.FEW_RECORDS", 0)


def test_a_whole_hub_moves_and_its_next_night_is_the_same(make_lake, steady, tmp_path):
    old = in_earnest(make_lake)
    first_day(old)
    here = stores_of(old)
    more_items(here)
    manifest = export_hub(here, HUB, Folder(tmp_path / "out"), quiet)

    new = in_earnest(make_lake)
    new.now = old.now
    there = stores_of(new)
    import_hub(there, HUB, Folder(tmp_path / "out"), quiet)

    assert dict(everything(new)) == dict(everything(old)), "row for row, as released"
    assert shapes(new) == shapes(old)
    assert told(there, old.stage, new.stage) == told(here, old.stage, new.stage), "item for item"
    counted = {table.name: table.rows for table in manifest.tables}
    assert counted == {name: len(rows) for name, rows in everything(old) if name in counted}
    assert counted["vault.customer"] == 40, "39 and the first row, which nobody sees"

    next_night(old)
    next_night(new)
    assert dict(everything(new)) == dict(everything(old)), "the next night gives the same ids and rows"
    assert told(there, old.stage, new.stage) == told(here, old.stage, new.stage), "by the same steps"


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
