"""The machine clients that hub.yaml declares, and stopping one at once, before the next deployment."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from hub.access.principal import CLIENT
from hub.access.store import Revocations
from hub.errors import NotFound
from hub.settings import ApiSettings

FOR_GOOD: Final = 253_402_300_799
"""The last second of the year 9999: no token is newer."""


class ClientChange(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool


@dataclass(frozen=True, slots=True)
class MachineClient:
    name: str
    enabled: bool


class Clients:
    def __init__(self, settings: ApiSettings, now: Callable[[], float] = time.time) -> None:
        self._names = sorted(client.name for client in settings.machine_clients)
        self._revocations = Revocations(settings.access_table)
        self._now = now

    def all(self) -> list[MachineClient]:
        """As they are now, by name."""
        return [MachineClient(name, self._revocations.read(CLIENT + name) < FOR_GOOD) for name in self._names]

    def change(self, name: str, change: ClientChange) -> MachineClient:
        """Let the client in or not; either way the tokens that it has are void within 15 seconds. NotFound."""
        if name not in self._names:
            raise NotFound("There is no such client")
        self._revocations.revoke(CLIENT + name, self._now() if change.enabled else FOR_GOOD)
        return MachineClient(name, change.enabled)
