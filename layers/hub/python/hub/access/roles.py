"""The roles: those that the hub ships, and custom ones that an organisation makes of the same permissions.

A custom role is an item of the access table, which says what it gives, and a group of the user pool, which says who
has it. Where one of the two is missing it gives nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from hub import aws
from hub.access.permissions import GRANTABLE, ROLES
from hub.access.principal import Principal
from hub.access.store import CustomRole, RoleStore
from hub.errors import Conflict, Forbidden, InvalidInput, NotFound
from hub.settings import UsersSettings

MOST: Final = 100
"""Custom roles of one hub: what one read of the table gives."""


class RoleText(BaseModel):
    """What a custom role is for and what it gives."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = Field("", max_length=500)
    permissions: list[str] = Field(min_length=1, max_length=200)


class NewRole(RoleText):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    description: str
    permissions: list[str]
    shipped: bool


class Roles:
    """Reading the roles, and whether somebody may give them to somebody."""

    def __init__(self, table: str) -> None:
        self._store = RoleStore(table)

    def all(self) -> list[Role]:
        """As they are now: the shipped ones first. A custom one is nothing once the hub ships its name."""
        shipped = [Role(name, "", sorted(ROLES[name]), shipped=True) for name in sorted(ROLES)]
        return shipped + [_shown(role) for role in self._store.all() if role.name not in ROLES]

    def permissions(self, names: Iterable[str]) -> set[str]:
        """What these roles give together."""
        wanted = set(names)
        return {permission for role in self.all() if role.name in wanted for permission in role.permissions}

    def check_grant(self, by: Principal, names: Iterable[str]) -> None:
        """InvalidInput for a role that does not exist, Forbidden for one that gives what `by` may not do himself."""
        if not (wanted := set(names)):
            return
        known = {role.name: role.permissions for role in self.all()}
        unknown = sorted(wanted - known.keys())
        if unknown:
            problem = f"there is no role {unknown[0]!r}; the roles are {', '.join(sorted(known))}"
            raise InvalidInput(problem[0].upper() + problem[1:], [{"field": "roles", "problem": problem}])
        _within(by, {permission for name in wanted for permission in known[name]})


class CustomRoles:
    """Making, changing and deleting custom roles."""

    def __init__(self, settings: UsersSettings) -> None:
        self._pool_id = settings.user_pool_id
        self._store = RoleStore(settings.access_table)

    def create(self, by: Principal, new: NewRole) -> Role:
        """Conflict where the name is taken; see `_checked` for what is refused besides."""
        role = _checked(by, new.name, new)
        if len(self._store.all()) >= MOST:
            raise Conflict(f"A hub has at most {MOST} custom roles; delete one that nobody has")
        if not self._store.put(role, new=True):
            raise Conflict("There is a role of this name")
        try:
            self._pool.create_group(UserPoolId=self._pool_id, GroupName=new.name)
        except self._pool.exceptions.GroupExistsException as error:
            self._store.delete(new.name)  # whoever is in that group was not given this role
            raise Conflict("The user pool has a group of this name already") from error
        return _shown(role)

    def change(self, by: Principal, name: str, text: RoleText) -> Role:
        """Say anew what the role is; whoever has it has the new rights within 15 seconds. NotFound, Conflict."""
        role = _checked(by, name, text)
        if not self._store.put(role, new=False):
            raise NotFound("There is no such role")
        return _shown(role)

    def delete(self, name: str) -> None:
        """Conflict, with the number of users, while somebody has the role. The group goes first: see the module."""
        _not_shipped(name)
        if name not in {role.name for role in self._store.all()}:
            raise NotFound("There is no such role")
        pool = self._pool
        try:
            holders = self._holders(name)
            if holders:
                people = "1 user has" if holders == 1 else f"{holders} users have"
                raise Conflict(f"{people} this role; take it from them first", {"users": holders})
            pool.delete_group(UserPoolId=self._pool_id, GroupName=name)
        except pool.exceptions.ResourceNotFoundException:
            pass  # an earlier deletion came as far as this
        self._store.delete(name)

    def _holders(self, name: str) -> int:
        pages = self._pool.get_paginator("list_users_in_group").paginate(UserPoolId=self._pool_id, GroupName=name)
        return sum(len(page["Users"]) for page in pages)

    @property
    def _pool(self) -> Any:
        return aws.client("cognito-idp")


def _checked(by: Principal, name: str, text: RoleText) -> CustomRole:
    """The role as it may be kept; Conflict for a shipped name, InvalidInput, Forbidden for permissions."""
    _not_shipped(name)
    unknown = sorted(set(text.permissions) - GRANTABLE)
    if unknown:
        problem = f"there is no permission {unknown[0]!r}; the permissions are {', '.join(sorted(GRANTABLE))}"
        raise InvalidInput(problem[0].upper() + problem[1:], [{"field": "permissions", "problem": problem}])
    _within(by, text.permissions)
    return CustomRole(name, text.description, frozenset(text.permissions))


def _not_shipped(name: str) -> None:
    if name in ROLES:
        raise Conflict(f"{name} is a role that the hub ships; it stays as it is")


def _within(by: Principal, permissions: Iterable[str]) -> None:
    missing = sorted(set(permissions) - by.permissions)
    if missing:
        raise Forbidden(f"Nobody gives a permission that he does not have himself: {missing[0]}", {"missing": missing})


def _shown(role: CustomRole) -> Role:
    return Role(role.name, role.description, sorted(role.permissions), shipped=False)
