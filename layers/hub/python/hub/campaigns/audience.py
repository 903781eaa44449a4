"""Who of an audience gets the message, and why each other one does not. Pure: no AWS."""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

CHUNK: Final = 50
"""People in one chunk: the unit of queueing, of pause and of the ledger."""
ADDRESS = re.compile(r"[^@\s<>,;\"()\[\]\x00-\x1f\x7f]{1,64}@[^@\s<>,;\"()\[\]\x00-\x1f\x7f]{1,189}\.[^@\s<>,;.\"]{2,}")

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
    born, time_zone: where birthdays are asked for.
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


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a frozen audience. `token` names the message: one per run, channel and address.

    An excluded person has no address here, and the token says nothing of one.
    """

    token: str
    customer_id: str
    excluded: Reason | None
    address: str | None = None
    address_key: str | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()
    accessible: bool = False


def normal(address: str) -> str:
    """The form of an e-mail address that all keys are made from."""
    return address.strip().lower()


def address_key(key: bytes, channel: str, address: str) -> str:
    """The name of an address where the address itself must not stand: 32 hex characters."""
    return hmac.digest(key, f"{channel}|{normal(address)}".encode(), "sha256").hex()[:32]


def message_token(run_id: str, channel: str, key: str) -> str:
    """The name of one message: the same for two people with one address."""
    return hashlib.sha256(f"{run_id}|{channel}|{key}".encode()).hexdigest()[:26]


@dataclass(frozen=True)
class Rules:
    """What a decision stands on. `allowed` is None where everybody may receive (stage prod)."""

    run_id: str
    channel: str
    key: bytes
    consents: Mapping[str, str]
    suppressed: Collection[str]
    allowed: Sequence[str] | None

    def consented(self, candidate: Candidate) -> bool:
        """What a person told the hub wins over what the sources say; silence is no consent."""
        stated = self.consents.get(candidate.customer_id)
        return stated == "granted" if stated else candidate.consent_of_sources is True


def decide(candidates: Iterable[Candidate], rules: Rules) -> list[Person]:
    """Each candidate once, in the order of customer_id, included or excluded for the first reason that holds."""
    people = []
    taken: set[str] = set()
    for candidate in sorted(candidates, key=lambda candidate: candidate.customer_id):
        key = address_key(rules.key, rules.channel, candidate.address) if candidate.address else None
        reason = _reason(candidate, key, taken, rules)
        if reason or key is None or candidate.address is None:
            token = message_token(rules.run_id, "excluded", candidate.customer_id)
            people.append(Person(token, candidate.customer_id, reason))
            continue
        taken.add(key)
        token = message_token(rules.run_id, rules.channel, key)
        people.append(_included(token, candidate, key))
    return people


def _included(token: str, candidate: Candidate, key: str) -> Person:
    address = normal(candidate.address or "")
    return Person(
        token, candidate.customer_id, None, address, key, candidate.fields, candidate.earlier, candidate.accessible
    )


def _reason(candidate: Candidate, key: str | None, taken: set[str], rules: Rules) -> Reason | None:
    if not candidate.known:
        return "erased"
    if key is None or not ADDRESS.fullmatch(normal(candidate.address or "")):
        return "no_address"
    if not rules.consented(candidate):
        return "no_consent"
    if key in rules.suppressed:
        return "suppressed"
    if candidate.complains:
        return "open_complaint"
    if rules.allowed is not None and not on_list(normal(candidate.address or ""), rules.allowed):
        return "not_on_allow_list"
    return "duplicate_address" if key in taken else None


def on_list(address: str, allowed: Sequence[str]) -> bool:
    """Whether the list holds the address itself or, as `@example.com`, its domain."""
    entries = {entry.strip().lower() for entry in allowed}
    return address in entries or f"@{address.rpartition('@')[2]}" in entries


def counts(people: Iterable[Person]) -> Counter[str]:
    """People by decision: `included`, and each reason."""
    return Counter(person.excluded or "included" for person in people)


def chunked(people: Sequence[Person]) -> tuple[list[list[Person]], list[list[Person]]]:
    """Chunks of those who get a message, then chunks of those who do not."""
    included = [person for person in people if person.excluded is None]
    excluded = [person for person in people if person.excluded is not None]
    return _cut(included), _cut(excluded)


def _cut(people: list[Person]) -> list[list[Person]]:
    return [people[start : start + CHUNK] for start in range(0, len(people), CHUNK)]
