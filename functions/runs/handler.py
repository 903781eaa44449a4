"""What runs have built and what they released: the API's /v1/runs and /v1/tables."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.access import Principal
from hub.api import Accepted, Api, Limit, Page, decode_cursor, encode_cursor
from hub.models import runs, views
from hub.models.loader import read
from hub.models.store import RunStore
from hub.settings import RunsSettings

settings = RunsSettings.read()
store = RunStore(settings.control_table)
api = Api("runs")


@api.get("/v1/runs", permission="runs.read")
def list_runs(principal: Principal, after: str | None = None, limit: Limit = 50) -> Page[dict[str, Any]]:
    """Runs from the newest."""
    found = store.runs(limit + 1, decode_cursor(after, prefix="r")[0] if after else None)
    more = encode_cursor(found[limit - 1].run_id) if len(found) > limit else None
    return Page([views.run(each) for each in found[:limit]], more)


@api.get("/v1/runs/<run_id>", permission="runs.read")
def show_run(principal: Principal, run_id: str) -> dict[str, Any]:
    """One run with its steps."""
    return views.run_with_steps(store.run(run_id), store.steps(run_id))


@api.get("/v1/runs/<run_id>/matching", permission="runs.read")
def show_matching(principal: Principal, run_id: str) -> dict[str, Any]:
    """How a run matched records: what it learned, what each level of each field weighs, every statement as it ran."""
    return views.matching(store.run(run_id), store.matching(run_id), store.statements(run_id))


@api.post("/v1/runs", permission="runs.start")
def start_run(principal: Principal) -> Accepted[dict[str, str]]:
    """Ask for a run; while another is under way it does nothing."""
    runs.start(settings, f"asked by {principal.id}")
    return Accepted({"state": "asked"}, see="/v1/runs")


@api.get("/v1/tables", permission="tables.read")
def list_tables(principal: Principal) -> dict[str, Any]:
    """The tables that reports may read, with their columns."""
    return views.tables(read(settings.hub_home), store.current_release())


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
