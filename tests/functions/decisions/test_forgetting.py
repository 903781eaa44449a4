"""What stewards wrote of a person goes with him; the control table by moto."""

import json

import boto3
import pytest

from hub.stewardship.forgetting import forget_erased
from hub.stewardship.store import DecisionStore

ASHA, RAO = "c" + "a" * 20, "c" + "b" * 20
SECRET = "asha.secret@x.in"


def edit(record_key, proposal, **more):
    values = json.dumps({"email": SECRET if record_key != "r1" else "rao@x.in"})
    told = {"pk": "edit", "sk": f"{record_key}#email", "record_key": record_key, "group": "email", "kind": "value"}
    return {**told, "values": values, "proposal": proposal, "edited_at": "2026-01-01T00:00:00Z", **more}


def proposal(decision_id, customer, record_key, state="done", **more):
    told = {"pk": "proposal", "sk": decision_id, "decision_id": decision_id, "kind": "edit", "state": state}
    about = {"customers": [customer], "record_key": record_key, "group": "email", "locks": [f"edit#{customer}#email"]}
    values = {"email": SECRET if customer == ASHA else "rao@x.in"}
    made = {"decided_by": "u1", "decided_at": "2026-01-01T00:00:00Z", "why": "she said so", "values": values}
    return {**told, **about, **made, **more}


@pytest.fixture
def control(on_moto, new_table):
    new_table("control")
    return boto3.resource("dynamodb").Table("control")


def items(control):
    return {(item["pk"], item["sk"]): item for item in control.scan()["Items"]}


@pytest.fixture
def decided(control):
    """Of Asha: one that was replaced, one that holds, one that waits, an undo, a merge. Of Rao: one that holds."""
    first = {"before": None, "after": edit("k1", "d1")}
    second = {"before": edit("k1", "d1"), "after": edit("k1", "d2")}
    undone = {"undo_of": "d0", "values": None, "kind": "undo"}
    for item in (
        proposal("d1", ASHA, "k1", effects=[first]),
        proposal("d2", ASHA, "k1", effects=[second]),
        proposal("d3", ASHA, "k2", "proposed"),
        proposal("d4", "c" + "d" * 20, None, **undone, effects=[{"before": first["after"], "after": None}]),
        {**proposal("d5", RAO, "r1"), "kind": "merge", "customers": [ASHA, RAO], "left": ["k1"], "right": ["r1"]},
        proposal("d6", RAO, "r1", effects=[{"before": None, "after": edit("r1", "d6")}]),
        edit("k1", "d2"),
        edit("r1", "d6"),
        {"pk": "edit", "sk": "k9#email", "record_key": "k9", "group": "email", "kind": "pin", "value_from": "k1"},
        {"pk": "stewardship_lock", "sk": f"edit#{ASHA}#email", "proposal": "d3"},
        {"pk": "erasure", "sk": "record#k1", "customer_id": ASHA, "asked_at": "2026-02-01T00:00:00Z"},
    ):
        control.put_item(Item=item)


def test_the_values_of_the_erased_are_nowhere(control, decided):
    before = items(control)
    assert SECRET in str(before)
    assert forget_erased("control") == 6
    now = items(control)
    assert SECRET not in str(now)
    assert now["proposal", "d2"]["decided_by"] == "u1", "who decided stays"
    assert {sk for pk, sk in now if pk == "edit"} == {"r1#email"}
    assert (now["proposal", "d3"]["state"], [sk for pk, sk in now if pk == "stewardship_lock"]) == ("withdrawn", [])
    for kept in (("proposal", "d5"), ("proposal", "d6"), ("edit", "r1#email")):
        assert now[kept] == before[kept], "somebody else's, or without values"
    assert forget_erased("control") == 0, "a repeat finds nothing"


def test_nobody_erased_nothing_read(control, decided, monkeypatch):
    control.delete_item(Key={"pk": "erasure", "sk": "record#k1"})
    monkeypatch.setattr(DecisionStore, "everything", lambda _: pytest.fail("proposals are read for nothing"))
    assert forget_erased("control") == 0
