"""One record travels from the demo applications to a customer's page, a report and an inbox."""

import csv
import io
import re
import urllib.request
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote

import pytest

from infra.local.demo.generate import BAD_MINUTES, BAD_STAGES, generate
from tests.e2e.harness import numbers, wait_until

WAYS = ("sms", "email")
DATA_SETS = {
    "crm.contacts": 300,
    "crm.activities": 700,
    "shop.customers": 200,
    "shop.products": 60,
    "shop.orders": 800,
    "shop.order_lines": 2040,
    "calls.callers": 160,
    "calls.calls": 600,
    "calls.partner_calls": 20,
}
QUARANTINED = {"crm.contacts": BAD_STAGES, "calls.calls": BAD_MINUTES, "calls.partner_calls": 1}


@pytest.fixture(scope="module")
def demo():
    return generate()


@pytest.fixture(scope="module")
def first_pulls(running):
    return {f"{p['source']}.{p['data_set']}": p for p in running.every("operator", "/v1/pulls") if p["pull_seq"] == 1}


@pytest.mark.parametrize("data_set", sorted(DATA_SETS))
def test_the_first_pull_has_every_row_and_its_ledger_balances(first_pulls, data_set):
    pull = first_pulls[data_set]
    assert (pull["state"], pull["balanced"]) == ("complete", True), pull
    assert pull["received"] == DATA_SETS[data_set]
    assert pull["quarantined"] == QUARANTINED.get(data_set, 0)
    assert pull["received"] == pull["staged"] + pull["duplicate"] + pull["quarantined"] + pull["filtered"]


def finished(running, role: str, request: dict) -> str:
    """The id of a result after its query succeeded."""
    result = running.ask(role, "POST", "/v1/results", request, status=202)["id"]

    def done() -> dict | None:
        found = running.ask(role, "GET", f"/v1/results/{result}")
        return found if found["state"] != "running" else None

    answer = wait_until(done, 60, f"result {result}")
    assert answer["state"] == "succeeded", answer
    return result


def rows_of(running, role: str, result: str) -> list[dict]:
    """All rows of a result, over its pages, by column name."""
    rows: list[dict] = []
    after = ""
    while True:
        page = running.ask(role, "GET", f"/v1/results/{result}/rows?limit=200{after}")
        names = [column["name"] for column in page["columns"]]
        rows += [dict(zip(names, values, strict=True)) for values in page["items"]]
        if not page["next"]:
            return rows
        after = f"&after={page['next']}"


def answer_of(running, sql: str) -> list[dict]:
    return rows_of(running, "analyst", finished(running, "analyst", {"sql": sql, "parameters": {}}))


def number(value: object) -> float:
    return float(str(value))


def test_the_released_figures_are_those_of_the_applications(running, demo):
    sql = (
        "SELECT count(*) AS orders, sum(total_amount) AS amount, count(DISTINCT customer_record_key) AS buyers "
        "FROM reporting.sales_order"
    )
    (row,) = answer_of(running, sql)
    orders = demo.shop["orders"]
    assert number(row["orders"]) == len(orders)
    assert number(row["buyers"]) == len({o["customer_id"] for o in orders})
    assert number(row["amount"]) == pytest.approx(sum(o["total_amount"] for o in orders), abs=0.01)


def test_lines_by_category_are_those_of_the_shop(running, demo):
    sql = (
        "SELECT p.category, count(*) AS lines, sum(l.line_amount) AS amount FROM reporting.order_line l "
        "JOIN reporting.product p ON p.record_key = l.product_record_key GROUP BY p.category"
    )
    rows = answer_of(running, sql)
    category = {p["product_id"]: p["category"] for p in demo.shop["products"]}
    amounts: Counter = Counter()
    for line in demo.shop["order_lines"]:
        amounts[category[line["product_id"]]] += line["line_amount"]
    assert {r["category"]: round(number(r["amount"]), 2) for r in rows} == {k: round(v, 2) for k, v in amounts.items()}


