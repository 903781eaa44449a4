"""Decisions of two persons through the handler: what is proposed, answered, done, shown at once and undone."""

import json

import boto3
import pytest

from hub.campaigns import keys
from hub.customers.store import ProfileStore
from hub.stewardship.forgetting import forget_erased

KEY = "t" * 32
ASHA, RAO = "c" + "a" * 20, "c" + "b" * 20
NONE = dict.fromkeys(
    ("address", "city", "region", "postcode", "birth_date", "gender", "company", "language", "country")
)
GOLDEN = NONE | {
    "customer_id": ASHA, "full_name": "Asha Rao", "email": "asha@x.in", "phone": None, "names": "Asha Rao",
    "emails": "asha@x.in", "phones": None, "source_keys": "crm:1\nshop:2", "sources": "2", "records": "2",
    "provenance": json.dumps({"email": "k1", "name": {"record_key": "k2"}}),
}  # fmt: skip
WHY = "called her and asked"


def record(key, customer_id, **more):
    values = {"source": "crm", "full_name": "Asha Rao", "email_standard": "asha@x.in", "phone_standard": None}
    return {"record_key": key, "customer_id": customer_id, "earlier": None, **values, **more}


@pytest.fixture
def store(on_moto, new_table):
    for name, value in {
        "PROFILES_TABLE": "profiles",
        "CONTROL_TABLE": "control",
        "TOKEN_KEY_PARAMETER": "/key",
    }.items():
        on_moto.setenv(name, value)
    boto3.client("ssm").put_parameter(Name="/key", Value=KEY, Type="SecureString")
    for table in ("profiles", "control"):
        new_table(table)
    keys.token_key.cache_clear()
    store = ProfileStore("profiles", KEY.encode())
    store.put_profiles([GOLDEN, GOLDEN | {"customer_id": RAO, "full_name": "A. Rao", "email": "rao@x.in"}], "r1")
    store.parts.put_records(
        [record("k1", ASHA), record("k2", ASHA, city="Pune", phone_standard="+919845012345"), record("k3", RAO)], "r1"
    )
    yield store
    keys.token_key.cache_clear()


@pytest.fixture
def ask(store, gateway):
    api = gateway("decisions")
    return lambda method, path, body=None, user="u1", role="steward", query="": api(
        method, f"/v1/{path}", body, user=user, role=role, query=query
    )


def control(pk):
    items = boto3.resource("dynamodb").Table("control").scan()["Items"]
    return {item["sk"]: {k: v for k, v in item.items() if k not in ("pk", "sk")} for item in items if item["pk"] == pk}


def propose(ask, kind="merge", left=("k1",), right=("k3",), **caller):
    return ask("POST", "decisions", {"kind": kind, "left": list(left), "right": list(right), "why": WHY}, **caller)


def answer(ask, made, verdict="approved", user="u2", **caller):
    path = f"decisions/{made.body['decision_id']}/answer"
    return ask("POST", path, {"verdict": verdict, "why": WHY}, user=user, **caller)


def undo(ask, made):
    again = ask("POST", f"decisions/{made.body['decision_id']}/undo", {"why": WHY})
    assert again.status == 201, again.body
    done = answer(ask, again)
    assert (done.status, done.body["state"]) == (200, "done"), done.body


def test_two_persons_merge_and_the_run_reads_it(ask, audited):
    made = propose(ask)
    assert (made.status, made.body["state"], made.body["customers"]) == (201, "proposed", [ASHA, RAO])
    assert control("decision") == control("decided") == {}, "nothing is decided by one"
    assert answer(ask, made, user="u1").status == 409, "the same two eyes"
    assert propose(ask, "apart").status == 409, "the pair waits for an answer"
    done = answer(ask, made)
    assert (done.body["state"], done.body["answered_by"]) == ("done", "u2")
    (item,) = control("decision").items()
    assert item[0] == "pair#k1#k3"
    told = {name: item[1][name] for name in ("left_key", "right_key", "together", "decided_by", "approved_by")}
    assert told == {"left_key": "k1", "right_key": "k3", "together": 1, "decided_by": "u1", "approved_by": "u2"}
    assert control("stewardship_lock") == {}
    assert set(control("decided")["state"]) == {"newest", "since"}, "a run is asked for, with the second person's word"
    assert answer(ask, made, user="u3").status == 409, "answered already"
    assert [action for action, _ in audited()].count("decisions.answer") == 1
    assert WHY not in json.dumps(str(item)), "the reason is the decision's, not the run's"


