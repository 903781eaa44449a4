"""An import from end to end. Readers see nothing of it before all of it is there, and it may be begun again.

The release and the states of data sets come last: before them no run starts, no pull begins and nothing is shown.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from hub import aws
from hub.access.store import RoleStore
from hub.models.records import iso
from hub.pulls.items import state_key
from infra.operate.moving import items, manifest, objects, staged, state, tables
from infra.operate.moving.digests import Tally
from infra.operate.moving.items import MARK, Item
from infra.operate.moving.manifest import Items, Manifest
from infra.operate.moving.place import Place
from infra.operate.moving.stores import Stores
from infra.operate.moving.translated import Translation
from infra.operate.stage import OperateError

# Consents before campaigns; what lets runs, pulls and campaigns begin stands in control and campaigns.
ORDER = ("access", "library", "arrivals", "consent", "profiles", "control", "campaigns")

Say = Callable[[str], None]


def import_hub(stores: Stores, hub: Path, where: Place, say: Say) -> Manifest:
    """Fill an empty hub; OperateError where it is not empty, or the export not whole and sound."""
    told = manifest.read(where)
    _whole(where, told)
    say(f"the export of {told.made_at} is whole: release {told.release} of stage {told.stage}")
    _same_keys(stores, told)
    if others := manifest.differing(told, hub):
        say(f"{hub} is not the deployment folder that was exported; runs will follow it: {', '.join(others)}")
    done = _begin(stores, told, say)
    translation = Translation(told.stage, stores.stage, told.release)
    if not state.is_out(stores, told.release):
        _clear(stores, where, told)
        _fill(stores, where, told, translation, done, say)
    else:
        _drops(stores, where, told, translation)
    _open(stores, where, told, translation)
    aws.table(stores.tables["control"]).delete_item(Key=MARK)
    say(f"release {told.release} is out in stage {stores.stage}; to be set anew: secrets and users")
    return told


def _fill(
    stores: Stores, where: Place, told: Manifest, translation: Translation, done: dict[str, str], say: Say
) -> None:
    """All but the gates. done: table -> snapshot, of those that need not be made again."""
    for each in told.objects:
        objects.bring(where, each, stores.buckets[each.bucket], translation.arrived)
    for over_objects in told.hive_tables:
        staged.make(stores, over_objects)
    say(f"{sum(each.count for each in told.objects)} objects, {len(told.hive_tables)} tables over them")
    glue = tables.catalogue()
    for table in told.tables:
        if table.name not in done:
            done[table.name] = tables.make(where, stores, glue, table)
            _note(stores, done)
            say(f"{table.name}: {table.rows} rows")
    translation.snapshots = done
    by_name = {each.table: each for each in told.items}
    for name in ORDER:
        _items(stores, where, by_name[name], translation)
        say(f"{name}: {by_name[name].count} items")
    make_groups(stores)


def make_groups(stores: Stores) -> None:
    """The new user pool has a group for each custom role too, so that the new users can be given it."""
    if not stores.user_pool:
        return
    pool = aws.client("cognito-idp")
    for role in RoleStore(stores.tables["access"]).all():
        with suppress(pool.exceptions.GroupExistsException):
            pool.create_group(UserPoolId=stores.user_pool, GroupName=role.name)


def _whole(where: Place, told: Manifest) -> None:
    """OperateError where a file lacks or is not what was exported; all are read before anything is written."""
    there = where.sizes()
    manifest.check(where, told.files, there)
    for each in told.objects:
        manifest.check(where, [objects.as_file(line) for line in objects.lines(where, each)], there)
    for each_table in told.items:
        for _ in items.read(where, each_table):
            pass


def _same_keys(stores: Stores, told: Manifest) -> None:
    """With another key every token of a record, an address and a link is another one: nobody would be known again."""
    own = state.fingerprints(stores)
    if other := sorted(name for name, print_ in told.anew.keys.items() if own.get(name) != print_):
        raise OperateError(
            f"stage {stores.stage} has another {' and another '.join(other)} than the hub that was exported; put the "
            "old hub's there first (docs/how-to/move-a-hub.md)"
        )


def _begin(stores: Stores, told: Manifest, say: Say) -> dict[str, str]:
    """Mark the hub as being filled; the tables that an import of this export, which was broken off, has made."""
    control = stores.tables["control"]
    before = state.begun(control)
    if before and before["export_id"] != told.export_id:
        raise OperateError(
            f"an import of another export (of {before['made_at']}) was begun here at {before['begun_at']} and did not "
            "end; end that one, or take another empty hub"
        )
    if before:
        say(f"the import that was begun at {before['begun_at']} was broken off; it goes on")
        return {str(name): str(snapshot) for name, snapshot in before["tables"].items()}
    if reasons := state.full(stores):
        raise OperateError(f"stage {stores.stage} is not empty: {'; '.join(reasons)}. Import into an empty hub")
    mark = {"export_id": told.export_id, "made_at": told.made_at, "begun_at": iso(datetime.now(UTC)), "tables": {}}
    aws.table(control).put_item(Item=MARK | mark)
    return {}


def _clear(stores: Stores, where: Place, told: Manifest) -> None:
    """Take away what pulls without rows left, and pause all data sets."""
    control = stores.tables["control"]
    items.delete(control, lambda item: item["pk"]["S"].startswith(("data_set#", "pull#")))
    for item in items.read(where, _control(told)):
        if _is_state(item):
            aws.table(control).put_item(Item=state_key(item["pk"]["S"].partition("#")[2]) | {"paused": True})


def _note(stores: Stores, done: dict[str, str]) -> None:
    """Remember the tables that are done, with their snapshots."""
    aws.table(stores.tables["control"]).update_item(
        Key=MARK,
        UpdateExpression="SET #tables = :done",
        ExpressionAttributeNames={"#tables": "tables"},
        ExpressionAttributeValues={":done": done},
    )


def _items(stores: Stores, where: Place, told: Items, translation: Translation) -> None:
    """Write the items of one table and read them again; the gates of the control table are not among them."""
    table, tally = stores.tables[told.table], Tally()
    is_control = told.table == "control"

    def wanted() -> Iterator[Item]:
        for item in items.read(where, told):
            if is_control:
                if _is_gate(item):
                    continue
                item = translation.control(item)
            tally.add_items([items.plain(item)])
            yield item

    items.write(table, wanted())
    found = Tally()
    found.add_items(items.plain(item) for item in items.scanned(table) if not (is_control and _is_gate(item)))
    if (found.count, found.digest) != (tally.count, tally.digest):
        raise OperateError(
            f"{told.table}: {found.count} items after the import are not the {tally.count} that were exported; "
            "somebody uses the hub. Import again, it goes on"
        )


def _drops(stores: Stores, where: Place, told: Manifest, translation: Translation) -> None:
    """Hear again what became of the files that were dropped."""
    for each in told.objects:
        if each.bucket == "vault":
            objects.bring_drops(where, objects.lines(where, each), stores.buckets["vault"], translation.arrived)


def _open(stores: Stores, where: Place, told: Manifest, translation: Translation) -> None:
    """First the release, then the states of data sets, behind which pulls and runs begin: each of them once."""
    table = stores.tables["control"]
    gates = [translation.control(item) for item in items.read(where, _control(told)) if _is_gate(item)]
    if not state.is_out(stores, told.release):
        items.write(table, [gate for gate in gates if not _is_state(gate)])
    for gate in filter(_is_state, gates):
        items.put_unless(table, gate, "next_seq")


def _control(told: Manifest) -> Items:
    return next(each for each in told.items if each.table == "control")


def _is_state(item: Item) -> bool:
    return bool(item["pk"]["S"].startswith("data_set#") and item["sk"]["S"] == "state")


def _is_gate(item: Item) -> bool:
    return _is_state(item) or (item["pk"]["S"] == "release" and item["sk"]["S"] == "current")
