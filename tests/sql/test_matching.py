"""A run with the real matcher: who is one, whom stewards part, what is doubted, and what stays as it was learned."""

from datetime import timedelta

import pytest

from hub import aws
from hub.identity.nightly import State
from hub.identity.replay import _answers
from hub.models.execution import StatementFailed
from hub.models.matching import scratch
from tests.sql.lake import Lake, entity_hub, staged
from tests.sql.test_models import needed

FIRST = ("Asha", "Ravi", "Meera", "John", "Lena", "Omar", "Ines", "Paul")
LAST = ("Rao", "Iyer", "Smith", "Khan", "Novak", "Meier", "Silva", "Dupont", "Berg", "Costa")
TABLES = needed("vault.customer_redirect") | needed("vault.household")


def person(number: int, key: str, **more: str) -> dict:
    given, family = FIRST[number % 8], LAST[number // 8 % 10] + "aeiou"[number % 5]
    told = {"given_name": given, "family_name": family, "full_name": f"{given} {family}", "city": f"Town {number % 9}"}
    told |= {
        "birth_date": f"19{50 + number % 49}-0{1 + number % 9}-1{number % 10}",
        "postcode": f"4{number * 37 % 9999:04}",
    }
    told |= {"email_standard": f"{given}.{family}{number}@x.in".lower(), "address": f"{number} Main Road"}
    return staged("customer", {"record_key": key, **told, **more})


@pytest.fixture
def lake(make_lake, monkeypatch) -> Lake:
    lake = make_lake(entity_hub({"crm": 80, "shop": 50}), tables=TABLES)
    lake.match_in_earnest()
    monkeypatch.setattr("hub.identity.run.FEW_RECORDS", 0)
    return lake


def customers(lake: Lake) -> dict[str, str]:
    return dict(lake.rows("vault.customer_match", ["record_key", "customer_id"]))


def test_a_first_night_and_those_after_it(lake):
    home = {"birth_date": None, "full_name": "John Penn Sr", "given_name": "John", "family_name": "Penn"}
    father, son = person(70, "c70", **home), person(70, "s70", **{**home, "full_name": "John Penn Jr"})
    lake.pull("crm", "customer", [*(person(number, f"c{number:02}") for number in range(60)), father])
    twins = [person(number, f"s{number:02}", family_name=f"{LAST[number // 8 % 10]}") for number in range(0, 60, 3)]
    lake.pull("shop", "customer", [*twins, son])
    first = lake.run()
    found = customers(lake)
    alike = [number for number in range(0, 60, 3) if found[f"c{number:02}"] == found[f"s{number:02}"]]
    assert len(alike) >= 18, "a misspelt family name is no other person"
    assert len(set(found.values())) == 82 - len(alike), "and nobody else is one, nor father and son"
    told = lake.store.matching(first)
    assert (told["records"], told["learned"]["run_id"]) == (82, first)
    doubts = lake.query(f"select left_key, right_key, bits, levels from {scratch(lake.stage, first, 'doubt')}")
    assert all(abs(float(row["bits"])) <= 7 and row["levels"].startswith('{"given":') for row in doubts)

    one, other = f"c{alike[0]:02}", f"s{alike[0]:02}"
    lake.now += timedelta(days=1)
    lake.decide(one, other, 0)
    lake.decide("c01", "c02", 1)
    _answers.clear()
    second = lake.run()
    now = customers(lake)
    assert now[one] != now[other], "kept apart"
    assert now["c01"] == now["c02"] == found["c01"], "put together, under the older id"
    assert {key for key in now if now[key] != found[key]} <= {one, other, "c02"}
    assert lake.rows("vault.customer_redirect", ["old_customer_id", "customer_id", "kind"]) == sorted(
        [(found["c02"], found["c01"], "merge"), (found[one], now[other], "split")]
    )
    again = lake.store.matching(second)
    assert (again["model"], again["learned"]) == (told["model"], told["learned"]), "nothing is learned anew"

    lake.now += timedelta(days=1)
    gone = {**person(5, "c05"), "_deleted": True}
    lake.pull("crm", "customer", [gone, person(7, "c61"), person(11, "c10")])
    third = lake.run()
    after = customers(lake)
    assert "c05" not in after, "a record that went"
    assert after["c61"] == after["c07"] == now["c07"], "a record that came, of somebody who is known"
    assert after["c10"] == after["c11"], "a record that is somebody else's now"
    assert {key for key in now.keys() & after.keys() if now[key] != after[key]} <= {"c10", "c11"}
    state = State.from_json(lake.store.matching(third)["state"])
    assert len(state.keys) == 3, "a full run and two nights"
    assert (after[one] != after[other], after["c01"] == after["c02"]) == (True, True), "decisions stay"

    lake.now += timedelta(days=1)
    lake.run()
    assert customers(lake) == after
    assert lake.store.matching(lake.store.current_release().run_id) is None, "nothing was new"


def test_after_a_table_is_gone_the_next_run_is_a_full_one(lake):
    lake.pull("crm", "customer", [person(number, f"c{number:02}") for number in range(30)])
    first = lake.run()
    found, model = customers(lake), lake.store.matching(first)["model"]
    database, _, table = State.from_json(lake.store.matching(first)["state"]).people.partition(".")
    aws.client("glue").delete_table(DatabaseName=database, Name=table)
    lake.now += timedelta(days=1)
    lake.pull("crm", "customer", [person(40, "c40")])
    with pytest.raises(StatementFailed, match="TABLE_NOT_FOUND"):
        lake.run()
    lake.now += timedelta(days=1)
    third = lake.run()
    assert {key: customer for key, customer in customers(lake).items() if key != "c40"} == found
    told = lake.store.matching(third)
    assert len(State.from_json(told["state"]).keys) == 1 and told["model"] == model