def test_undo_gives_back_the_same_items(ask):
    merged = propose(ask)
    answer(ask, merged)
    before = control("decision")
    parted = propose(ask, "apart", ("k1", "k2"), ("k3",))
    assert answer(ask, parted).body["replaces"] == 1
    assert {sk: int(item["together"]) for sk, item in control("decision").items()} == {"pair#k1#k3": 0, "pair#k2#k3": 0}
    stale = ask("POST", f"decisions/{merged.body['decision_id']}/undo", {"why": WHY})
    assert answer(ask, stale).status == 409, "somebody decided anew since"
    assert ask("POST", f"decisions/{stale.body['decision_id']}/withdraw").body["state"] == "withdrawn"
    undo(ask, parted)
    assert control("decision") == before
    undo(ask, merged)
    assert control("decision") == {}
    states = {each["decision_id"]: each["state"] for each in ask("GET", "decisions").body["items"]}
    assert (states[merged.body["decision_id"]], states[parted.body["decision_id"]]) == ("undone", "undone")


@pytest.mark.parametrize(
    ("kind", "left", "right", "status", "why"),
    [
        ("merge", ["k1"], ["k1"], 422, "a record with itself"),
        ("merge", ["k1", "k2"], ["k3"], 422, "customers are merged by one record of each"),
        ("apart", ["k1"], ["gone"], 409, "nobody's record"),
        ("apart", [f"a{n}" for n in range(10)], [f"b{n}" for n in range(10)], 422, "too many pairs at once"),
        ("apart", [], ["k1"], 422, "no side"),
        ("apart", ["k1#x"], ["k2"], 422, "no key"),
        ("apart", ["k1"], [], 422, "nobody on the other side"),
        ("believe", ["k1"], ["k2"], 422, "a held person is named by one record"),
        ("believe", ["k1", "k2"], [], 422, "by one, not by two"),
        ("pin", ["k1"], ["k2"], 422, "no kind of this route"),
    ],
)
def test_what_cannot_be_decided(ask, kind, left, right, status, why):
    assert propose(ask, kind, left, right).status == status, why


def test_a_held_person_is_believed_by_two_and_held_again_when_it_is_taken_back(ask):
    made = propose(ask, "believe", right=())
    assert (made.status, made.body["customers"]) == (201, [ASHA])
    assert answer(ask, made).body["state"] == "done"
    ((place, item),) = control("decision").items()
    assert (place, item["left_key"], item["right_key"], int(item["together"])) == ("pair#k1#k1", "k1", "k1", 1)
    undo(ask, made)
    assert control("decision") == {}


def edit(ask, group, values=None, value_from=None, who=ASHA, role="service", user="u1"):
    body = {"group": group, "why": WHY} | ({"values": values} if values is not None else {})
    body |= {"value_from": value_from} if value_from else {}
    return ask("POST", f"customers/{who}/edits", body, role=role, user=user)


def test_an_edit_shows_at_once_and_stays_until_the_run_knows_it(ask, store):
    made = edit(ask, "email", {"email": "new@x.in"})
    assert made.status == 201, made.body
    assert store.profile(ASHA)["email"] == "asha@x.in", "nothing holds before the second person"
    answer(ask, made)
    assert store.profile(ASHA)["email"] == "new@x.in"
    assert [each["customer_id"] for each in store.find([("email", "new@x.in")], 5)[0]] == [ASHA], "it is found by it"
    assert json.loads(control("edit")["k1#email"]["values"]) == {"email": "new@x.in"}, "bound to whose value it changes"
    store.put_profiles([GOLDEN | {"city": "Pune"}], "r2")  # a run that was planned before
    assert (store.profile(ASHA)["email"], store.profile(ASHA)["city"]) == ("new@x.in", "Pune")
    store.put_profiles([GOLDEN | {"email": "new@x.in"}], "r3")  # the run that follows the edit
    store.put_profiles([GOLDEN | {"email": "newer@x.in"}], "r4")  # and a later one that knows better
    assert store.profile(ASHA)["email"] == "newer@x.in"
    assert "edits" not in store.profile(ASHA)


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"full_name": "Asha Rau"}, "Dr."),
        ({"full_name": "Asha Rau", "title": None}, None),
        ({"title": "Prof."}, "Prof."),
    ],
)
def test_an_edit_of_the_name_keeps_the_title(ask, store, values, title):
    store.put_profiles([GOLDEN | {"title": "Dr."}], "r1")
    answer(ask, edit(ask, "name", values))
    assert store.profile(ASHA).get("title") == title


