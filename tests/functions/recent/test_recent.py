"""What is pushed about a known customer stands on his time line before the next run, and the run writes over it."""

import json

import boto3
import pytest

from hub import config
from hub.customers import tokens
from hub.customers.store import ProfileStore
from hub.quality.tokens import token

KEY = "t" * 32
WHO = "c" + "a" * 20
SOURCE = """
name: till
description: A till.
owner: tests@example.org
trust: 10
connector: push
connection:
  authentication: {kind: token, secret: /hub/token}
data_sets:
  sales:
    description: What was done at the till.
    fetch: {event_id: $.id}
    frequency: {class: real-time}
    keys: {business: [sale_id]}
    columns:
      sale_id: {type: varchar, source_name: id, required: true}
      person: {type: bigint}
      what: {type: varchar}
      at: {type: timestamp}
      note: {type: varchar}
    entity:
      interaction:
        source_key: sale_id
        customer_source_key: cast(person as varchar)
        kind: "'visit'"
        happened_at: at
        channel: "'till'"
        outcome: what
        direction: upper(note)
        changed_at: at
  prices:
    description: What things cost; nobody's.
    fetch: {event_id: $.id}
    frequency: {class: real-time}
    keys: {business: [id]}
    columns:
      id: {type: varchar, required: true}
"""
PERSON = token(KEY.encode(), "till", "customer", "7")


@pytest.fixture
def hub(on_moto, new_table, new_bucket, tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "hub.yaml").write_text("name: test\ncurrency: INR\ncountry: IN\ntime_zone: Asia/Kolkata\n")
    (tmp_path / "sources/till.yaml").write_text(SOURCE)
    (tmp_path / "deployment.json").write_text(config.load(tmp_path).model_dump_json())
    settings = {"HUB_HOME": str(tmp_path), "ARRIVALS_TABLE": "arrivals", "VAULT_BUCKET": "vault"}
    settings |= {"PROFILES_TABLE": "profiles", "TOKEN_KEY_PARAMETER": "/key", "RECENT_FUNCTION": "recent"}
    for name, value in settings.items():
        on_moto.setenv(name, value)
    for table in ("arrivals", "profiles"):
        new_table(table)
    new_bucket("vault")
    for name, value in {"/key": KEY, "/hub/token": "t" * 40}.items():
        boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
    for cached in (config.read, tokens.token_key):
        cached.cache_clear()
    store = ProfileStore("profiles", KEY.encode())
    store.put_profiles([{"customer_id": WHO, "full_name": "Asha Rao"}], "r1")
    record = {"record_key": PERSON, "customer_id": WHO, "earlier": None, "source": "till"}
    store.parts.put_records([record], "r1")
    yield store
    for cached in (config.read, tokens.token_key):
        cached.cache_clear()


@pytest.fixture
def push(hub, gateway, monkeypatch):
    """Sends events; then what the collector asked for is done, as Lambda would. Gives how many were shown."""
    collect, recent, told = gateway("collect"), gateway("recent"), []
    monkeypatch.setattr(
        "hub.collect.store.Arrivals.tell",
        lambda self, function, source, data_set, name: told.append(
            {"source": source, "data_set": data_set, "name": name}
        ),
    )

    def send(*events, data_set="sales"):
        told.clear()
        headers = {"authorization": "Bearer " + "t" * 40}
        answer = collect("POST", f"/v1/collect/till/{data_set}", list(events), role=None, headers=headers)
        assert answer.status == 202, answer.body
        return sum(recent.module.handler(each, None)["shown"] for each in told)

    return send


def sale(number=1, **more):
    return {"id": f"S{number}", "person": 7, "what": "paid", "at": "2026-11-22T10:00:00+05:30", "note": "x"} | more


def test_a_pushed_event_is_on_the_time_line_at_once(push, hub):
    assert push(sale()) == 1
    ((entry,), _) = hub.events(WHO, 5)
    told = {name: entry[name] for name in ("kind", "happened_at", "channel", "outcome", "source", "before_run")}
    assert told == {
        "kind": "visit", "happened_at": "2026-11-22T04:30:00Z", "channel": "till", "outcome": "paid", "source": "till",
        "before_run": True,
    }  # fmt: skip
    assert entry["record_key"] == token(KEY.encode(), "till", "interaction", "S1"), "the key that the pull makes"
    assert int(entry["expires_at"]) > 0, "it goes away if the pull refuses it"
    assert "direction" not in entry, "what needs SQL is left to the run"
    exact = {"customer_id": WHO, "record_key": entry["record_key"], "happened_at": "2026-11-22 04:30:00.000"}
    hub.put_events([exact | {"kind": "visit", "direction": "X", "reference": None}], "r2")
    ((entry,), _) = hub.events(WHO, 5)
    assert (entry["direction"], "before_run" in entry, "expires_at" in entry) == ("X", False, False)
    assert push(sale(note="again")) == 0, "a run knows better than what comes again"


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (sale(person=8), "nobody that the hub knows"),
        (sale(person=None), "nobody at all"),
        (sale(person=True), "no key"),
        (sale(at="2026-11-22 10:00:00"), "whose ten o'clock?"),
        (sale(at="soon"), "no moment"),
        (sale(id=""), "no key of its own"),
    ],
)
def test_what_is_not_certain_waits_for_the_run(push, hub, event, why):
    assert push(event) == 0, why
    assert hub.events(WHO, 5) == ([], None)


def test_a_data_set_without_customers_asks_for_nothing(push):
    assert push({"id": "P1"}, data_set="prices") == 0


def test_a_push_is_taken_though_it_cannot_be_shown(hub, gateway):
    """There is no such function on moto: the invocation fails, and the request is answered all the same."""
    headers = {"authorization": "Bearer " + "t" * 40}
    assert gateway("collect")("POST", "/v1/collect/till/sales", sale(), role=None, headers=headers).status == 202


def test_arrivals_are_told_by_their_names_only(hub, monkeypatch):
    from hub import aws
    from hub.collect.store import Arrivals

    sent = []
    monkeypatch.setattr(aws.client("lambda"), "invoke", lambda **given: sent.append(given), raising=False)
    Arrivals("arrivals", "vault").tell("recent", "till", "sales", "name")
    assert json.loads(sent[0]["Payload"]) == {"source": "till", "data_set": "sales", "name": "name"}
    assert sent[0]["InvocationType"] == "Event", "nobody waits for it"
