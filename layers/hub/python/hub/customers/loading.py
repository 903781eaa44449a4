"""Bring the profile table from the release that it holds to a new one: changed customers only, in portions."""

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hub.customers import queries
from hub.customers.store import ProfileStore
from hub.errors import HubError
from hub.models.athena import Athena, QueryFailed, Row
from hub.models.records import Release
from hub.models.steps import reached
from hub.models.store import RunStore

PORTION_SECONDS = 200
QUERY_SECONDS = 240
PHASES = ("gone", "gone_events", "profiles", "events")

Progress = dict[str, Any]


class ProfilesBehind(HubError):
    """The query of what changed failed for good."""

    code = "profiles_behind"


@dataclass(frozen=True)
class Loader:
    runs: RunStore
    profiles: ProfileStore
    athena: Athena
    stage: str
    clock: Callable[[], float] = time.monotonic

    def load(self, run_id: str, progress: Progress) -> Progress:
        """One portion; give its answer in again until it says `done`. Safe to repeat from any point."""
        self.runs.keep_lease(run_id, datetime.now(UTC))
        release = self.runs.release(run_id)
        state = progress or {"base": self._base(release), "phase": 0, "next": "", "execution": "", "portion": 0}
        state = {**state, "portion": state["portion"] + 1}
        until = self.clock() + PORTION_SECONDS
        while state["phase"] < len(PHASES) and self.clock() < until:
            state = self._page(release, state)
        done = state["phase"] >= len(PHASES)
        if done:
            self.profiles.note_release(release.release_id)
            reached("profiles_written", run_id=run_id)
        return {**state, "run_id": run_id, "done": done}

    def _base(self, release: Release) -> str | None:
        """The release that the profiles show, None where they show none or it cannot be read any more."""
        held = self.profiles.noted_release()
        if held is None or held == release.release_id:
            return held
        try:
            found = self.runs.release(held)
            self._first_page("readable", queries.profiles(found, None, self.stage) + " limit 1", release, held)
        except HubError:
            return None
        return held

    def _page(self, release: Release, state: Progress) -> Progress:
        """Write one page of the phase's rows."""
        phase, base = PHASES[state["phase"]], self.runs.release(state["base"]) if state["base"] else None
        if base is None and phase.startswith("gone"):
            return {**state, "phase": state["phase"] + 1}
        if not state["next"]:
            sql = getattr(queries, phase)(release, base, self.stage)
            execution, rows, more = self._first_page(phase, sql, release, state["base"])
        else:
            execution = state["execution"]
            rows, more = self.athena.page(execution, state["next"])
        self._write(phase, rows, release.release_id)
        if more:
            return {**state, "execution": execution, "next": more}
        return {**state, "phase": state["phase"] + 1, "next": "", "execution": ""}

    def _first_page(
        self, phase: str, sql: str, release: Release, base: str | None
    ) -> tuple[str, list[Row], str | None]:
        token = hashlib.sha256(f"profiles|{release.release_id}|{base}|{phase}".encode()).hexdigest()
        execution = self.athena.start(sql, token)
        found = self.athena.wait(execution, QUERY_SECONDS)
        if found.state != "SUCCEEDED":
            raise ProfilesBehind(f"{phase} of release {release.release_id}: {QueryFailed(found.reason).message[:300]}")
        return (execution, *self.athena.page(execution))

    def _write(self, phase: str, rows: Iterable[Row], release_id: str) -> None:
        if phase == "profiles":
            self.profiles.put_profiles(rows, release_id)
        elif phase == "events":
            self.profiles.put_events(rows, release_id)
        elif phase == "gone_events":
            self.profiles.remove_events(rows)
        else:
            self.profiles.remove_profiles(rows, release_id)
