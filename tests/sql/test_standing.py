"""Who counts, over the life of one hub: a change of the count is explained by the rule, or by the data."""

from datetime import timedelta

import pytest

from hub.config.models import HubConfig
from hub.config.standing import Definition, LifeCycle, problems
from tests.sql.lake import entity_hub, staged
from tests.sql.test_models import needed

BOUGHT = {"version": 1, "says": "Who bought within a year.", "bought_within_days": 365}
KNOWN = {**BOUGHT, "version": 2, "says": "Who bought, or whom the CRM knows.", "sources": ["crm"], "reachable": True}


def person(key: str, **values: str):
    return staged("customer", {"record_key": key, "full_name": f"N {key}", "changed_at": "2026-01-01", **values})


def order(key: str, who: str, day: str):
    given = {"record_key": key, "customer_record_key": who, "ordered_at": day, "changed_at": "2026-01-01"}
    return staged("sales_order", given)


def counts(lake) -> dict[str, tuple[int, int, dict]]:
    """Run -> how many count by the rule in force, by the one before, and the people whom the two judge otherwise."""
    names = ["counted_at", "counts", "reason", "counts_before", "reason_before", "people"]
    found: dict[str, tuple[int, int, dict]] = {}
    for at, now, reason, before, reason_before, people in lake.rows("reporting.customer_count", names):
        in_force, earlier, moved = found.get(at, (0, 0, {}))
        if now != before:
            moved = {**moved, (reason_before, reason): moved.get((reason_before, reason), 0) + int(people)}
        found[at] = (in_force + int(people) * (now == "true"), earlier + int(people) * (before == "true"), moved)
    return found


def test_a_change_of_the_count_is_explained(make_lake):
    given = entity_hub({"crm": 80, "shop": 50})
    lake = make_lake(given, tables=needed("reporting.customer_count"))

    def define(*definitions):
        rules = HubConfig.model_validate({**given.hub.model_dump(), "customer_definitions": definitions})
        lake.deployment = given.model_copy(update={"hub": rules})
        lake.sync()
        lake.now += timedelta(days=1)

    define(BOUGHT)
    lake.pull("crm", "customer", [person("c1", email_standard="a@x.in"), person("c2", email_standard="b@x.in")])
    lake.pull("shop", "customer", [person("s1", email_standard="c@x.in"), person("s2")])
    lake.pull("shop", "sales_order", [order("o1", "s1", "2025-12-01"), order("o2", "s2", "2025-12-01")])
    lake.run()
    define(BOUGHT, KNOWN)
    lake.pull("crm", "customer", [person("c3", email_standard="d@x.in")])
    lake.run()
    first, second = counts(lake).values()
    assert first == (2, 2, {}), "one rule: nobody is judged otherwise"
    in_force, by_the_old, moved = second
    assert by_the_old - first[0] == 0, "of the data: nobody more has bought"
    assert moved == {
        ("not: no rule fits", "known to a source"): 3,
        ("bought", "not: cannot be reached"): 1,
    }, "of the rule"
    assert in_force == 2 + 3 - 1 == by_the_old + 3 - 1


LIFE = [  # what happens, in days after the beginning, and where he stands then
    ("known", 0, {}, "prospect"),
    ("he calls", 1, {"interaction": {"kind": "call", "direction": "in", "happened_at": "2026-01-02"}}, "lead"),
    ("he buys", 2, {"sales_order": {"ordered_at": "2026-01-03"}}, "customer"),
    ("nothing for 50 days", 53, {"customer": {"city": "Pune"}}, "lapsed"),
    ("he buys again", 54, {"sales_order": {"ordered_at": "2026-02-24"}}, "customer"),
]


def test_a_life(make_lake):
    """prospect -> lead -> customer -> lapsed, and back to customer; never back to lead or prospect."""
    given = entity_hub()
    rules = HubConfig.model_validate({**given.hub.model_dump(), "life_cycle": {"lapsed_after_days": 50}})
    lake = make_lake(given.model_copy(update={"hub": rules}), tables=needed("reporting.customer_standing"))
    begin = lake.now
    lake.pull("crm", "customer", [person("r1")])
    for at, (why, day, happened, expected) in enumerate(LIFE):
        lake.now = begin + timedelta(days=day)
        for entity, values in happened.items():
            own = {"record_key": "r1", "full_name": "N r1"} if entity == "customer" else {"customer_record_key": "r1"}
            row = {"record_key": f"x{at}", **own, "changed_at": lake.now, **values}
            lake.pull("crm", entity, [staged(entity, row)])
        lake.run()
        assert lake.rows("reporting.customer_standing", ["life_cycle"]) == [(expected,)], why


WRONG = [
    ([KNOWN, BOUGHT], {}, "1 does not follow 2"),
    ([BOUGHT, BOUGHT], {}, "1 does not follow 1"),
    ([KNOWN], {}, "'crm' is not a source; write one of shop"),
    ([{**BOUGHT, "never": ["old"]}], {}, "'old' is not a source"),
    ([], {"words": {"lead": ["Warm"], "customer": ["warm"]}}, "'warm' is a word for 'lead' already"),
]


@pytest.mark.parametrize(("given", "cycle", "problem"), WRONG, ids=[each[2] for each in WRONG])
def test_what_is_wrong_is_told(given, cycle, problem):
    definitions = [Definition.model_validate(each) for each in given]
    assert any(problem in what for _, what in problems(definitions, LifeCycle.model_validate(cycle), {"shop": 1}))
