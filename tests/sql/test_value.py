"""What customers are worth, foreseen from the first half of a year and compared with the second."""

import random
from datetime import date, timedelta

import pytest

from tests.sql.lake import entity_hub, staged
from tests.sql.test_known import report
from tests.sql.test_models import needed

AS_OF, END = date(2025, 7, 1), date(2025, 12, 28)
PEOPLE = [f"p{number:02}" for number in range(30)]


def bought(rhythm: float, amount: int, chance: random.Random, until: date = END) -> list[tuple[date, int]]:
    """Orders of somebody who comes about every so many days, from January on."""
    day, found = date(2025, 1, 2), []
    while day < until:
        found.append((day, amount + chance.randrange(20)))
        day += timedelta(days=max(1, round(rhythm * chance.uniform(0.7, 1.3))))
    return found


def orders() -> dict[str, list[tuple[date, int]]]:
    """Rhythms and baskets of all kinds; the last three stay away from March on."""
    chance = random.Random(7)
    return {
        who: bought(5 + 3 * at, 100 + 37 * (at * 7 % 11), chance, date(2025, 3, 1) if at >= 27 else END)
        for at, who in enumerate(PEOPLE)
    }


def expected(found: list[tuple[date, int]]) -> float:
    """The documented formula."""
    before = [(day, amount) for day, amount in found if day < AS_OF]
    known = max(30, (AS_OF - before[0][0]).days)
    usual, away = known / len(before), (AS_OF - before[-1][0]).days
    return sum(amount for _, amount in before) * 365 / known * min(1, usual / away)


def ranks(values: list[float]) -> list[float]:
    return [sum(other < each for other in values) + (sum(other == each for other in values) + 1) / 2 for each in values]


def correlation(left: list[float], right: list[float]) -> float:
    (x, y), n = (ranks(left), ranks(right)), len(left)
    top = n * sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y)
    spread = (n * sum(a * a for a in x) - sum(x) ** 2) * (n * sum(b * b for b in y) - sum(y) ** 2)
    return top / spread**0.5


@pytest.fixture(scope="module")
def hub(make_shared_lake):
    tables = needed("reporting.sales_order") | needed("reporting.customer_key")
    hub = make_shared_lake(entity_hub({"crm": 80}), tables=tables)
    told = {"changed_at": "2025-01-01 08:00:00"}
    named = [{"record_key": who, "full_name": who, "email_standard": f"{who}@x.in", **told} for who in PEOPLE]
    hub.pull("crm", "customer", [staged("customer", each) for each in named])
    made = [
        {
            "record_key": f"{who}-{day}", "customer_record_key": who, "ordered_at": f"{day} 08:00:00",
            "total_amount": amount, "currency": "INR", **told,
        }
        for who, found in orders().items()
        for day, amount in found
    ]  # fmt: skip
    cancelled = {**made[0], "record_key": "no", "total_amount": 10**6, "status": "cancelled"}
    hub.pull("crm", "sales_order", [staged("sales_order", each) for each in [*made, cancelled]])
    hub.run()
    return hub


def test_what_was_foreseen_is_what_was_bought_by_rank(hub):
    found = list(orders().values())
    foreseen = [expected(each) for each in found]
    later = [float(sum(amount for day, amount in each if day >= AS_OF)) for each in found]
    (told,) = report(hub, "customer_value_backtest", as_of=str(AS_OF))
    assert int(told["customers"]) == len(PEOPLE)
    assert float(told["rank_correlation"]) == pytest.approx(correlation(foreseen, later), abs=0.001)
    assert float(told["rank_correlation"]) > 0.8, "it foresees whose rhythm stays, and who has gone"
    top = sorted(range(len(found)), key=lambda at: foreseen[at])[-6:]
    assert float(told["top_share"]) == pytest.approx(sum(later[at] for at in top) / sum(later), abs=0.001)
    assert float(told["bought"]) == pytest.approx(sum(later), abs=0.01)


def test_before_anybody_bought_there_is_nothing_to_tell(hub):
    (told,) = report(hub, "customer_value_backtest", as_of="2024-01-01")
    assert (told["customers"], told["rank_correlation"]) == ("0", None)
