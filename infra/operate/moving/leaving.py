"""An export from end to end. The manifest comes last: what was broken off before it is no export."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from hub import config
from hub.models.records import Release, iso
from hub.models.store import RunStore
from infra.operate.keys import names
from infra.operate.moving import items, manifest, objects, staged, state, tables
from infra.operate.moving.digests import Tally
from infra.operate.moving.manifest import DEPLOYMENT, FORMAT, NAME, Anew, File, HiveTable, Manifest, Objects, deployed
from infra.operate.moving.place import Bucket, Place
from infra.operate.moving.stores import Stores
from infra.operate.stage import OperateError

ROOT = Path(__file__).parents[3]
OPENAPI = ROOT / "docs/reference/openapi.json"
CARRIED = ("vault", "audit")  # buckets; the reporting one has tables alone, results are seven days old at most

Say = Callable[[str], None]


def export_hub(stores: Stores, hub: Path, where: Place, say: Say) -> Manifest:
    """Write the whole hub; OperateError where it does not stand still, or the place holds something."""
    if isinstance(where, Bucket) and where.bucket in stores.buckets.values():
        raise OperateError(f"{where.bucket} is the hub's own; take another bucket")
    if where.sizes():
        raise OperateError(f"{where} is not empty; take another place, or remove what is there")
    release = state.released(stores)
    if state.behind(stores, release):
        raise OperateError("customers' profiles do not show the release yet; wait a minute")
    found = [items.export(where, name, table) for name, table in stores.tables.items()]
    say(f"{sum(each.count for each in found)} items of {len(found)} tables of DynamoDB")
    hive, carried = _objects(stores, where, release)
    say(f"{sum(each.count for each in carried)} objects, {len(hive)} tables over them")
    glue, iceberg = tables.catalogue(), []
    for name, snapshot in sorted(release.tables.items()):
        physical = release.names.get(name, name.partition(".")[2])
        iceberg.append(tables.export(where, stores, glue, name, physical, snapshot))
        say(f"{name}: {iceberg[-1].rows} rows")
    if moved := state.changed(stores, release, {each.table: each.digest for each in found}):
        raise OperateError(f"the hub was used while it was exported ({', '.join(moved)}); pause it and export again")
    told = Manifest(
        format=FORMAT,
        export_id=uuid.uuid4().hex,
        made_at=iso(datetime.now(UTC)),
        stage=stores.stage,
        release=release.release_id,
        sql_version=release.sql_version,
        tables=iceberg,
        hive_tables=hive,
        items=found,
        objects=carried,
        deployment=_folder(where, hub),
        openapi=manifest.put(where, "openapi.json", OPENAPI.read_bytes()),
        anew=Anew(secrets=names(config.load(str(hub))), users=state.users(stores), keys=state.fingerprints(stores)),
    )
    manifest.put(where, NAME, told.model_dump_json(indent=1))
    say(f"release {told.release} is exported to {where}; to be set anew: {', '.join(_anew(told))}")
    return told


def _objects(stores: Stores, where: Place, release: Release) -> tuple[list[HiveTable], list[Objects]]:
    matching = RunStore(stores.tables["control"]).last_matching(release)
    hive = staged.found(stores, matching)
    kept = tuple(table.folder for table in hive)
    carried, rows = list[Objects](), dict[str, Tally]()
    for name in CARRIED:
        of = staged.folders(hive) if name == "vault" else {}
        told, counted = objects.export(where, objects.Source(name, stores.buckets[name], kept, of))
        carried.append(told)
        rows |= counted
    return staged.counted(hive, rows), carried


def _folder(where: Place, hub: Path) -> list[File]:
    """The deployment folder as it is."""
    return [manifest.put(where, DEPLOYMENT + name, file.read_bytes()) for name, file in deployed(hub).items()]


def _anew(told: Manifest) -> list[str]:
    people = sum(told.anew.users.values())
    return [*told.anew.keys, *told.anew.secrets, f"{people} memberships of users in groups"]
