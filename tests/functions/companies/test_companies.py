"""Companies through the API: people with their roles, spellings that a steward settles, ids that lead on."""

import boto3
import pytest

from hub.customers.companies import CompanyItems
from hub.customers.store import ProfileStore
from hub.customers.tokens import token_key
from hub.models import companies as said
from hub.models.store import RunStore

KEY = "tests' token key"
FIELDS = ("full_name", "email", "phone", "names", "emails", "phones", "source_keys", "job_title")
PEOPLE = {"casha": ("Asha Rao", "Managing Director"), "cravi": ("Ravi Iyer", "Purchase Mgr.")}
LEAF = {"company_id": "fleaf", "name": "Leaf & Jar Pvt. Ltd.", "spellings": "Leaf & Jar Pvt. Ltd.\nLEAF AND JAR"}
LAEF = {"company_id": "flaef", "name": "Läef & Jar", "spellings": "Läef & Jar", "similar_to": "fleaf"}


def company(told, contacts="2", **more):
    counts = {"contacts": contacts, "purchases": "3", "net_amount": "120.5000", "known_since": "2026-01-01 00:00:00"}
    return {"similar_to": None, "similarity": None, "alike": None, **counts, **told, "gone": "false", **more}


def contact(who, position, role, gone="false"):
    told = {"job_position": position, "job_level": "executive", "buying_role": role}
    return {"company_id": "fleaf", "customer_id": who, **told, "gone": gone}


def profile(customer_id, name, job):
    counts = {"sources": "1", "records": "1"}
    moments = {"customer_since": "2020-01-01 00:00:00", "changed_at": "2026-01-01 00:00:00"}
    told = {"full_name": name, "job_title": job, "names": name, "customer_id": customer_id, "provenance": "{}"}
    return dict.fromkeys(FIELDS) | told | counts | moments


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
    profiles.put_profiles([profile(who, *told) for who, told in PEOPLE.items()], "r1")
    items = CompanyItems("profiles")
    items.put_companies([company(LEAF), company(LAEF, "1", similarity="857", alike="swapped")], "r1")
    people = [("casha", "Chief Executive Officer", "decision_maker"), ("cravi", "Purchasing Manager", "buyer")]
    items.put_contacts([contact(*each) for each in (*people, ("cgone", None, None))], "r1")
    return gateway("companies")


def names(answer):
    return [each["name"] for each in answer.body["items"]]


def test_a_company_shows_its_people_in_their_roles(api, audited):
    shown = api("GET", "/v1/companies/fleaf", role="sales").body
    assert (shown["name"], shown["purchases"], shown["net_amount"]) == ("Leaf & Jar Pvt. Ltd.", 3, "120.5000")
    people = [
        (each["full_name"], each["job_title"], each["job_position"], each["buying_role"]) for each in shown["people"]
    ]
    assert people == [
        ("Asha Rao", "Managing Director", "Chief Executive Officer", "decision_maker"),
        ("Ravi Iyer", "Purchase Mgr.", "Purchasing Manager", "buyer"),
    ], "what was written is there too; who is no customer any more is not"
    assert api("GET", "/v1/companies/fnone", role="sales").status == 404
    assert audited()[0][0] == "companies.read"


LISTS = [
    ("", ["Läef & Jar", "Leaf & Jar Pvt. Ltd."], "by name without accents"),
    ("q=LAEF", ["Läef & Jar"], "from those that begin so, whatever accents and capitals"),
    ("q=jar", [], "a word within is no beginning"),
    ("similar=true", ["Läef & Jar"], "the queue of suggestions"),
]


@pytest.mark.parametrize(("query", "expected", "why"), LISTS)
def test_companies_are_listed(api, query, expected, why):
    assert names(api("GET", "/v1/companies", role="sales", query=query)) == expected, why


def test_pages_go_on(api):
    first = api("GET", "/v1/companies", role="sales", query="limit=1")
    second = api("GET", "/v1/companies", role="sales", query=f"limit=1&after={first.body['next']}")
    assert names(first) + names(second) == ["Läef & Jar", "Leaf & Jar Pvt. Ltd."]
    assert second.body["next"] is None


def test_a_steward_settles_a_spelling_and_takes_it_back(api):
    path = "/v1/companies/flaef/spellings"
    assert api("POST", path, {"other_id": "fleaf", "together": True}, role="sales").status == 403
    assert api("POST", path, {"other_id": "fnone", "together": True}, role="steward").status == 404
    assert api("POST", path, {"other_id": "flaef", "together": True}, role="steward").status == 422
    assert api("POST", path, {"other_id": "fleaf", "together": True}, role="steward").status == 201
    store = RunStore("control")
    assert said.rows(store.company_decisions()) == [{"company_id": "flaef", "other_id": "fleaf", "together": "true"}]
    assert store.decided() is not None, "it asks for a run"
    CompanyItems("profiles").put_companies([{**company(LAEF), "gone": "true"}], "r2")  # which the run takes away
    assert api("GET", "/v1/companies/flaef", role="sales").body["company_id"] == "fleaf", "the old id leads on"
    assert names(api("GET", "/v1/companies", role="sales")) == ["Leaf & Jar Pvt. Ltd."]
    assert api("DELETE", f"{path}/fleaf", role="steward").status == 204
    assert api("DELETE", f"{path}/fleaf", role="steward").status == 404
    assert said.rows(store.company_decisions()) == []


def test_two_that_are_not_one_are_kept_apart(api):
    path = "/v1/companies/fleaf/spellings"
    for _ in range(2):  # whoever says it again changes nothing
        assert api("POST", path, {"other_id": "flaef", "together": False}, role="steward").status == 201
    kept = said.rows(RunStore("control").company_decisions())
    assert kept == [{"company_id": "flaef", "other_id": "fleaf", "together": "false"}]


def test_a_renamed_company_stands_in_the_list_once(api):
    items = CompanyItems("profiles")
    items.put_companies([company({**LEAF, "name": "Jar & Leaf"})], "r2")
    items.put_contacts([contact("cravi", None, None, gone="true")], "r2")
    assert names(api("GET", "/v1/companies", role="sales")) == ["Jar & Leaf", "Läef & Jar"]
    assert [each["customer_id"] for each in api("GET", "/v1/companies/fleaf", role="sales").body["people"]] == ["casha"]


CHAINS = [
    ({"a": "b", "b": "c"}, "a", "c", "a chain leads to its end"),
    ({"a": "b", "b": "a"}, "a", "a", "two that lead to each other stay"),
    ({}, "a", "a", "nobody said anything"),
]


@pytest.mark.parametrize(("into", "one", "expected", "why"), CHAINS)
def test_chains(into, one, expected, why):
    assert said.last(into, one) == expected, why
