"""Parents and relations through the API: trees with totals, circles refused, networks of several steps."""

import boto3
import pytest

from hub.companies.forgetting import forget_related
from hub.companies.store import CompanyStore
from hub.customers.companies import CompanyItems
from hub.customers.store import ProfileStore
from hub.customers.tokens import token_key

KEY = "tests' token key"
FIELDS = ("full_name", "email", "phone", "names", "emails", "phones", "source_keys")
COMPANIES = {  # id -> name, contacts, purchases, amount
    "fgroup": ("Leaf Group", "2", "1", "10.0000"),
    "fnorth": ("Leaf North", "3", "4", "100.5000"),
    "fsouth": ("Leaf South", "1", "0", "0.0000"),
    "fshop": ("Leaf Shop", "7", "5", "20.2500"),
    "fother": ("Other", "1", "9", "9.0000"),
}
PEOPLE = {"cmother": "Asha Rao", "cson": "Ravi Rao", "cfriend": "Meera Nair"}


def profile(customer_id, name):
    told = {"full_name": name, "names": name, "customer_id": customer_id, "provenance": "{}"}
    counts = {"sources": "1", "records": "1"}
    moments = {"customer_since": "2020-01-01 00:00:00", "changed_at": "2026-01-01 00:00:00"}
    return dict.fromkeys(FIELDS) | told | counts | moments


def order(customer_id, number, amount, outcome="paid"):
    told = {"kind": "order", "happened_at": f"2026-01-0{number} 10:00:00", "outcome": outcome, "amount": amount}
    nothing = dict.fromkeys(("channel", "direction", "reference"))
    return {**nothing, **told, "customer_id": customer_id, "record_key": f"{customer_id}{number}", "source": "shop"}


@pytest.fixture
def api(on_moto, gateway, new_table):
    for name, value in {
        "CONTROL_TABLE": "control", "PROFILES_TABLE": "profiles", "TOKEN_KEY_PARAMETER": "/hub/test/token-key",
    }.items():  # fmt: skip
        on_moto.setenv(name, value)
    boto3.client("ssm").put_parameter(Name="/hub/test/token-key", Value=KEY, Type="SecureString")
    for table in ("control", "profiles"):
        new_table(table)
    token_key.cache_clear()
    profiles = ProfileStore("profiles", KEY.encode())
    profiles.put_profiles([profile(*each) for each in PEOPLE.items()], "r1")
    orders = [order("cmother", 1, "30.00"), order("cson", 1, "5.50"), order("cson", 2, "8", "Cancelled")]
    profiles.put_events(orders, "r1")
    records = [{"customer_id": each, "record_key": f"r-{each}", "earlier": None} for each in PEOPLE]
    profiles.parts.put_records(records, "r1")
    rows = []
    for company_id, (name, contacts, purchases, amount) in COMPANIES.items():
        told = {"company_id": company_id, "name": name, "spellings": name, "contacts": contacts, "gone": "false"}
        rows.append({**told, "purchases": purchases, "net_amount": amount, "known_since": "2026-01-01 00:00:00"})
    CompanyItems("profiles").put_companies(rows, "r1")
    return gateway("relations")


def parent(api, child, of, role="steward"):
    return api("PUT", f"/v1/parents/{child}", {"parent_id": of}, role=role)


def relate(api, one, kind, other):
    return api("POST", "/v1/relations", {"from_id": one, "kind": kind, "to_id": other}, role="sales")


