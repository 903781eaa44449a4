"""What must be true of the hub whatever has happened, and what makes two hubs the same."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from hub.pulls.models import Pull
from hub.pulls.store import COUNTS
from tests.hub.pulls.conftest import VAULT
from tests.storm.pulls import stored

OWN = ("_pull_seq", "_pulled_at", "_batch", "_row")  # say when and where, not what
Rows = Counter[str]


class Watch:
    """Sees each change of what is visible: a registered partition is whole, and stays as it is."""

    def __init__(self) -> None:
        self._visible: dict[str, dict[str, str]] = {}
        self.announced: set[str] = set()
        self._wrong: list[str] = []

    def saw(self, service: str, request: Any) -> None:
        if service == "events":
            detail = json.loads(json.loads(request.body)["Entries"][0]["Detail"])
            self.announced.add(detail["pull_id"])
        elif service == "glue" and "BatchCreatePartition" in str(request.headers["X-Amz-Target"]):
            for each in json.loads(request.body)["PartitionInputList"]:
                folder = each["StorageDescriptor"]["Location"].removeprefix(f"s3://{VAULT}/")
                self._visible.setdefault(folder, stored.objects(folder))
        elif service == "s3" and request.method in ("PUT", "DELETE"):
            for folder, before in self._visible.items():
                if folder in request.url and before != (now := stored.objects(folder)):
                    self._wrong.append(
                        f"{folder} was visible and changed: {sorted(set(before.items()) ^ set(now.items()))}"
                    )
                    self._visible[folder] = now

    def judge(self) -> None:
        if self._wrong:
            raise AssertionError(self._wrong[0])


@dataclass
class Left:
    """What a history leaves: its complete pulls, what each of them staged and refused, and the last word of records."""

    pulls: list[Pull]
    staged: list[Rows] = field(default_factory=list)
    refused: list[Rows] = field(default_factory=list)
    held: dict[Any, Any] = field(default_factory=dict)
    truth: dict[Any, Any] = field(default_factory=dict)

    def totals(self) -> dict[str, int]:
        return {name: sum(getattr(pull, name) for pull in self.pulls) for name in COUNTS}


def left(world: Any) -> Left:
    """All that is stored, once the laws hold that need no comparison."""
    world.watch.judge()
    source, data_set = world.application.name.split(".")
    every = stored.pulls(world.application.name)
    found = Left([pull for pull in every if pull.state == "complete"])
    over = {"complete", "held", "abandoned", "failed"}
    assert {pull.state for pull in every} <= over, "no pull stays under way"
    partitions = visible(source, data_set)
    assert partitions.keys() <= {pull.pull_id for pull in found.pulls}, "only complete pulls are visible"
    rows: list[dict[str, Any]] = []
    for pull in found.pulls:
        tables = partitions.get(pull.pull_id, [])
        lines = balanced(pull, tables)
        assert pull.pull_id in world.watch.announced, f"{pull.pull_id} was never announced"
        mine = [row for table in tables for row in table.to_pylist()]
        found.staged.append(Counter(told(row) for row in mine))
        found.refused.append(
            Counter(json.dumps([_placeless(line["failures"]), line.get("record"), line.get("text")]) for line in lines)
        )
        rows += mine
    found.held, found.truth = last_words(rows, data_set), world.application.held()
    return found


def _placeless(failures: list[dict[str, str]]) -> list[dict[str, str]]:
    """Why a line was refused, wherever on which page it stood: pages may come in another order."""
    return [{**each, "reason": re.sub(r"[0-9]+", "#", each["reason"])} for each in failures]


def balanced(pull: Pull, tables: list[pa.Table]) -> list[dict[str, Any]]:
    """The ledger of a complete pull against what is stored; its quarantined lines."""
    batches = stored.batches(pull.pull_id)
    counts = {name: getattr(pull, name) for name in COUNTS}
    where = f"{pull.pull_id} {counts}"
    assert pull.balanced, where
    assert pull.received == pull.staged + pull.duplicate + pull.quarantined + pull.filtered, f"unbalanced: {where}"
    assert counts == {name: sum(each[name] for each in batches) for name in COUNTS}, f"not the sum of batches: {where}"
    assert pull.batches == len(batches), f"batches: {where}"
    assert pull.declared_by_source in (None, pull.received), f"declared {pull.declared_by_source}: {where}"
    staged = sum(len(table) for table in tables)
    assert staged == pull.staged + pull.deleted, f"{staged} rows are visible: {where}"
    lines = [line for each in batches if each.get("quarantine") for line in json_lines(each["quarantine"])]
    assert len(lines) == pull.quarantined, f"{len(lines)} lines in quarantine: {where}"
    landed = [stored.unpacked(each["landing"]) for each in batches if each.get("landing")]
    assert [hashlib.sha256(data).hexdigest() for data in landed] == [e["sha256"] for e in batches if e.get("landing")]
    if pull.source != "calls":  # a file's rows are not counted without reading it as the hub does
        arrived = sum(rows_of(data, pull.source) for data in landed)
        assert arrived == pull.received, f"{arrived} rows landed: {where}"
    return lines


def rows_of(data: bytes, source: str) -> int:
    """Rows in what landed."""
    if source == "shop":
        return len(pa.ipc.open_stream(data).read_all())
    return sum(len(json.loads(page)["items"]) for page in data.splitlines())


def visible(source: str, data_set: str) -> dict[str, list[pa.Table]]:
    """What a query sees, by pull: each registered partition's files."""
    return {
        pull: [pq.read_table(pa.BufferReader(stored.body(key))) for key in stored.objects(folder)]
        for pull, folder in stored.partitions(f"{source}_{data_set}").items()
    }


