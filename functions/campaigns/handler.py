"""Compose campaigns, try them dry, send, pause, resume, cancel, and read receipts: the API's /v1/campaigns."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.access import Principal
from hub.api import Accepted, Api, Created, Limit, Page
from hub.campaigns.composing import Action, Campaign, CampaignRequest, Campaigns, OverrideRequest, Receipt
from hub.settings import CampaignsSettings

api = Api("campaigns")
campaigns = cache(lambda: Campaigns(CampaignsSettings.read()))
ONE, SEE = "/v1/campaigns/<campaign_id>", "/v1/campaigns/{campaign_id}"


@api.get("/v1/campaigns", permission="campaigns.read")
def list_campaigns(after: str | None = None, limit: Limit = 50) -> Page[Campaign]:
    return campaigns().page(after, limit)


@api.post("/v1/campaigns", permission="campaigns.write")
def create_campaign(principal: Principal, request: CampaignRequest) -> Created[Campaign]:
    return Created(campaigns().add(request, principal), see=SEE)


@api.get(ONE, permission="campaigns.read")
def show_campaign(campaign_id: str) -> Campaign:
    return campaigns().get(campaign_id)


@api.post(f"{ONE}/dry_run", permission="campaigns.write")
def dry_run(principal: Principal, campaign_id: str) -> Accepted[Campaign]:
    return Accepted(campaigns().dry_run(campaign_id, principal), see=SEE)


@api.post(f"{ONE}/send", permission="campaigns.approve")
def send_campaign(principal: Principal, campaign_id: str) -> Accepted[Campaign]:
    return Accepted(campaigns().send(campaign_id, principal), see=SEE)


@api.post(f"{ONE}/override", permission="campaigns.approve")
def override(principal: Principal, campaign_id: str, request: OverrideRequest) -> Campaign:
    """Let a campaign go out although the data behind its audience is poor; the reason is audited."""
    return campaigns().override(campaign_id, request, principal)


@api.post(f"{ONE}/<action>", permission="campaigns.approve")
def change_campaign(principal: Principal, campaign_id: str, action: Action) -> Accepted[Campaign]:
    """Pause within one group of messages, go on, or end: who was not written to is then counted as cancelled."""
    return Accepted(campaigns().change(campaign_id, action, principal), see=SEE)


@api.get(f"{ONE}/receipts", permission="campaigns.read")
def list_receipts(principal: Principal, campaign_id: str, after: str | None = None, limit: Limit = 50) -> Page[Receipt]:
    return campaigns().receipts(campaign_id, principal, after, limit)


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