def test_a_tree_of_companies_rolls_up(api, audited):
    for child, of in (("fnorth", "fgroup"), ("fsouth", "fgroup"), ("fshop", "fnorth")):
        assert parent(api, child, of).status == 200
    tree = api("GET", "/v1/trees/fshop", role="sales").body
    shown = {
        each["id"]: (each["depth"], each["own"]["net_amount"], each["all"]["net_amount"]) for each in tree["nodes"]
    }
    assert (tree["kind"], tree["root"]) == ("company", "fgroup")
    assert shown == {
        "fgroup": (0, "10.00", "130.75"), "fnorth": (1, "100.50", "120.75"), "fshop": (2, "20.25", "20.25"),
        "fsouth": (1, "0.00", "0.00"),
    }  # fmt: skip
    assert tree["nodes"][0]["all"] == {"purchases": 10, "net_amount": "130.75", "contacts": 13}
    assert [each["id"] for each in tree["nodes"]] == ["fgroup", "fnorth", "fshop", "fsouth"], "each behind its parent"
    assert api("DELETE", "/v1/parents/fnorth", role="steward").status == 204
    assert [each["id"] for each in api("GET", "/v1/trees/fgroup", role="sales").body["nodes"]] == ["fgroup", "fsouth"]
    assert {action for action, _ in audited()} == {"parents.set", "trees.read", "parents.remove"}


REFUSED = [
    ("fgroup", "fshop", 409, "circle", "the shop is below the group"),
    ("fshop", "fother", 409, "one parent", "it has a parent"),
    ("fgroup", "fgroup", 409, "own parent", "itself"),
    ("fother", "cmother", 422, "one kind", "a person is no company's parent"),
    ("fother", "fnone", 404, "no such", "nobody"),
]


@pytest.mark.parametrize(("child", "of", "status", "told", "why"), REFUSED)
def test_a_second_parent_and_a_circle_are_refused(api, child, of, status, told, why):
    parent(api, "fnorth", "fgroup")
    parent(api, "fshop", "fnorth")
    answer = parent(api, child, of)
    assert (answer.status, told in answer.body["error"]["message"]) == (status, True), why
    assert parent(api, "fsouth", "fgroup", role="sales").status == 403, "stewards alone"


def test_two_at_once_make_no_circle(api):
    """Each looked at the tree before the other wrote: the later one is refused."""
    store = CompanyStore("control")
    seen = store.version()
    assert store.add_parent("fnorth", "fgroup", seen, "u-1", "2026-01-01T00:00:00Z")
    assert not store.add_parent("fgroup", "fnorth", seen, "u-2", "2026-01-01T00:00:00Z")
    assert store.parents() == {"fnorth": "fgroup"}


def test_a_family_rolls_up_what_its_members_ordered(api):
    assert parent(api, "cson", "cmother").status == 200
    tree = api("GET", "/v1/trees/cson", role="service").body
    assert (tree["kind"], tree["root"]) == ("customer", "cmother")
    assert tree["nodes"][0]["all"] == {"purchases": 2, "net_amount": "35.50", "contacts": None}, (
        "but what was cancelled"
    )


def test_a_network_of_several_steps(api):
    for edge in (
        ("cmother", "refers", "cfriend"), ("cfriend", "works_with", "fnorth"), ("fother", "supplies", "fnorth"),
        ("cmother", "refers", "cson"), ("cmother", "knows", "cfriend"),
    ):  # fmt: skip
        assert relate(api, *edge).status == 201
    expected = {
        1: {"cfriend": 1, "cson": 1},
        2: {"cfriend": 1, "cson": 1, "fnorth": 2},
        3: {"cfriend": 1, "cson": 1, "fnorth": 2, "fother": 3},
    }
    for steps, near in expected.items():
        found = api("GET", "/v1/network/cmother", role="sales", query=f"steps={steps}").body
        assert {each["id"]: each["steps"] for each in found["neighbours"]} == near
        assert found["complete"]
    assert len(found["relations"]) == 5, "two may stand to each other in more than one way"
    only = api("GET", "/v1/network/cmother", role="sales", query="steps=3&kind=refers").body
    assert {each["id"] for each in only["neighbours"]} == {"cfriend", "cson"}
    assert api("GET", "/v1/network/cmother", role="sales", query="steps=7").status == 422
    gone = "/v1/relations/cmother.refers.cson"
    assert api("DELETE", gone, role="sales").status == 204
    near = api("GET", "/v1/network/cson", role="sales").body
    assert near["neighbours"] == [] and near["relations"] == []


