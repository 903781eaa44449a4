"""Bad values, and pulls as the ledger and the quarantine keep them."""

import json

from hub import config
from tests.hub.bad.canaries import EMAIL, PERSON, PHONE
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import HUB, Bench
from tests.hub.pulls.test_engine import quarantine
from tests.hub.quality.test_refine import refined
from tests.hub.sources import double

# Rows and their checks. Each row: kind, column, value; what. The place is the column; the row stands beside it.


ROWS = [
    ("missing", {"type": "varchar", "required": True}, None, "is missing"),
    ("no number", {"type": "bigint"}, PHONE, "no bigint"),
    ("no date", {"type": "date"}, PERSON, "no date"),
    ("no truth", {"type": "boolean"}, PERSON, "no boolean"),
    ("not in the list", {"type": "varchar", "check": {"one_of": ["lead", "sale"]}}, PERSON, "none of lead, sale"),
    ("out of range", {"type": "integer", "check": {"between": [0, 130]}}, "981", "not between 0 and 130"),
    ("too long", {"type": "varchar", "check": {"length": [1, 3]}}, PERSON, "1 to 3 characters"),
    ("another form", {"type": "varchar", "check": {"pattern": "^[A-Z]{3}$"}}, PERSON, "^[A-Z]{3}$"),
    ("no e-mail", {"type": "varchar", "check": "email"}, f"{EMAIL}@", "no valid email"),
    ("no telephone", {"type": "varchar", "check": "phone"}, f"{PHONE} 123456789", "no valid phone"),
    ("no postcode", {"type": "varchar", "check": {"postcode": "IN"}}, PERSON, "no postcode of IN"),
    ("not likely", {"type": "date", "check": "plausible_date"}, "1700-01-01", "1900-01-01"),
    ("too old", {"type": "date", "check": {"fresh": "30 days"}}, "2020-01-01", "older than 30 days"),
    ("untidy", {"type": "varchar", "check": "tidy"}, f" {PERSON}", "blanks"),
    ("no gender", {"type": "varchar", "check": "gender"}, PERSON, "no valid gender"),
]  # fmt: skip


def of_a_value(world, column, value):
    (found,) = refined(column, [value]).rejected.values()
    return f"{found[0].column}: {found[0].reason}"


# Pulls as the ledger keeps them. Each row: kind, the rows of the one page, the manifest's change; place, what


def people(count, **changes):
    return [manifests.contact(n, full_name=PERSON, email=EMAIL, **changes) for n in range(count)]


def as_told(text):
    return text


def doubting(text):
    return text.replace("full_name:  {type: varchar,", "full_name:  {type: varchar, check: {unique: true},")


def referring(text):
    check = "check: {one_of: [lead, customer, test]}"
    return text.replace(check, "check: {reference: {data_set: others, column: id}}") + OTHERS


def holding(text):
    return text.replace("on_drift: keep", "on_drift: hold")


OTHERS = """\
  others:
    description: Others.
    fetch: {path: /others, records: $.items, paging: {kind: none}}
    frequency: {class: on-demand}
    keys: {business: [id]}
    columns: {id: {type: varchar, required: true}}
"""
PULLS = [
    ("too few rows", {"items": people(3), "total": 4}, as_told, "declares 4 rows", "3 were received"),
    ("too many bad rows", {"items": people(25, age=PHONE)}, as_told, "100 %", "are quarantined"),
    ("new fields", {"items": people(3, nick=PERSON, **{EMAIL: 1})}, holding, "nick", "new fields"),
    ("another data set first", {"items": people(3)}, referring, "contacts.stage", "before it is pulled"),
]
REFUSED = [
    ("twice", {"items": people(2)}, doubting, "full_name", "another record's"),
    ("a record that is none", {"items": [PERSON, *people(1)]}, as_told, "GET /contacts, record 1", "is no object"),
]


def pulled(world, answer, changed):
    world.api.always = double.says(json.dumps(answer))
    text = changed(manifests.crm(world.api.url, "none").replace(", size: 10", ""))
    world.pulls.append(name := f"crm_{len(world.pulls)}")
    (world.folder / name / "sources").mkdir(parents=True)
    (world.folder / name / "hub.yaml").write_text(HUB)
    (world.folder / name / f"sources/{name}.yaml").write_text(text.replace("name: crm", f"name: {name}"))
    pull = Bench(config.load(world.folder / name)).pull(f"{name}.contacts")
    assert (pull.source, pull.data_set) == (name, "contacts"), "the pull names them beside the message"
    return pull


def of_a_pull(world, answer, changed):
    pull = pulled(world, answer, changed)
    assert pull.state in ("held", "failed")
    return pull.error or pull.reason


def of_a_line_of_the_quarantine(world, answer, changed):
    (line,) = quarantine(pulled(world, answer, changed))
    (failure,) = line["failures"]
    return f"{failure['column']}: {failure['reason']}"
