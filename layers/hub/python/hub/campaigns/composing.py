"""Compose campaigns, try them dry, send them, pause and cancel: what the API does."""

import json
from itertools import islice
from typing import Final, Literal

from hub import aws
from hub.access import Principal, audit
from hub.api import Page, decode_cursor, encode_cursor
from hub.campaigns.audience import REASONS
from hub.campaigns.items import Item, new_id, now_text
from hub.campaigns.ledger import entries_from
from hub.campaigns.library import Library
from hub.campaigns.models import (
    Campaign,
    CampaignRequest,
    CampaignState,
    Counts,
    Override,
    OverrideRequest,
    Receipt,
    Run,
)
from hub.campaigns.store import TOTALS, CampaignStore, events_of, is_chunk, ways_of
from hub.campaigns.triggers import ENDED, invoke
from hub.campaigns.ways import check_sender, check_ways
from hub.config.compiled import read as read_deployment
from hub.config.models import Senders
from hub.errors import BadRequest, Conflict
from hub.guard import read as read_parameters
from hub.lineage.badges import Badges
from hub.lineage.models import Badge
from hub.settings import CampaignsSettings

PREFIX: Final = "m"
"""Of campaigns' ids."""
Action = Literal["pause", "resume", "cancel"]
MOVES: Final[dict[Action, tuple[tuple[str, ...], str]]] = {
    "pause": (("sending",), "paused"),
    "resume": (("paused",), "sending"),
    "cancel": (("sending", "paused"), "cancelling"),
}
"""From which states an action leads to which."""