def test_who_is_gone_is_no_neighbour(api):
    relate(api, "cmother", "refers", "cfriend")
    ProfileStore("profiles", KEY.encode()).remove_profiles([{"customer_id": "cfriend", "moved_to": None}], "r2")
    assert api("GET", "/v1/network/cmother", role="sales").body["neighbours"] == []
    assert relate(api, "cmother", "refers", "cfriend").status == 404
    assert relate(api, "cmother", "refers", "cmother").status == 422


def merged(one, into):
    """A run made one customer of two: his record is the other's, his id leads there."""
    profiles = ProfileStore("profiles", KEY.encode())
    profiles.remove_profiles([{"customer_id": one, "moved_to": into}], "r2")
    profiles.parts.put_records([{"customer_id": into, "record_key": f"r-{one}", "earlier": one}], "r2")


def test_who_was_merged_keeps_his_relations_and_parent(api):
    relate(api, "cson", "refers", "cfriend")
    parent(api, "cfriend", "cson")
    merged("cson", "cmother")
    (near,) = api("GET", "/v1/network/cfriend", role="sales").body["neighbours"]
    assert (near["id"], near["name"], near["steps"]) == ("cmother", "Asha Rao", 1)
    (back,) = api("GET", "/v1/network/cson", role="sales").body["neighbours"]
    assert back["id"] == "cfriend", "by the old id too"
    assert api("GET", "/v1/trees/cfriend", role="sales").body["root"] == "cmother"
    assert parent(api, "cmother", "cfriend").status == 409, "which is no way round a circle"
    assert api("DELETE", "/v1/relations/cmother.refers.cfriend", role="sales").status == 204
    assert api("DELETE", "/v1/relations/cmother.refers.cfriend", role="sales").status == 404
    assert api("DELETE", "/v1/parents/cfriend", role="steward").status == 204
    assert api("GET", "/v1/trees/cfriend", role="sales").body["root"] == "cfriend"


def test_a_merge_that_would_close_a_circle_leaves_it_open(api):
    """Of the grandmother and the grandchild a run makes one person: whichever is asked for, the tree is the same."""
    parent(api, "cson", "cmother")
    parent(api, "cfriend", "cson")
    merged("cfriend", "cmother")
    trees = [api("GET", f"/v1/trees/{each}", role="sales").body for each in ("cson", "cmother", "cfriend")]
    assert trees[0] == trees[1] == trees[2]
    assert len(trees[0]["nodes"]) == 2


def test_a_company_that_was_put_into_another_takes_its_place(api):
    parent(api, "fshop", "fsouth")
    relate(api, "cson", "works_with", "fsouth")
    CompanyStore("control").decide("fsouth", "fnorth", True, "u-1", "2026-01-01T00:00:00Z")
    assert api("GET", "/v1/trees/fshop", role="sales").body["root"] == "fnorth"
    (near,) = api("GET", "/v1/network/cson", role="sales").body["neighbours"]
    assert near["name"] == "Leaf North"


def test_a_customer_whose_records_are_not_there_yet_waits(api):
    ProfileStore("profiles", KEY.encode()).put_profiles([profile("cnew", "New")], "r2")
    assert relate(api, "cnew", "refers", "cson").status == 409


def test_the_erased_leave_trees_and_networks(api):
    relate(api, "cson", "refers", "cfriend")
    relate(api, "fnorth", "employs", "cson")
    relate(api, "cmother", "refers", "cfriend")
    parent(api, "cson", "cmother")
    control = boto3.resource("dynamodb").Table("control")
    assert forget_related("control") == 0
    control.put_item(Item={"pk": "erasure", "sk": "record#r-cson", "asked_at": "2026-01-01T00:00:00Z"})
    assert forget_related("control") == 3
    assert forget_related("control") == 0
    left = [item for item in control.scan()["Items"] if "r-cson" in f"{item}" and item["pk"] != "erasure"]
    assert left == []
    (near,) = api("GET", "/v1/network/cfriend", role="sales").body["neighbours"]
    assert near["id"] == "cmother"
