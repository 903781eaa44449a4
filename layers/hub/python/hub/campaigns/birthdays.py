"""Whose birthday it is where he lives, and that he is written to for it once a year."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub import aws
from hub.campaigns.audience import Candidate, Person
from hub.campaigns.items import get_all, holds
from hub.campaigns.store import CampaignStore

FROM_HOUR: Final = 9
"""Nobody is woken: the day's messages go from this hour on, by the customer's clock."""
LATE_DAYS: Final = 3
"""So many days later a birthday is still wished: who was missed by an outage, a late pull or a move to another zone."""


def occurrence(born: date, today: date) -> date:
    """The last birthday at or before a day. Of a year without 29 February it is 1 March, as ages have it."""
    return max(each for each in (_in_year(born, today.year), _in_year(born, today.year - 1)) if each <= today)


def _in_year(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def due(born: date | None, time_zone: str, now: datetime) -> int | None:
    """The year for which a person is to be written to now; None where it is not the time."""
    here = now.astimezone(ZoneInfo(time_zone)) - timedelta(hours=FROM_HOUR)
    if born is None or born > here.date():
        return None
    day = occurrence(born, here.date())
    return day.year if day > born and (here.date() - day).days <= LATE_DAYS else None


def days(now: datetime) -> list[str]:
    """MM-DD of everybody who may be due somewhere on earth."""
    around = [(now + timedelta(days=by)).date() for by in range(-LATE_DAYS - 2, 3)]
    listed = {f"{each:%m-%d}" for each in around}
    return sorted(listed | ({"02-29"} if "03-01" in listed else set()))


class Fired:
    """`fired#<campaign>` / `<customer>#<year>` in the campaigns table: which sending has a person's birthday."""

    def __init__(self, table: str, campaign_id: str, run_id: str) -> None:
        self._table, self._pk, self._run_id = table, f"fired#{campaign_id}", run_id
        self._runs = CampaignStore(table)

    def free(self, audience: Iterable[Candidate], now: datetime) -> Iterator[tuple[Candidate, int]]:
        """Who is due and nobody else's, with the year; by whatever id he had when he was written to."""
        asked = [(each, due(each.born, each.time_zone, now)) for each in audience]
        years = [(each, year) for each, year in asked if year is not None]
        keys = [self._key(known, year) for each, year in years for known in (each.customer_id, *each.earlier)]
        taken = {item["sk"] for item in get_all(self._table, keys) if not self._mine(str(item["run_id"]))}
        for each, year in years:
            if not any(f"{known}#{year}" in taken for known in (each.customer_id, *each.earlier)):
                yield each, year

    def claim(self, person: Person, year: int) -> bool:
        """Take the person's birthday for this sending; False where another one has it."""
        key, table = self._key(person.customer_id, year), aws.table(self._table)
        put = {"Item": key | {"run_id": self._run_id}}
        if holds(table.put_item, **put, ConditionExpression="attribute_not_exists(pk)"):
            return True
        other = str(table.get_item(Key=key, ConsistentRead=True)["Item"]["run_id"])
        return self._mine(other) and holds(
            table.put_item,
            **put,
            ConditionExpression="run_id = :other",
            ExpressionAttributeValues={":other": other},
        )

    def _mine(self, run_id: str) -> bool:
        """A sending that never began to send has nobody."""
        return run_id == self._run_id or (self._runs.run(run_id) or {}).get("state") == "failed"

    def _key(self, customer_id: str, year: int) -> dict[str, str]:
        return {"pk": self._pk, "sk": f"{customer_id}#{year}"}
