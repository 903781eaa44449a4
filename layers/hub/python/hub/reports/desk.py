"""What the API's reports and results do: each step checks, writes down who asked, and then acts."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from hub.access import Principal, audit
from hub.errors import Conflict, Forbidden, InvalidInput, NotFound
from hub.guard import Door, Parameter, Value, infer, read
from hub.lineage.badges import Badges
from hub.lineage.models import Badge
from hub.reports import athena
from hub.reports.athena import Link, Problem, Rows, State
from hub.reports.estimate import bytes_at_most
from hub.reports.library import Draft, Report, check_parameters, samples, shipped
from hub.reports.store import LibraryStore, Result
from hub.settings import ReportsSettings

__all__ = ["Asked", "Change", "Desk", "Link", "Rows", "Shown", "Standing", "Started"]
NO_REPORT: Final = "There is no such report"


class Asked(BaseModel):
    """Run a saved report by its id, or SQL of one's own. `declared` gives that SQL's parameters their types; a
    parameter that it does not name has the type of its JSON value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    report_id: str | None = Field(None, min_length=1, max_length=128)
    sql: str | None = Field(None, min_length=1, max_length=60_000)
    parameters: dict[str, JsonValue] = Field(default_factory=dict, max_length=40)
    declared: list[Parameter] = Field(default_factory=list, max_length=40)

    @model_validator(mode="after")
    def one_query(self) -> Self:
        if (self.report_id is None) == (self.sql is None):
            raise ValueError("give either report_id or sql")
        if self.declared and self.sql is None:
            raise ValueError("a saved report has declared its parameters itself")
        return self


@dataclass(frozen=True, slots=True)
class Started:
    """A query that runs. bytes_at_most: what Athena will read if it needs every column and row of the tables."""

    id: str
    state: State
    bytes_at_most: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a result stands. bytes_scanned is what Athena bills (10 MB at least)."""

    id: str
    state: State
    error: Problem | None
    report_id: str | None
    release_id: str
    tables: list[str]
    started_at: str
    bytes_scanned: int
    milliseconds: int
    quality: Badge


class Shown(Report):
    """A report with the badge of the data that it reads."""

    quality: Badge


class Change(Draft):
    version: int = Field(description="The version that was read; another one is a conflict.")


class Desk:
    def __init__(self, settings: ReportsSettings) -> None:
        self._settings = settings
        self._library = LibraryStore(settings.library_table)
        self._badges = Badges(settings.hub_home, settings.control_table)
        self._door = Door(settings.control_table, settings.hub_home, settings.stage)

    def reports(self, after: str | None, limit: int) -> tuple[list[Report], str | None]:
        """The deployment's reports with the first page, then the saved ones."""
        own, more = self._library.reports(after, limit)
        return (own if after else [*shipped(self._settings.hub_home).values(), *own]), more

    def report(self, report_id: str) -> Report:
        found = shipped(self._settings.hub_home).get(report_id) or self._library.report(report_id)
        if found is None:
            raise NotFound(NO_REPORT)
        return found

    def show(self, report_id: str) -> Shown:
        report = self.report(report_id)
        return Shown(**report.model_dump(), quality=self._badges.of_sql(report.sql))

    def create(self, principal: Principal, draft: Draft) -> Report:
        self._check(draft)
        report = Report(
            **draft.model_dump(include=set(Draft.model_fields)),
            report_id=uuid.uuid4().hex,
            owner=principal.id,
            updated_at=_now(),
        )
        self._library.save(report)
        return report

    def change(self, principal: Principal, report_id: str, change: Change) -> Report:
        before = self._own(principal, report_id)
        if change.version != before.version:
            raise Conflict("The report was changed by somebody else; read it again")
        self._check(change)
        content = change.model_dump(include=set(Draft.model_fields))
        report = Report.model_validate(
            before.model_dump() | content | {"version": before.version + 1, "updated_at": _now()}
        )
        self._library.save(report)
        return report

    def delete(self, principal: Principal, report_id: str) -> None:
        self._library.delete(self._own(principal, report_id))

    def run(self, principal: Principal, asked: Asked) -> Started:
        """Start a query on the current release."""
        sql, values = self._question(principal, asked)
        permitted = self._door.open(sql, values)
        result_id, release_id = uuid.uuid4().hex, permitted.release_id or ""
        audit.record(principal, "reports.run", result_id, *permitted.tables, report=asked.report_id, release=release_id)
        query_id = athena.start(permitted, sql, self._settings.reports_workgroup, token=result_id)
        result = Result(
            result_id=result_id,
            owner=principal.id,
            query_id=query_id,
            sql=sql,
            report_id=asked.report_id,
            release_id=release_id,
            tables=list(permitted.tables),
            started_at=_now(),
        )
        self._library.add_result(result)
        return Started(result_id, "running", bytes_at_most(permitted.sources))

    def result(self, principal: Principal, result_id: str) -> Standing:
        found = self._library.result(result_id, principal.id)
        standing = athena.standing(found.query_id, found.sql)
        return Standing(
            found.result_id,
            standing.state,
            standing.problem,
            found.report_id,
            found.release_id,
            found.tables,
            found.started_at,
            standing.bytes_scanned,
            standing.milliseconds,
            self._badges.of(found.tables),
        )

    def rows(self, principal: Principal, result_id: str, after: str | None, limit: int) -> Rows:
        found, _ = self._succeeded(principal, result_id)
        audit.record(principal, "results.read", result_id, first=after is None)
        return athena.rows(found.query_id, after, limit)

    def download(self, principal: Principal, result_id: str, exact: bool) -> Link:
        found, standing = self._succeeded(principal, result_id)
        audit.record(principal, "results.download", result_id)
        return athena.download(standing.location, found.result_id, exact)

    def _question(self, principal: Principal, asked: Asked) -> tuple[str, dict[str, Value]]:
        if asked.sql is not None:
            principal.require("reports.write")
            check_parameters(asked.declared)
            named = {parameter.name for parameter in asked.declared}
            others = {name: value for name, value in asked.parameters.items() if name not in named}
            return asked.sql, read([*asked.declared, *_inferred(others)], asked.parameters)
        report = self.report(asked.report_id or "")
        return report.sql, read(report.parameters, asked.parameters)

    def _check(self, draft: Draft) -> None:
        """InvalidInput for a report that could not run: its SQL is judged with a sample value per parameter."""
        check_parameters(draft.parameters)
        self._door.judge(draft.sql, samples(draft.parameters))

    def _own(self, principal: Principal, report_id: str) -> Report:
        """A report that the principal may change: his own, or any for who manages users."""
        report = self.report(report_id)
        if report.shipped:
            raise Conflict("This report comes with the deployment; save a copy under another title")
        if report.owner != principal.id and not principal.may("users.manage"):
            raise Forbidden("Only its owner changes a report; save a copy")
        return report

    def _succeeded(self, principal: Principal, result_id: str) -> tuple[Result, athena.Standing]:
        found = self._library.result(result_id, principal.id)
        standing = athena.standing(found.query_id, found.sql)
        if standing.state != "succeeded":
            raise Conflict(f"The result is {standing.state}", {"state": standing.state})
        return found, standing


def _inferred(given: Mapping[str, JsonValue]) -> list[Parameter]:
    try:
        return infer(given)
    except ValueError as error:
        raise InvalidInput("A parameter's name has lower-case letters, digits and _") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
