"""What sources push: the API's /v1/collect. No token is asked for; each source proves itself as its manifest says."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.api import Accepted, Api, Call, Reply, error_reply
from hub.collect import Collector
from hub.collect.desk import Taken
from hub.errors import HubError
from hub.settings import CollectSettings

api = Api("collect")
collector = cache(lambda: Collector(CollectSettings.read()))


@api.post("/v1/collect/<source>/<data_set>", public=True, any_query=True)
def collect(call: Call, source: str, data_set: str) -> Accepted[Taken]:
    """Take one event, a JSON list or JSON lines; the answer means that they are kept."""
    manifest = collector().proven(source, data_set, call)
    origin = call.headers.get("origin") if manifest.connection.authentication.kind == "origin" else None
    try:
        taken = Accepted(collector().take(manifest, data_set, call))
    except HubError as error:
        if origin is None:
            raise
        return _readable(error_reply(error), origin)
    return taken if origin is None else _readable(Reply(202, taken.value), origin)


@api.get("/v1/collect/<source>/<data_set>", public=True, any_query=True)
def verify(call: Call, source: str, data_set: str) -> Reply:
    """Answer the challenge of a provider that verifies its subscription."""
    return Reply(200, collector().challenge(source, data_set, call.query), "text/plain; charset=utf-8")


def _readable(reply: Reply, origin: str) -> Reply:
    """The answer as a page of this origin may read it."""
    reply.headers.update(
        {"access-control-allow-origin": origin, "access-control-expose-headers": "retry-after", "vary": "origin"}
    )
    return reply


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
