"""Plan a run, or go on with one that was left: {reason?, run_id?} -> {run_id, work, waves}."""

from datetime import UTC, datetime

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.companies.forgetting import forget_related
from hub.models.planning import Planner
from hub.models.store import RunStore
from hub.settings import PlanSettings
from hub.stewardship.forgetting import forget_erased

logger = Logger()
settings = PlanSettings.read()
planner = Planner(settings, RunStore(settings.control_table))


def handler(event: dict, context: LambdaContext) -> dict:
    if forgotten := forget_erased(settings.control_table) + forget_related(settings.control_table):
        logger.info("values of erased persons left what was decided", extra={"forgotten": forgotten})
    return planner.plan(event.get("reason", "asked"), event.get("run_id"), datetime.now(UTC))
