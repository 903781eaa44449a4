"""Who may be written to and what is said: the API's /v1/segments and /v1/templates."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.access import Principal
from hub.api import Api, Created, Limit, Page
from hub.campaigns.library import Library, Segment, SegmentRequest, Template, TemplateRequest
from hub.settings import SegmentsSettings

api = Api("segments")
library = cache(lambda: Library(SegmentsSettings.read()))


@api.get("/v1/segments", permission="segments.read")
def list_segments(after: str | None = None, limit: Limit = 50) -> Page[Segment]:
    return library().segments(after, limit)


@api.post("/v1/segments", permission="segments.write")
def create_segment(principal: Principal, request: SegmentRequest) -> Created[Segment]:
    """Save a query that gives customer_id; it is judged first."""
    return Created(library().add_segment(request, principal.id), see="/v1/segments/{segment_id}")


@api.get("/v1/segments/<segment_id>", permission="segments.read")
def show_segment(segment_id: str) -> Segment:
    return library().segment(segment_id)


@api.get("/v1/templates", permission="templates.read")
def list_templates(after: str | None = None, limit: Limit = 50) -> Page[Template]:
    return library().templates(after, limit)


@api.post("/v1/templates", permission="templates.write")
def create_template(principal: Principal, request: TemplateRequest) -> Created[Template]:
    """Save an e-mail; its variables are checked first."""
    return Created(library().add_template(request, principal.id), see="/v1/templates/{template_id}")


@api.get("/v1/templates/<template_id>", permission="templates.read")
def show_template(template_id: str) -> Template:
    return library().template(template_id)


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
