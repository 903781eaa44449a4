"""Whether a hub stands still, so that it can be exported, and whether it is empty, so that it can be filled."""

import hmac
import json
from collections.abc import Iterator
from typing import Any

from hub import aws
from hub.campaigns.store import CampaignStore
from hub.customers.store import NOTED
from hub.models.planning import stored_tables
from hub.models.records import Release
from hub.models.store import RunStore
from infra.operate.moving import items
from infra.operate.moving.items import MARK, Item
from infra.operate.moving.stores import ZONES, Stores
from infra.operate.stage import OperateError

SENDING = ("freezing", "sending", "cancelling")
EMPTY_BEFORE = ("arrivals", "library", "campaigns", "profiles", "consent")
FINGERPRINT = b"the hub's own key"


def released(stores: Stores) -> Release:
    """The release to export; OperateError where the hub has none, or does not stand still."""
    store = RunStore(stores.tables["control"])
    release = store.current_release()
    if release is None:
        raise OperateError("there is no release yet, so there is nothing to export; wait for the first run")
    if reasons := [*_running(store), *_pulling(stores), *_sending(stores)]:
        raise OperateError(
            "the hub does not stand still; pause its data sets and campaigns, and wait:\n" + "\n".join(reasons)
        )
    return release


def changed(stores: Stores, release: Release, digests: dict[str, str]) -> list[str]:
    """What has changed since `release` was read and the items had these hashes."""
    now = RunStore(stores.tables["control"]).current_release()
    moved = ["the release"] if now is None or now.release_id != release.release_id else []
    return moved + [f"items of {name}" for name, was in digests.items() if items.digest(stores.tables[name]) != was]


def full(stores: Stores) -> list[str]:
    """Why a hub is not empty; pulls that brought nothing do not count."""
    found = []
    store = RunStore(stores.tables["control"])
    if store.lease():
        found.append("a run is under way")
    if store.current_release() or store.runs(1):
        found.append("it has runs or a release")
    pulls = (item for item in items.scanned(stores.tables["control"]) if item["sk"]["S"].startswith("pull#"))
    if any(int(item.get("received", {}).get("N", 0)) for item in pulls):
        found.append("pulls have brought rows")
    if tables := sorted(stored_tables(stores.stage, tuple(ZONES))):
        found.append(f"it has tables, such as {tables[0]}")
    for name in EMPTY_BEFORE:
        if next(items.scanned(stores.tables[name]), None):
            found.append(f"its table {name} has items")
    return found


def fingerprints(stores: Stores) -> dict[str, str]:
    """Of each key of the hub a text that tells the key from another one, and not the key."""
    found = {}
    for name, parameter in stores.parameters.items():
        value = aws.client("ssm").get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
        text = json.dumps(json.loads(value), sort_keys=True) if name == "link-keys" else value
        found[name] = hmac.digest(text.encode(), FINGERPRINT, "sha256").hex()[:16]
    return found


def users(stores: Stores) -> dict[str, int]:
    """How many users are in each group; nothing else of them."""
    if not stores.user_pool:
        return {}
    cognito, pool = aws.client("cognito-idp"), {"UserPoolId": stores.user_pool}
    groups = [group["GroupName"] for page in cognito.get_paginator("list_groups").paginate(**pool)
              for group in page["Groups"]]  # fmt: skip
    pages = cognito.get_paginator("list_users_in_group")
    return {name: sum(len(page["Users"]) for page in pages.paginate(**pool, GroupName=name)) for name in groups}


def _running(store: RunStore) -> Iterator[str]:
    newest = next(iter(store.runs(1)), None)
    if store.lease() or (newest and newest.state == "running"):
        yield "a run is under way"


def _pulling(stores: Stores) -> Iterator[str]:
    """Data sets of which a pull is half done: its place in a file is that of this hub alone."""
    control = stores.tables["control"]
    for item in items.scanned(control):
        if item["sk"]["S"] != "state" or not item["pk"]["S"].startswith("data_set#") or "running_pull" not in item:
            continue
        pull = _pull(control, item)
        if pull.get("state") == "running" or (pull.get("state") == "failed" and pull.get("batches")):
            yield f"the pull {pull['pull_id']} is {pull['state']}"


def _pull(control: str, state: Item) -> dict[str, Any]:
    key = {"pk": state["pk"]["S"], "sk": f"pull#{int(state['running_pull'].get('N', 0)):08d}"}
    return dict(aws.table(control).get_item(Key=key, ConsistentRead=True).get("Item") or {})


def _sending(stores: Stores) -> Iterator[str]:
    for run in CampaignStore(stores.tables["campaigns"]).active():
        if run["state"] in SENDING:
            yield f"the campaign {run['campaign_id']} is {run['state']}"
    for campaign_id in CampaignStore(stores.tables["campaigns"]).armed():
        yield f"the campaign {campaign_id} goes by itself"


def behind(stores: Stores, release: Release) -> bool:
    """Whether customers' profiles do not show the release yet."""
    noted = aws.table(stores.tables["profiles"]).get_item(Key=NOTED, ConsistentRead=True).get("Item")
    return noted is not None and noted["release_id"] != release.release_id


def is_out(stores: Stores, release_id: str) -> bool:
    """Whether readers of the hub see the release."""
    release = RunStore(stores.tables["control"]).current_release()
    return release is not None and release.release_id == release_id


def begun(control: str) -> dict[str, Any] | None:
    """What a table says of an import that has begun and not ended."""
    found = aws.table(control).get_item(Key=MARK, ConsistentRead=True).get("Item")
    return dict(found) if found else None
