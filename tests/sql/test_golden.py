"""The golden record over the life of one hub: a polluted feed, decisions of stewards, merges, past days."""

import json
from datetime import timedelta

import pytest

from hub.config.models import HubConfig
from hub.config.survivorship import GROUPS
from tests.sql.lake import entity_hub, staged
from tests.sql.test_models import needed

SOURCES = {"crm": 80, "shop": 50, "legacy": 90}
RULES = {
    "survivorship": {"email": {"never": ["legacy"]}, "phone": {"never": ["legacy"]}, "name": {"trust": {"legacy": 1}}}
}
STANDARD = {"email": "email_standard", "phone": "phone_standard"}
DERIVED = {"given_name"}  # made of the whole name where the source gives none
COLUMNS = [column for columns in GROUPS.values() for column in columns if column not in DERIVED]
WHOLE = {
    "title": "Dr", "full_name": "Asha Rao", "given_name": "Asha", "family_name": "Rao", "email_standard": "a@x.in",
    "phone_standard": "+911", "phone_kind": "mobile",
    "whatsapp": "+911", "fax": "+919", "website": "https://a.example", "social": "mastodon:@asha",
    "birth_date": "1990-05-01", "gender": "f", "address": "1 MG Road", "city": "Pune", "region": "MH",
    "postcode": "411001", "country": "IN", "company": "Tea Ltd", "job_title": "Buyer", "department": "Purchase",
    "language": "en", "marital_status": "married", "family_size": "4", "income_band": "B", "preferred_channel": "phone",
    "special_needs": "large print", "stage": "customer", "billing_cycle": "monthly", "marketing_consent": "true",
    "lead_source": "fair", "lead_campaign": "tea days", "lead_referrer": "a.example",
    "sale_source": "visit", "collected_by": "desk 3",
}  # fmt: skip


def person(key: str, day: int = 1, **values: str):
    return staged("customer", {"record_key": key, "changed_at": f"2026-01-{day:02d} 08:00:00", **values})


@pytest.fixture(scope="module")
def hub(make_shared_lake):
    """A released hub; `past` has its golden records after each run."""
    given = entity_hub(SOURCES)
    rules = HubConfig.model_validate({**given.hub.model_dump(), **RULES})
    tables = needed("vault.customer_version") | needed("vault.claim")
    lake = make_shared_lake(given.model_copy(update={"hub": rules}), tables=tables)
    lake.past = {}
    lake.pull("crm", "customer", [person("r1", **WHOLE)])
    lake.pull("shop", "customer", [person("r2", full_name="Asha R", email_standard="a@x.in", phone_standard="+912")])
    run(lake)
    return lake


def run(lake) -> None:
    lake.run()
    lake.past[lake.now.isoformat(" ", "seconds")[:19]] = golden(lake)
    lake.now += timedelta(days=1)


def golden(lake) -> dict[str, dict]:
    """Customer -> column -> value, provenance read."""
    names = [*COLUMNS, "customer_id", "records", "provenance"]
    rows = (dict(zip(names, row, strict=True)) for row in lake.rows("vault.customer", names))
    return {row["customer_id"]: {**row, "provenance": json.loads(row["provenance"])} for row in rows}


def of_record(lake, key: str) -> dict:
    """The golden record of the customer to whom a record belongs."""
    ids = dict(lake.rows("vault.customer_match", ["record_key", "customer_id"]))
    return golden(lake)[ids[key]]


def test_every_column_says_where_it_comes_from(hub):
    found = of_record(hub, "r1")
    stored = [STANDARD.get(column, column) for column in COLUMNS]
    records = {
        row[0]: dict(zip(COLUMNS, row[1:], strict=True))
        for row in hub.rows("vault.source_customer", ["record_key", *stored])
    }
    for group, columns in GROUPS.items():
        told = found["provenance"][group]
        assert told.keys() == {"record_key", "source", "data_set", "pull_seq", "rule", "at", "losers"}
        for column in set(columns) - DERIVED:
            assert found[column] == records[told["record_key"]][column] is not None, column
    assert found["provenance"]["phone"]["losers"] == ["r2"]
    assert (found["provenance"]["phone"]["rule"], found["provenance"]["fax"]["rule"]) == ("trust", "only")


def test_a_polluted_feed_changes_no_golden_record(hub):
    """A legacy system with a high trust gives placeholders for everybody, among them people who are known."""
    before = of_record(hub, "r1")
    bad = [
        person(f"l{n}", 9, full_name=f"Test {n}", email_standard="test@test.com", phone_standard=f"+{n}99999")
        for n in range(60)
    ]
    bad.append(person("l-asha", 9, full_name="Asha Rao", birth_date="1990-05-01", email_standard="test@test.com"))
    hub.pull("legacy", "customer", bad)
    run(hub)
    after = of_record(hub, "r1")
    assert after["records"] == "63", "exact matching has joined them by their placeholder"
    assert {name: after[name] for name in COLUMNS} == {name: before[name] for name in COLUMNS}
    assert "l-asha" in after["provenance"]["email"]["losers"]


def test_a_decision_of_a_steward_survives_what_comes_later(hub):
    hub.edit("r1#phone", {"kind": "pin", "value_from": "r2"})
    hub.edit("r1#address", {"kind": "value", "values": {"city": "Nashik"}})
    run(hub)
    decided = of_record(hub, "r1")
    assert (decided["phone"], decided["city"], decided["postcode"]) == ("+912", "Nashik", None)
    assert [decided["provenance"][group]["rule"] for group in ("phone", "address")] == ["pin", "edit"]

    hub.pull("crm", "customer", [person("r1", 12, **{**WHOLE, "phone_standard": "+913", "city": "Delhi"})])
    run(hub)
    assert (of_record(hub, "r1")["phone"], of_record(hub, "r1")["city"]) == ("+912", "Nashik"), "a later pull"

    kept = of_record(hub, "r1")
    hub.pull("shop", "customer", [person("r2", 13, full_name="Asha R", email_standard="b@x.in", phone_standard="+912")])
    run(hub)
    assert of_record(hub, "r1")["phone"] == "+913", "an un-merge: r2 is another's now"
    hub.pull("shop", "customer", [person("r2", 14, full_name="Asha R", email_standard="a@x.in", phone_standard="+912")])
    run(hub)
    again = of_record(hub, "r1")
    assert {**again, "provenance": 0} == {**kept, "provenance": 0}, "merged again it is as it was"

    hub.edit("r1#phone", "")
    hub.edit("r1#address", "")
    run(hub)
    assert (of_record(hub, "r1")["phone"], of_record(hub, "r1")["city"]) == ("+913", "Delhi"), "taken back"


def test_any_past_day_is_rebuilt(hub):
    """After all the others: the versions give the golden records of each run."""
    hub.pull("crm", "customer", [person("r1", 20, **{**WHOLE, "city": "Goa"})])
    run(hub)
    names = ["customer_id", "valid_from", "gone", *COLUMNS]
    versions = [dict(zip(names, row, strict=True)) for row in hub.rows("vault.customer_version", names)]
    assert len(hub.past) > 1
    for moment, was in hub.past.items():
        newest: dict[str, dict] = {}
        for each in sorted(versions, key=lambda row: row["valid_from"]):
            if each["valid_from"] <= moment:
                newest[each["customer_id"]] = each
        known = {name: row for name, row in newest.items() if row["gone"] == "false"}
        assert {name: [row[column] for column in COLUMNS] for name, row in known.items()} == {
            name: [row[column] for column in COLUMNS] for name, row in was.items()
        }, moment
