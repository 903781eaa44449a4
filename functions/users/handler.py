"""Who may use the hub, why, and what was seen: the API's /v1/users, /v1/rights and /v1/audit."""

from datetime import date
from functools import cache
from typing import Annotated

from pydantic import Field

from hub import config
from hub.access import Principal, audit
from hub.access.directory import Directory, NewUser, User, UserChange
from hub.access.register import Entry, Register
from hub.api import Api, Created, Limit, Page
from hub.settings import UsersSettings

api = Api("users")
UnusedDays = Annotated[int, Field(ge=1, le=400)]
directory = cache(lambda: Directory(UsersSettings.read()))
register = cache(lambda: Register(UsersSettings.read(), config.read(UsersSettings.read().hub_home).hub.clients))


@api.get("/v1/users", permission="users.read")
def list_users(after: str | None = None, limit: Limit = 50) -> Page[User]:
    return Page(*directory().page(after, limit))


@api.post("/v1/users", permission="users.manage")
def create_user(principal: Principal, request: NewUser) -> Created[dict[str, str]]:
    """Make a user; he gets his temporary password by e-mail."""
    user = directory().create(principal, request)
    audit.record(principal, "users.create", user.id, roles=" ".join(user.roles))
    return Created({"id": user.id})


@api.patch("/v1/users/<username>", permission="users.manage")
def change_user(principal: Principal, username: str, request: UserChange) -> User:
    """Set roles or enabled. The user's tokens end within 15 seconds."""
    user = directory().change(principal, username, request)
    audit.record(principal, "users.change", user.id, roles=" ".join(user.roles), enabled=user.enabled)
    return user


@api.get("/v1/rights", permission="users.read")
def list_rights(unused_days: UnusedDays = 90, after: str | None = None, limit: Limit = 50) -> Page[Entry]:
    """Who may what, why, and when he last did: users by pages, machine clients with the last. `unused` may go."""
    return Page(*register().page(after, limit, unused_days))


@api.get("/v1/audit", permission="audit.read")
def list_audit(principal: Principal, day: date, after: str | None = None, limit: Limit = 50) -> Page[dict[str, object]]:
    """Who saw what on a day (UTC), in the order of time. Reading it is written down too."""
    audit.record(principal, "audit.read", day.isoformat())
    return Page(*audit.of_day(day, after, limit))


handler = api.resolve
