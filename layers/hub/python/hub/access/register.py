"""The register of rights: who may what, why, and when he last did. What nobody uses may be taken away."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from pydantic import BaseModel

from hub.access.directory import Directory
from hub.access.permissions import PURPOSES
from hub.access.principal import CLIENT
from hub.access.roles import Roles
from hub.access.store import Uses
from hub.settings import UsersSettings


class Right(BaseModel):
    """A permission, which roles give it, and the day of its last use; None where none is known."""

    permission: str
    given_by: list[str]
    last_used: str | None
    unused: bool


class HeldRole(BaseModel):
    """unused: nothing that the role gives was used."""

    name: str
    purpose: str
    unused: bool


class Entry(BaseModel):
    """One who may use the hub. purpose: why, as an administrator or hub.yaml says. watched_since: uses before that
    day are not known; unused: not used within the days that were asked for."""

    kind: Literal["user", "client"]
    id: str
    name: str
    purpose: str | None
    enabled: bool
    last_used: str | None
    watched_since: str | None
    roles: list[HeldRole]
    rights: list[Right]
    unused: list[str]


class Declared(Protocol):
    """What hub.yaml says of a machine client."""

    @property
    def description(self) -> str | None: ...
    @property
    def scopes(self) -> tuple[str, ...]: ...


class Register:
    def __init__(
        self, settings: UsersSettings, clients: Mapping[str, Declared], now: Callable[[], float] = time.time
    ) -> None:
        self._clients, self._now = clients, now
        self._directory = Directory(settings, now)
        self._roles = Roles(settings.access_table)
        self._uses = Uses(settings.access_table, now)

    def page(self, after: str | None, limit: int, unused_days: int) -> tuple[list[Entry], str | None]:
        """Users as the pool pages them; the machine clients stand behind the last of them."""
        users, more = self._directory.page(after, limit)
        gives = {role.name: set(role.permissions) for role in self._roles.all()}
        says = PURPOSES | {role.name: role.description for role in self._roles.all() if not role.shipped}
        before = (datetime.fromtimestamp(self._now(), UTC) - timedelta(days=unused_days)).date().isoformat()
        since = self._uses.since()
        found = []
        for user in users:
            held = {name: gives.get(name, set()) for name in user.roles}
            rights = self._rights(user.id, held, before)
            roles = [HeldRole(name=name, purpose=says.get(name, ""), unused=_idle(name, rights)) for name in held]
            purpose = self._uses.purpose(user.id)
            found.append(_entry("user", user.id, user.username, purpose, user.enabled, since, roles, rights))
        return found + ([] if more else self._machines(before, since)), more

    def _machines(self, before: str, since: str | None) -> list[Entry]:
        return [
            _entry(
                "client", CLIENT + name, name, client.description, True, since, [],
                self._rights(CLIENT + name, {"scopes": set(client.scopes)}, before),
            )
            for name, client in sorted(self._clients.items())
        ]  # fmt: skip

    def _rights(self, caller: str, held: dict[str, set[str]], before: str) -> list[Right]:
        uses = self._uses.of(caller)
        return [
            Right(
                permission=permission,
                given_by=sorted(role for role, given in held.items() if permission in given),
                last_used=uses.get(permission),
                unused=uses.get(permission, "") < before,
            )
            for permission in sorted(set[str]().union(*held.values()))
        ]


def _idle(role: str, rights: Iterable[Right]) -> bool:
    return all(right.unused for right in rights if role in right.given_by)


def _entry(
    kind: Literal["user", "client"],
    id_: str,
    name: str,
    purpose: str | None,
    enabled: bool,
    since: str | None,
    roles: list[HeldRole],
    rights: list[Right],
) -> Entry:
    last = max((right.last_used for right in rights if right.last_used), default=None)
    return Entry(
        kind=kind, id=id_, name=name, purpose=purpose, enabled=enabled, last_used=last, watched_since=since,
        roles=roles, rights=rights, unused=[right.permission for right in rights if right.unused],
    )  # fmt: skip
