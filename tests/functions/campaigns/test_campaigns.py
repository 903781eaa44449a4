"""A campaign through the API: composed by one role, sent by another, once; its numbers are those of the ledger."""

import json

import boto3
import pytest

from hub import aws, config
from hub.api import encode_cursor
from hub.campaigns.store import TOTALS, CampaignStore
from hub.models import loader


@pytest.fixture
def campaigns(on_moto, gateway, new_table, tmp_path):
    """The function; `.asked` holds the runs that the freeze function was asked for."""
    for name in ("CONTROL_TABLE", "LIBRARY_TABLE", "CAMPAIGNS_TABLE"):
        on_moto.setenv(name, name.partition("_")[0].lower())
        new_table(name.partition("_")[0].lower())
    on_moto.setenv("HUB_HOME", str(tmp_path))
    on_moto.setenv("FREEZE_FUNCTION", "freeze")
    hub = {"name": "test", "currency": "INR", "country": "IN", "senders": {"email": "hub@example.org"}}
    (tmp_path / "deployment.json").write_text(json.dumps({"name": "test", "hub": hub, "sources": {}}))
    segment = {"segment_id": "g1", "name": "x", "sql": "select 1", "parameters": [{"name": "since", "type": "date"}]}
    template = {"template_id": "t1", "name": "x", "subject": "x", "text": "x", "html": "x"}
    text = {"template_id": "t2", "name": "x", "channel": "sms", "text": "Tea. STOP"}
    linked = text | {"template_id": "t3", "text": "Tea. {{unsubscribe_url}}"}
    templates = [("template", each["template_id"], each) for each in (template, text, linked)]
    for pk, sk, thing in (("segment", "g1", segment), *templates):
        body = json.dumps(thing | {"created_by": "u", "created_at": "2026-01-01T00:00:00Z"})
        aws.table("library").put_item(Item={"pk": pk, "sk": sk, "json": body})
    function = gateway("campaigns")
    function.asked = []
    on_moto.setattr(
        "hub.campaigns.composing.Campaigns._freeze", lambda self, run_id: function.asked.append(run_id)
    )  # moto runs no functions
    return function


BODY = {"name": "Spring", "segment_id": "g1", "template_id": "t1", "parameters": {"since": "2026-01-01"}}


def composed(campaigns):
    made = campaigns("POST", "/v1/campaigns", BODY, role="marketer")
    assert made.status == 201
    return made.headers["location"]


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({}, 201, "all is right"),
        ({"sender": "hub@example.org"}, 201, "our own sender"),
        ({"sender": "boss@bank.example"}, 422, "somebody else's name"),
        ({"segment_id": "gnone"}, 404, "no such segment"),
        ({"segment_id": ""}, 422, "no segment"),
        ({"template_id": "tnone"}, 404, "no such template"),
        ({"parameters": {}}, 422, "a parameter is missing"),
        ({"parameters": {"since": "yesterday"}}, 422, "no date"),
        ({"parameters": {"since": "2026-01-01", "until": 1}}, 422, "no such parameter"),
        ({"name": "  "}, 422, "no name"),
        ({"name": "a\0b"}, 422, "a sign that nobody can read"),
    ],
)
def test_composing(campaigns, change, status, why):
    assert campaigns("POST", "/v1/campaigns", BODY | change, role="marketer").status == status, why


BOTH = {"channels": ["sms", "email"], "template_id": "t2", "templates": {"email": "t1"}}
POOL = "pool-00000001"


