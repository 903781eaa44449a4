"""What is known of people by their dealings: the shipped reports over one hub, and whom a promotion leaves out."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import yaml

from hub.campaigns.audience_query import statement
from hub.guard import permit, projections, read
from hub.models import loader
from hub.reports.library import Report
from tests.sql.lake import ROOT, entity_hub, staged
from tests.sql.test_models import needed

TABLES = (
    "reporting.customer_standing", "reporting.customer", "reporting.product", "reporting.employee", "reporting.payment",
)  # fmt: skip
PEOPLE = {"asha": "a@x.in", "ravi": "b@x.in", "mira": "c@x.in", "anil": "d@x.in", "leela": "e@x.in", "uma": "f@x.in"}
CHANGED = {"changed_at": "2025-12-01 08:00:00"}
PRODUCTS = {
    "tea": {"name": "Tea", "category": "tea", "unit_price": 100},
    "best": {"name": "Best tea", "category": "tea", "unit_price": 300},
    "pot": {"name": "Pot", "category": "ware", "unit_price": 400},
    "old": {"name": "Old pot", "category": "ware", "unit_price": 200, "active": "false"},
    "salt": {"name": "Salt", "category": "spice", "unit_price": 10},
}
BASKETS = {  # who bought tea bought a pot, an old one and the best tea; salt goes with nothing
    "asha": ["tea", "pot", "old", "best"],
    "ravi": ["tea", "pot", "old", "best"],
    "mira": ["tea", "pot", "old", "best"],
    "anil": ["tea"],
    "leela": ["salt"],
    "uma": ["salt"],
}
ORDERS = {
    "asha": {"status": "delivered", "channel": "web", "sale_source": "newsletter", "lead_source": "fair"},
    "ravi": {"channel": "shop", "collected_by": "till 3"},
    "mira": {"channel": "phone", "employee_record_key": "e1"},
    "anil": {"channel": "web", "status": "returned"},
    "leela": {"channel": "web", "status": "cancelled"},
}


@pytest.fixture(scope="module")
def hub(make_shared_lake):
    tables = set().union(*map(needed, TABLES))
    hub = make_shared_lake(entity_hub({"crm": 80}), tables=tables)
    named = [given("customer", who, email_standard=email, full_name=who) for who, email in PEOPLE.items()]
    hub.pull("crm", "customer", named)
    hub.pull(
        "crm", "customer", [given("customer", "asha", email_standard="a@x.in", full_name="asha", lead_source="fair")]
    )
    told = {"email_standard": "b@x.in", "full_name": "ravi", "special_needs": "Large print, please"}
    hub.pull(
        "crm",
        "customer",
        [
            given("customer", "ravi", **told),
            given("customer", "uma", full_name="uma", email_standard="f@x.in", special_needs="wheelchair"),
        ],
    )
    hub.pull("crm", "product", [given("product", key, **values) for key, values in PRODUCTS.items()])
    hub.pull("crm", "employee", [given("employee", "e1", full_name="Tara", department="Telephone")])
    sold = {"ordered_at": "2025-06-01 08:00:00"}
    orders, lines = [], []
    for who, basket in BASKETS.items():
        told = {"customer_record_key": who, "total_amount": sum(PRODUCTS[each]["unit_price"] for each in basket)}
        orders.append(given("sales_order", f"o-{who}", **told, **sold, **ORDERS.get(who, {})))
        for each in basket:
            line = {"order_record_key": f"o-{who}", "product_record_key": each, "quantity": 1}
            lines.append(given("order_line", f"{who}-{each}", **line, line_amount=PRODUCTS[each]["unit_price"]))
    hub.pull("crm", "sales_order", orders)
    back = {"order_record_key": "o-asha", "product_record_key": "old", "quantity": -1, "line_amount": -200}
    hub.pull("crm", "order_line", [*lines, given("order_line", "asha-back", **back)])
    calls = {
        "c1": ("2025-05-30", "out"),
        "c2": ("2025-05-20", "out"),
        "c3": ("2025-05-25", "in"),
        "c4": ("2025-01-01", "out"),
    }
    hub.pull("crm", "interaction", [
        given("interaction", key, customer_record_key="asha", kind="call", direction=way, happened_at=f"{day} 08:00:00")
        for key, (day, way) in calls.items()
    ])  # fmt: skip
    hub.pull(
        "crm",
        "invoice",
        [given("invoice", key, customer_record_key="asha", **values) for key, values in INVOICES.items()],
    )
    hub.pull("crm", "payment", [given("payment", key, **values) for key, values in PAYMENTS.items()])
    asked = {"status": "open", "opened_at": "2025-06-02 08:00:00"}
    complaint = given("ticket", "t1", customer_record_key="asha", kind="complaint", **asked)
    hub.pull("crm", "ticket", [complaint, given("ticket", "t2", customer_record_key="ravi", kind="question", **asked)])
    hub.run()
    return hub


INVOICES = {
    "i1": {"kind": "sale", "total_amount": 1000, "open_amount": 100},
    "i2": {"kind": "credit note", "total_amount": 200},
    "i3": {"kind": "sale", "total_amount": 77, "status": "draft"},
    "i4": {"kind": "sale", "total_amount": 50, "open_amount": 45, "currency": "USD"},
}
PAYMENTS = {
    "p1": {"customer_record_key": "asha", "amount": 750, "paid_at": "2025-06-03"},
    "p2": {"customer_record_key": "asha", "amount": 50, "direction": "out", "paid_at": "2025-06-04"},
    "p3": {"customer_record_key": "asha", "amount": 999, "status": "failed", "paid_at": "2025-06-04"},
    "p4": {"invoice_record_key": "i4", "amount": 10, "currency": "USD", "paid_at": "2025-06-04"},
    "p5": {"customer_record_key": "stranger", "amount": 5, "paid_at": "2025-06-04"},
}


def given(entity: str, key: str, **values):
    return staged(entity, {"record_key": key, **CHANGED, **values})


def ids(hub) -> dict[str, str]:
    return dict(hub.rows("reporting.customer_key", ["record_key", "customer_id"]))


def report(hub, name: str, **asked) -> list[dict[str, str | None]]:
    """The rows of a shipped report, through the guard, on the release."""
    told = yaml.safe_load((ROOT / f"deployments/demo/reports/{name}.yaml").read_text("utf-8"))
    shipped = Report(report_id=name, shipped=True, **told)
    tables = projections(loader.read(hub.home), hub.store.current_release(), hub.stage)
    allowed = permit(shipped.sql, read(shipped.parameters, asked), tables)
    values = iter(allowed.parameters)
    return hub.query(re.sub(r"\?", lambda _: next(values), allowed.sql))


def number(text: str | None) -> float:
    return float(text or 0)


def test_purchases_item_by_item_with_what_came_back(hub):
    found = report(hub, "purchased_items", customer_id=ids(hub)["asha"])
    rows = {
        row["product"]: (number(row["bought"]), number(row["returned"]), number(row["net_amount"])) for row in found
    }
    assert rows == {"Tea": (1, 0, 100), "Best tea": (1, 0, 300), "Pot": (1, 0, 400), "Old pot": (1, 1, 0)}
    assert {row["channel"] for row in found} == {"web"}
    (whole,) = report(hub, "purchased_items", customer_id=ids(hub)["anil"])
    assert (number(whole["returned"]), number(whole["net_amount"])) == (1, 0), "the order came back"
    assert report(hub, "purchased_items", customer_id=ids(hub)["leela"]) == [], "the order was cancelled"


def test_accounts_are_reconciled_to_what_the_applications_call_open(hub):
    names = ("invoiced", "credited", "paid", "paid_back", "balance", "open_amount", "difference")
    asha = ids(hub)["asha"]
    found = {
        (row["customer_id"], row["currency"]): tuple(number(row[each]) for each in names)
        for row in report(hub, "accounts")
    }
    assert found == {
        (asha, "INR"): (1000, 200, 750, 50, 100, 100, 0),
        (asha, "USD"): (50, 0, 10, 0, 40, 45, -5),
        ("unknown", "INR"): (0, 0, 5, 0, -5, 0, -5),
    }  # fmt: skip
    assert sum(each[2] for each in found.values()) == 765, "every payment that was made is in one account"
    differing = {(row["customer_id"], row["currency"]) for row in report(hub, "accounts", only_differing=1)}
    assert differing == {(asha, "USD"), ("unknown", "INR")}


def test_each_closed_sale_has_what_closed_it(hub):
    found = report(hub, "sales_by_source")
    rows = {
        (row["sale_source"], row["channel"], row["lead_source"], row["sold_by_department"]): (
            row["sales"],
            row["follow_ups"],
        )
        for row in found
    }
    assert rows == {
        ("newsletter", "web", "fair", "unknown"): ("1", "2"),
        ("till 3", "shop", "unknown", "unknown"): ("1", "0"),
        ("phone", "phone", "unknown", "Telephone"): ("1", "0"),
        ("unknown", "unknown", "unknown", "unknown"): ("1", "0"),
    }, "neither the cancelled nor the returned one; two of our calls in the 90 days before"  # fmt: skip


def test_the_planted_affinity_is_offered_and_never_what_one_has(hub):
    key = ids(hub)
    found = report(hub, "next_products")
    offered = {(row["customer_id"], row["product"], row["kind"], row["because_of"]) for row in found}
    assert offered == {
        (key["anil"], "Best tea", "up-sell", "Tea"),
        (key["anil"], "Pot", "cross-sell", "Tea"),
    }, "not the old pot, which is not sold any more; nobody else lacks any of these"
    assert report(hub, "next_products", together=4) == [], "three people have bought them together"
    assert report(hub, "next_products", customers=[key["asha"]]) == []


def audience(hub, born: Sequence[str] = ()) -> list[dict[str, str | None]]:
    chosen = SimpleNamespace(sql=" union ".join(f"select '{each}' as customer_id" for each in ids(hub).values()))
    columns = set(loader.read(hub.home)["vault.customer"].columns)
    return hub.query(statement(chosen, hub.store.current_release(), hub.stage, columns, born))


DEEDS = {  # whose, by which way, what and when it was done; what it tells of the channel he likes
    "d1": ("asha", "email", "message", "clicked", "2026-01-01 08:00:00", "email=2=2026-01-01 08:00:00"),
    "d2": ("asha", "SMS", "reply", None, "2025-12-30 08:00:00", "sms=2=2025-12-30 08:00:00"),
    "d3": ("asha", "e-mail", "message", "Opened", "2026-01-01 09:00:00", "email=1=2026-01-01 09:00:00"),
    "d4": ("ravi", "text message", "message", "replied", "2025-12-29 08:00:00", "sms=2=2025-12-29 08:00:00"),
    "d5": ("ravi", "sms", "message", "clicked", "2025-11-01 08:00:00", None),  # an older one
    "d6": ("mira", "email", "message", "clicked", "2025-01-01 08:00:00", None),  # before the time that counts
    "d7": ("mira", "email", "message", "bounced", "2026-01-01 08:00:00", None),  # nothing that he did
    "d8": (
        "anil",
        "whatsapp",
        "message",
        "clicked",
        "2026-01-01 08:00:00",
        None,
    ),  # nothing that the hub sends by
}


def test_what_people_do_with_messages_of_any_tool_tells_which_channel_they_like(hub):
    key = ids(hub)
    for record, (who, channel, kind, outcome, at, _) in DEEDS.items():
        more = {"outcome": outcome, "direction": "out" if outcome else "in"}
        deed = given("interaction", record, customer_record_key=who, kind=kind, channel=channel, happened_at=at, **more)
        hub.pull("crm", "interaction", [deed])
    hub.run()
    chosen = SimpleNamespace(sql=" union ".join(f"select '{each}' as customer_id" for each in key.values()))
    columns = set(loader.read(hub.home)["vault.customer"].columns)
    since = datetime(2025, 10, 1, tzinfo=UTC)
    asked = statement(chosen, hub.store.current_release(), hub.stage, columns, (), ("sms", "email"), since)
    found = {each["customer_id"]: each for each in hub.query(asked)}
    expected = {who: set() for who in PEOPLE}
    for who, *_, tells in DEEDS.values():
        expected[who] |= {tells} if tells else set()
    told = {who: set(filter(None, (found[key[who]]["acts"] or "").split(";"))) for who in PEOPLE}
    assert told == expected
    assert set(found[key["asha"]]) >= {"phone", "phone_kind", "preferred_channel"}


def complaining(hub) -> dict[str, str | None]:
    return {each["customer_id"]: each["complains"] for each in audience(hub)}


def test_who_is_known_to_read_with_difficulty_is_marked_and_no_more_is_told(hub):
    found = audience(hub)
    assert {each["customer_id"] for each in found if each["accessible"] == "true"} == {ids(hub)["ravi"]}
    assert all("special_needs" not in each for each in found)


def test_who_has_an_open_complaint_gets_no_promotion_until_it_is_solved(hub):
    key = ids(hub)
    assert {who for who, complains in complaining(hub).items() if complains == "true"} == {key["asha"]}
    hub.now += timedelta(days=1)
    solved = {
        "kind": "complaint",
        "status": "solved",
        "opened_at": "2025-06-02 08:00:00",
        "changed_at": "2026-01-02 08:00:00",
    }
    hub.pull("crm", "ticket", [given("ticket", "t1", customer_record_key="asha", **solved)])
    hub.run()
    assert set(complaining(hub).values()) == {"false"}


DAYS = [  # the moment of a run, whose birthday it is of two who were born on 29 February, in India and in the States
    (datetime(2026, 2, 28, 19, tzinfo=UTC), {"in"}, "1 March in India already"),
    (datetime(2028, 2, 29, 12, tzinfo=UTC), {"in", "us"}, "a leap year"),
    (datetime(2028, 3, 1, 12, tzinfo=UTC), set(), "and not once more on the day after"),
]


def test_a_leap_day_s_birthday_is_on_one_day_where_the_customer_lives(hub):
    born = {"birth_date": "1961-02-28", "full_name": "Next to it"}
    leap = {
        key: {"birth_date": "1960-02-29", "full_name": f"Leap {key}", "country": key.upper()} for key in ("in", "us")
    }
    hub.pull("crm", "customer", [given("customer", key, **values) for key, values in {**leap, "near": born}.items()])
    for moment, expected, why in DAYS:
        hub.now = moment
        hub.run()
        today = {who for who, day in hub.rows("reporting.customer", ["customer_id", "birthday_today"]) if day == "true"}
        names = {ids(hub)[key]: key for key in leap}
        assert {names[who] for who in today if who in names} == expected, why
    found = {each["customer_id"]: each for each in audience(hub, ["02-29", "07-07"])}
    assert {names[who]: (each["born"], each["time_zone"]) for who, each in found.items()} == {
        "in": ("1960-02-29", "Asia/Kolkata"),
        "us": ("1960-02-29", "America/New_York"),
    }, "whom a birthday's campaign is for: his day, and the clock where he lives"
