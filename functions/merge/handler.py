"""Merge and purge lists of people: one job, any number of times, from any point."""

from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.lists.working import Merger
from hub.settings import MergeSettings

logger = Logger()
merger = cache(lambda: Merger(MergeSettings.read()))


def handler(event: dict, context: LambdaContext) -> None:
    """event: {"merge_id"}."""
    with logger.append_context_keys(merge_id=event["merge_id"]):
        merger().carry_on(event["merge_id"])