@pytest.mark.parametrize(
    ("change", "sms", "status", "told", "why"),
    [
        (BOTH, POOL, 201, "", "two channels, each with its template"),
        ({"channels": ["email", "sms"], "templates": {"sms": "t2"}}, POOL, 201, "", "in the other order"),
        ({"template_id": "t2"}, POOL, 201, "", "one channel, that of the template"),
        ({"template_id": "t2", "channels": ["sms"]}, POOL, 201, "", "or named"),
        (BOTH | {"accessible_template_id": "t1"}, POOL, 201, "", "for those of its channel"),
        (BOTH, None, 409, "set senders.sms in hub.yaml", "there is nobody to send texts as"),
        (BOTH, "HUBTEA/IN", 422, "{{unsubscribe_url}}", "nobody can answer a name"),
        (BOTH | {"template_id": "t3"}, "HUBTEA/IN", 201, "", "but follow a link"),
        (BOTH | {"channels": ["sms", "sms"]}, POOL, 422, "twice", "a channel twice"),
        (BOTH | {"channels": ["sms", "fax"]}, POOL, 422, "channels", "no such channel"),
        (BOTH | {"templates": {}}, POOL, 422, "has none for email", "nothing to say there"),
        (BOTH | {"channels": ["sms"]}, POOL, 422, "not among the channels", "one too many"),
        (BOTH | {"templates": {"email": "t1", "sms": "t3"}}, POOL, 422, "template_id", "two for one channel"),
        (BOTH | {"templates": {"email": "t3"}}, POOL, 422, "is a template for sms", "a text is no mail"),
        ({"channels": ["sms"]}, POOL, 422, "is a template for email", "nor a mail a text"),
        (BOTH | {"templates": {"email": "tnone"}}, POOL, 404, "template", "no such template"),
        ({"accessible_template_id": "t2"}, POOL, 422, "not among the channels", "for nobody"),
    ],
)
def test_composing_for_several_channels(campaigns, tmp_path, change, sms, status, told, why):
    deployed = json.loads((tmp_path / "deployment.json").read_text())
    deployed["hub"]["senders"]["sms"] = sms
    (tmp_path / "deployment.json").write_text(json.dumps(deployed))
    answer = campaigns("POST", "/v1/campaigns", BODY | change, role="marketer")
    assert answer.status == status, why
    assert told in json.dumps(answer.body)
    if status == 201:
        shown = campaigns("GET", answer.headers["location"], role="auditor").body
        channels = (BODY | change).get("channels") or ["sms"]
        assert (shown["channels"], shown["templates"]) == (channels, change.get("templates", {}))
        assert shown["sender"] == (sms if channels[0] == "sms" else "hub@example.org")


def test_the_mix_of_channels_is_shown_before_and_after(campaigns):
    path, store = composed(campaigns), CampaignStore("campaigns")
    mix = {"sms": {"stated": 2, "order": 1}, "email": {"inferred": 4}}
    for kind, role in (("dry_run", "marketer"), ("send", "approver")):
        run_id = campaigns("POST", f"{path}/{kind}", role=role).body[kind]["run_id"]
        assert campaigns("GET", path, role="auditor").body[kind]["mix"] == {}
        store.move(run_id, ["freezing"], "finished", mix=mix, totals=dict.fromkeys(TOTALS, 0), audience=7)
        assert campaigns("GET", path, role="approver").body[kind]["mix"] == mix


def test_it_is_tried_by_who_composes_and_sent_by_who_approves(campaigns):
    path = composed(campaigns)
    assert campaigns("POST", f"{path}/send", role="marketer").status == 403
    assert campaigns("POST", f"{path}/dry_run", role="approver").status == 403
    assert campaigns("POST", f"{path}/dry_run", role="marketer").status == 202
    sent = campaigns("POST", f"{path}/send", role="approver")
    assert (sent.status, sent.body["state"], sent.headers["location"]) == (202, "freezing", path)
    assert len(campaigns.asked) == 2


def test_it_is_sent_once(campaigns):
    path = composed(campaigns)
    first = campaigns("POST", f"{path}/send", role="approver").body["send"]["run_id"]
    again = campaigns("POST", f"{path}/send", role="approver")
    assert (again.status, again.body["send"]["run_id"]) == (202, first), "an answer was lost: the same run"
    CampaignStore("campaigns").move(first, ["freezing"], "finished")
    assert campaigns("POST", f"{path}/send", role="approver").status == 409


def test_what_failed_before_anything_was_sent_may_be_sent_again(campaigns):
    path = composed(campaigns)
    run_id = campaigns("POST", f"{path}/send", role="approver").body["send"]["run_id"]
    CampaignStore("campaigns").move(run_id, ["freezing"], "failed", error="no release")
    assert campaigns("POST", f"{path}/send", role="approver").status == 202


