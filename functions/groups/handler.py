"""Groups of customers that people share: the API's /v1/groups."""

from functools import cache
from typing import Any

from hub.access import Principal
from hub.api import Api, Created, Page
from hub.groups.desk import Groups
from hub.groups.models import Answer, Change, Draft, Request, Search, Shown, Wish
from hub.settings import GroupsSettings

api = Api("groups")
groups = cache(lambda: Groups(GroupsSettings.read()))


@api.get("/v1/groups", permission="customers.read")
def list_groups(principal: Principal) -> Page[Shown]:
    """Those one may see, and those one may ask for (`right: none`)."""
    return Page(groups().all(principal))


@api.post("/v1/groups", permission="groups.write")
def create_group(principal: Principal, request: Draft) -> Created[Shown]:
    return Created(groups().create(principal, request))


@api.patch("/v1/groups/<group_id>", permission="groups.write")
def change_group(principal: Principal, group_id: str, request: Change) -> Shown:
    """Put customers in or take them out; share the group, or take that back."""
    return groups().change(principal, group_id, request)


@api.delete("/v1/groups/<group_id>", permission="groups.write")
def delete_group(principal: Principal, group_id: str) -> None:
    groups().delete(principal, group_id)


@api.get("/v1/groups/<group_id>/members", permission="customers.read")
def search_members(principal: Principal, group_id: str, q: Search = "") -> Page[dict[str, Any]]:
    """Its customers, or those of them whom `q` means: by name, also misspelt, e-mail, telephone number, key."""
    return Page(groups().members(principal, group_id, q))


@api.get("/v1/groups/<group_id>/requests", permission="customers.read")
def list_requests(principal: Principal, group_id: str) -> Page[Request]:
    return Page(groups().requests(principal, group_id))


@api.post("/v1/groups/<group_id>/requests", permission="customers.read")
def ask_for_group(principal: Principal, group_id: str, request: Wish) -> Created[Request]:
    return Created(groups().ask(principal, group_id, request))


@api.post("/v1/groups/<group_id>/requests/<request_id>/answer", permission="groups.write")
def answer_request(principal: Principal, group_id: str, request_id: str, request: Answer) -> Request:
    return groups().answer(principal, group_id, request_id, request)


handler = api.resolve
