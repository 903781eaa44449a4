"""What people say of companies, parents and relations, in the control table.

`company_decision` / `into#<id>` puts a company into another one, `apart#<id>#<id>` keeps two apart.
`parent` / `<child>` is the one parent of a child; `relation#<id>` / `<kind>#<out or in>#<other>` an end of a relation,
and `related` / `<id>` says that somebody has any.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from hub import aws
from hub.campaigns.items import all_or_none, query
from hub.models.companies import APART, TOGETHER
from hub.models.store import RunStore

DECISION: Final = "company_decision"
PARENT: Final = "parent"
RELATION: Final = "relation#"
RELATED: Final = "related"
RECORD: Final = "record:"
VERSION: Final = {"pk": "parent_version", "sk": "version"}

Item = dict[str, Any]


class CompanyStore:
    def __init__(self, control_table: str) -> None:
        self._name = control_table

    @property
    def _table(self) -> Any:
        return aws.table(self._name)

    # which spellings are one company

    def decisions(self) -> list[Item]:
        return RunStore(self._name).company_decisions()

    def decide(self, company_id: str, other_id: str, together: bool, by: str, at: str) -> None:
        """The newest word about the two holds; a run takes it in."""
        RunStore(self._name).note_decided(at)
        told = {"decided_by": by, "decided_at": at, "other_id": other_id}
        into, apart = _keys(company_id, other_id)
        writes = [self._put({**(into if together else apart), **told}), self._delete(apart if together else into)]
        all_or_none(self._name, writes)

    def take_back(self, company_id: str, other_id: str, at: str) -> bool:
        """Forget what was said about the two; False where nothing was."""
        RunStore(self._name).note_decided(at)
        into, apart = _keys(company_id, other_id)
        said = [
            key for key in (into, apart) if (found := self._get(key)) and found["other_id"] in (company_id, other_id)
        ]
        for key in said:
            self._table.delete_item(Key=key)
        return bool(said)

    # parents

    def parents(self) -> dict[str, str]:
        """Child -> parent, all of them."""
        return {str(item["sk"]): str(item["parent_id"]) for item in query(self._name, PARENT, ConsistentRead=True)}

    def version(self) -> int:
        """Changes with each new parent: who looked at the tree before may not add to it."""
        found = self._get(VERSION)
        return int(found["version"]) if found else 0

    def add_parent(self, child: str, parent: str, version: int, by: str, at: str) -> bool:
        """False where the tree was changed since `version`, or the child has a parent."""
        item = {"pk": PARENT, "sk": child, "parent_id": parent, "said_by": by, "said_at": at}
        told = {":was": version, ":now": version + 1}
        moved = {
            "TableName": self._name,
            "Key": VERSION,
            "UpdateExpression": "SET #version = :now",
            "ExpressionAttributeNames": {"#version": "version"},
            "ConditionExpression": "#version = :was" if version else "attribute_not_exists(pk)",
            "ExpressionAttributeValues": told if version else {":now": 1},
        }
        put = self._put(item)
        put["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        return all_or_none(self._name, [put, {"Update": moved}])

    def remove_parent(self, child: str) -> None:
        self._table.delete_item(Key={"pk": PARENT, "sk": child})

    # relations

    def relate(self, one: str, kind: str, other: str, by: str, at: str) -> None:
        told = {"said_by": by, "said_at": at}
        listed = [{"pk": RELATED, "sk": each} for each in (one, other)]
        all_or_none(self._name, [self._put({**key, **told}) for key in (*_ends(one, kind, other), *listed)])

    def unrelate(self, one: str, kind: str, other: str) -> None:
        all_or_none(self._name, [self._delete(key) for key in _ends(one, kind, other)])

    def relations(self, one: str) -> Iterator[tuple[str, str, str]]:
        """(kind, out or in, the other one) of all relations that somebody or a company has."""
        for item in query(self._name, RELATION + one):
            kind, way, other = str(item["sk"]).split("#")
            yield kind, way, other

    def forget(self, record_keys: Collection[str]) -> int:
        """Take away what is bound to the records of the erased; how many parents and relations went."""
        erased = {RECORD + key for key in record_keys}
        parents = [child for child, parent in self.parents().items() if {child, parent} & erased]
        for child in parents:
            self.remove_parent(child)
        gone = 0
        for one in [str(item["sk"]) for item in query(self._name, RELATED) if item["sk"] in erased]:
            for kind, way, other in list(self.relations(one)):
                self.unrelate(*((one, kind, other) if way == "out" else (other, kind, one)))
                gone += 1
            self._table.delete_item(Key={"pk": RELATED, "sk": one})
        return len(parents) + gone

    def _get(self, key: Item) -> Item | None:
        found: Item | None = self._table.get_item(Key=key, ConsistentRead=True).get("Item")
        return found

    def _put(self, item: Item) -> Item:
        return {"Put": {"TableName": self._name, "Item": item}}

    def _delete(self, key: Item) -> Item:
        return {"Delete": {"TableName": self._name, "Key": key}}


def _keys(company_id: str, other_id: str) -> tuple[Item, Item]:
    lesser, greater = sorted((company_id, other_id))
    return {"pk": DECISION, "sk": TOGETHER + company_id}, {"pk": DECISION, "sk": f"{APART}{lesser}#{greater}"}


def _ends(one: str, kind: str, other: str) -> tuple[Item, Item]:
    return {"pk": RELATION + one, "sk": f"{kind}#out#{other}"}, {"pk": RELATION + other, "sk": f"{kind}#in#{one}"}
