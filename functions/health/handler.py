"""Is the API there: /v1/health. It says nothing about the hub's inside and touches nothing."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.api import Api

api = Api("health")


@api.get("/v1/health", public=True)
def health() -> dict[str, str]:
    """The API answers."""
    return {"status": "ok"}


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
