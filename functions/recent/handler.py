"""Put what was just pushed on the time lines of known customers: {source, data_set, name} of an arrival."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.collect.recent import Recent
from hub.settings import RecentSettings

recent = cache(lambda: Recent(RecentSettings.read()))


def handler(event: dict, context: LambdaContext) -> dict:
    return {"shown": recent().show(event["source"], event["data_set"], event["name"])}