@pytest.mark.parametrize(
    ("state", "action", "status", "then", "why"),
    [
        ("sending", "pause", 202, "paused", "it runs"),
        ("paused", "resume", 202, "sending", "it waits"),
        ("sending", "cancel", 202, "cancelling", "it runs"),
        ("paused", "cancel", 202, "cancelling", "it waits"),
        ("finished", "pause", 409, "finished", "it is over"),
        ("finished", "cancel", 409, "finished", "what was sent was sent"),
        ("sending", "resume", 409, "sending", "it was never paused"),
        ("freezing", "pause", 409, "freezing", "nothing is sent yet"),
        ("sending", "stop", 404, "sending", "no such action"),
    ],
)
def test_actions(campaigns, state, action, status, then, why):
    path = composed(campaigns)
    run_id = campaigns("POST", f"{path}/send", role="approver").body["send"]["run_id"]
    CampaignStore("campaigns").move(run_id, ["freezing"], state)
    assert campaigns("POST", f"{path}/{action}", role="approver").status == status, why
    assert campaigns("GET", path, role="auditor").body["state"] == then


def test_numbers_and_receipts_are_those_of_the_ledger(campaigns):
    path = composed(campaigns)
    run_id = campaigns("POST", f"{path}/send", role="approver").body["send"]["run_id"]
    store = CampaignStore("campaigns")
    totals = dict.fromkeys(TOTALS, 0) | {"sent": 3, "excluded.no_consent": 2}
    store.move(run_id, ["freezing"], "sending", totals=totals, audience=7, chunks=2, chunks_done=1)
    entries = {"0" * 26: {"customer_id": "c1", "state": "sent", "message_id": "id"}}
    events = {f"{'0' * 26} Delivery": "2026-01-02", f"{'0' * 26} Send": "2026-01-01"}
    item = {
        "pk": f"run#{run_id}",
        "sk": "chunk#00001",
        "state": "settled",
        "entries": entries,
        "events": events,
        "version": 3,
    }
    boto3.resource("dynamodb").Table("campaigns").put_item(Item=item)
    counts = campaigns("GET", path, role="auditor").body["send"]["counts"]
    assert counts == {
        "audience": 7,
        "waiting": 2,
        "sent": 3,
        "refused": 0,
        "uncertain": 0,
        "cancelled": 0,
        "excluded": {"no_consent": 2},
    }
    receipts = campaigns("GET", f"{path}/receipts", role="marketer").body
    expected = {"customer_id": "c1", "token": "0" * 26, "state": "sent", "reason": None}
    expected |= {"channel": None, "why": None, "events": ["Send", "Delivery"]}
    assert receipts == {"items": [expected], "next": None}


def test_before_a_sending_there_are_no_receipts(campaigns):
    assert campaigns("GET", f"{composed(campaigns)}/receipts").body == {"items": [], "next": None}


