"""Freeze a campaign's audience, or queue its chunks again: what its run's state asks for."""

from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.campaigns.freeze import Freezer
from hub.settings import FreezeSettings

logger = Logger()
freezer = cache(lambda: Freezer(FreezeSettings.read()))


def handler(event: dict, context: LambdaContext) -> None:
    """event: {"run_id"}. Any number of times, from any point."""
    with logger.append_context_keys(run_id=event["run_id"]):
        freezer().carry_on(event["run_id"])
