"""Bring the profile table from the release that it holds to a new one: changed customers only, in portions."""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hub.customers import bulk, queries
from hub.customers.store import ProfileStore
from hub.errors import HubError
from hub.models.athena import Athena, Row
from hub.models.records import Release
from hub.models.steps import reached
from hub.models.store import RunStore

PORTION_SECONDS = 120  # well within the run's lease, which each portion renews
READABLE_SECONDS = 60
MOST_ATTEMPTS = 3
PHASES = (
    "gone", "gone_events", "profiles", "records", "events", "doubts", "households", "companies", "contacts",
    "leftovers",
)  # fmt: skip
NEED_BASE, NEED_NO_BASE = ("gone", "gone_events"), ("leftovers",)
UNREAD = {"attempt": 0, "unloaded": False, "mark": None}

Progress = dict[str, Any]


class ProfilesBehind(HubError):
    """The query of what changed failed for good."""

    code = "profiles_behind"


@dataclass(frozen=True)
class Loader:
    """`bucket` is the vault's: what changed lies below scratch/<run>/profiles/ until it expires."""

    runs: RunStore
    profiles: ProfileStore
    athena: Athena
    stage: str
    bucket: str
    clock: Callable[[], float] = time.monotonic

    def load(self, run_id: str, progress: Progress) -> Progress:
        """One portion; give its answer in again until it says `done`. Safe to repeat from any point."""
        self.runs.keep_lease(run_id, datetime.now(UTC))
        release = self.runs.release(run_id)
        state = progress or {"base": self._base(release), "load": uuid.uuid4().hex, "phase": 0, "portion": 0, **UNREAD}
        state = {**state, "portion": state["portion"] + 1}
        until = self.clock() + PORTION_SECONDS
        while state["phase"] < len(PHASES) and self.clock() < until:
            state = self._advance(release, state, until)
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
            for number, sql in enumerate(
                (queries.profiles(found, None, self.stage), queries.doubts(found, None, self.stage))
            ):
                if sql:  # either may have had fewer columns then
                    token = _token(release.release_id, held, str(number))
                    list(self.athena.query(f"{sql} limit 1", token, READABLE_SECONDS))
        except HubError:
            return None
        return held

    def _advance(self, release: Release, state: Progress, until: float) -> Progress:
        """Bring a phase on: its rows are unloaded first, then written."""
        phase, base = PHASES[state["phase"]], self.runs.release(state["base"]) if state["base"] else None
        if phase in (NEED_BASE if base is None else NEED_NO_BASE):
            return _next_phase(state)
        if phase == "leftovers":
            return self._swept(release.release_id, state, until)
        folder = f"s3://{self.bucket}/scratch/{release.run_id}/profiles/{state['load']}/{phase}-{state['attempt']}/"
        if state["unloaded"]:
            return self._written(phase, folder, release.release_id, state, until)
        sql = getattr(queries, phase)(release, base, self.stage)
        if sql is None:
            return _next_phase(state)
        return self._unloaded(bulk.unload(sql, folder), folder, state, until)

    def _unloaded(self, statement: str, folder: str, state: Progress, until: float) -> Progress:
        """Unload, or go on to wait for it: a folder is one execution. After a failure the next try has its own."""
        execution = self.athena.start(statement, _token(folder))
        found = self.athena.wait(execution, until - self.clock())
        if not found.done:
            return state
        if found.state == "SUCCEEDED":
            return {**state, "unloaded": True}
        if state["attempt"] + 1 == MOST_ATTEMPTS:
            raise ProfilesBehind(f"{folder} could not be written: {(found.reason or found.state)[:300]}")
        return {**state, "attempt": state["attempt"] + 1}

    def _written(self, phase: str, folder: str, release_id: str, state: Progress, until: float) -> Progress:
        """Write what is unloaded until the portion's time is over."""
        begun = tuple(state["mark"]) if state["mark"] else None
        for rows, mark in bulk.rows(folder, begun):
            self._write(phase, rows, release_id)
            if self.clock() >= until:
                return {**state, "mark": mark}
        return _next_phase(state)

    def _swept(self, release_id: str, state: Progress, until: float) -> Progress:
        """Without a base nobody can say who is gone: everything has just been written, so what was not is left over."""
        for items, mark in self.profiles.leftovers(release_id, state["mark"]):
            self.profiles.remove_leftovers(items, release_id)
            if mark and self.clock() >= until:
                return {**state, "mark": mark}
        return _next_phase(state)

    def _write(self, phase: str, rows: Iterable[Row], release_id: str) -> None:
        if phase == "profiles":
            self.profiles.put_profiles(rows, release_id)
        elif phase == "events":
            self.profiles.put_events(rows, release_id)
        elif phase == "records":
            self.profiles.put_records(rows, release_id)
        elif phase == "doubts":
            self.profiles.parts.put_doubts(rows, release_id)
        elif phase == "households":
            self.profiles.parts.put_households(rows, release_id)
        elif phase == "companies":
            self.profiles.companies.put_companies(rows, release_id)
        elif phase == "contacts":
            self.profiles.companies.put_contacts(rows, release_id)
        elif phase == "gone_events":
            self.profiles.remove_events(rows)
        else:
            self.profiles.remove_profiles(rows, release_id)


def _next_phase(state: Progress) -> Progress:
    return {**state, **UNREAD, "phase": state["phase"] + 1}


def _token(*parts: str) -> str:
    return "|".join(("profiles", *parts))
