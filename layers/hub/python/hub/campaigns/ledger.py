"""The ledger of a chunk: what is known of each person's message. Pure: no AWS.

A person waits until the worker writes its intent (`sending`); only then is the provider called. What the call answered
is written after it. A person whose worker died in between stays `sending` until the provider's events tell, and is
uncertain if they do not: such a message is never sent again by itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from hub.campaigns.audience import Person
from hub.campaigns.choosing import Channel, Why

State = Literal["waiting", "sending", "sent", "refused", "excluded", "cancelled", "uncertain"]
FINAL: Final[frozenset[State]] = frozenset({"sent", "refused", "excluded", "cancelled", "uncertain"})
GROUP: Final = 10
"""Messages whose intent is written at once and that are in flight together: at most so many are uncertain."""
CLAIM_LIMIT: Final = 120
"""Seconds after which a claim is nobody's: twice the time that the send function can run."""
ACCEPTED: Final = frozenset({"Send", "Delivery", "DeliveryDelay", "Bounce", "Complaint", "Open", "Click"})
"""Events of SES that prove that it took the message."""
REFUSED: Final = frozenset({"Reject", "Rendering Failure"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One person in the ledger. reason: why refused, excluded or uncertain.

    channel, why: by which way he is written to, and whether he stated it, it was inferred or is the campaign's order.
    """

    customer_id: str
    state: State = "waiting"
    reason: str | None = None
    message_id: str | None = None
    channel: Channel | None = None
    why: Why | None = None

    def item(self) -> dict[str, str]:
        stated = {
            "customer_id": self.customer_id,
            "state": self.state,
            "reason": self.reason,
            "message_id": self.message_id,
            "channel": self.channel,
            "why": self.why,
        }
        return {name: value for name, value in stated.items() if value is not None}


Entries = dict[str, Entry]
"""By message token."""


def entries_of(people: Iterable[Person]) -> Entries:
    return {person.token: _entry(person) for person in people}


def _entry(person: Person) -> Entry:
    if person.excluded:
        return Entry(person.customer_id, "excluded", person.excluded)
    return Entry(person.customer_id, channel=person.channel, why=person.why)


def entries_from(item: Mapping[str, Any]) -> Entries:
    return {token: Entry(**entry) for token, entry in item.items()}


def in_state(entries: Entries, state: State) -> list[str]:
    return [token for token, entry in entries.items() if entry.state == state]


def next_group(entries: Entries) -> list[str]:
    return in_state(entries, "waiting")[:GROUP]


def marked(entries: Entries, tokens: Iterable[str], state: State, reason: str | None = None) -> Entries:
    """The entries with these ones in another state."""
    return entries | {token: replace(entries[token], state=state, reason=reason) for token in tokens}


def settled(entries: Entries) -> bool:
    return all(entry.state in FINAL for entry in entries.values())


def totals(entries: Entries) -> Counter[str]:
    """People by what became of them: a state, or `excluded.<reason>`."""
    return Counter(total_of(entry) for entry in entries.values())


def total_of(entry: Entry) -> str:
    return f"excluded.{entry.reason}" if entry.state == "excluded" else entry.state


def told(entries: Entries, events: Mapping[str, Iterable[str]]) -> Entries:
    """What is left in `sending` after its worker is gone, settled by the provider's events or uncertain.

    events: for a message token, the kinds of events that came.
    """
    known = dict(entries)
    for token in in_state(entries, "sending"):
        kinds = set(events.get(token, ()))
        known[token] = by_events(entries[token], kinds) or replace(
            entries[token], state="uncertain", reason="no_answer_from_provider"
        )
    return known


def by_events(entry: Entry, kinds: set[str]) -> Entry | None:
    """The entry as the events prove it; None where they prove nothing."""
    if kinds & REFUSED:
        return replace(entry, state="refused", reason="refused_after_acceptance")
    if kinds & ACCEPTED:
        return replace(entry, state="sent", reason=None)
    return None
