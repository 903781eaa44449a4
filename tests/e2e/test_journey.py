"""One record travels from the demo applications to a customer's page, a report and an inbox."""

import csv
import io
import urllib.request
from collections import Counter

import pytest

from infra.local.demo.generate import BAD_MINUTES, BAD_STAGES, generate
from tests.e2e.harness import wait_until

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


def answer_of(running, role: str, sql: str, parameters: dict | None = None) -> tuple[list[dict], str]:
    """The rows of a query that a user runs, and the id of its result."""
    result = running.ask(role, "POST", "/v1/results", {"sql": sql, "parameters": parameters or {}}, status=202)
    address = f"/v1/results/{result['id']}"
    done = wait_until(
        lambda: (found := running.ask(role, "GET", address))["state"] in ("succeeded", "failed") and found, 60, address
    )
    assert done["state"] == "succeeded", done
    return running.every(role, f"{address}/rows"), result["id"]


def number(value: object) -> float:
    return float(str(value))


def test_the_released_figures_are_those_of_the_applications(running, demo):
    sql = (
        "SELECT count(*) AS orders, sum(total_amount) AS amount, count(DISTINCT customer_record_key) AS buyers "
        "FROM reporting.sales_order"
    )
    (row,), _ = answer_of(running, "analyst", sql)
    orders = demo.shop["orders"]
    assert number(row["orders"]) == len(orders)
    assert number(row["buyers"]) == len({o["customer_id"] for o in orders})
    assert number(row["amount"]) == pytest.approx(sum(o["total_amount"] for o in orders), abs=0.01)


def test_lines_by_category_are_those_of_the_shop(running, demo):
    sql = (
        "SELECT p.category, count(*) AS lines, sum(l.line_amount) AS amount FROM reporting.order_line l "
        "JOIN reporting.product p ON p.record_key = l.product_record_key GROUP BY p.category"
    )
    rows, _ = answer_of(running, "analyst", sql)
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
    found = running.ask("service", "GET", f"/v1/customers?q={contact['email']}")["items"]
    assert len(found) == 1, found
    page = running.ask("service", "GET", f"/v1/customers/{found[0]['customer_id']}")
    events = running.every("service", f"/v1/customers/{found[0]['customer_id']}/events")
    assert page
    bought = [o for o in demo.shop["orders"] if o["customer_id"] == shop[contact["email"]]["customer_id"]]
    assert len([e for e in events if e["kind"] == "order"]) == len(bought)


def test_a_saved_report_runs_and_downloads_as_csv(running):
    sql = (
        "SELECT order_number, total_amount FROM reporting.sales_order WHERE ordered_at >= :since ORDER BY order_number"
    )
    report = {
        "name": "Orders since a day",
        "sql": sql,
        "parameters": [{"name": "since", "type": "timestamp"}],
    }
    made = running.ask("analyst", "POST", "/v1/reports", report, status=201)
    values = {"since": "2026-01-01 00:00:00"}
    body = {"report_id": made["report_id"], "parameters": values}
    result = running.ask("analyst", "POST", "/v1/results", body, status=202)
    wait_until(
        lambda: running.ask("analyst", "GET", f"/v1/results/{result['id']}")["state"] == "succeeded", 60, "result"
    )
    rows = running.every("analyst", f"/v1/results/{result['id']}/rows")
    url = running.ask("analyst", "GET", f"/v1/results/{result['id']}/download")["url"]
    with urllib.request.urlopen(url, timeout=20) as reply:
        downloaded = list(csv.DictReader(io.TextIOWrapper(reply, "utf-8")))
    assert [r["order_number"] for r in rows] == [r["order_number"] for r in downloaded]
    expected = sorted(o["order_number"] for o in generate().shop["orders"] if o["ordered_at"] >= "2026-01-01 00:00:00")
    assert [r["order_number"] for r in downloaded] == expected
