"""Bring profiles up to a release, a portion at a time: {run_id, progress} -> {done, portion, ...}."""

from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.customers.loading import Loader
from hub.customers.store import ProfileStore
from hub.customers.tokens import token_key
from hub.models.athena import Athena
from hub.models.store import RunStore
from hub.settings import ProfileSettings

logger = Logger()
settings = ProfileSettings.read()


@cache
def loader() -> Loader:
    profiles = ProfileStore(settings.profiles_table, token_key(settings.token_key_parameter))
    runs, athena = RunStore(settings.control_table), Athena(settings.transform_workgroup)
    return Loader(runs, profiles, athena, settings.stage, settings.vault_bucket)


def handler(event: dict, context: LambdaContext) -> dict:
    return loader().load(event["run_id"], event.get("progress") or {})
