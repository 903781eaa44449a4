"""What the API does with parents and relations: each word is kept at once, and nobody gets two parents or a circle."""

from decimal import Decimal
from typing import Any, Literal

from hub.access import Principal, audit
from hub.campaigns.items import now_text
from hub.campaigns.keys import token_key
from hub.companies import models, trees
from hub.companies.anchors import Anchors
from hub.companies.store import CompanyStore
from hub.customers.store import ProfileStore
from hub.errors import Conflict, InvalidInput, NotFound
from hub.settings import StewardshipSettings

MOST_PARENTS = 2_000  # all are read to see a tree
MOST_EVENTS = 1_000  # of a member of a family that are added up
UNDONE = frozenset({"cancelled", "canceled", "void", "voided", "failed", "rejected"})

Item = dict[str, Any]


class Links:
    def __init__(self, settings: StewardshipSettings) -> None:
        self._store = CompanyStore(settings.control_table)
        self._profiles = ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter))

    def set_parent(self, principal: Principal, child_id: str, request: models.ParentRequest) -> models.Tree:
        """Conflict for a second parent, a circle, or a tree that was changed at that moment."""
        version, now = self._store.version(), self._anchors()
        child, parent = now.there(child_id), now.there(request.parent_id)
        if child["kind"] != parent["kind"]:
            what = f"is a {parent['kind']}; the parent of a {child['kind']} is one too"
            raise InvalidInput("Parent and child are of one kind", [{"field": "parent_id", "problem": what}])
        parents = now.parents()
        if len(parents) >= MOST_PARENTS:
            raise Conflict(f"A hub keeps at most {MOST_PARENTS} parents")
        trees.check_parent(parents, child["id"], parent["id"])
        if not self._store.add_parent(now.anchor(child), now.anchor(parent), version, principal.id, now_text()):
            raise Conflict("The tree was changed by somebody else; look again")
        audit.record(principal, "parents.set", child["id"], parent["id"])
        return self._tree(child)

    def remove_parent(self, principal: Principal, child_id: str) -> None:
        now = self._anchors()
        child = now.there(child_id)
        said = set(now.anchors(child["id"], child["kind"])) & self._store.parents().keys()
        if not said:
            raise NotFound("It has no parent")
        for each in said:
            self._store.remove_parent(each)
        audit.record(principal, "parents.remove", child["id"])

    def tree(self, principal: Principal, node_id: str) -> models.Tree:
        """The whole tree that somebody or a company stands in, with what each bought and all below it."""
        found = self._tree(self._anchors().there(node_id))
        audit.record(principal, "trees.read", found.root, *(each.id for each in found.nodes), count=len(found.nodes))
        return found

    def relate(self, principal: Principal, request: models.RelationRequest) -> models.Relation:
        now = self._anchors()
        one, other = now.there(request.from_id), now.there(request.to_id)
        if one["id"] == other["id"]:
            raise InvalidInput("A relation has two ends", [{"field": "to_id", "problem": "is the same"}])
        self._store.relate(now.anchor(one), request.kind, now.anchor(other), principal.id, now_text())
        audit.record(principal, "relations.add", one["id"], other["id"], kind=request.kind)
        return _relation((one["id"], request.kind, other["id"]))

    def unrelate(self, principal: Principal, relation_id: str) -> None:
        parts = relation_id.split(".")
        if len(parts) != 3:
            raise NotFound("There is no such relation")
        now = self._anchors()
        one, other = now.there(parts[0]), now.there(parts[2])
        mine, theirs = (now.anchors(each["id"], each["kind"]) for each in (one, other))
        said = [(a, b) for a in mine for kind, way, b in self._store.relations(a) if (kind, way) == (parts[1], "out")]
        gone = [(a, b) for a, b in said if b in theirs]
        if not gone:
            raise NotFound("There is no such relation")
        for a, b in gone:
            self._store.unrelate(a, parts[1], b)
        audit.record(principal, "relations.remove", one["id"], other["id"], kind=parts[1])

    def network(self, principal: Principal, node_id: str, steps: int, kind: str | None) -> models.Network:
        """Who is up to so many relations away, whichever way they lead; `kind`: only by these relations."""
        now = self._anchors()
        start = now.there(node_id)
        known = {start["id"]: start}

        def relations(node: str) -> list[trees.Edge]:
            said = [
                each
                for anchor in now.anchors(node, known[node]["kind"])
                for each in self._store.relations(anchor)
                if kind in (None, each[0])
            ]
            owners = now.owners(other for _, _, other in said)
            known.update(now.nodes(each for each in owners.values() if each not in known))
            there = [(named, way, owners[other]) for named, way, other in said if owners.get(other) in known]
            return [(node, named, it) if way == "out" else (it, named, node) for named, way, it in there if it != node]

        far, edges, complete = trees.network(start["id"], steps, relations)
        audit.record(principal, "network.read", *far, count=len(far))
        near = sorted((step, each) for each, step in far.items() if each != start["id"])
        return models.Network(
            of=start["id"],
            neighbours=[models.Neighbour(id=each, name=known[each]["name"], steps=step) for step, each in near],
            relations=[_relation(edge) for edge in sorted(edges)],
            complete=complete,
        )

    def _anchors(self) -> Anchors:
        return Anchors(self._store, self._profiles)

    def _tree(self, node: Item) -> models.Tree:
        now = self._anchors()
        parents = now.parents()
        root = [node["id"], *trees.above(parents, node["id"])][-1]
        listed = trees.below(parents, root)
        if len(listed) > trees.MOST_NODES:
            raise Conflict(f"A tree of more than {trees.MOST_NODES} is not shown at once")
        nodes = now.nodes(each for each, _ in listed)
        kind: Literal["company", "customer"] = "company" if node["kind"] == "company" else "customer"
        own = {each: self._totals(nodes.get(each)) for each, _ in listed}
        sums = [trees.rolled_up(listed, parents, {each: own[each][at] for each in own}) for at in range(3)]
        shown = [
            models.Node(
                id=each,
                name=nodes[each]["name"] if each in nodes else None,
                parent_id=parents.get(each),
                depth=depth,
                own=_told(kind, *own[each]),
                all=_told(kind, *(every[each] for every in sums)),
            )
            for each, depth in listed
        ]
        return models.Tree(kind=kind, root=root, nodes=shown)

    def _totals(self, node: Item | None) -> tuple[Decimal, Decimal, Decimal]:
        """Purchases, their amount, contacts: of a company by the last run, of a customer by his time line."""
        if node is None:
            return Decimal(0), Decimal(0), Decimal(0)
        if node["kind"] == "company":
            return Decimal(node["purchases"]), Decimal(node["net_amount"]), Decimal(node["contacts"])
        events, _ = self._profiles.events(node["id"], MOST_EVENTS)
        bought = [each for each in events if each["kind"] == "order" and str(each.get("outcome")).lower() not in UNDONE]
        return Decimal(len(bought)), sum((Decimal(each.get("amount") or 0) for each in bought), Decimal(0)), Decimal(0)


def _relation(edge: trees.Edge) -> models.Relation:
    one, kind, other = edge
    return models.Relation(relation_id=".".join(edge), from_id=one, kind=kind, to_id=other)


def _told(kind: str, purchases: Decimal, amount: Decimal, contacts: Decimal) -> models.Totals:
    people = int(contacts) if kind == "company" else None
    return models.Totals(purchases=int(purchases), net_amount=f"{amount:.2f}", contacts=people)
