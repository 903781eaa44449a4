"""The demo organisation's data from one seed: a CRM, a web shop and a call centre that know some of the same people.

generate() gives the same bytes each time. The truth says which person is behind each record:
{"crm": {contact_id: person_id}, "shop": {customer_id: person_id}, "calls": {caller_id: person_id}}.
"""

import csv
import io
import random
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from infra.local.demo import names
from infra.local.demo.people import Person, make_people, typed_email, typed_name, typed_phone

SEED = 20261121
TODAY = datetime(2026, 11, 21, 18, 0)
BAD_STAGES = 3  # contacts whose stage the manifest refuses
BAD_MINUTES = 2  # calls whose length is no number

Row = dict[str, object]


@dataclass
class Demo:
    """All that the three applications hold. `drops` is {object name: bytes} for the call centre's folder."""

    contacts: list[Row]
    activities: list[Row]
    shop: dict[str, list[Row]]
    drops: dict[str, bytes]
    truth: dict[str, dict[str, str]]


def generate(seed: int = SEED) -> Demo:
    chance = random.Random(seed)
    people = make_people(chance)
    contacts, crm_truth = make_contacts(people, chance)
    shop, shop_truth = make_shop(people, chance)
    drops, calls_truth = make_drops(people, chance)
    truth = {"crm": crm_truth, "shop": shop_truth, "calls": calls_truth}
    return Demo(contacts, make_activities(contacts, chance), shop, drops, truth)


def moment(chance: random.Random, days: int) -> datetime:
    """A second in the last `days` days."""
    return TODAY - timedelta(seconds=chance.randrange(days * 86_400))


