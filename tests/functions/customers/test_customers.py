import json

import boto3
import pytest

from hub.api import encode_cursor
from hub.customers.store import ProfileStore

KEY = "tests' token key"
NONE = dict.fromkeys(("full_name", "email", "phone", "birth_date", "city", "names", "emails", "phones", "source_keys"))
ASHA = NONE | {
    "customer_id": "casha",
    "full_name": "Asha Räo",
    "email": "asha@x.in",
    "phone": "+919845012345",
    "birth_date": "1990-05-01",
    "city": "Pune",
    "names": "Asha Räo\nA. Rao",
    "emails": "asha@x.in\nold@x.in",
    "phones": "+919845012345",
    "source_keys": "crm:C00007\nshop:12",
    "sources": "2",
    "records": "2",
    "provenance": "{}",
    "customer_since": "2020-01-01 00:00:00.000",
    "changed_at": "2026-01-01 00:00:00.000",
}
RAVI = ASHA | {
    "customer_id": "cravi",
    "full_name": "Ravi Rao",
    "names": "Ravi Rao",
    "email": "ravi@x.in",
    "emails": "ravi@x.in",
    "phone": None,
    "phones": None,
    "source_keys": "crm:C00008",
}


def event(key: str, happened_at: str, kind: str = "call", reference: str | None = None, customer_id: str = "casha"):
    return {
        "customer_id": customer_id,
        "record_key": key,
        "source": "crm",
        "kind": kind,
        "happened_at": happened_at,
        "channel": None,
        "direction": "in",
        "outcome": None,
        "amount": None,
        "reference": reference,
    }


EVENTS = [event(f"k{day:02d}", f"2026-01-{day:02d} 10:00:00.000") for day in range(1, 26)]
ORDER = event("o1", "2026-02-01 10:00:00.000", "order", "SO-1001")


@pytest.fixture
def profiles(on_moto):
    from tests.functions.conftest import make_table

    on_moto.setenv("PROFILES_TABLE", "profiles")
    on_moto.setenv("TOKEN_KEY_PARAMETER", "/hub/test/token-key")
    boto3.client("ssm").put_parameter(Name="/hub/test/token-key", Value=KEY, Type="SecureString")
    make_table("profiles")
    store = ProfileStore("profiles", KEY.encode())
    store.put_profiles([ASHA, RAVI], "r1")
    store.put_events([*EVENTS, ORDER], "r1")
    return store


@pytest.fixture
def customers(profiles, gateway):
    from hub.customers.tokens import token_key

    token_key.cache_clear()
    return gateway("customers")


@pytest.mark.parametrize(
    ("query", "found", "why"),
    [
        ("asha@x.in", ["casha"], "an e-mail"),
        ("OLD@x.in", ["casha"], "one that is not the first, in capitals"),
        ("%2B919845012345", ["casha"], "a telephone number as kept"),
        ("098450%2012345", ["casha"], "the same as dialled at home"),
        ("rao", ["casha", "cravi"], "a word of two names, without its accent"),
        ("r%C3%A4o%20asha", ["casha"], "two words in any order"),
        ("asha%20kumar", [], "both words must fit"),
        ("C00008", ["cravi"], "the key in a source"),
        ("so-1001", ["casha"], "an order number in small letters"),
        ("cravi", ["cravi"], "the customer's own id"),
        ("nobody", [], "nothing fits"),
    ],
)
def test_search(customers, query, found, why):
    answer = customers("GET", "/v1/customers", role="service", query=f"q={query}")
    assert answer.status == 200, answer.body
    assert [each["customer_id"] for each in answer.body["items"]] == found, why


def test_a_search_goes_on_page_by_page(customers):
    first = customers("GET", "/v1/customers", role="service", query="q=rao&limit=1").body
    second = customers("GET", "/v1/customers", role="service", query=f"q=rao&limit=1&after={first['next']}").body
    assert [each["customer_id"] for each in first["items"] + second["items"]] == ["casha", "cravi"]
    assert second["next"] is None


@pytest.mark.parametrize("most", [50_000, 120, 0], ids=["all lists are read", "one list is too long", "all are"])
def test_two_common_words_find_who_has_both(customers, profiles, monkeypatch, most):
    monkeypatch.setattr("hub.customers.store.MOST_LISTED", most)
    many = [(f"c{n:03d}", "Asha Iyer" if n % 2 else "Sita Rao" if n % 3 else "Mira Rao") for n in range(230)]
    many += [("cx", "Rao Asha"), ("cz", "Asha Devi Rao Patil")]
    named = {"emails": None, "email": None, "phones": None, "phone": None}
    profiles.put_profiles([RAVI | named | {"customer_id": each, "full_name": n, "names": n} for each, n in many], "r1")
    first = customers("GET", "/v1/customers", role="service", query="q=asha%20rao&limit=2").body
    second = customers("GET", "/v1/customers", role="service", query=f"q=asha%20rao&limit=2&after={first['next']}").body
    assert [each["customer_id"] for each in first["items"] + second["items"]] == ["casha", "cx", "cz"]


@pytest.mark.parametrize("query", ["q=%20", "q=" + "a" * 3000])
def test_a_search_for_nothing_or_without_an_end_is_refused(customers, query):
    assert customers("GET", "/v1/customers", role="service", query=query).status == 422


