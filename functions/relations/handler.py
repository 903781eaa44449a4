"""Who belongs to whom and who refers whom: the API's /v1/trees, /v1/parents, /v1/relations and /v1/network."""

from functools import cache

from hub.access import Principal
from hub.api import Api, Created
from hub.companies import models
from hub.companies.links import Links
from hub.companies.models import Kind, Steps
from hub.settings import StewardshipSettings

api = Api("relations")
links = cache(lambda: Links(StewardshipSettings.read()))


@api.get("/v1/trees/<node_id>", permission="customers.read")
def show_tree(principal: Principal, node_id: str) -> models.Tree:
    """The tree of parents that a company or a customer stands in, with totals of each and of all below."""
    return links().tree(principal, node_id)


@api.put("/v1/parents/<child_id>", permission="decisions.write")
def set_parent(principal: Principal, child_id: str, request: models.ParentRequest) -> models.Tree:
    return links().set_parent(principal, child_id, request)


@api.delete("/v1/parents/<child_id>", permission="decisions.write")
def remove_parent(principal: Principal, child_id: str) -> None:
    links().remove_parent(principal, child_id)


@api.post("/v1/relations", permission="edits.write")
def relate(principal: Principal, request: models.RelationRequest) -> Created[models.Relation]:
    return Created(links().relate(principal, request))


@api.delete("/v1/relations/<relation_id>", permission="edits.write")
def unrelate(principal: Principal, relation_id: str) -> None:
    links().unrelate(principal, relation_id)


@api.get("/v1/network/<node_id>", permission="customers.read")
def show_network(principal: Principal, node_id: str, steps: Steps = 1, kind: Kind | None = None) -> models.Network:
    return links().network(principal, node_id, steps, kind)


handler = api.resolve
