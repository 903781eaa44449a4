"""Saved reports and their results: the API's /v1/reports and /v1/results."""

from functools import cache

from hub.access import Principal
from hub.api import Accepted, Api, Created, Limit, Page
from hub.reports.desk import Asked, Change, Desk, Link, Rows, Shown, Standing, Started
from hub.reports.library import Draft, Report
from hub.settings import ReportsSettings

api = Api("reports")
desk = cache(lambda: Desk(ReportsSettings.read()))


@api.get("/v1/reports", permission="reports.read")
def list_reports(after: str | None = None, limit: Limit = 50) -> Page[Report]:
    return Page(*desk().reports(after, limit))


@api.post("/v1/reports", permission="reports.write")
def create_report(principal: Principal, request: Draft) -> Created[Report]:
    return Created(desk().create(principal, request), see="/v1/reports/{report_id}")


@api.get("/v1/reports/<report_id>", permission="reports.read")
def show_report(report_id: str) -> Shown:
    return desk().show(report_id)


@api.put("/v1/reports/<report_id>", permission="reports.write")
def change_report(principal: Principal, report_id: str, request: Change) -> Report:
    return desk().change(principal, report_id, request)


@api.delete("/v1/reports/<report_id>", permission="reports.write")
def delete_report(principal: Principal, report_id: str) -> None:
    desk().delete(principal, report_id)


@api.post("/v1/results", permission="reports.run")
def run_query(principal: Principal, request: Asked) -> Accepted[Started]:
    return Accepted(desk().run(principal, request), see="/v1/results/{id}")


@api.get("/v1/results/<result_id>", permission="reports.run")
def show_result(principal: Principal, result_id: str) -> Standing:
    return desk().result(principal, result_id)


@api.get("/v1/results/<result_id>/rows", permission="reports.run")
def list_rows(principal: Principal, result_id: str, after: str | None = None, limit: Limit = 50) -> Rows:
    return desk().rows(principal, result_id, after, limit)


@api.get("/v1/results/<result_id>/download", permission="results.download")
def download_result(principal: Principal, result_id: str, exact: bool = False) -> Link:
    return desk().download(principal, result_id, exact)


handler = api.resolve
