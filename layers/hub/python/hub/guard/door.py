"""The door as a function holds it: a stage's models and its current release."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hub.errors import Conflict
from hub.guard.parameters import Value
from hub.guard.permit import Permitted, permit, projections
from hub.models.loader import read as read_models
from hub.models.store import RunStore


class Door:
    def __init__(self, control_table: str, home: Path, stage: str) -> None:
        self._runs = RunStore(control_table)
        self._home = home
        self._stage = stage

    def judge(self, sql: str, values: Mapping[str, Value]) -> Permitted:
        """Whether the SQL could run on some release; InvalidInput if not. What comes back must not be run."""
        return permit(sql, values, projections(read_models(self._home), None, self._stage))

    def open(self, sql: str, values: Mapping[str, Value]) -> Permitted:
        """The SQL as it runs on the current release. InvalidInput; Conflict before the first release."""
        release = self._runs.current_release()
        if release is None:
            raise Conflict("There is no release yet: it comes with the first run that ends well")
        permitted = permit(sql, values, projections(read_models(self._home), release, self._stage))
        return replace(permitted, release_id=release.release_id)
