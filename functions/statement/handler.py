"""Carry one step of a run on: {run_id, statement: {name}, query?: the last answer} -> {name, state, wait, polls}."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.identity.run import Matching
from hub.models.athena import Athena
from hub.models.execution import Executor
from hub.models.store import RunStore
from hub.settings import StatementSettings

logger = Logger()
settings = StatementSettings.read()
store, athena = RunStore(settings.control_table), Athena(settings.transform_workgroup)
matching = Matching(store, athena, settings.vault_bucket, settings.stage, settings.hub_home)
executor = Executor(store, athena, settings.vault_bucket, matching)


def handler(event: dict, context: LambdaContext) -> dict:
    polls = int(event.get("query", {}).get("polls", 0))
    return executor.advance(event["run_id"], event["statement"]["name"], polls)
