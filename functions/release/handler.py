"""End a run: {action: release | finish | fail, run_id, error?}. A release answers {run_id, maintenance}."""

from datetime import UTC, datetime

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.models.athena import Athena
from hub.models.releases import Releaser
from hub.models.store import RunStore
from hub.settings import ReleaseSettings

logger = Logger()
settings = ReleaseSettings.read()
releaser = Releaser(
    RunStore(settings.control_table), Athena(settings.transform_workgroup), settings.stage, settings.event_bus
)


def handler(event: dict, context: LambdaContext) -> dict:
    action, run_id = event["action"], event["run_id"]
    if action == "release":
        return releaser.release(run_id, datetime.now(UTC))
    if action == "finish":
        releaser.finish(run_id)
    elif action == "fail":
        releaser.fail(run_id, told(event.get("error") or {}), datetime.now(UTC))
    else:
        raise ValueError(f"action {action!r} is not release, finish or fail")
    return {"run_id": run_id}


def told(error: dict) -> str:
    """The error of the state machine in one text: its name and message, without the trace."""
    return f"{error.get('Error', 'Error')}: {error.get('Cause', '')}"[:2000]