@pytest.mark.parametrize("after", ["zzz", "profile", "aaa"])
def test_no_cursor_leads_from_the_time_line_to_the_unmasked_record(customers, after):
    answer = customers("GET", "/v1/customers/casha/events", role="sales", query=f"after={encode_cursor(after)}")
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize(
    ("role", "email", "birth_date", "source_keys", "masked", "why"),
    [
        ("steward", "asha@x.in", "1990-05-01", ["crm:C00007", "shop:12"], [], "settles doubtful records"),
        ("service", "asha@x.in", "1990-05-01", [None, None], ["provenance", "source_keys"], "talks to the customer"),
        ("sales", "asha@x.in", "1990", [None, None], ["birth_date", "provenance", "source_keys"], "needs no birthday"),
        (
            "admin",
            "a***@x.in",
            "1990",
            [None, None],
            ["birth_date", "email", "emails", "phone", "phones", "provenance", "source_keys"],
            "governs",
        ),
    ],
)
def test_a_role_sees_what_it_needs(customers, role, email, birth_date, source_keys, masked, why):
    shown = customers("GET", "/v1/customers/casha", role=role).body
    assert (shown["email"], shown["birth_date"], shown["source_keys"], shown["masked"]) == (
        email,
        birth_date,
        source_keys,
        masked,
    ), why


def test_a_customer_has_his_record_and_the_newest_of_his_time_line(customers):
    shown = customers("GET", "/v1/customers/casha", role="service").body
    assert (shown["full_name"], shown["release_id"], shown["sources"]) == ("Asha Räo", "r1", 2)
    assert not {"pk", "sk", "found_by"} & set(shown)
    assert shown["groups"]["name"] == ["title", "full_name", "given_name", "family_name"]
    assert "consent" not in shown["groups"], "nobody edits what a person agreed to"
    first = shown["events"]["items"]
    assert [first[0]["reference"], first[0]["happened_at"], first[1]["record_key"]] == [
        "SO-1001",
        "2026-02-01T10:00:00Z",
        "k25",
    ]
    rest = customers("GET", "/v1/customers/casha/events", role="service", query=f"after={shown['events']['next']}").body
    assert [each["record_key"] for each in first + rest["items"]] == [
        "o1",
        *(f"k{day:02d}" for day in range(25, 0, -1)),
    ]
    assert rest["next"] is None


def test_a_merged_id_leads_on(customers, profiles):
    profiles.remove_profiles([{"customer_id": "casha", "moved_to": "cravi"}], "r2")
    shown = customers("GET", "/v1/customers/casha", role="service").body
    assert (shown["customer_id"], shown["redirected_from"]) == ("cravi", "casha")
    assert customers("GET", "/v1/customers", role="service", query="q=asha@x.in").body["items"] == []


def test_what_a_customer_was_found_by_is_forgotten_with_the_value(customers, profiles):
    profiles.put_profiles(
        [ASHA | {"email": None, "emails": None, "names": "Asha Kumar", "full_name": "Asha Kumar"}], "r2"
    )
    for query in ("asha@x.in", "old@x.in"):
        assert customers("GET", "/v1/customers", role="service", query=f"q={query}").body["items"] == []
    assert [
        each["customer_id"] for each in customers("GET", "/v1/customers", role="service", query="q=rao").body["items"]
    ] == ["cravi"]


def test_nobody_is_shown_unwritten(customers, audited):
    customers("GET", "/v1/customers", role="service", query="q=rao")
    customers("GET", "/v1/customers/casha", role="service")
    customers("GET", "/v1/customers/nobody", role="service")
    assert sorted(audited()) == [("customers.read", ["casha"]), ("customers.search", ["casha", "cravi"])]


def test_keys_tell_nothing(profiles):
    items = boto3.client("dynamodb").scan(TableName="profiles")["Items"]
    keys = " ".join(each["pk"]["S"] + each["sk"]["S"] for each in items).lower()
    assert not any(value in keys for value in ("asha@", "rao", "9845", "c00007", "so-1001"))


@pytest.mark.parametrize("path", ["/v1/customers/nobody", "/v1/customers/nobody/events"])
def test_an_unknown_customer(customers, path):
    assert customers("GET", path, role="service").status == 404


@pytest.mark.parametrize(
    ("query", "found", "why"),
    [
        ("ahsa rao", ["casha"], "two letters changed places"),
        ("ravee", ["cravi"], "the sound of a name"),
        ("roa", ["casha", "cravi"], "a slip that two have"),
        ("asha rau", ["casha"], "one word is right"),
        ("rao", ["casha", "cravi", "cnear"], "who has the name stands before who has nearly that"),
        ("asha kumar", [], "both words must be near"),
        ("asha@x.im", [], "an address is not misspelt"),
        ("C00009", [], "nor is a key"),
    ],
)
def test_a_misspelt_name(customers, profiles, query, found, why):
    if query == "rao":
        named = {"emails": None, "email": None, "source_keys": None}
        profiles.put_profiles([RAVI | named | {"customer_id": "cnear", "full_name": "Mia Raom", "names": None}], "r1")
    answer = customers("GET", "/v1/customers", role="service", query=f"q={query.replace(' ', '%20')}")
    assert [each["customer_id"] for each in answer.body["items"]] == found, why


def test_the_journey_is_read_off_the_time_line(profiles, gateway, on_moto, tmp_path):
    from hub.config import compiled

    on_moto.setenv("HUB_HOME", str(tmp_path))
    hub = {"name": "test", "currency": "INR", "country": "IN"}
    (tmp_path / "deployment.json").write_text(json.dumps({"name": "test", "hub": hub, "sources": {}}))
    compiled.read.cache_clear()
    on_moto.setenv("CONTROL_TABLE", "control")
    customers = gateway("matches")
    answer = customers("GET", "/v1/customers/casha/journey", role="service")
    assert answer.status == 200, answer.body
    assert [(step["stage"], step["reference"]) for step in answer.body["steps"]] == [
        ("known", None), ("in touch", None), ("customer", "SO-1001"),
    ]  # fmt: skip
    assert customers("GET", "/v1/customers/nobody/journey", role="service").status == 404
