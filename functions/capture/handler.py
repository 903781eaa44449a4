"""What is not known of a customer and what to ask next: the API's /v1/customers/<id>/{gaps,question,prompts}."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.access import Principal
from hub.api import Api
from hub.capture.desk import CaptureDesk, Gaps, NextQuestion, PromptRequest
from hub.config.capture import Interaction, Occasion
from hub.settings import CaptureSettings

api = Api("capture")
desk = cache(lambda: CaptureDesk(CaptureSettings.read()))


@api.get("/v1/customers/<customer_id>/gaps", permission="customers.read")
def show_gaps(principal: Principal, customer_id: str) -> Gaps:
    """The wanted fields that the golden record lacks, and which the person was asked for already."""
    return desk().gaps(principal, customer_id)


@api.get("/v1/customers/<customer_id>/question", permission="customers.read")
def show_question(
    principal: Principal, customer_id: str, interaction: Interaction, occasion: Occasion | None = None
) -> NextQuestion:
    """What to ask next by the script of this kind of interaction; it does not count as asked."""
    return desk().question(principal, customer_id, interaction, occasion)


@api.post("/v1/customers/<customer_id>/prompts", permission="prompts.write")
def prompt(principal: Principal, customer_id: str, request: PromptRequest) -> NextQuestion:
    """The question to ask now, once per person and field, however many ask for it at once."""
    return desk().prompt(principal, customer_id, request)


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