def test_the_same_person_in_two_applications_is_one_customer(running, demo):
    """Somebody with one e-mail address, exactly typed, in the CRM and in the shop."""
    shop = {c["email"]: c for c in demo.shop["customers"]}
    contact = next(
        c for c in demo.contacts if c["email"] in shop and c["stage"] != "unknwon" and c["full_name"].isascii()
    )
    bought = [o for o in demo.shop["orders"] if o["customer_id"] == shop[contact["email"]]["customer_id"]]

    def orders() -> list[dict]:
        (one,) = running.ask("service", "GET", f"/v1/customers?q={contact['email']}")["items"] or [None]
        events = running.every("service", f"/v1/customers/{one['customer_id']}/events") if one else []
        return [event for event in events if event["kind"] == "order"]

    wait_until(lambda: len(orders()) >= len(bought), 60, "the profiles, which are written after the release")
    assert len(orders()) == len(bought)


def test_a_saved_report_runs_and_downloads_as_csv(running, demo):
    sql = (
        "SELECT order_number, total_amount FROM reporting.sales_order WHERE ordered_at >= :since ORDER BY order_number"
    )
    report = {
        "title": "Orders since a day",
        "description": "",
        "sql": sql,
        "parameters": [{"name": "since", "type": "timestamp"}],
    }
    made = running.ask("analyst", "POST", "/v1/reports", report, status=201)
    request = {"report_id": made["report_id"], "parameters": {"since": "2026-01-01 00:00:00"}}
    result = finished(running, "analyst", request)
    rows = rows_of(running, "analyst", result)
    url = running.ask("analyst", "GET", f"/v1/results/{result}/download")["url"]
    with urllib.request.urlopen(url, timeout=20) as reply:
        downloaded = list(csv.DictReader(io.TextIOWrapper(reply, "utf-8-sig")))
    expected = sorted(o["order_number"] for o in demo.shop["orders"] if o["ordered_at"] >= "2026-01-01 00:00:00")
    assert [r["order_number"] for r in rows] == expected
    assert [r["order_number"] for r in downloaded] == expected


HTML = '<p>Dear {{given_name|friend}}</p><p><a href="{{unsubscribe_url}}">Unsubscribe</a></p>'
TEXT = "Dear {{given_name|friend}}, tea is here. {{unsubscribe_url}}"


@pytest.fixture(scope="module")
def campaign(running):
    """A campaign that was sent to everybody who may be written to."""
    sql = "SELECT customer_id FROM reporting.customer WHERE reachable_email"
    segment = running.ask(
        "marketer", "POST", "/v1/segments", {"name": "Reachable", "sql": sql, "parameters": []}, status=201
    )
    template = {"name": "Tea", "subject": "Tea for {{given_name|you}}", "text": TEXT, "html": HTML}
    template = running.ask("marketer", "POST", "/v1/templates", template, status=201)
    draft = {"name": "Tea", "segment_id": segment["segment_id"], "template_id": template["template_id"]}
    made = running.ask("marketer", "POST", "/v1/campaigns", draft, status=201)
    return tried_and_sent(running, made["campaign_id"], lambda: mails_of(running))


def tried_and_sent(running, campaign_id: str, out: Callable[[], list]) -> dict:
    """The campaign after its dry run and its sending. out: what has gone out so far, nothing by a dry run."""
    address = f"/v1/campaigns/{campaign_id}"

    def ended(kind: str) -> dict | None:
        found = running.ask("marketer", "GET", address)
        return found if found[kind] and found[kind]["ended_at"] else None

    running.ask("marketer", "POST", f"{address}/dry_run", {}, status=202)
    wait_until(lambda: ended("dry_run"), 120, "the dry run")
    assert not out(), "a dry run sends nothing"
    running.ask("approver", "POST", f"{address}/send", {}, status=202)
    return wait_until(lambda: ended("send"), 180, "the sending")


def mails_of(running) -> list[dict]:
    return [m for m in running.mails() if m["Subject"].startswith("Tea for")]


def test_everybody_of_the_audience_is_accounted_for(campaign):
    counts = campaign["send"]["counts"]
    assert campaign["state"] == "finished"
    assert counts["sent"] > 200
    places = counts["sent"] + counts["refused"] + counts["uncertain"] + counts["cancelled"] + counts["waiting"]
    assert counts["audience"] == places + sum(counts["excluded"].values())
    assert counts["sent"] == campaign["dry_run"]["counts"]["waiting"]


def test_each_person_has_one_mail_and_a_receipt(running, campaign):
    receivers = Counter(m["To"][0] for m in mails_of(running))
    assert set(receivers.values()) == {1}
    receipts = running.every("marketer", f"/v1/campaigns/{campaign['campaign_id']}/receipts")
    sent = [r for r in receipts if r["state"] == "sent"]
    assert len(sent) == len(receivers) == campaign["send"]["counts"]["sent"]
    assert len({r["customer_id"] for r in receipts}) == len(receipts) == campaign["send"]["counts"]["audience"]


