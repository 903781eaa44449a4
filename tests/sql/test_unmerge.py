"""What two persons merged and took back is as it was: the same rows of customers, their keys and their records."""

from datetime import timedelta

from hub.models.records import iso
from hub.stewardship import rules
from hub.stewardship.store import DecisionStore
from tests.sql.lake import Lake, entity_hub
from tests.sql.test_matching import customers, person
from tests.sql.test_models import needed

# All columns but which id a record had the night before, which is of that night.
MATCH = ("record_key", "customer_id", "founding_record_key", "founded_at", "held")
KEPT = {
    "vault.customer_match": MATCH,
    "vault.customer": None,
    "reporting.customer_key": None,
    "reporting.customer": None,
}


def decide(lake: Lake, decision_id: str, **about) -> None:
    """As the desk does once the second person has said yes."""
    store = DecisionStore(lake.control)
    item = {"decision_id": decision_id, "decided_by": "u1", "decided_at": iso(lake.now), **about}
    if about["kind"] == "undo":
        effects = rules.taken_back(store.get(about["undo_of"])["effects"])
    else:
        effects = rules.changes(rules.effects_of(item, "u2", iso(lake.now)), [])
    assert store.propose(item, [("decision", decision_id)])
    assert store.end(store.get(decision_id), "done", {"effects": effects}, effects)


def test_a_merge_that_is_undone_leaves_nothing(make_lake):
    lake = make_lake(entity_hub({"crm": 80}), tables=needed("vault.customer_redirect").union(*map(needed, KEPT)))
    lake.pull("crm", "customer", [person(number, f"c{number:02}") for number in range(4)])
    lake.run()
    found, before = customers(lake), {table: lake.rows(table, columns) for table, columns in KEPT.items()}

    lake.now += timedelta(days=1)
    decide(lake, "d1", kind="merge", left=["c01"], right=["c02"])
    lake.run()
    assert customers(lake)["c02"] == customers(lake)["c01"] == found["c01"]

    lake.now += timedelta(days=1)
    decide(lake, "d2", kind="undo", undo_of="d1")
    lake.run()
    assert {table: lake.rows(table, columns) for table, columns in KEPT.items()} == before
