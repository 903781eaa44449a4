"""The queue, two records side by side, why records are one, whom a person may be: through the handler."""

import json
import math
import shutil
from pathlib import Path

import boto3
import pytest
import yaml

from hub.campaigns import keys
from hub.customers.store import ProfileStore
from hub.identity import Model, read
from hub.stewardship.comparing import TEXTS
from tests.functions.decisions.test_decisions import ASHA, GOLDEN, KEY, RAO, record

ROOT = Path(__file__).parents[3]
TWIN = "c" + "d" * 20
COMMON = {"given": 0.01, "family": 0.01, "born": 1e-4, "sex": 0.5, "email": 1e-6, "phone": 1e-6, "street": 1e-4}


def model(home) -> Model:
    """Weights as the learner makes them, from what is usual and from chances that are written here."""
    known = read(home / "sql/identity").of(TEXTS)
    person, household, rare, rare_home, met = {}, {}, {}, {}, {}
    for name, field in known.compared.items():
        chance = COMMON.get(field.column, 0.05)
        usual = [*reversed(field.kind.usual), *([0.01] if field.crosses else [])]
        strangers = [1 - chance] + [chance / len(usual)] * (len(usual) - 1)
        strangers[field.kind.top] = chance
        home_usual = strangers if field.personal else usual
        person[name] = {
            at: round(1000 * math.log2(a / b)) for at, (a, b) in enumerate(zip(usual, strangers, strict=True))
        }
        household[name] = {
            at: round(1000 * math.log2(a / b)) for at, (a, b) in enumerate(zip(home_usual, strangers, strict=True))
        }
        rare[name] = round(1000 * math.log2(usual[field.kind.top])) if field.rare else None
        rare_home[name] = rare[name] if not field.personal else None
        met[name] = {"person": usual, "household": home_usual, "strangers": strangers}
    return Model(person, household, rare, rare_home, met, person_prior=-20_000, household_prior=-20_000)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The statements as they are shipped: YAML as JSON."""
    to = tmp_path_factory.mktemp("home") / "sql/identity"
    to.mkdir(parents=True)
    for path in (ROOT / "sql/identity").iterdir():
        if path.suffix == ".yaml":
            (to / f"{path.stem}.json").write_text(json.dumps(yaml.safe_load(path.read_text())))
        else:
            shutil.copy(path, to)
    return to.parent.parent


@pytest.fixture
def store(on_moto, new_table, home):
    settings = {"PROFILES_TABLE": "profiles", "CONTROL_TABLE": "control", "TOKEN_KEY_PARAMETER": "/key"}
    for name, value in {**settings, "HUB_HOME": str(home)}.items():
        on_moto.setenv(name, value)
    boto3.client("ssm").put_parameter(Name="/key", Value=KEY, Type="SecureString")
    for table in ("profiles", "control"):
        new_table(table)
    keys.token_key.cache_clear()
    store = ProfileStore("profiles", KEY.encode())
    address = {"address": "12 MG Road", "city": "Pune", "postcode": "411001"}
    asha = GOLDEN | address | {"birth_date": "1990-05-01", "phone": "+919845012345", "phones": "+919845012345"}
    brother = asha | {"customer_id": TWIN, "full_name": "Arun Rao", "names": "Arun Rao", "birth_date": "1994-01-22"}
    brother |= {"email": "arun@x.in", "emails": "arun@x.in", "phone": None, "phones": None}
    other = GOLDEN | {"customer_id": RAO, "full_name": "Asha Rao", "names": "Asha Rao", "birth_date": "1951-11-30"}
    other |= {"email": "other@y.in", "emails": "other@y.in", "city": "Delhi"}
    store.put_profiles([asha, brother, other], "r1")
    when = {"first_seen_at": "2026-01-01", "changed_at": "2026-01-02 00:00:00"}
    one = record(
        "k1", ASHA, birth_date="1990-05-01", source_key="C1", phone_standard="+919845012345", **address, **when
    )
    store.parts.put_records(
        [
            one,
            record("k2", ASHA, full_name="Aasha Rao", birth_date="1990-05-01", source="shop", **when),
            record("k3", RAO, email_standard="other@y.in", birth_date="1951-11-30", **when),
        ],
        "r1",
    )
    doubt = {"bits": "-1.5", "household_bits": "-9.0", "gone": "false", "right_customer": RAO, "left_customer": ASHA}
    doubts = [
        {"left_key": "k1", "right_key": "k3", "worth": "250"},
        {"left_key": "k2", "right_key": "k3", "worth": "900"},
    ]
    store.parts.put_doubts([{**doubt, **each} for each in doubts], "r1")
    yield store
    keys.token_key.cache_clear()


@pytest.fixture
def learned(store, home):
    """The release before the current one is of a run that matched; the current one had nothing to match."""
    about = {"pk": "release", "tables": {}, "released_at": "2026-01-01T00:00:00Z", "sql_version": "1"}
    kept = {"pk": "run#r1", "sk": "matching", "model": model(home).to_json(), "records": 1_000_000}
    first = {"sk": "release#l1", "release_id": "l1", "run_id": "r1"}
    current = {"sk": "current", "release_id": "l2", "run_id": "r2", "previous": "l1"}
    for item in (kept, {**about, **first}, {**about, **current}):
        boto3.resource("dynamodb").Table("control").put_item(Item=item)


@pytest.fixture
def ask(store, gateway):
    api = gateway("matches")
    return lambda method, path, body=None, role="steward", query="": api(
        method, f"/v1/{path}", body, role=role, query=query
    )


def decide(left, right, together):
    item = {"pk": "decision", "sk": f"pair#{left}#{right}", "together": together, "proposal": "d"}
    boto3.resource("dynamodb").Table("control").put_item(Item=item)


def test_the_queue_begins_with_what_is_worth_most_and_leaves_out_what_is_decided(ask, audited):
    first = ask("GET", "doubts", query="limit=1").body
    assert [(each["left_key"], each["worth"], each["left_name"]) for each in first["items"]] == [
        ("k2", 900, "Aasha Rao")
    ]
    assert first["items"][0]["probability"] == pytest.approx(0.261, abs=0.001)
    second = ask("GET", "doubts", query=f"limit=1&after={first['next']}").body
    assert ([each["left_key"] for each in second["items"]], second["next"]) == (["k1"], None)
    decide("k2", "k3", 0)
    assert [each["left_key"] for each in ask("GET", "doubts").body["items"]] == ["k1"]
    assert ("doubts.list", [ASHA, RAO]) in audited()
    assert ask("GET", "doubts", query="after=eyJ4").status == 400


def test_side_by_side_says_in_words_and_weights(ask, learned, audited):
    found = ask("GET", "comparisons", query="left=k1&right=k2").body
    reasons = {each["field"]: each for each in found["reasons"]}
    assert (reasons["given"]["says"], reasons["given"]["level"], reasons["given"]["agreement"]) == (
        "First name", "typo", "alike",
    )  # fmt: skip
    assert reasons["born"]["agreement"] == reasons["email"]["agreement"] == "same"
    assert reasons["phone"]["agreement"] == "unknown"
    weights = [abs(each["bits"] or 0) for each in found["reasons"]]
    assert weights == sorted(weights, reverse=True), "the heaviest first"
    assert found["probability"] > 0.99
    assert (found["left"]["values"]["source_key"], found["right"]["source"], found["decided"]) == ("C1", "shop", None)
    apart = ask("GET", "comparisons", query="left=k1&right=k3").body
    assert apart["probability"] < 0.05, "a namesake with another birth date"
    decide("k1", "k2", 1)
    assert ask("GET", "comparisons", query="left=k2&right=k1").body["decided"] == "together"
    hidden = ask("GET", "comparisons", role="admin", query="left=k1&right=k2").body["left"]["values"]
    assert not {"phone", "address", "source_key"} & {name for name, value in hidden.items() if value.isalnum()}
    assert ask("GET", "comparisons", query="left=k1&right=gone").status == 404
    assert ("comparisons.read", [ASHA]) in audited()


def test_without_a_model_words_stand_alone(ask):
    found = ask("GET", "comparisons", query="left=k1&right=k2").body
    assert (found["bits"], found["probability"]) == (None, None)
    assert {each["bits"] for each in found["reasons"]} == {None}
    (match, *_) = ask("POST", "matches", {"full_name": "X Y", "email": "asha@x.in"}).body["items"]
    assert (match["customer_id"], match["verdict"], match["probability"]) == (ASHA, "same", None)


def test_why_these_records_are_one(ask, learned, audited):
    found = ask("GET", f"customers/{ASHA}/explanation", role="sales").body
    assert [(each["record_key"], each["with_record"]) for each in found["links"]] == [("k1", None), ("k2", "k1")]
    assert {each["field"] for each in found["links"][1]["reasons"]} >= {"email", "born", "given"}
    assert "asha@x.in" not in json.dumps(found), "reasons hold no values"
    decide("k1", "k2", 1)
    assert ask("GET", f"customers/{ASHA}/explanation").body["links"][1]["decided"] is True
    assert ask("GET", "customers/nobody/explanation").status == 404
    assert ("customers.explain", [ASHA]) in audited()


@pytest.mark.parametrize(
    ("given", "expected", "why"),
    [
        ({"full_name": "Asha Rao", "email": "asha@x.in"}, {ASHA: "same"}, "an e-mail and a name"),
        ({"full_name": "Rao, Asha", "birth_date": "1990-05-01", "phone": "98450 12345"}, {ASHA: "same"}, "swapped"),
        ({"given_name": "Aasha", "family_name": "Rao", "birth_date": "1990-05-01", "postcode": "411001"},
         {ASHA: "same"}, "a slip in the name"),
        ({"full_name": "আশা রাও", "birth_date": "1990-05-01", "postcode": "411001"},
         {ASHA: "same"}, "a name in Bengali letters"),
        ({"given_name": "আশা", "family_name": "রাও", "birth_date": "1990-05-01", "postcode": "411001"},
         {ASHA: "same"}, "in two parts"),
        ({"full_name": "Meera Rao", "address": "12 MG Road", "postcode": "411001", "birth_date": "1960-02-02"},
         {}, "another one of the house is nobody that is known"),
        ({"full_name": "Kiran Bedi", "phone": "+14155550000"}, {}, "nobody"),
    ],
)  # fmt: skip
def test_whom_a_person_may_be(ask, learned, given, expected, why):
    answer = ask("POST", "matches", given, role="service")
    assert answer.status == 200, answer.body
    assert {
        each["customer_id"]: each["verdict"] for each in answer.body["items"] if each["verdict"] == "same"
    } == expected, why


@pytest.mark.parametrize("given", [{}, {"city": "Pune"}, {"full_name": "Asha"}, {"phone": "12"}, {"x": "y"}])
def test_too_little_to_look_by(ask, given):
    assert ask("POST", "matches", given).status == 422


@pytest.mark.parametrize(
    "given",
    [
        {"email": " ASHA@x.in\t"},
        {"full_name": "Ash\u0061\u0304 R\u0061\u0304o ", "phone": " 098450 12345"},
        {"full_name": " Asha Rao", "birth_date": " 01/05/1990"},
    ],
)
def test_however_it_is_typed(ask, learned, given):
    found = ask("POST", "matches", given).body["items"]
    assert [each["customer_id"] for each in found][:1] == [ASHA], given


def test_what_too_many_share_is_told(ask, store, learned):
    many = [
        GOLDEN | {"customer_id": f"c{n:020d}", "full_name": "Test Test", "names": None, "email": "test@test.com"}
        for n in range(102)
    ]
    store.put_profiles(many, "r1")
    found = ask("POST", "matches", {"full_name": "Asha Rao", "email": "test@test.com"}).body
    assert found["crowded"] == ["email"]
    assert found["looked_at"] == 2, "those who share the name"