def test_a_number_that_a_run_knows_is_known(ask, store):
    answer(ask, edit(ask, "family", {"family_size": "4"}))
    store.put_profiles([GOLDEN | {"family_size": "4"}], "r2")
    assert store.profile(ASHA)["edits"]["family"]["known"] is True


def test_an_edit_is_undone_at_once(ask, store):
    whole = store.profile(ASHA)
    made = edit(ask, "name", {"full_name": "Asha Iyer"})
    answer(ask, made)
    assert store.profile(ASHA)["full_name"] == "Asha Iyer"
    second = edit(ask, "name", {"given_name": "Asha", "family_name": "Menon"})
    assert answer(ask, second).body["replaces"] == 1
    assert store.profile(ASHA)["full_name"] == "Asha Menon", "a name of its parts"
    undo(ask, second)
    assert store.profile(ASHA)["full_name"] == "Asha Iyer", "what was decided before holds again"
    assert "given_name" not in store.profile(ASHA)
    undo(ask, made)
    assert store.profile(ASHA) == whole
    assert control("edit") == {}


def parted(store):
    """k2, at which what was edited is anchored, is another customer's since the run r2."""
    store.put_profiles([GOLDEN | {"email": "run@x.in"}, GOLDEN | {"customer_id": RAO, "email": "second@x.in"}], "r2")
    store.put_records([record("k2", RAO) | {"earlier": ASHA}], "r2")


def test_what_was_edited_before_a_parting_leaves_with_its_record(ask, store):
    """The run says of the first what is left of him: never would it say the edit, which is the second's now."""
    store.put_profiles([GOLDEN | {"provenance": json.dumps({"email": "k2"})}], "r1")
    answer(ask, edit(ask, "gender", {"gender": "f"}))
    for email in ("first@x.in", "second@x.in"):
        answer(ask, made := edit(ask, "email", {"email": email}))
    assert store.profile(ASHA)["email"] == "second@x.in"
    parted(store)
    assert (store.profile(ASHA)["email"], store.profile(ASHA)["gender"]) == ("run@x.in", "f"), "another's stays"
    assert set(store.profile(ASHA)["edits"]) == {"gender"}
    undo(ask, made)
    assert store.profile(RAO)["email"] == "first@x.in", "it is undone where its record is"
    assert store.profile(ASHA)["email"] == "run@x.in", "and nobody else is told what was written of it"


def test_of_edits_that_an_undo_puts_back_the_newest_holds(ask, store, monkeypatch):
    """Two customers' edits of one thing, merged, then one for both, taken back."""
    moments = iter(f"2026-01-01T00:00:0{n}Z" for n in range(9))
    monkeypatch.setattr("hub.stewardship.desk.now_text", lambda: next(moments))
    answer(ask, edit(ask, "email", {"email": "older@x.in"}))
    answer(ask, edit(ask, "email", {"email": "newer@x.in"}, who=RAO))
    store.put_profiles([GOLDEN | {"email": "newer@x.in"}], "r2")
    store.put_records([record("k3", ASHA) | {"earlier": RAO}], "r2")
    store.remove_profiles([{"customer_id": RAO, "moved_to": ASHA}], "r2")
    answer(ask, both := edit(ask, "email", {"email": "both@x.in"}, who=RAO))
    assert set(control("edit")) == {"k1#email"}
    undo(ask, both)
    assert (set(control("edit")), store.profile(ASHA)["email"]) == ({"k1#email", "k3#email"}, "newer@x.in")


def test_a_pin_takes_the_values_of_a_record(ask, store):
    made = edit(ask, "phone", value_from="k2")
    answer(ask, made)
    assert store.profile(ASHA)["phone"] == "+919845012345"
    assert control("edit")["k2#phone"]["value_from"] == "k2"
    other = edit(ask, "phone", {"phone": "+919845099999"})
    answer(ask, other)
    assert set(control("edit")) == {"k1#phone"}, "one decision of a group holds"
    undo(ask, other)
    assert (set(control("edit")), store.profile(ASHA)["phone"]) == ({"k2#phone"}, "+919845012345")


