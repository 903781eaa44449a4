"""Gaps, scripts and prompts through the API: who may, what is asked, and never twice."""

import json

import boto3
import pytest

from hub import config
from hub.campaigns import keys
from hub.customers.store import ProfileStore

KEY = "t" * 32
PROFILE = {"names": "Asha Rao", "emails": None, "phones": None, "sources": "1", "records": "1"}
ASHA = PROFILE | {"customer_id": "casha", "email": None, "phone": "+91984", "source_keys": "crm:C1\nshop:2"}
RAVI = PROFILE | {"customer_id": "cravi", "email": None, "phone": None, "source_keys": "crm:C8"}
SCRIPTS = {
    "call": [
        {"field": "email", "ask": "Where may we send it to?", "occasions": ["order"]},
        {"field": "email", "ask": "May I note an e-mail address?"},
        {"field": "birth_date", "ask": "When is your birthday?"},
    ],
    "web": [{"field": "birth_date", "ask": "May we wish you a happy birthday?", "after": ["email"]}],
}
HUB = {"name": "test", "currency": "INR", "country": "IN", "capture": {"scripts": SCRIPTS}}


@pytest.fixture
def profiles(on_moto, new_table, tmp_path):
    names = {"PROFILES_TABLE": "profiles", "CONSENT_TABLE": "consent", "TOKEN_KEY_PARAMETER": "/token-key"}
    for name, value in {**names, "HUB_HOME": str(tmp_path)}.items():
        on_moto.setenv(name, value)
    (tmp_path / "deployment.json").write_text(json.dumps({"name": "test", "hub": HUB, "sources": {}}))
    new_table("profiles")
    new_table("consent")
    boto3.client("ssm").put_parameter(Name="/token-key", Value=KEY, Type="SecureString")
    store = ProfileStore("profiles", KEY.encode())
    store.put_profiles([ASHA, RAVI], "r1")
    keys.token_key.cache_clear()
    config.read.cache_clear()
    yield store
    keys.token_key.cache_clear()
    config.read.cache_clear()


@pytest.fixture
def capture(profiles, gateway):
    return gateway("capture")


def prompt(capture, who="casha", role="service", **body):
    return capture("POST", f"/v1/customers/{who}/prompts", {"interaction": "call"} | body, role=role)


def test_the_next_question_follows_gaps_and_occasion_and_is_asked_once(capture, audited):
    path = "/v1/customers/casha"
    assert capture("GET", f"{path}/gaps", role="sales").body == {
        "customer_id": "casha",
        "gaps": [{"field": "email", "asked_at": None}, {"field": "birth_date", "asked_at": None}],
    }
    ask = lambda query: capture("GET", f"{path}/question", role="sales", query=query).body["question"]  # noqa: E731 - asked often
    assert ask("interaction=call&occasion=order") == {"field": "email", "ask": "Where may we send it to?"}
    assert ask("interaction=call")["ask"] == "May I note an e-mail address?"
    assert ask("interaction=web") is None, "the address comes first"
    assert ask("interaction=store") is None, "no script"
    assert ask("interaction=call")["field"] == "email", "to look is not to ask"
    assert prompt(capture, occasion="order").body["question"]["ask"] == "Where may we send it to?"
    assert prompt(capture, field="email").body["question"] is None, "nor in other words"
    assert prompt(capture).body["question"]["field"] == "birth_date"
    assert prompt(capture).body["question"] is None
    first, second = capture("GET", f"{path}/gaps", role="sales").body["gaps"]
    assert first["asked_at"]
    assert second["asked_at"]
    assert audited().count(("prompts.write", ["casha"])) == 4
    assert ("customers.gaps", ["casha"]) in audited()


def test_who_was_asked_stays_asked_when_customers_are_merged_and_split(capture, profiles):
    assert prompt(capture, who="cravi").body["question"]["field"] == "email"
    profiles.put_profiles([ASHA | {"source_keys": "crm:C1\nshop:2\ncrm:C8"}], "r2")
    profiles.remove_profiles([{"customer_id": "cravi", "moved_to": "casha"}], "r2")
    merged = prompt(capture, who="cravi", field="email").body
    assert (merged["customer_id"], merged["question"]) == ("casha", None)
    profiles.put_profiles([RAVI | {"customer_id": "cnew"}], "r3")
    assert prompt(capture, who="cnew", field="email").body["question"] is None


def test_nothing_of_a_person_is_kept(capture):
    prompt(capture)
    kept = str(boto3.resource("dynamodb").Table("consent").scan()["Items"])
    assert "email" in kept
    assert not any(text in kept for text in ("C1", "shop:", "Asha", "+91984"))


@pytest.mark.parametrize(
    ("method", "path", "role", "status", "why"),
    [
        ("GET", "/v1/customers/cnobody/gaps", "service", 404, "no such customer"),
        ("GET", "/v1/customers/casha/question", "service", 400, "which kind of interaction?"),
        ("GET", "/v1/customers/casha/gaps", "marketer", 403, "looks nobody up"),
        ("POST", "/v1/customers/casha/prompts", "analyst", 403, "meets nobody"),
        ("POST", "/v1/customers/casha/prompts", "service", 422, "a fax is no interaction"),
    ],
)
def test_refusals(capture, method, path, role, status, why):
    body = {"interaction": "fax"} if method == "POST" else None
    assert capture(method, path, body, role=role).status == status, why
