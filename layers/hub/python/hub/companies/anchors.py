"""What parents and relations are bound to: of a customer a record, so that a merge or an un-merge takes them along.

A company stands for itself, and for those that were put into it.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from hub.companies.store import RECORD, CompanyStore
from hub.companies.trees import above
from hub.customers.store import ProfileStore
from hub.errors import Conflict, NotFound
from hub.models.companies import last, together

Item = dict[str, Any]


class Anchors:
    """For one request: what stewards said of companies is read once."""

    def __init__(self, store: CompanyStore, profiles: ProfileStore) -> None:
        self._store, self._profiles = store, profiles

    @cached_property
    def _into(self) -> dict[str, str]:
        return together(self._store.decisions())

    def nodes(self, ids: Iterable[str]) -> dict[str, Item]:
        """Companies and customers by the ids that were asked for, as they are now; ids of none are left out."""
        asked = list(dict.fromkeys(ids))
        found = self._now(asked)
        for each in asked:
            if each not in found:
                now = last(self._into, each) if each in self._into else self._profiles.follow(each)
                if now != each and (node := self._now([now]).get(now)):
                    found[each] = node
        return found

    def there(self, node_id: str) -> Item:
        found = self.nodes([node_id])
        if node_id not in found:
            raise NotFound("There is no such company or customer")
        return found[node_id]

    def anchor(self, node: Item) -> str:
        """What something that is said now of a company or customer is bound to."""
        return min(self.anchors(node["id"], node["kind"]))

    def anchors(self, node_id: str, kind: str) -> list[str]:
        """All that anything about it may be bound to."""
        if kind == "company":
            return [node_id, *(each for each in self._into if last(self._into, each) == node_id)]
        keys = [RECORD + record["record_key"] for record in self._profiles.parts.records(node_id)]
        if not keys:
            raise Conflict("The hub has not loaded this customer's records yet; try again after the next run")
        return keys

    def owners(self, anchors: Iterable[str]) -> dict[str, str]:
        """Whose each anchor is now; records that nobody has are left out."""
        asked = set(anchors)
        records = {each.removeprefix(RECORD) for each in asked if each.startswith(RECORD)}
        found = {RECORD + key: owner for key, owner in self._profiles.parts.owners(records).items()}
        return found | {each: last(self._into, each) for each in asked if not each.startswith(RECORD)}

    def parents(self) -> dict[str, str]:
        """Child -> parent as they are now; of two that became one the first parent stands, and no circle is closed."""
        said = self._store.parents()
        owners = self.owners([*said, *said.values()])
        found: dict[str, str] = {}
        for child, parent in said.items():
            one, other = owners.get(child), owners.get(parent)
            if one and other and one not in (other, *above(found, other)):
                found.setdefault(one, other)
        return found

    def _now(self, ids: list[str]) -> dict[str, Item]:
        companies = self._profiles.companies.some(ids)
        profiles = self._profiles.some([each for each in ids if each not in companies])
        found: dict[str, Item] = {
            each: {**company, "id": each, "kind": "company"} for each, company in companies.items()
        }
        for each, profile in profiles.items():
            found[each] = {"id": each, "kind": "customer", "name": profile.get("full_name")}
        return found
