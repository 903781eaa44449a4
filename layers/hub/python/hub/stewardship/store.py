"""Decisions in the control table: proposals, what they do, and locks so that one thing is decided once at a time.

`proposal` / `<id>` is one person's word and the answer to it; `stewardship_lock` / `<pk>#<sk>` is there while an item
that runs read waits for an answer. A decision and all its effects are one transaction.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from hub import aws
from hub.campaigns.items import all_or_none, get_all, newest_first, query
from hub.errors import NotFound
from hub.models.store import RunStore
from hub.stewardship.rules import EDIT, Item, key_of

PROPOSAL: Final = "proposal"
LOCK: Final = "stewardship_lock"


class DecisionStore:
    def __init__(self, control_table: str) -> None:
        self._name = control_table

    @property
    def _table(self) -> Any:
        return aws.table(self._name)

    def get(self, decision_id: str) -> Item:
        """NotFound for one that nobody made."""
        item = self._table.get_item(Key=_key(decision_id), ConsistentRead=True).get("Item")
        if item is None:
            raise NotFound("There is no such decision")
        return dict(item)

    def newest_first(self, state: str | None, after: str | None, limit: int) -> list[Item]:
        return newest_first(self._name, PROPOSAL, state, after, limit)

    def propose(self, item: Item, subjects: Iterable[tuple[str, str]]) -> bool:
        """Keep a proposal and lock what it is about; False where something of it waits for an answer already."""
        made = {**item, **_key(item["decision_id"]), "state": "proposed"}
        made["locks"] = ["#".join(each) for each in subjects]
        locks = [{"pk": LOCK, "sk": each, "proposal": item["decision_id"]} for each in made["locks"]]
        return all_or_none(self._name, [self._new(each) for each in (made, *locks)])

    def end(self, item: Item, state: str, about: Item, done: Sequence[Mapping[str, Item | None]] = ()) -> bool:
        """End a proposal and do what it says, or neither. False where it or what it changes was changed meanwhile."""
        writes = [self._change(item, "proposed", {"state": state, **about})]
        writes += [{"Delete": {"TableName": self._name, "Key": {"pk": LOCK, "sk": each}}} for each in item["locks"]]
        if item.get("undo_of") and state == "done":
            undone = {"decision_id": item["undo_of"]}
            writes.append(self._change(undone, "done", {"state": "undone", "undone_by": item["decision_id"]}))
        return all_or_none(self._name, [*writes, *(self._effect(each) for each in done)])

    def items(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        """Those of the items that exist."""
        return list(get_all(self._name, ({"pk": pk, "sk": sk} for pk, sk in keys)))

    def edits(self, record_keys: Iterable[str], group: str) -> list[Item]:
        """Edits and pins of a group that are anchored at one of these records."""
        return self.items((EDIT, f"{key}#{group}") for key in record_keys)

    def waiting_of(self, customer_id: str) -> list[Item]:
        """Open proposals about a customer."""
        found = query(self._name, PROPOSAL, FilterExpression=Attr("state").eq("proposed"))
        return [item for item in found if customer_id in item["customers"]]

    def everything(self) -> Iterator[Item]:
        """All proposals, the oldest first."""
        return query(self._name, PROPOSAL)

    def forget(self, item: Item, at: str, effects: list[Mapping[str, Item | None]]) -> None:
        """Take the values out of a proposal; one that waits ends. One that is answered meanwhile is the next run's."""
        about: Item = {"values": None, "effects": effects, "forgotten": True}
        if item["state"] == "proposed":
            self.end(item, "withdrawn", {**about, "answered_at": at})
        else:
            all_or_none(self._name, [self._change(item, item["state"], about)])

    def remove_edits(self, record_keys: Collection[str]) -> int:
        """Edits and pins that are anchored at one of these records, or take its values."""
        gone = [
            key_of(item)
            for item in query(self._name, EDIT)
            if not {item["record_key"], item.get("value_from")}.isdisjoint(record_keys)
        ]
        with self._table.batch_writer() as batch:
            for pk, sk in gone:
                batch.delete_item(Key={"pk": pk, "sk": sk})
        return len(gone)

    def ask_for_run(self, at: str) -> None:
        """Before what runs read is changed: a run too many does no harm, one too few would not show the change."""
        RunStore(self._name).note_decided(at)

    def matching(self) -> Item | None:
        """What the newest released run that matched has learned: its model as text, of how many records."""
        runs = RunStore(self._name)
        return runs.last_matching(runs.current_release())

    def _new(self, item: Item) -> Item:
        return {"Put": {"TableName": self._name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}

    def _change(self, item: Item, state: str, changes: Item) -> Item:
        names = {f"#{name}": name for name in changes} | {"#now": "state"}
        return {
            "Update": {
                "TableName": self._name,
                "Key": _key(item["decision_id"]),
                "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in changes),
                "ConditionExpression": "#now = :now",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {":now": state} | {f":{name}": value for name, value in changes.items()},
            }
        }

    def _effect(self, change: Mapping[str, Item | None]) -> Item:
        """Put `after` where `before` is, and nothing else."""
        before, after = change["before"], change["after"]
        about: Item = {"TableName": self._name, "ConditionExpression": "attribute_not_exists(pk)"}
        if before is not None:
            about |= {
                "ConditionExpression": "proposal = :before",
                "ExpressionAttributeValues": {":before": before["proposal"]},
            }
        if after is not None:
            return {"Put": {**about, "Item": after}}
        assert before is not None
        pk, sk = key_of(before)
        return {"Delete": {**about, "Key": {"pk": pk, "sk": sk}}}


def _key(decision_id: str) -> dict[str, str]:
    return {"pk": PROPOSAL, "sk": decision_id}
