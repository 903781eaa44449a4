"""Freeze an audience: who is in it, who is left out and why. A dry run stops at the counts."""

import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.campaigns import queue
from hub.campaigns.audience import (
    Candidate,
    Person,
    Rules,
    Way,
    address_key,
    chunked,
    consented,
    counts,
    decide,
    mix,
    usable,
)
from hub.campaigns.audience_query import candidates, statement
from hub.campaigns.birthdays import Fired, days
from hub.campaigns.choosing import ACT_DAYS, POINTS, Channel, telling
from hub.campaigns.chunks import FOLDER, Frozen, Said
from hub.campaigns.consents import Consents
from hub.campaigns.content import Content
from hub.campaigns.items import Item, now_text, query
from hub.campaigns.keys import token_key
from hub.campaigns.ledger import entries_of
from hub.campaigns.library import Library
from hub.campaigns.models import Template
from hub.campaigns.queue import SendTask
from hub.campaigns.segments import permitted
from hub.campaigns.steps import logger, step
from hub.campaigns.store import FREEZE_TRIES, TOTALS, CampaignStore, ways_of
from hub.config.compiled import read as read_deployment
from hub.errors import Conflict, HubError
from hub.models import loader
from hub.models.athena import QueryFailed
from hub.models.store import RunStore
from hub.settings import FreezeSettings

PRODUCTION = "prod"
NOT_FROZEN = "The audience could not be frozen; see the logs"
ERASURE = "erasure"

Find = Callable[[str, list[str], str], Iterable[Candidate]]