def last_words(rows: list[dict[str, Any]], data_set: str) -> dict[Any, Any]:
    """What the models make of all that was staged: of each record the last word."""
    order = ("_pulled_at", "_pull_seq", "_batch", "_row")
    latest = ("updated_at", *order) if data_set == "contacts" else order
    rows.sort(key=lambda row: tuple(row[name] for name in latest))
    last = {row["_record_key"]: row for row in rows}
    return {row[KEY[data_set]]: shown(row, data_set) for row in last.values() if not row["_deleted"]}


KEY = {"contacts": "contact_id", "orders": "order_id", "calls": "call_id"}


def shown(row: dict[str, Any], data_set: str) -> tuple[Any, ...]:
    """A row as its application says it (`held`)."""
    if data_set == "calls":
        return (row["minutes"],)
    moment = f"{row['updated_at']:%Y-%m-%dT%H:%M:%SZ}"
    return (row["full_name"], moment) if data_set == "contacts" else (int(row["total"]), moment)


def told(row: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in row.items() if name not in OWN}, default=str, sort_keys=True)


def same(calm: Left, stormy: Left, *, stirred: int, repeated: int) -> None:
    """AssertionError where the storm has left something else than calm weather.

    stirred: how often rows changed while they were read; then only the end is the same. repeated: how often the source
    gave rows twice; then the ledger counts more of them.
    """
    if stirred:
        assert stormy.held == stormy.truth, f"the hub holds {differing(stormy.held, stormy.truth)}"
        return
    assert stormy.held == calm.held, f"the hub holds {differing(stormy.held, calm.held)}"
    assert len(stormy.pulls) == len(calm.pulls), f"{len(stormy.pulls)} pulls are complete"
    for number, (pull, quiet) in enumerate(zip(stormy.pulls, calm.pulls, strict=True)):
        where = f"pull {number + 1}: "
        assert stormy.staged[number] == calm.staged[number], where + differing_rows(
            stormy.staged[number], calm.staged[number]
        )
        ours, theirs = stormy.refused[number], calm.refused[number]
        assert set(ours) == set(theirs), where + differing_rows(ours, theirs)
        if not repeated:
            counts = [{name: getattr(each, name) for name in (*COUNTS, "deleted")} for each in (pull, quiet)]
            assert counts[0] == counts[1], f"{where}{counts[0]}, without a storm {counts[1]}"


def differing(ours: dict[Any, Any], theirs: dict[Any, Any]) -> str:
    return str(
        {
            key: (ours.get(key), theirs.get(key))
            for key in ours.keys() | theirs.keys()
            if ours.get(key) != theirs.get(key)
        }
    )


def differing_rows(ours: Rows, theirs: Rows) -> str:
    return f"too many {list((ours - theirs).elements())[:2]}, too few {list((theirs - ours).elements())[:2]}"


def json_lines(key: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stored.unpacked(key).splitlines()]
