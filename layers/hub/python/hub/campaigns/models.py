"""What the API takes and gives about templates, campaigns and contacts."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from hub.campaigns.audience import ADDRESS, NUMBER, number
from hub.campaigns.choosing import CHANNELS, Channel, Why
from hub.config.reasons import Reason
from hub.lineage.models import Badge

Trigger = Literal["birthday"]
CampaignState = Literal["draft", "freezing", "sending", "paused", "cancelling", "cancelled", "finished", "failed"]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""One line that people can read."""
CUSTOMER_ID = re.compile(r"c[a-z2-7]{20}")


class Stated(BaseModel):
    """What a caller says; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TemplateRequest(Stated):
    """An e-mail or a text; `{{given_name}}` or `{{given_name|friend}}` stands for a value of the golden record.

    A text (`sms`) has `text` alone: no subject, no html, but a way to opt out.
    """

    name: Title
    channel: Channel = "email"
    subject: str = Field("", max_length=1000)
    text: str = Field(min_length=1, max_length=100_000)
    html: str = Field("", max_length=200_000)


class Template(TemplateRequest):
    template_id: str
    created_by: str
    created_at: str


class CampaignRequest(Stated):
    """Who gets what from whom. Without a sender it is the deployment's.

    channels: in the campaign's order; of several each person gets it by the one that he prefers among those that may
    write to him, by one alone. Without them it is that of the template. template_id: what is said by the first channel,
    templates: by each other one. accessible_template_id: what those get instead, by that template's channel, of whom it
    is known that they read with difficulty. trigger: once it is approved the campaign goes by itself, to each of the
    segment on his birthday, once a year.
    """

    name: Title
    segment_id: str = Field(min_length=1, max_length=60)
    template_id: str = Field(min_length=1, max_length=60)
    channels: list[Channel] = Field(default=[], max_length=len(CHANNELS))
    templates: dict[Channel, Annotated[str, StringConstraints(min_length=1, max_length=60)]] = {}
    accessible_template_id: str | None = Field(None, min_length=1, max_length=60)
    trigger: Trigger | None = None
    sender: str | None = Field(None, max_length=254)
    parameters: dict[str, JsonValue] = Field(default={}, max_length=20)


class Counts(BaseModel):
    """Where each person of an audience is: the numbers add up to `audience`.

    waiting: those still to be written to; in a dry run those who would be.
    """

    audience: int
    waiting: int
    sent: int
    refused: int
    uncertain: int
    cancelled: int
    excluded: dict[str, int]


class Run(BaseModel):
    """One dry run or sending of a campaign.

    mix: how many of the audience are written to by each channel, by the reason for it: `stated` by the person,
    `inferred` from what he did, or the campaign's `order`; as it was chosen when the audience was counted.
    """

    run_id: str
    kind: Literal["dry_run", "send"]
    state: str
    release_id: str | None = None
    counts: Counts | None = None
    mix: dict[Channel, dict[Why, int]] = {}
    chunks: int = 0
    chunks_done: int = 0
    started_at: str
    ended_at: str | None = None
    error: str | None = None


class Override(BaseModel):
    """Who lets a campaign go out on poor data, and why."""

    by: str
    at: str
    why: str


class OverrideRequest(Stated):
    """The audit log keeps the reason, so it names no person."""

    reason: Reason


class Campaign(BaseModel):
    """state: that of its (last) sending; `draft` before it. armed: it goes by its trigger from now on.

    quality: of the data that its segment reads, where one is shown.

    override: by whom and why it may go out although the data is poor.
    """

    campaign_id: str
    name: str
    channels: list[Channel]
    segment_id: str
    template_id: str
    templates: dict[Channel, str] = {}
    accessible_template_id: str | None = None
    trigger: Trigger | None = None
    armed: bool = False
    sender: str
    parameters: dict[str, Any]
    state: CampaignState
    created_by: str
    created_at: str
    dry_run: Run | None = None
    send: Run | None = None
    quality: Badge | None = None
    override: Override | None = None


class Receipt(BaseModel):
    """What became of one person's message. `token` names the message where the address must not stand.

    channel, why: by which channel he is written to, and whether he `stated` it, it is `inferred` or the campaign's
    `order`.
    """

    customer_id: str
    token: str
    state: str
    reason: str | None = None
    channel: Channel | None = None
    why: Why | None = None
    events: list[str] = []


class ConsentRequest(Stated):
    state: Literal["granted", "withdrawn"]
    basis: str = Field(min_length=3, max_length=500)


class ReachRequest(Stated):
    """Whether what is sent to a contact point arrives: a letter came back, a number is dead, or it works again."""

    state: Literal["undeliverable", "deliverable"]
    basis: str = Field(min_length=3, max_length=500)


class Consent(BaseModel):
    """point_id: where it was said of one address, its key."""

    channel: str
    point_id: str | None = None
    state: Literal["granted", "withdrawn"]
    basis: str
    source: str
    at: str


class Suppression(BaseModel):
    channel: str
    reason: str
    at: str


class Response(BaseModel):
    """In how many messages a person did something: clicked, opened, bounced, complained, delivered."""

    channel: str
    kind: str
    messages: int
    last_at: str


class Contact(BaseModel):
    """What one person said about being written to, and what he did. Silence leaves it to what the sources say."""

    customer_id: str
    consents: list[Consent]
    suppressions: list[Suppression]
    responses: list[Response] = []


class SuppressionRequest(Stated):
    """Never write to this address or number again, whoever it belongs to."""

    channel: Channel
    address: str = Field(max_length=254)
    reason: str = Field(min_length=3, max_length=200)

    @model_validator(mode="after")
    def _an_address(self) -> "SuppressionRequest":
        if self.channel == "email" and not ADDRESS.fullmatch(self.address.strip()):
            raise ValueError("address: is not an e-mail address")
        if self.channel == "sms" and not NUMBER.fullmatch(number(self.address)):
            raise ValueError("address: is not a number with its country's code, such as +919812345678")
        return self
