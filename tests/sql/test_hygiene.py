"""Shipped reports over seeded faults: what is outdated, redundant and inconsistent, and a sample for research."""

from collections import Counter
from datetime import timedelta

import pytest
import yaml

from hub.config.models import HubConfig
from hub.guard import permit, projections, read
from hub.models import loader
from hub.reports.library import Report
from tests.sql.lake import ROOT, entity_hub, staged
from tests.sql.test_models import needed

PEOPLE = 60


def person(key: str, day: str = "2026-01-01", **values: str):
    return staged("customer", {"record_key": key, "full_name": f"N {key}", "changed_at": f"{day} 08:00:00", **values})


@pytest.fixture(scope="module")
def hub(make_shared_lake):
    """Sixty people, of whom one source keeps three twice; two sources disagree about four; five are old."""
    lake = make_shared_lake(
        entity_hub({"crm": 80, "shop": 80}), tables=needed("reporting.customer_standing") | needed("reporting.customer")
    )
    many = [
        person(
            f"c{n:02d}",
            day="2020-05-05" if n >= 55 else "2026-01-01",
            email_standard=f"n{n}@x.in",
            gender="f" if n % 2 else "m",
            city="Pune" if n < 40 else "Agra" if n < 50 else f"Village {n}",
            birth_date="1980-03-03",
        )
        for n in range(PEOPLE)
    ]
    twice = [person(f"d{n:02d}", email_standard=f"n{n}@x.in", city="Pune") for n in range(3)]
    other = [person(f"s{n:02d}", email_standard=f"n{n}@x.in", city="Goa", gender="f") for n in (10, 11, 12, 13)]
    lake.pull("crm", "customer", [*many, *twice])
    lake.pull("shop", "customer", other)
    lake.run()
    return lake


def report(lake, name: str, **given):
    """The rows of a shipped report, as the guard lets it run on the release."""
    content = yaml.safe_load((ROOT / f"deployments/demo/reports/{name}.yaml").read_text("utf-8"))
    made = Report(report_id=name, shipped=True, **content)
    tables = projections(loader.read(lake.home), lake.store.current_release(), lake.stage)
    return lake.query(permit(made.sql, read(made.parameters, given), tables).inline())


def test_seeded_faults_are_counted_and_listed(hub):
    measured = {row["measure"]: row for row in report(hub, "data_hygiene", since="2025-01-01")}
    assert {name: int(row["customers"]) for name, row in measured.items()} == {
        "outdated": 5, "redundant": 3, "inconsistent": 7, "unsettled": 7,
    }  # fmt: skip
    assert (measured["redundant"]["of_all"], measured["redundant"]["percent"]) == (str(PEOPLE), "5.0")
    people = dict(hub.rows("vault.customer_match", ["record_key", "customer_id"]))
    listed = report(hub, "customers_to_clean_up", since="2025-01-01")
    expected = {("outdated", people[f"c{n}"]) for n in range(55, 60)}
    expected |= {("redundant", people[f"c0{n}"]) for n in range(3)}
    expected |= {("inconsistent", people[f"c{n:02d}"]) for n in (0, 1, 2, 10, 11, 12, 13)}
    assert {(row["problem"], row["customer_id"]) for row in listed} == expected
    only = report(hub, "customers_to_clean_up", problems=["outdated"], since="2025-01-01")
    assert {row["problem"] for row in only} == {"outdated"}


@pytest.mark.parametrize("least", [1, 5, 12])
@pytest.mark.parametrize("percent", [100, 60])
def test_a_sample_for_research_has_no_ids_and_no_small_kinds(hub, least, percent):
    rows = report(hub, "research_sample", percent=percent, least=least)
    kinds = Counter((row["age_band"], row["gender"], row["country"], row["area"]) for row in rows)
    assert rows and min(kinds.values()) >= max(least, 5), "one asks for less than five in vain"
    assert len(rows) <= PEOPLE * percent / 100
    told = {value for row in rows for value in row.values()}
    assert not any("Village" in str(value) for value in told), "a village has one of a kind"
    ids = {value for row in hub.rows("reporting.customer_key", ["record_key", "customer_id"]) for value in row}
    assert ids.isdisjoint(told) and set(rows[0]) == {
        "person", "age_band", "gender", "country", "area", "life_cycle", "orders",
    }  # fmt: skip
    assert rows == report(hub, "research_sample", percent=percent, least=least), "the same word, the same sample"


