"""How much is known of a customer, and from where: a grade, the sources, where he was met. Pure: no AWS."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel

Grade = Literal["A", "B", "C", "D"]
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("full_name",),
    "email": ("email",),
    "phone": ("phone",),
    "address": ("address", "city"),
    "birth_date": ("birth_date",),
    "gender": ("gender",),
    "language": ("language",),
    "consent": ("marketing_consent",),
}
DEALINGS: Final = ("purchases", "contacts")
BOUGHT: Final = frozenset({"order", "payment", "invoice", "rental"})
FROM: Final[tuple[tuple[Grade, float], ...]] = (("A", 0.8), ("B", 0.6), ("C", 0.4), ("D", 0.0))


class SourceShare(BaseModel):
    """records and events: how many of the customer's come from it. newest: when it last changed a record."""

    source: str
    records: int = 0
    events: int = 0
    newest: str | None = None


class Touch(BaseModel):
    """A way in which the customer and the organisation met."""

    kind: str
    channel: str | None
    count: int
    first: str
    last: str


class Depth(BaseModel):
    """grade: A to D; who is on a mailing list and no more is D, and without dealings nobody is above C.

    coverage: the share of the hub's sources of customers that know him. events: so many were looked at.
    """

    customer_id: str
    grade: Grade
    score: float
    known: list[str]
    missing: list[str]
    coverage: float
    sources: list[SourceShare]
    unknown_to: list[str]
    touch_points: list[Touch]
    events: int


def depth(
    profile: Mapping[str, Any],
    records: Iterable[Mapping[str, Any]],
    events: Iterable[Mapping[str, Any]],
    all_sources: Iterable[str],
) -> Depth:
    events = list(events)
    found = {name for name, needed in VALUES.items() if all(profile.get(each) not in (None, "") for each in needed)}
    kinds = {str(each["kind"]) for each in events}
    found |= {"purchases"} if kinds & BOUGHT else set()
    found |= {"contacts"} if kinds - BOUGHT else set()
    things = (*VALUES, *DEALINGS)
    score = len(found) / len(things)
    grade = next(letter for letter, least in FROM if score >= least)
    if not found & set(DEALINGS) and grade in ("A", "B"):
        grade = "C"
    sources = _sources(records, events)
    expected = set(all_sources)
    unknown = sorted(expected - {each.source for each in sources if each.records})
    return Depth(
        customer_id=str(profile["customer_id"]),
        grade=grade,
        score=round(score, 3),
        known=[each for each in things if each in found],
        missing=[each for each in things if each not in found],
        coverage=round(1 - len(unknown) / len(expected), 3) if expected else 0.0,
        sources=sources,
        unknown_to=unknown,
        touch_points=_touch_points(events),
        events=len(events),
    )


def _sources(records: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]) -> list[SourceShare]:
    found: dict[str, SourceShare] = {}
    for record in records:
        one = found.setdefault(str(record.get("source")), SourceShare(source=str(record.get("source"))))
        one.records += 1
        one.newest = max(filter(None, (one.newest, record.get("changed_at"))), default=None)
    for event in events:
        found.setdefault(str(event.get("source")), SourceShare(source=str(event.get("source")))).events += 1
    return sorted(found.values(), key=lambda each: each.source)


def _touch_points(events: Iterable[Mapping[str, Any]]) -> list[Touch]:
    moments: dict[tuple[str, str | None], list[str]] = {}
    for event in events:
        moments.setdefault((str(event["kind"]), event.get("channel")), []).append(str(event["happened_at"]))
    counts = Counter({key: len(when) for key, when in moments.items()})
    ordered = sorted(counts, key=lambda key: (-counts[key], key[0], key[1] or ""))
    return [
        Touch(kind=kind, channel=channel, count=counts[kind, channel], first=min(when), last=max(when))
        for kind, channel in ordered
        for when in [moments[kind, channel]]
    ]
