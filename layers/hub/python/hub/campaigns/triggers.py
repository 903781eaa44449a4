"""Campaigns that go by themselves once they are approved: each hour another sending, for those whose time has come."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from hub import aws
from hub.campaigns.items import new_id, now_text
from hub.campaigns.store import CampaignStore
from hub.errors import Conflict

EVERY: Final = 3600
"""Seconds from one sending of a campaign to its next."""
ENDED: Final = frozenset({"finished", "failed", "cancelled"})


def begin_due(campaigns_table: str, freeze_function: str, now: Callable[[], float] = time.time) -> int:
    """Begin the next sending of each armed campaign whose last one is over and an hour old; how many began."""
    store, begun = CampaignStore(campaigns_table), 0
    for campaign_id in store.armed():
        campaign = store.campaign(campaign_id)
        last = store.run(campaign["send"]) if "send" in campaign else None
        if last and (last["state"] not in ENDED or now() - _moment(last["started_at"]) < EVERY):
            continue
        run = {"run_id": new_id("s"), "campaign_id": campaign_id, "kind": "send", "state": "freezing"}
        about = {"asked_by": campaign["armed_by"], "started_at": now_text()}
        try:
            store.begin(campaign_id, run | about, replaces=campaign.get("send"))
        except Conflict:
            continue  # another sweep at the same moment
        invoke(freeze_function, run["run_id"])
        begun += 1
    return begun


def invoke(freeze_function: str, run_id: str) -> None:
    """Ask the freeze function, which answers later and looks at the run's state itself."""
    payload = json.dumps({"run_id": run_id}).encode()
    aws.client("lambda").invoke(FunctionName=freeze_function, InvocationType="Event", Payload=payload)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