def iso(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def sql_time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")


def make_contacts(people: list[Person], chance: random.Random) -> tuple[list[Row], dict[str, str]]:
    """About 300 contacts: 290 people, ten of them twice."""
    known = chance.sample(people, 290)
    rows, truth = [], {}
    for number, person in enumerate(known + chance.sample(known, 10), 1):
        contact_id = f"C{number:05d}"
        truth[contact_id] = person.person_id
        rows.append(make_contact(contact_id, person, chance))
    for row in chance.sample(rows, BAD_STAGES):
        row["stage"] = "unknwon"
    return rows, truth


def make_contact(contact_id: str, person: Person, chance: random.Random) -> Row:
    hindi = person.hindi and chance.random() < 0.6
    created = moment(chance, 900)
    address = person.moved_to if person.moved_to and chance.random() < 0.5 else person.address
    if hindi:
        name = f"{person.given[2]} {person.family[2]}"
    else:
        name = f"{typed_name(person.given, chance)} {typed_name(person.family, chance)}"
    return {
        "contact_id": contact_id,
        "full_name": name,
        "email": typed_email(person.email, chance),
        "mobile": typed_phone(person.phone, chance) if chance.random() < 0.85 else None,
        "born_on": person.born.isoformat() if chance.random() < 0.6 else None,
        "gender": chance.choice([None, "f" if person.female else "m"]),
        "company": chance.choice(names.COMPANIES) if chance.random() < 0.2 else None,
        "address": address.line(hindi),
        "city": address.town(hindi),
        "state": address.state,
        "pincode": address.pin,
        "stage": chance.choice(["lead", "customer", "customer", "lapsed"]),
        "lead_source": chance.choice([None, "fair", "referral", "web"]),
        "language": "hi" if person.hindi else "en",
        "marketing_consent": person.wants_mail,
        "created_at": iso(created),
        "updated_at": iso(created + (TODAY - created) * chance.random()),
    }


def make_activities(contacts: list[Row], chance: random.Random) -> list[Row]:
    rows = []
    for number in range(1, 701):
        kind = chance.choice(["call", "visit", "email", "note"])
        when = moment(chance, 400)
        rows.append(
            {
                "activity_id": f"A{number:06d}",
                "contact_id": chance.choice(contacts)["contact_id"],
                "kind": kind,
                "happened_at": iso(when),
                "direction": None if kind == "note" else chance.choice(["in", "out"]),
                "subject": chance.choice(names.SUBJECTS),
                "outcome": chance.choice([None, "interested", "call again", "order", "no interest"]),
                "updated_at": iso(min(when + timedelta(hours=chance.randrange(48)), TODAY)),
            }
        )
    return rows


def make_shop(people: list[Person], chance: random.Random) -> tuple[dict[str, list[Row]], dict[str, str]]:
    known = chance.sample(people, 200)
    customers = [make_shopper(number, person, chance) for number, person in enumerate(known, 1)]
    products = make_products(chance)
    orders, lines = make_orders(customers, products, chance)
    truth = {str(number): person.person_id for number, person in enumerate(known, 1)}
    return {"customers": customers, "products": products, "orders": orders, "order_lines": lines}, truth


def make_shopper(number: int, person: Person, chance: random.Random) -> Row:
    created = moment(chance, 700)
    address = person.moved_to or person.address  # people give the shop the address where a parcel reaches them
    return {
        "customer_id": number,
        "first_name": typed_name(person.given, chance),
        "last_name": typed_name(person.family, chance),
        "email": (person.email or f"{person.phone}@example.com").lower(),
        "phone": typed_phone(person.phone, chance),
        "birth_date": person.born.isoformat() if chance.random() < 0.3 else None,
        "address": address.line(),
        "city": address.town(),
        "state": address.state,
        "pincode": address.pin,
        "country": "IN",
        "newsletter": int(person.wants_mail and chance.random() < 0.9),
        "created_at": sql_time(created),
        "updated_at": sql_time(created + (TODAY - created) * chance.random()),
    }


def make_products(chance: random.Random) -> list[Row]:
    rows: list[Row] = []
    for category, low, high, goods in names.GOODS:
        for good in goods:
            rows.append(
                {
                    "product_id": len(rows) + 1,
                    "name": f"{good} {category}" if category in ("Tea", "Books") else good,
                    "category": category,
                    "price": float(chance.randrange(low, high)) - 0.05 * chance.randrange(2),
                    "active": int(chance.random() < 0.95),
                    "updated_at": sql_time(moment(chance, 300)),
                }
            )
    return rows


def make_orders(customers: list[Row], products: list[Row], chance: random.Random) -> tuple[list[Row], list[Row]]:
    orders: list[Row] = []
    lines: list[Row] = []
    for number in range(1, 801):
        ordered = moment(chance, 540)
        total = 0.0
        for place, product in enumerate(chance.sample(products, chance.choice([1, 1, 2, 2, 3, 4, 5])), 1):
            quantity, discount = chance.randrange(1, 5), chance.choice([0.0, 0.0, 0.0, 50.0])
            price = float(str(product["price"]))
            amount = round(max(quantity * price - discount, 0), 2)
            total += amount
            lines.append(
                {
                    "line_id": len(lines) + 1,
                    "order_id": number,
                    "line_number": place,
                    "product_id": product["product_id"],
                    "quantity": quantity,
                    "unit_price": price,
                    "discount": discount,
                    "line_amount": amount,
                    "updated_at": sql_time(ordered),
                }
            )
        orders.append(
            {
                "order_id": number,
                "customer_id": chance.choice(customers)["customer_id"],
                "order_number": f"ORD-{ordered:%Y}-{number:05d}",
                "ordered_at": sql_time(ordered),
                "status": chance.choice(["placed", "paid", "shipped", *["delivered"] * 5, "cancelled", "returned"]),
                "channel": chance.choice(["web", "web", "app"]),
                "currency": "INR",
                "total_amount": round(total, 2),
                "updated_at": sql_time(min(ordered + timedelta(days=chance.randrange(6)), TODAY)),
            }
        )
    return orders, lines


def make_drops(people: list[Person], chance: random.Random) -> tuple[dict[str, bytes], dict[str, str]]:
    """One list of callers, thirty days of calls, one file from a partner in another encoding."""
    known = chance.sample(people, 160)
    callers: list[Row] = []
    truth = {}
    for number, person in enumerate(known, 1):
        caller_id = f"K{number:05d}"
        truth[caller_id] = person.person_id
        callers.append(
            {
                "caller_id": caller_id,
                "caller_name": f"{typed_name(person.given, chance)} {typed_name(person.family, chance)}",
                "phone": typed_phone(person.phone, chance),
                "email": typed_email(person.email, chance) if chance.random() < 0.2 else "",
                "city": person.address.town(),
                "updated_at": iso(moment(chance, 200)),
            }
        )
    drops = {f"callers-{TODAY:%Y-%m-%d}.csv": as_csv(callers, "utf-8")}
    calls = [make_call(f"{number:06d}", str(chance.choice(callers)["caller_id"]), chance) for number in range(1, 601)]
    for call in chance.sample(calls, BAD_MINUTES):
        call["minutes"] = "abc"
    for day in range(30):
        when = TODAY - timedelta(days=day)
        today = [call for call in calls if str(call["started_at"]).startswith(f"{when:%d.%m.%Y}")]
        drops[f"calls-{when:%Y-%m-%d}.csv"] = as_csv(today, "utf-8")
    partner = [make_call(f"9{number:05d}", "", chance) for number in range(1, 21)]
    for number, call in enumerate(partner):
        name, city = names.PARTNERS[number % len(names.PARTNERS)]
        call |= {
            "caller_id": f"X{number % len(names.PARTNERS) + 1:05d}",
            "subject": f"{name} ({city}): {call['subject']}, § 9",
        }
    partner[7]["call_id"] = ""
    drops[f"partner-{TODAY:%Y-%m-%d}.csv"] = as_csv(partner, "windows-1252")
    return drops, truth


def make_call(number: str, caller_id: str, chance: random.Random) -> Row:
    started = TODAY - timedelta(days=chance.randrange(30), minutes=chance.randrange(1, 600))
    return {
        "call_id": f"T{number}",
        "caller_id": caller_id,
        "started_at": f"{started:%d.%m.%Y %H:%M}",
        "direction": chance.choice(["in", "in", "out"]),
        "subject": f"{chance.choice(names.SUBJECTS)} (agent {chance.choice(names.AGENTS)})",
        "outcome": chance.choice(["resolved", "callback", "no_answer", "complaint", "sale"]),
        "minutes": chance.randrange(1, 25),
    }


def as_csv(rows: list[Row], encoding: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


SHOP_SCHEMA = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, phone TEXT,
    birth_date TEXT, address TEXT, city TEXT, state TEXT, pincode TEXT, country TEXT, newsletter INTEGER,
    created_at TEXT, updated_at TEXT);
CREATE TABLE products (product_id INTEGER PRIMARY KEY, name TEXT, category TEXT, price REAL, active INTEGER,
    updated_at TEXT);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER, order_number TEXT, ordered_at TEXT, status TEXT,
    channel TEXT, currency TEXT, total_amount REAL, updated_at TEXT);
CREATE TABLE order_lines (line_id INTEGER PRIMARY KEY, order_id INTEGER, line_number INTEGER, product_id INTEGER,
    quantity INTEGER, unit_price REAL, discount REAL, line_amount REAL, updated_at TEXT);
"""


def write_shop(path: Path, tables: dict[str, list[Row]]) -> None:
    """The web shop's database, made whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    database = sqlite3.connect(unfinished)
    try:
        database.executescript(SHOP_SCHEMA)
        for name, rows in tables.items():
            columns = list(rows[0])
            marks = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", [[row[c] for c in columns] for row in rows])
        database.commit()
    finally:
        database.close()
    unfinished.rename(path)
