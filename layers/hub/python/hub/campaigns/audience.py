"""Who of an audience gets the message and by which channel, and why each other one does not. Pure: no AWS."""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from hub.campaigns.choosing import CHANNELS, POINTS, Act, Channel, Why, ranked
from hub.config import values

CHUNK: Final = 50
"""People in one chunk: the unit of queueing, of pause and of the ledger."""
ADDRESS = re.compile(r"[^@\s<>,;\"()\[\]\x00-\x1f\x7f]{1,64}@[^@\s<>,;\"()\[\]\x00-\x1f\x7f]{1,189}\.[^@\s<>,;.\"]{2,}")
NUMBER: Final = re.compile(values.NUMBER)
MOBILE: Final = re.compile(r"mobile|cell|handy|smartphone", re.IGNORECASE)
"""What sources call a telephone that takes texts."""

Reason = Literal[
    "erased", "no_address", "no_consent", "suppressed", "open_complaint", "not_on_allow_list", "duplicate_address"
]
REASONS: Final[tuple[Reason, ...]] = (
    "erased", "no_address", "no_consent", "suppressed", "open_complaint", "not_on_allow_list", "duplicate_address",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person that the segment named. `known` is false where the vault has nobody of that id (any more).

    earlier: ids that records of this person had before they were found to be one person's. complains: has a complaint
    that nobody has solved yet. accessible: is known to read with difficulty, so that a template for that is taken.
    born, time_zone: where birthdays are asked for. address: his e-mail address. acts: by which channels he does
    something, where a campaign has several.
    """

    customer_id: str
    known: bool
    address: str | None
    consent_of_sources: bool | None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()
    complains: bool = False
    accessible: bool = False
    born: date | None = None
    time_zone: str = "UTC"
    phone: str | None = None
    phone_kind: str | None = None
    preferred: str | None = None
    acts: Mapping[Channel, Act] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a frozen audience. `token` names the message: one per run, channel and address.

    An excluded person has no address here, and the token says nothing of one. channel, why: chosen once, at the freeze;
    whatever he prefers later, this run writes to him by no other.
    """

    token: str
    customer_id: str
    excluded: Reason | None
    address: str | None = None
    address_key: str | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()
    accessible: bool = False
    channel: Channel = "email"
    why: Why = "order"


def normal(address: str) -> str:
    """The form of an e-mail address that all keys are made from."""
    return address.strip().lower()


def number(value: str) -> str:
    """The form of a telephone number that all keys are made from."""
    return re.sub(r"^00(?=[1-9])", "+", re.sub(r"[\s().\-/]", "", value.strip()))


def usable(candidate: Candidate, channel: Channel) -> str | None:
    """Where a channel would write to a person, in normal form; None where he has nothing that it can write to.

    A text goes to a number with its country's code that is a mobile telephone, as far as is known.
    """
    if channel == "email":
        address = normal(candidate.address or "")
        return address if ADDRESS.fullmatch(address) else None
    phone = number(candidate.phone or "")
    mobile = candidate.phone_kind is None or MOBILE.search(candidate.phone_kind)
    return phone if mobile and NUMBER.fullmatch(phone) else None


def address_key(key: bytes, kind: str, address: str) -> str:
    """The name of an address where the address itself must not stand: 32 hex characters. kind: of contact point."""
    return hmac.digest(key, f"{kind}|{normal(address)}".encode(), "sha256").hex()[:32]


def message_token(run_id: str, channel: str, key: str) -> str:
    """The name of one message: the same for two people with one address."""
    return hashlib.sha256(f"{run_id}|{channel}|{key}".encode()).hexdigest()[:26]


@dataclass(frozen=True, slots=True)
class Way:
    """What stands between people and one channel: what they stated of it, and the addresses that it never writes to."""

    consents: Mapping[str, str]
    suppressed: Collection[str]


@dataclass(frozen=True)
class Rules:
    """What a decision stands on. ways: the campaign's channels in its order.

    allowed: None where everybody may receive (stage prod).
    """

    run_id: str
    key: bytes
    ways: Mapping[Channel, Way]
    allowed: Sequence[str] | None

    def consented(self, candidate: Candidate, channel: Channel) -> bool:
        return consented(candidate, channel, self.ways[channel].consents)


def consented(candidate: Candidate, channel: Channel, stated: Mapping[str, str]) -> bool:
    """What a person told the hub wins over what the sources say; silence is no consent.

    The sources' word is of marketing by e-mail: for a text the person has to have told the hub. stated: granted or
    withdrawn by customer_id.
    """
    said = stated.get(candidate.customer_id)
    return said == "granted" if said else channel == "email" and candidate.consent_of_sources is True


def decide(candidates: Iterable[Candidate], rules: Rules) -> list[Person]:
    """Each candidate once, in the order of customer_id, included by one channel or excluded.

    He is excluded where none of the channels may write to him, for the reason of the one that came furthest.
    """
    taken: set[str] = set()
    return [_decided(each, rules, taken) for each in sorted(candidates, key=lambda candidate: candidate.customer_id)]


def _decided(candidate: Candidate, rules: Rules, taken: set[str]) -> Person:
    reasons: list[Reason] = []
    for channel, why in ranked(list(rules.ways), candidate.preferred, candidate.acts):
        address = usable(candidate, channel)
        key = address_key(rules.key, POINTS[channel], address) if address else None
        reason = _reason(candidate, channel, address, key, taken, rules)
        if reason is None and address and key:
            taken.add(key)
            return Person(
                message_token(rules.run_id, channel, key),
                candidate.customer_id,
                None,
                address,
                key,
                candidate.fields,
                candidate.earlier,
                candidate.accessible,
                channel,
                why,
            )
        reasons += [reason] if reason else []
    token = message_token(rules.run_id, "excluded", candidate.customer_id)
    return Person(token, candidate.customer_id, max(reasons, key=REASONS.index))


def _reason(
    candidate: Candidate, channel: Channel, address: str | None, key: str | None, taken: set[str], rules: Rules
) -> Reason | None:
    if not candidate.known:
        return "erased"
    if address is None or key is None:
        return "no_address"
    if not rules.consented(candidate, channel):
        return "no_consent"
    if key in rules.ways[channel].suppressed:
        return "suppressed"
    if candidate.complains:
        return "open_complaint"
    if rules.allowed is not None and not on_list(address, rules.allowed):
        return "not_on_allow_list"
    return "duplicate_address" if key in taken else None


def on_list(address: str, allowed: Sequence[str]) -> bool:
    """Whether the list holds the address or number itself or, as `@example.com`, the address's domain."""
    entries = {entry.strip().lower() for entry in allowed}
    return address in entries or f"@{address.rpartition('@')[2]}" in entries


def counts(people: Iterable[Person]) -> Counter[str]:
    """People by decision: `included`, and each reason."""
    return Counter(person.excluded or "included" for person in people)


def mix(people: Iterable[Person]) -> dict[str, dict[str, int]]:
    """How many get it by each channel, by the reason for it."""
    found: dict[str, Counter[str]] = {}
    for person in people:
        if person.excluded is None:
            found.setdefault(person.channel, Counter())[person.why] += 1
    return {channel: dict(whys) for channel, whys in found.items()}


def chunked(people: Sequence[Person]) -> tuple[list[list[Person]], list[list[Person]]]:
    """Chunks of those who get a message, then chunks of those who do not.

    A chunk is of one channel, so that a busy provider holds up nobody of another.
    """
    by_channel = ([each for each in people if not each.excluded and each.channel == name] for name in CHANNELS)
    excluded = [person for person in people if person.excluded is not None]
    return [chunk for some in by_channel for chunk in _cut(some)], _cut(excluded)


def _cut(people: list[Person]) -> list[list[Person]]:
    return [people[start : start + CHUNK] for start in range(0, len(people), CHUNK)]
