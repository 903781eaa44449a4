"""Send one chunk: claim it, look again at consent and pause, write each intent before its call, each answer after."""

import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final

from hub import metrics
from hub.campaigns import queue
from hub.campaigns.audience import Person
from hub.campaigns.choosing import CHANNELS, Channel
from hub.campaigns.chunks import Frozen, Said
from hub.campaigns.consents import Consents
from hub.campaigns.keys import link_keys
from hub.campaigns.ledger import GROUP, Entries, Entry, State, entries_of, in_state, marked, next_group, settled
from hub.campaigns.links import Unsubscribe, unsubscribe_url
from hub.campaigns.mail import Mail
from hub.campaigns.outcomes import Adapter, Letter, Outcome
from hub.campaigns.queue import SendTask
from hub.campaigns.sms import Sms
from hub.campaigns.steps import logger, step
from hub.campaigns.store import CampaignStore
from hub.settings import SendSettings

TIME_FOR_A_GROUP: Final = 30_000
"""Milliseconds that must be left before a group's intent is written: the client's time-outs and the writes after it."""
DELAY: Final = 60
"""Seconds before a chunk that the provider was too busy for is tried again."""


class Sender:
    def __init__(self, settings: SendSettings, now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._now = now
        self._campaigns = CampaignStore(settings.campaigns_table)
        self._consents = Consents(settings.consent_table)
        self._adapters: dict[Channel, Adapter] = {"email": Mail(settings.configuration_set), "sms": Sms()}

    def carry_on(self, task: SendTask, milliseconds_left: Callable[[], int]) -> None:
        """Bring the chunk as far as the run's state and the time allow; a repeat of a done chunk does nothing."""
        run = self._campaigns.run(task.run_id)
        if run is None or run["state"] not in ("sending", "cancelling"):
            logger.info("left alone", extra={"run_id": task.run_id, "chunk": task.chunk})
            return
        chunk = _Chunk(self._campaigns, task, secrets.token_hex(8), self._now)
        frozen = Frozen(self._settings.vault_bucket, run["prefix"])
        people = {person.token: person for person in frozen.people(task.chunk)}
        if not chunk.claim(entries_of(people.values())):
            return
        if run["state"] == "cancelling":
            chunk.mark(in_state(chunk.entries, "waiting"), "cancelled")
        else:
            self._send(chunk, people, frozen, milliseconds_left)
        self._leave(chunk)

    def _send(
        self, chunk: "_Chunk", people: dict[str, Person], frozen: Frozen, milliseconds_left: Callable[[], int]
    ) -> None:
        messages = frozen.messages()
        for channel in CHANNELS:
            self._exclude(chunk, {token: each for token, each in people.items() if each.channel == channel}, channel)
        step("checked", chunk.run_id, chunk.number)
        with ThreadPoolExecutor(GROUP) as pool:
            while (group := next_group(chunk.entries)) and milliseconds_left() > TIME_FOR_A_GROUP:
                run = self._campaigns.run(chunk.run_id)
                if run is None or run["state"] != "sending":
                    return
                calls = [self._call(chunk, people[token], messages) for token in group]
                chunk.mark(group, "sending")
                chunk.save("sending")
                step("intended", chunk.run_id, chunk.number)
                outcomes = dict(zip(group, pool.map(lambda made: made(), calls), strict=True))
                step("called", chunk.run_id, chunk.number)
                chunk.record(outcomes)
                sent = sum(outcome.verdict == "sent" for outcome in outcomes.values())
                metrics.count(self._settings.stage, {"MessagesSent": sent})
                if chunk.obstacle:
                    return

    def _exclude(self, chunk: "_Chunk", people: dict[str, Person], channel: str) -> None:
        """Leave out who withdrew or was suppressed since the audience was frozen."""
        waiting = {token: people[token] for token in in_state(chunk.entries, "waiting") if token in people}
        keys = {person.customer_id: person.address_key for person in waiting.values() if person.address_key}
        stated = self._consents.stated(channel, waiting.values(), keys)
        suppressed = self._consents.suppressed(channel, keys.values())
        withdrawn = [token for token, person in waiting.items() if stated.get(person.customer_id) == "withdrawn"]
        chunk.mark(withdrawn, "excluded", "no_consent")
        others = waiting.keys() - set(withdrawn)
        chunk.mark([token for token in others if waiting[token].address_key in suppressed], "excluded", "suppressed")

    def _call(self, chunk: "_Chunk", person: Person, messages: Mapping[Channel, Said]) -> Callable[[], Outcome]:
        """The one call that sends a person's message by his channel, ready to be made."""
        assert person.address is not None and person.address_key is not None
        link = Unsubscribe(person.customer_id, person.channel, person.address_key)
        adapter, said = self._adapters[person.channel], messages[person.channel]
        letter = Letter(
            said.sender,
            person.address,
            said.accessible if person.accessible else said.content,
            dict(person.fields) | {"customer_id": person.customer_id},
            unsubscribe_url(self._settings.public_url, link_keys(self._settings.link_key_parameter).sign(link)),
            {"send_id": person.token, "run_id": chunk.run_id, "chunk": str(chunk.number)},
        )
        return partial(adapter.call, adapter.request(letter))

    def _leave(self, chunk: "_Chunk") -> None:
        """Close the chunk, or leave it to whom it concerns: a later message, a resume, or the sweep."""
        if settled(chunk.entries):
            if self._campaigns.settle(chunk.run_id, chunk.number, chunk.entries, version=None, owner=chunk.owner):
                step("settled", chunk.run_id, chunk.number)
            if self._campaigns.finish(chunk.run_id):
                step("finished", chunk.run_id)
            return
        if in_state(chunk.entries, "sending"):
            chunk.save("sending")  # the sweep settles what the provider did not answer, and queues the rest
            return
        chunk.save("waiting")
        if chunk.obstacle and chunk.obstacle.verdict == "halt":
            self._campaigns.move(
                chunk.run_id, ["sending"], "paused", error=f"The provider sends nothing: {chunk.obstacle.reason}"
            )
            return
        queue.put(self._settings.send_queue_url, [chunk.task], delay=DELAY if chunk.obstacle else 0)


class _Chunk:
    """A chunk in this worker's hands: the entries as they are known here, and how they are written down."""

    def __init__(self, store: CampaignStore, task: SendTask, owner: str, now: Callable[[], float]) -> None:
        self.task, self.run_id, self.number, self.owner = task, task.run_id, task.chunk, owner
        self.entries: Entries = {}
        self.obstacle: Outcome | None = None
        self._store = store
        self._now = now

    def claim(self, entries: Entries) -> bool:
        found = self._store.claim(self.run_id, self.number, entries, self.owner, int(self._now()))
        if found is None:
            return False
        self.entries = found
        step("claimed", self.run_id, self.number)
        return True

    def mark(self, tokens: list[str], state: State, reason: str | None = None) -> None:
        self.entries = marked(self.entries, tokens, state, reason)

    def save(self, state: str) -> None:
        self._store.save(self.run_id, self.number, state, self.entries, self.owner, int(self._now()))

    def record(self, outcomes: dict[str, Outcome]) -> None:
        """Take over what the calls answered. An answer that leaves it open keeps its message in `sending`."""
        for token, outcome in outcomes.items():
            self.entries = self.entries | {token: _after(self.entries[token], outcome)}
            if outcome.verdict == "halt" or (outcome.verdict == "again" and self.obstacle is None):
                self.obstacle = outcome


def _after(entry: Entry, outcome: Outcome) -> Entry:
    match outcome.verdict:
        case "sent" | "refused":
            return replace(entry, state=outcome.verdict, reason=outcome.reason, message_id=outcome.message_id)
        case "again" | "halt":
            return replace(entry, state="waiting")
        case _:
            return entry