class Freezer:
    def __init__(
        self, settings: FreezeSettings, find: Find = candidates, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._now = now
        self._find = find
        self._campaigns = CampaignStore(settings.campaigns_table)
        self._consents = Consents(settings.consent_table)
        self._library = Library(settings)

    def carry_on(self, run_id: str) -> None:
        """Do what the run's state asks for; any number of times, from any point.

        A run that cannot be frozen because of what was asked ends `failed` with the reason. Any other error is raised,
        so that the invocation is repeated; the last try ends the run too.
        """
        run = self._campaigns.run(run_id)
        if run is None:
            logger.warning("no such run", extra={"run_id": run_id})
            return
        if run["state"] == "freezing":
            tries = self._campaigns.tried(run_id, int(time.time()))
            try:
                run = self._freeze(run)
            except Exception as error:  # none is swallowed: what is not the asker's mistake is raised again
                refused = isinstance(error, HubError) and (error.status < 500 or isinstance(error, QueryFailed))
                if refused or tries >= FREEZE_TRIES:
                    self._fail(run_id, error.message if isinstance(error, HubError) else NOT_FROZEN)
                if refused:
                    return
                raise
        if run is not None and run["state"] in ("sending", "cancelling"):
            self._queue(run)

    def _freeze(self, run: Item) -> Item | None:
        """Freeze the run; as it is then, or None where another attempt was first."""
        run_id = run["run_id"]
        campaign = self._campaigns.campaign(run["campaign_id"])
        release = RunStore(self._settings.control_table).current_release()
        if release is None:
            raise Conflict("Nothing is released yet: run the sources first")
        audience, years = self._due(campaign, run_id, self._candidates(campaign, release))
        channels = list(ways_of(campaign))
        people = decide(self._acting(channels, audience), self._rules(run_id, channels, audience))
        if campaign.get("trigger") and run["kind"] == "send":
            fired = Fired(self._settings.campaigns_table, campaign["campaign_id"], run_id)
            people = [each for each in people if each.excluded or fired.claim(each, years[each.customer_id])]
        found = counts(people)
        totals = dict.fromkeys(TOTALS, 0) | {f"excluded.{name}": n for name, n in found.items() if name != "included"}
        known: Item = {
            "release_id": release.release_id,
            "audience": len(people),
            "included": found["included"],
            "totals": totals,
            "mix": mix(people),
        }
        if run["kind"] == "dry_run":
            known |= {"ended_at": now_text(), "chunks": 0, "chunks_done": 0}
            self._campaigns.move(run_id, ["freezing"], "finished", **known)
            step("frozen", run_id)
            return None
        prefix = f"{FOLDER}/{run_id}/{secrets.token_hex(4)}/"
        included, excluded = chunked(people)
        known |= {"prefix": prefix, "chunks": len(included) + len(excluded), "chunks_done": len(excluded)}
        known |= {"first_excluded": len(included) + 1, "frozen_at": now_text()}
        frozen = self._write(prefix, campaign, [*included, *excluded])
        frozen.write_run(campaign, run | known | {"state": "sending"})
        if not self._campaigns.move(run_id, ["freezing"], "sending", **known):
            return None
        step("frozen", run_id)
        return self._campaigns.run(run_id)

    def _candidates(self, campaign: Item, release: Any) -> list[Candidate]:
        """Who the segment names on the release; whoever was erased since it is not known any more."""
        settings = self._settings
        tables = loader.read(settings.hub_home)
        segment = self._library.segment(campaign["segment_id"])
        allowed = permitted(segment, json.loads(campaign["parameters_json"]), tables, release, settings.stage)
        born = days(self._now()) if campaign.get("trigger") else ()
        channels, since = list(ways_of(campaign)), self._now() - timedelta(days=ACT_DAYS)
        several = since if len(channels) > 1 else None
        columns = set(tables["vault.customer"].columns)
        sql = statement(allowed, release, settings.stage, columns, born, channels, several)
        erased = {item["customer_id"] for item in query(settings.control_table, ERASURE)}
        return [
            Candidate(found.customer_id, False, None, None) if found.customer_id in erased else found
            for found in self._find(sql, allowed.parameters, settings.transform_workgroup)
        ]

    def _due(self, campaign: Item, run_id: str, audience: list[Candidate]) -> tuple[list[Candidate], dict[str, int]]:
        """Of a campaign with a trigger those whose time has come, and the year that it is of."""
        if not campaign.get("trigger"):
            return audience, {}
        fired = Fired(self._settings.campaigns_table, campaign["campaign_id"], run_id)
        found = list(fired.free(audience, self._now()))
        return [each for each, _ in found], {each.customer_id: year for each, year in found}

    def _acting(self, channels: list[Channel], audience: list[Candidate]) -> list[Candidate]:
        """With what they did with the hub's own messages beside what other tools told; of whom that can choose."""
        asked = [each for each in audience if each.known and sum(bool(usable(each, way)) for way in channels) > 1]
        ours = self._consents.acts(asked, f"{self._now() - timedelta(days=ACT_DAYS):%Y-%m-%d %H:%M:%S}")
        return [replace(each, acts=telling(each.acts, ours.get(each.customer_id, {}))) for each in audience]

    def _rules(self, run_id: str, channels: list[Channel], audience: list[Candidate]) -> Rules:
        settings = self._settings
        key = token_key(settings.token_key_parameter)
        allowed = None if settings.stage == PRODUCTION else read_deployment(settings.hub_home).hub.allow_list
        return Rules(run_id, key, {channel: self._way(channel, key, audience) for channel in channels}, allowed)

    def _way(self, channel: Channel, key: bytes, audience: list[Candidate]) -> Way:
        """Only of whom the channel can reach it is asked what he said, and of who agreed whether he is suppressed."""
        reached = [(each, address) for each in audience if each.known and (address := usable(each, channel))]
        keys = {each.customer_id: address_key(key, POINTS[channel], address) for each, address in reached}
        stated = self._consents.stated(channel, (each for each, _ in reached), keys)
        agreed = (keys[each.customer_id] for each, _ in reached if consented(each, channel, stated))
        return Way(stated, self._consents.suppressed(channel, agreed))

    def _write(self, prefix: str, campaign: Item, chunks: list[list[Person]]) -> Frozen:
        frozen = Frozen(self._settings.vault_bucket, prefix)
        accessible = campaign.get("accessible_template_id")
        special = self._library.template(accessible) if accessible else None
        messages = {}
        for channel, way in ways_of(campaign).items():
            usual = self._library.template(way["template_id"])
            other = special if special and special.channel == channel else usual
            messages[channel] = Said(way["sender"], _content(usual), _content(other))
        frozen.write_messages(messages)
        for number, people in enumerate(chunks, 1):
            frozen.write(number, people)
        return frozen

    def _queue(self, run: Item) -> None:
        """Queue each chunk that nobody has done; those without a message to send are written down at once."""
        run_id, chunks, first_excluded = run["run_id"], int(run["chunks"]), int(run["first_excluded"])
        frozen = Frozen(self._settings.vault_bucket, run["prefix"])
        waiting = self._campaigns.unsettled(run_id, chunks)
        for number in (number for number in waiting if number >= first_excluded):
            self._campaigns.keep_settled(run_id, number, entries_of(frozen.people(number)))
        tasks = [SendTask(run_id, number) for number in waiting if number < first_excluded]
        queue.put(self._settings.send_queue_url, tasks)
        self._campaigns.queued(run_id, int(time.time()))
        step("queued", run_id)
        if self._campaigns.finish(run_id):
            step("finished", run_id)

    def _fail(self, run_id: str, reason: str) -> None:
        self._campaigns.move(run_id, ["freezing"], "failed", error=reason, ended_at=now_text())
        self._campaigns.forget_active(run_id)


def _content(template: Template) -> Content:
    return Content(template.subject, template.text, template.html)
