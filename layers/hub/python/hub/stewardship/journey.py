"""The way of a customer with the organisation, stage by stage, read off his time line. Pure: no AWS."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel

Stage = Literal["known", "in touch", "customer", "regular", "lapsed", "won back"]
UNDONE: Final = frozenset({"cancelled", "canceled", "void", "voided", "failed", "rejected"})
CLOSED: Final = frozenset({"solved", "resolved", "closed", "done", "withdrawn", *UNDONE})
MONEY: Final = frozenset({"order", "payment", "invoice"})

Event = Mapping[str, Any]


class Step(BaseModel):
    """A stage, from when on, and what led to it; of an order its number."""

    stage: Stage
    at: str
    because: str
    reference: str | None = None


class Open(BaseModel):
    """A request that nobody has answered for good."""

    reference: str | None
    since: str
    channel: str | None
    state: str | None


class Journey(BaseModel):
    """stage: where he is now. steps: in the order of time. events: so many of the newest were looked at."""

    customer_id: str
    stage: Stage
    steps: list[Step]
    open: list[Open]
    last_contact: str | None
    events: int


def journey(profile: Mapping[str, Any], events: Iterable[Event], lapsed_after_days: int, now: datetime) -> Journey:
    """known, in touch, customer by the first purchase, regular by the second; lapsed and won back, maybe often."""
    line = sorted(events, key=lambda each: (str(each["happened_at"]), str(each["kind"]), str(each.get("record_key"))))
    past = [each for each in line if _moment(each["happened_at"]) <= now]
    steps = [_known(profile, past), *_contact(past), *_purchases(past, timedelta(days=lapsed_after_days), now)]
    return Journey(
        customer_id=str(profile["customer_id"]),
        stage=steps[-1].stage,
        steps=steps,
        open=[_open(each) for each in past if each["kind"] == "ticket" and _word(each) not in CLOSED],
        last_contact=next((str(each["happened_at"]) for each in reversed(past) if each["kind"] not in MONEY), None),
        events=len(line),
    )


def _known(profile: Mapping[str, Any], past: list[Event]) -> Step:
    """From the first day of a record, or an earlier event; by what first brought him, where a source tells."""
    since = _text(_moment(profile["customer_since"]))
    at = min([since, *(_text(_moment(each["happened_at"])) for each in past[:1])])
    return Step(stage="known", at=at, because=profile.get("lead_source") or "first record")


def _contact(past: list[Event]) -> list[Step]:
    """The first time that he came to us, where that was before he bought."""
    came = next((each for each in past if each.get("direction") == "in" or _bought(each)), None)
    if came is None or _bought(came) or came["kind"] in MONEY:
        return []
    because = " by ".join(filter(None, (str(came["kind"]), came.get("channel"))))
    return [Step(stage="in touch", at=_text(_moment(came["happened_at"])), because=because)]


def _purchases(past: list[Event], patience: timedelta, now: datetime) -> list[Step]:
    found: list[Step] = []
    last: datetime | None = None
    for number, order in enumerate((each for each in past if _bought(each)), 1):
        at = _moment(order["happened_at"])
        lapsed = last is not None and at - last > patience
        if lapsed and last is not None:
            found.append(_lapse(last, patience))
        stage: Stage | None = (
            "won back" if lapsed else "customer" if number == 1 else "regular" if number == 2 else None
        )
        if stage:
            because = "first purchase" if number == 1 else f"purchase {number}"
            found.append(Step(stage=stage, at=_text(at), because=because, reference=order.get("reference")))
        last = at
    if last is not None and now - last > patience:
        found.append(_lapse(last, patience))
    return found


def _lapse(last: datetime, patience: timedelta) -> Step:
    return Step(stage="lapsed", at=_text(last + patience), because=f"no purchase for {patience.days} days")


def _bought(event: Event) -> bool:
    return (
        event["kind"] == "order" and _word(event) not in UNDONE and not str(event.get("amount") or "").startswith("-")
    )


def _open(event: Event) -> Open:
    return Open(
        reference=event.get("reference"), since=str(event["happened_at"]), channel=event.get("channel"),
        state=event.get("outcome"),
    )  # fmt: skip


def _word(event: Event) -> str:
    return str(event.get("outcome") or "").lower()


def _moment(text: object) -> datetime:
    found = datetime.fromisoformat(str(text).replace(" ", "T").removesuffix("Z"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