@pytest.mark.parametrize(
    ("group", "values", "value_from", "status", "why"),
    [
        ("email", {"email": "nobody"}, None, 422, "no address"),
        ("email", {"phone": "+919845012345"}, None, 422, "of another group"),
        ("email", {"email": " "}, None, 422, "nothing is no value"),
        ("family", {"family_size": "many"}, None, 422, "no number"),
        ("whatsapp", {"whatsapp": "98450 12345"}, None, 422, "without its country"),
        ("phone", {"phone": "98450 12345"}, None, 422, "without its country"),
        ("birth_date", {"birth_date": "2999-01-01"}, None, 422, "not yet"),
        ("birth_date", {"birth_date": "1990-13-01"}, None, 422, "no month"),
        ("name", {"full_name": "Asha\u0000"}, None, 422, "a sign that is none"),
        ("phone", None, "k3", 422, "another customer's record"),
        ("phone", {"phone": "+919845012345"}, "k2", 422, "one of two"),
        ("phone", None, None, 422, "one of two"),
        ("nothing", {"nothing": "x"}, None, 422, "no group"),
        ("consent", {"marketing_consent": "true"}, None, 422, "nobody agrees for somebody else"),
        ("consent", None, "k2", 422, "nor by a pin"),
    ],
)
def test_what_cannot_be_edited(ask, group, values, value_from, status, why):
    assert edit(ask, group, values, value_from).status == status, why


def test_who_may_what(ask, gateway):
    assert edit(ask, "gender", {"gender": "f"}, who="nobody").status == 404
    made = edit(ask, "gender", {"gender": "f"})
    assert edit(ask, "gender", {"gender": "m"}).status == 409, "one waits already"
    assert answer(ask, made, role="service").status == 403, "a steward answers"
    assert answer(ask, made, role="sales").status == 403
    assert ask("POST", f"decisions/{made.body['decision_id']}/withdraw", user="u2").status == 403, "not his"
    assert answer(ask, made, "refused").body["state"] == "refused"
    assert control("edit") == {}
    merged = propose(ask)
    answer(ask, merged)
    path = f"decisions/{merged.body['decision_id']}/undo"
    assert ask("POST", path, {"why": WHY}, role="service").status == 403, "who may not merge may not un-merge"
    assert ask("POST", "decisions/d20260101t000000abcdef/answer", {"verdict": "approved", "why": WHY}).status == 404
    secret = edit(ask, "email", {"email": "new@x.in"})
    assert secret.body["values"] is None, "what is kept to answer a repeat holds no values"
    shown = ask("GET", f"decisions/{secret.body['decision_id']}").body
    assert shown["values"] == {"email": "new@x.in"}
    (shown,) = ask("GET", "decisions", role="admin", query="state=proposed").body["items"]
    assert (shown["decision_id"], shown["values"]) == (secret.body["decision_id"], {"email": "n***@x.in"})


def test_a_machine_decides_nothing(ask, store, gateway, on_moto):
    on_moto.setenv("MACHINE_CLIENTS", '[{"id": "m1", "name": "crm"}]')
    claims = {"sub": "m1", "client_id": "m1", "token_use": "access", "scope": "hub/decisions.write hub/edits.write"}
    import time

    claims |= {"iat": str(int(time.time()) - 5), "exp": str(int(time.time()) + 60)}
    api = gateway("decisions")
    body = {"kind": "merge", "left": ["k1"], "right": ["k3"], "why": WHY}
    assert api("POST", "/v1/decisions", body, claims=claims).status == 403


def test_what_an_erased_person_was_is_not_put_back(ask, store):
    made = edit(ask, "email", {"email": "new@x.in"})
    answer(ask, made)
    table = boto3.resource("dynamodb").Table("control")
    table.put_item(Item={"pk": "erasure", "sk": "record#k1", "asked_at": "2026-02-01T00:00:00Z"})
    assert forget_erased("control") == 2, "the decision and what it made"
    refused = ask("POST", f"decisions/{made.body['decision_id']}/undo", {"why": WHY})
    assert (refused.status, "erased" in refused.body["error"]["message"]) == (409, True)
    assert ask("GET", "decisions").body["items"][0]["values"] is None