def test_each_months_runs_tell_the_new_duplicates_and_the_drift(make_lake):
    """A clock of three months: what the second brings twice is found by its run, and the third is clean again."""
    lake = make_lake(entity_hub({"crm": 80, "shop": 80}), tables=needed("reporting.customer_count"))
    lake.pull("crm", "customer", [person(f"c{n}", email_standard=f"n{n}@x.in") for n in range(10)])
    lake.run()
    lake.now += timedelta(days=31)
    lake.run()
    twice = [person(f"d{n}", "2026-02-01", email_standard=f"n{n}@x.in") for n in range(3)]
    lake.pull("crm", "customer", twice)
    lake.pull("shop", "customer", [person("s9", "2026-02-01", email_standard="n9@x.in")])
    lake.now += timedelta(days=1)
    lake.run()
    lake.now += timedelta(days=30)
    lake.pull("crm", "customer", [person("d0", "2026-03-01", email_standard="other@x.in")])
    lake.run()
    told = ("month", "records", "people", "duplicates", "new_duplicates", "in_one_source", "percent", "drift")
    assert [tuple(row[name] for name in told) for row in report(lake, "deduplication_by_month")] == [
        ("2026-01", "10", "10", "0", None, "0", "0.0", None),
        ("2026-02", "14", "10", "4", "4", "3", "28.6", "28.6"),
        ("2026-03", "14", "11", "3", "-1", "2", "21.4", "-7.2"),
    ]


def test_a_change_of_policy_shows_its_difference_before_it_is_published(make_lake):
    """What is proposed changes nothing, and tells exactly which golden records change once it is in force."""
    given = entity_hub({"crm": 80, "shop": 50, "legacy": 70})
    lake = make_lake(given, tables=needed("reporting.customer"))

    def policy(**rules):
        lake.deployment = given.model_copy(
            update={"hub": HubConfig.model_validate({**given.hub.model_dump(), **rules})}
        )
        lake.sync()
        lake.now += timedelta(days=1)
        lake.run()
        columns = ("customer_id", "city", "phone", "gender")
        return {row[0]: dict(zip(columns, row, strict=True)) for row in lake.rows("vault.customer", columns)}

    whole = {"city": "Pune", "phone_standard": "+911", "gender": "f"}
    lake.pull("crm", "customer", [person(f"c{n}", email_standard=f"n{n}@x.in", **whole) for n in range(4)])
    moved = [person(f"s{n}", "2026-01-02", email_standard=f"n{n}@x.in", city="Goa", gender="f") for n in (0, 1)]
    lake.pull("shop", "customer", moved)
    lake.pull("legacy", "customer", [person("l9", email_standard="n9@x.in", phone_standard="+919", city="Agra")])
    proposal = {"address": {"by": ["recent"]}, "phone": {"never": ["legacy"]}, "gender": {"by": ["recent"]}}
    before = policy()
    assert report(lake, "policy_change") == []
    proposed = policy(survivorship_next=proposal)
    assert proposed == before, "nothing holds yet"
    people = dict(lake.rows("vault.customer_match", ["record_key", "customer_id"]))
    told = {row["attribute_group"]: (row["customers"], row["percent"]) for row in report(lake, "policy_change")}
    assert told == {"address": ("2", "40.0"), "phone": ("1", "20.0")}, "an equal gender is no change"
    changes = {row[0]: row[1] for row in lake.rows("reporting.customer", ["customer_id", "would_change"]) if row[1]}
    assert changes == {people["c0"]: "address", people["c1"]: "address", people["l9"]: "phone"}
    assert {row[0] for row in lake.rows("reporting.customer", ["disagreements"])} == {"0", "2"}, "a proposal is none"
    after = policy(survivorship=proposal)
    column = {"address": "city", "phone": "phone", "gender": "gender"}
    differing = {
        customer_id: [group for group in column if after[customer_id][column[group]] != values[column[group]]]
        for customer_id, values in before.items()
    }
    assert {customer_id: ",".join(groups) for customer_id, groups in differing.items() if groups} == changes
    assert report(lake, "policy_change") == [], "it is in force"
