"""Companies, trees and networks as the fake API answers of them."""

from dataclasses import dataclass, field
from typing import Any

ASHA = "c" + "a" * 20


def company(key: str, name: str, **more: Any) -> dict[str, Any]:
    told = {"company_id": key, "name": name, "spellings": [name], "contacts": 2, "purchases": 3, "net_amount": "120.50"}
    told |= {"known_since": "2026-01-01T00:00:00Z", "similar_to": None, "similarity": None, "alike": None}
    return told | more


LEAF = company("fleaf", "Leaf & Jar Pvt. Ltd.")
LAEF = company("flaef", "Laef & Jar", contacts=1, similar_to="fleaf", similarity=857, alike="swapped")
BOSS = {
    "customer_id": ASHA,
    "full_name": "Asha Rao",
    "job_title": "Managing Director",
    "job_position": "Chief Executive Officer",
    "job_level": "executive",
    "buying_role": "decision_maker",
}


@dataclass
class Companies:
    """Who is below whom; what a steward said of spellings."""

    parents: dict[str, str] = field(default_factory=dict)
    said: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method, parts, query, body):
        match method, *parts:
            case "GET", "companies":
                similar = query.get("similar") == ["true"]
                return 200, {"items": [LAEF] if similar else [LAEF, LEAF], "next": None}
            case "GET", "companies", key:
                found = LEAF if key == "fleaf" else LAEF
                return 200, found | {"people": [BOSS], "parent_id": self.parents.get(key), "children": []}
            case "POST", "companies", key, "spellings":
                self.said.append(body)
                return 201, {"company_id": key, **body}
            case "GET", "trees", key:
                return 200, self.tree(key)
            case "PUT", "parents", key:
                if body["parent_id"] == key:
                    return 409, {"error": {"code": "conflict", "message": "Nobody is his own parent", "details": None}}
                self.parents[key] = body["parent_id"]
                return 200, self.tree(key)
            case "DELETE", "parents", key:
                del self.parents[key]
                return 204, None
            case "GET", "network", key:
                edge = {"relation_id": f"{ASHA}.works_with.{key}", "from_id": ASHA, "kind": "works_with", "to_id": key}
                near = [{"id": ASHA, "name": "Asha Rao", "steps": 1}]
                return 200, {"of": key, "neighbours": near, "relations": [edge], "complete": True}
        return 404, {"error": {"code": "not_found", "message": "There is nothing at this path", "details": None}}

    def tree(self, key):
        own = {"purchases": 3, "net_amount": "120.50", "contacts": 2}
        parent = self.parents.get(key)
        above = [self.node(parent, None, 0, own)] if parent else []
        nodes = [*above, self.node(key, parent, len(above), own)]
        return {"kind": "company", "root": nodes[0]["id"], "nodes": nodes}

    def node(self, key, parent, depth, own):
        name = (LEAF if key == "fleaf" else LAEF)["name"]
        return {"id": key, "name": name, "parent_id": parent, "depth": depth, "own": own, "all": own}