def test_receipts_come_by_the_page_that_was_asked_for(campaigns):
    """Pages are cut anywhere in a chunk; everybody is on one page, once."""
    path = composed(campaigns)
    run_id = campaigns("POST", f"{path}/send", role="approver").body["send"]["run_id"]
    table = boto3.resource("dynamodb").Table("campaigns")
    people = [f"{n:026x}" for n in range(23)]
    for number, tokens in enumerate((people[:10], people[10:20], people[20:]), 1):
        entries = {token: {"customer_id": f"c{token}", "state": "sent"} for token in reversed(tokens)}
        item = {"pk": f"run#{run_id}", "sk": f"chunk#{number:05d}", "state": "settled", "entries": entries}
        table.put_item(Item=item | {"events": {}, "version": 0})
    for limit in (1, 3, 10, 22, 23, 200):
        sizes, seen, after = [], [], ""
        while True:
            page = campaigns("GET", f"{path}/receipts", role="marketer", query=f"limit={limit}{after}").body
            sizes.append(len(page["items"]))
            seen += [receipt["token"] for receipt in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert seen == people, limit
        assert set(sizes[:-1]) <= {limit}
        assert 0 < sizes[-1] <= limit


@pytest.mark.parametrize("parts", [("chunk#0000x", "t"), ("state", ""), ("chunk#00001",), ("", "", "")])
def test_a_cursor_that_no_list_gave_is_refused(campaigns, parts):
    path = composed(campaigns)
    campaigns("POST", f"{path}/send", role="approver")
    answer = campaigns("GET", f"{path}/receipts", role="marketer", query=f"after={encode_cursor(*parts)}")
    assert (answer.status, answer.code) == (400, "bad_request")


POOR = {"judged": 10, "measured": {"mail": {"filled": 10, "invalid": 5}}, "state": "complete", "received": 10}
LEDGER = {"pk": "data_set#crm.people", "sk": "pull#00000001", "pull_id": "crm.people.00000001", "source": "crm"}
LEDGER |= {"data_set": "people", "pull_seq": 1, "started_at": "2026-01-01T00:00:00Z"}


@pytest.fixture
def on_poor_data(campaigns, tmp_path):
    """The segment reads a table of one data set, half of whose addresses are none."""
    set_of = {"description": "d", "fetch": {"path": "/x"}, "frequency": {"class": "on-demand"}}
    set_of |= {"columns": {"mail": {"type": "varchar", "check": "email", "on_failure": "warn"}}}
    set_of |= {"keys": {"business": ["mail"]}, "entity": {"customer": {"source_key": "mail"}}}
    crm = {"name": "crm", "description": "d", "owner": "o", "connector": "rest", "data_sets": {"people": set_of}}
    crm |= {"trust": 50, "connection": {"base_url": "https://crm.example"}}
    hub = {"name": "test", "currency": "INR", "country": "IN", "senders": {"email": "hub@example.org"}}
    (tmp_path / "deployment.json").write_text(json.dumps({"name": "test", "hub": hub, "sources": {"crm": crm}}))
    folder = tmp_path / "sql/reporting/customer"
    folder.mkdir(parents=True)
    columns = {"customer_id": {"type": "varchar", "required": True, "description": "d"}}
    table = {"description": "d", "kind": "full", "columns": columns}
    (folder / "table.json").write_text(json.dumps(table))
    (folder / "model.sql").write_text("select source_key as customer_id from conformed.customer")
    body = {"segment_id": "g2", "name": "x", "sql": "select customer_id from reporting.customer", "parameters": []}
    body |= {"created_by": "u", "created_at": "2026-01-01T00:00:00Z"}
    aws.table("library").put_item(Item={"pk": "segment", "sk": "g2", "json": json.dumps(body)})
    aws.table("control").put_item(Item=LEDGER | POOR)
    config.read.cache_clear()
    loader.read.cache_clear()
    made = campaigns("POST", "/v1/campaigns", BODY | {"segment_id": "g2", "parameters": {}}, role="marketer")
    yield made.headers["location"]
    config.read.cache_clear()
    loader.read.cache_clear()


def test_poor_data_blocks_until_an_approver_overrides_with_a_reason(campaigns, on_poor_data, audited):
    path = on_poor_data
    shown = campaigns("GET", path, role="marketer").body["quality"]
    assert (shown["level"], shown["score"], shown["data_sets"]) == ("poor", 0.5, ["crm.people"])
    refused = campaigns("POST", f"{path}/send", role="approver")
    assert (refused.status, campaigns.asked) == (409, [])
    assert "validity of crm.people is 50%" in refused.body["error"]["message"]
    assert campaigns("POST", f"{path}/dry_run", role="marketer").status == 202, "to count is always allowed"
    why = {"reason": "a service notice that all must get"}
    assert campaigns("POST", f"{path}/override", why, role="marketer").status == 403
    assert campaigns("POST", f"{path}/override", {"reason": ""}, role="approver").status == 422
    assert campaigns("POST", f"{path}/override", {"reason": "ask asha@example.com"}, role="approver").status == 422
    told = campaigns("POST", f"{path}/override", why, role="approver", user="user-9").body["override"]
    assert (told["by"], told["why"]) == ("user-9", why["reason"])
    assert campaigns("POST", f"{path}/send", role="approver").status == 202
    assert ("campaigns.override", [path.rpartition("/")[2]]) in audited()


def test_good_data_needs_no_override(campaigns, on_poor_data):
    aws.table("control").put_item(Item=LEDGER | POOR | {"measured": {"mail": {"filled": 10, "invalid": 0}}})
    assert campaigns("GET", on_poor_data, role="marketer").body["quality"]["level"] == "good"
    assert campaigns("POST", f"{on_poor_data}/send", role="approver").status == 202