class Campaigns:
    def __init__(self, settings: CampaignsSettings) -> None:
        self._settings = settings
        self._store = CampaignStore(settings.campaigns_table)
        self._library = Library(settings)
        self._badges = Badges(settings.hub_home, settings.control_table)

    def add(self, request: CampaignRequest, principal: Principal) -> Campaign:
        """NotFound for a segment or template that is not there; InvalidInput for wrong parameters or sender."""
        segment = self._library.segment(request.segment_id)
        ways = self._ways(request)
        read_parameters(segment.parameters, request.parameters)
        item = request.model_dump(exclude={"channels", "templates", "parameters"}) | {
            "campaign_id": new_id(PREFIX),
            "ways": ways,
            "sender": ways[0]["sender"],
            "parameters_json": aws.fitting(json.dumps(request.parameters)),
            "created_by": principal.id,
            "created_at": now_text(),
        }
        self._store.add(item)
        return self._shown(item)

    def get(self, campaign_id: str) -> Campaign:
        campaign = self._store.campaign(campaign_id)
        return self._shown(campaign).model_copy(update={"quality": self._quality(campaign)})

    def override(self, campaign_id: str, request: OverrideRequest, principal: Principal) -> Campaign:
        """Let a campaign go out although its data is poor."""
        audit.record(principal, "campaigns.override", campaign_id, reason=request.reason)
        told = Override(by=principal.id, at=now_text(), why=request.reason)
        self._store.override(campaign_id, told.model_dump())
        return self.get(campaign_id)

    def page(self, after: str | None, limit: int) -> Page[Campaign]:
        """Newest first."""
        items, more = self._store.campaigns(decode_cursor(after, prefix=PREFIX)[0] if after else None, limit)
        return Page([self._shown(item) for item in items], encode_cursor(more) if more else None)

    def dry_run(self, campaign_id: str, principal: Principal) -> Campaign:
        """Count the audience as it would be now; nobody is sent anything."""
        campaign = self._store.campaign(campaign_id)
        audit.record(principal, "campaigns.dry_run", campaign_id)
        return self._begin(campaign, "dry_run", principal)

    def send(self, campaign_id: str, principal: Principal) -> Campaign:
        """Freeze the audience and send. A campaign is sent once; Conflict for a second time."""
        campaign = self._store.campaign(campaign_id)
        audit.record(principal, "campaigns.send", campaign_id)
        earlier = self._store.run(campaign["send"]) if "send" in campaign else None
        if earlier and earlier["state"] == "freezing":
            self._freeze(earlier["run_id"])  # a repeat of a request whose answer was lost
            return self._shown(campaign)
        if earlier and earlier["state"] not in (ENDED if campaign.get("trigger") else ("failed",)):
            raise Conflict("This campaign was sent; compose another one to send again", {"state": earlier["state"]})
        self._gate(campaign)
        if campaign.get("trigger"):
            self._store.arm(campaign_id, principal.id)
        return self._begin(campaign, "send", principal)

    def change(self, campaign_id: str, action: Action, principal: Principal) -> Campaign:
        """Pause within one group of messages, go on, or end. Conflict where the campaign is in no state for it."""
        audit.record(principal, f"campaigns.{action}", campaign_id)
        sources, state = MOVES[action]
        campaign = self._store.campaign(campaign_id)
        run_id = campaign.get("send")
        if action == "cancel" and "armed_by" in campaign:
            self._store.arm(campaign_id, None)
            if run_id is None or not self._store.move(run_id, sources, state):
                return self.get(campaign_id)  # between two sendings there is nobody to leave out
        elif run_id is None or not self._store.move(run_id, sources, state):
            raise Conflict(f"To {action} it, a campaign has to be {' or '.join(sources)}")
        if state != "paused":
            self._freeze(run_id)  # whose chunks are queued again, to be sent or to be cancelled
        return self.get(campaign_id)

    def receipts(self, campaign_id: str, principal: Principal, after: str | None, limit: int) -> Page[Receipt]:
        """What became of each person so far, in the order of chunks and tokens."""
        run_id = self._store.campaign(campaign_id).get("send")
        audit.record(principal, "campaigns.receipts", campaign_id)
        if run_id is None:
            return Page([])
        chunk, token = decode_cursor(after, 2) if after else ("", "")
        if chunk and not is_chunk(chunk):
            raise BadRequest("The cursor `after` is not one that this list gave as `next`")
        listed = ((item["sk"], each) for item in self._store.chunks_from(run_id, chunk) for each in _receipts(item))
        rest = (row for row in listed if (row[0], row[1].token) > (chunk, token))
        page = list(islice(rest, limit + 1))  # one more, to know whether there is one
        found = [receipt for _, receipt in page[:limit]]
        more = encode_cursor(page[limit - 1][0], found[-1].token) if len(page) > limit else None
        return Page(found, more)

    def _begin(self, campaign: Item, kind: str, principal: Principal) -> Campaign:
        run = {"run_id": new_id("s"), "campaign_id": campaign["campaign_id"], "kind": kind, "state": "freezing"}
        self._store.begin(
            campaign["campaign_id"],
            run | {"asked_by": principal.id, "started_at": now_text()},
            replaces=campaign.get(kind),
        )
        self._freeze(run["run_id"])
        return self.get(campaign["campaign_id"])

    def _freeze(self, run_id: str) -> None:
        invoke(self._settings.freeze_function, run_id)

    def _quality(self, campaign: Item) -> Badge:
        return self._badges.of_sql(self._library.segment(campaign["segment_id"]).sql)

    def _gate(self, campaign: Item) -> None:
        """Conflict where the data of the audience is poor and nobody has said that it may be."""
        badge = self._quality(campaign)
        if badge.level == "poor" and "override" not in campaign:
            worst = badge.shortfalls[0]
            raise Conflict(
                f"The data behind this audience is poor: {worst.measure} of {worst.data_set} is {worst.share:.0%}. "
                "Mend it, or let an approver override with a reason",
                badge.model_dump(),
            )

    def _ways(self, request: CampaignRequest) -> list[Item]:
        """The campaign's channels in its order, each with what is said there and by whom."""
        first = self._library.template(request.template_id)
        named = {(request.channels or [first.channel])[0]: first}
        named |= {channel: self._library.template(each) for channel, each in request.templates.items()}
        special = self._library.template(request.accessible_template_id) if request.accessible_template_id else None
        channels = check_ways(request, named, special)
        return [
            {
                "channel": channel,
                "template_id": named[channel].template_id,
                "sender": check_sender(channel, request.sender, named[channel], self._senders()),
            }
            for channel in channels
        ]

    def _senders(self) -> Senders:
        return read_deployment(self._settings.hub_home).hub.senders

    def _shown(self, item: Item) -> Campaign:
        runs = {kind: self._store.run(item[kind]) for kind in ("dry_run", "send") if kind in item}
        sending = runs.get("send")
        state: CampaignState = sending["state"] if sending else "draft"
        names = ("campaign_id", "name", "segment_id", "template_id", "sender", "created_by", "created_at")
        known: Item = {name: item[name] for name in names}
        ways = ways_of(item)
        first, *others = ways
        known |= {"channels": [first, *others], "templates": {each: ways[each]["template_id"] for each in others}}
        known |= {kind: _run(run) for kind, run in runs.items() if run}
        known |= {name: item.get(name) for name in ("override", "accessible_template_id", "trigger")}
        known["armed"] = "armed_by" in item
        return Campaign(**known, parameters=json.loads(item["parameters_json"]), state=state)


def _receipts(chunk: Item) -> list[Receipt]:
    """In the order of tokens."""
    events = events_of(chunk)
    return [
        Receipt(
            customer_id=entry.customer_id,
            token=token,
            state=entry.state,
            reason=entry.reason,
            channel=entry.channel,
            why=entry.why,
            events=events.get(token, []),
        )
        for token, entry in sorted(entries_from(chunk["entries"]).items())
    ]


def _run(item: Item) -> Run:
    names = ("run_id", "kind", "state", "release_id", "chunks", "chunks_done", "started_at", "ended_at", "error", "mix")
    return Run(
        **{name: item[name] for name in names if name in item}, counts=_counts(item) if "totals" in item else None
    )


def _counts(item: Item) -> Counts:
    totals = {name: int(item["totals"].get(name, 0)) for name in TOTALS}
    audience = int(item["audience"])
    return Counts(
        audience=audience,
        waiting=audience - sum(totals.values()),
        excluded={reason: totals[f"excluded.{reason}"] for reason in REASONS if totals[f"excluded.{reason}"]},
        **{name: totals[name] for name in ("sent", "refused", "uncertain", "cancelled")},
    )