def test_nobody_who_said_no_is_written_to(running, campaign, demo):
    """People whose every record says no to mail."""
    said: dict[str, set[bool]] = {}
    for contact in demo.contacts:
        said.setdefault(str(contact["email"]).strip().lower(), set()).add(contact["marketing_consent"])
    for customer in demo.shop["customers"]:
        said.setdefault(customer["email"], set()).add(bool(customer["newsletter"]))
    never = {address for address, answers in said.items() if answers == {False}}
    assert never and not never & {m["To"][0].lower() for m in mails_of(running)}


def test_the_unsubscribe_link_works(running, campaign):
    mail = mails_of(running)[0]
    link = re.search(r"/v1/links/unsubscribe\?token=[^\s\"]+", mail["BodyText"]).group()
    assert running.request("GET", link).status == 200
    assert running.request("POST", link, headers={"content-type": "application/x-www-form-urlencoded"}).status == 200
    receipts = running.every("marketer", f"/v1/campaigns/{campaign['campaign_id']}/receipts")
    contacts = (running.ask("service", "GET", f"/v1/contacts/{r['customer_id']}") for r in receipts)
    withdrawn = [c for c in contacts if any(consent["state"] == "withdrawn" for consent in c["consents"])]
    assert len(withdrawn) == 1


TEXT_MESSAGE = "Tea to {{given_name|you}}: {{unsubscribe_url}} or reply STOP"


@pytest.fixture(scope="module")
def by_channels(running, campaign):
    """A campaign by [sms, email] to the audience of the other one, some of whom agreed to texts; and who these are."""
    agreed = set()
    for number in numbers():
        for found in running.ask("service", "GET", f"/v1/customers?q={quote(number)}")["items"]:
            path = f"/v1/contacts/{found['customer_id']}/consents/sms"
            running.ask("service", "PUT", path, {"state": "granted", "basis": "said so at the fair"})
            agreed.add(found["customer_id"])
    said = [
        {"name": "Short", "channel": "sms", "text": TEXT_MESSAGE},
        {"name": "Long", "subject": "News for {{given_name|you}}", "text": TEXT, "html": HTML},
    ]
    text, mail = (running.ask("marketer", "POST", "/v1/templates", each, status=201)["template_id"] for each in said)
    draft = {"name": "Both", "segment_id": campaign["segment_id"], "template_id": text, "channels": ["sms", "email"]}
    made = running.ask("marketer", "POST", "/v1/campaigns", draft | {"templates": {"email": mail}}, status=201)
    return tried_and_sent(running, made["campaign_id"], running.texts), agreed


def test_each_person_has_one_message_by_the_preferred_permitted_channel(running, by_channels):
    sent, agreed = by_channels
    receipts = running.every("marketer", f"/v1/campaigns/{sent['campaign_id']}/receipts")
    by = {way: [r["customer_id"] for r in receipts if (r["state"], r["channel"]) == ("sent", way)] for way in WAYS}
    texted = [text["PhoneNumber"] for text in running.texts()]
    mailed = [mail["To"][0] for mail in running.mails() if mail["Subject"].startswith("News for")]
    assert (len(by["sms"]), len(by["email"])) == (len(texted), len(mailed))
    assert (len(set(texted)), len(set(mailed))) == (len(texted), len(mailed)), "nobody twice"
    assert by["sms"] and set(by["sms"]) <= agreed and set(texted) <= set(numbers())
    assert not set(by["email"]) & set(by["sms"])
    assert sent["send"]["mix"] == sent["dry_run"]["mix"]
    assert {way: sum(whys.values()) for way, whys in sent["send"]["mix"].items()} == {w: len(by[w]) for w in WAYS}


def test_the_link_in_a_text_ends_texts_alone(running, by_channels):
    _, agreed = by_channels
    link = re.search(r"/v1/links/unsubscribe\?token=\S+", running.texts()[0]["Message"]).group()
    assert running.request("POST", link, headers={"content-type": "application/x-www-form-urlencoded"}).status == 200
    contacts = [running.ask("service", "GET", f"/v1/contacts/{customer_id}")["consents"] for customer_id in agreed]
    withdrawn = [consent["channel"] for said in contacts for consent in said if consent["state"] == "withdrawn"]
    assert withdrawn.count("sms") == 1
