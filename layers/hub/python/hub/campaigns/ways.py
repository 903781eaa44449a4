"""Whether a campaign's channels, templates and senders fit together: what is wrong, and what to do about it."""

from collections.abc import Mapping

from hub.campaigns import texts
from hub.campaigns.choosing import Channel
from hub.campaigns.content import Content
from hub.campaigns.models import CampaignRequest, Template
from hub.config.models import Senders
from hub.errors import Conflict, InvalidInput


def check_ways(request: CampaignRequest, named: Mapping[Channel, Template], special: Template | None) -> list[Channel]:
    """The channels in the campaign's order; InvalidInput for one twice, without a template, or with a wrong one."""
    channels = request.channels or [next(iter(named))]
    if len(set(channels)) != len(channels):
        raise _wrong("channels", "names a channel twice")
    if channels[0] in request.templates:
        raise _wrong("templates", f"{channels[0]} is the first channel; its template is template_id")
    for channel in channels:
        if channel not in named:
            raise _wrong("templates", f"has none for {channel}")
    for channel, template in named.items():
        if channel not in channels:
            raise _wrong("templates", f"has one for {channel}, which is not among the channels")
        if template.channel != channel:
            field = "template_id" if channel == channels[0] else "templates"
            raise _wrong(field, f"{template.template_id} is a template for {template.channel}, not for {channel}")
    if special and special.channel not in channels:
        raise _wrong("accessible_template_id", f"is for {special.channel}, which is not among the channels")
    return channels


def check_sender(channel: Channel, asked: str | None, template: Template, senders: Senders) -> str:
    """Who sends by this channel; Conflict, with the remedy, where the hub has nobody to."""
    if channel == "email":
        if senders.email is None:
            raise Conflict("This hub has no e-mail sender; set senders.email in hub.yaml")
        if asked not in (None, senders.email):
            raise _wrong("sender", f"this hub sends as {senders.email} only")
        return senders.email
    if senders.sms is None:
        raise Conflict(
            "This hub has nobody to send texts as; set senders.sms in hub.yaml to a number, pool or sender id of AWS "
            "End User Messaging, and deploy"
        )
    if "/" in senders.sms and not texts.has_link(Content("", template.text, "")):
        raise _wrong("templates", f"nobody can answer {senders.sms}; the text has to have {{{{unsubscribe_url}}}}")
    return senders.sms


def _wrong(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"{field}: {problem}", [{"field": field, "problem": problem}])
