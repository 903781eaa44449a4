"""Values that have the right shape and still cannot be meant: refused before anything is deployed, with a remedy."""

import pytest

from hub import config
from hub.errors import ConfigError
from tests.hub.pulls.conftest import ROOT

DEMO = {
    name: (ROOT / "deployments/demo" / name).read_text()
    for name in ("hub.yaml", "sources/crm.yaml", "sources/shop.yaml", "sources/calls.yaml")
}
HUB, CRM, SHOP, CALLS = DEMO
ID = "{type: varchar, required: true, personal: id}"
GENDER = "gender:     {type: varchar}"
COUNTRY = "country:     {type: varchar}"
OWN, NONE = "{data_set: contacts, column: contact_id}", "{data_set: none, column: id}"
PART = "{data_set: products, column: nothing}"
COLUMNS = "    columns:\n      contact_id"


def expects(what):
    return f"    rules: [{{rule: x, expect: {{{what}}}}}]\n{COLUMNS}"


@pytest.fixture
def problems(tmp_path):
    """The problems of the demo's folder with some files changed."""

    def found(**changed):
        (tmp_path / "sources").mkdir(exist_ok=True)
        for name, text in {**DEMO, **changed}.items():
            (tmp_path / name).write_text(text)
        try:
            config.load(tmp_path)
        except ConfigError as error:
            return error.problems
        return []

    return found


# file, what is right, what a newcomer writes, the place that is named, a part of what he is told
MISTAKES = [
    (CRM, "{phone: IN}", "{phone: ZZ}", "mobile", "country of two letters"),
    (CRM, "check: email,", "checks: email,", "email", "`checks` is a list"),
    (CRM, "check: email,", "checks: 5,", "email", "`checks` is a list"),
    (CRM, "{one_of: [lead, customer, lapsed]}", "{one_of: [a], length: [1, 2]}", "stage", "holds several checks"),
    (CRM, "{one_of: [lead, customer, lapsed]}", "{one_of: [{a: 1}]}", "stage", "can never be in a column of varchar"),
    (CRM, "[1900-01-01, today]", "[today, 1900-01-01]", "born_on", "write the lower bound first"),
    (CRM, "born_on:    {type: date", "born_on: {type: boolean", "birth_date", "declare it as date"),
    (CRM, GENDER, "gender: {type: varchar, check: {pattern: '(?=a)b'}}", "gender", "neither look-around"),
    (CRM, GENDER, "gender: {type: varchar, check: {postcode: ZZ}}", "gender", "knows no postcodes of 'ZZ'"),
    (CRM, GENDER, "gender: {type: bigint, check: tidy}", "gender", "tidy is for varchar"),
    (CRM, GENDER, "gender: {type: varchar, check: {company: ZZ}}", "gender", "does not know how 'ZZ' writes"),
    (CRM, GENDER, "gender: {type: varchar, check: {country: IN}}", "gender", "takes no argument"),
    (CRM, GENDER, "gender: {type: varchar, check: {name: [1]}}", "gender", "a list of names that are spelt right"),
    (CRM, GENDER, "gender: {type: varchar, check: {name: [A]}, on_failure: fix}", "gender", "is not rewritten"),
    (CRM, GENDER, "gender: {type: varchar, check: {unique: true, on_failure: suggest}}", "gender", "knows no repair"),
    (CRM, GENDER, "gender: {type: bigint, default: x}", "gender.default", "can never be in a column of bigint"),
    (CRM, GENDER, "gender: {type: varchar, required: true, default: x}", "gender.default", "take one of them out"),
    (CRM, GENDER, "gender: {type: varchar, check: {one_of: [a]}, default: b}", "gender.default", "add it there"),
    (CRM, ID, "{type: varchar, default: x}", "contact_id.default", "is part of a key"),
    (CRM, GENDER, "gender: {type: varchar, check: {gender: x}}", "gender", "takes no argument"),
    (CRM, GENDER, "gender: {type: varchar, check: plausible_date}", "gender", "is for dates and timestamps"),
    (CRM, GENDER, "gender: {type: date, check: {plausible_date: [today]}}", "gender", "takes two bounds"),
    (CRM, GENDER, "gender: {type: date, check: {fresh: soon}}", "gender", "takes days or weeks"),
    (CRM, GENDER, "gender: {type: date, format: []}", "gender.format", "lists no format"),
    (CRM, GENDER, 'gender: {type: date, format: ["%d.%m.%Y", "%d.%m.%Y"]}', "gender.format", "or one twice"),
    (CRM, GENDER, 'gender: {type: date, format: ["%d.%m.%Y", "DD"]}', "gender.format", "'DD' does not say how"),
    (CRM, GENDER, "gender: {type: json, check: unique}", "gender", "cannot compare json"),
    (CRM, GENDER, "gender: {type: varchar, check: unique, on_failure: fix}", "gender", "unique knows no repair"),
    (CRM, GENDER, "gender: {type: varchar, check: {reference: x}}", "gender", "takes a data set and its column"),
    (CRM, GENDER, f"gender: {{type: varchar, check: {{reference: {OWN}}}}}", "gender", "refers to its own data set"),
    (
        CRM,
        GENDER,
        f"gender: {{type: varchar, check: {{reference: {NONE}}}}}",
        "gender",
        "is no data set of this source",
    ),
    (
        SHOP,
        COUNTRY,
        f"country: {{type: varchar, check: {{reference: {PART}}}}}",
        "country",
        "is not a column of products",
    ),
    (
        CRM,
        COLUMNS,
        f"    filters: [{{rule: x, where: {{gender: unique}}}}]\n{COLUMNS}",
        "gender",
        "looks at other rows",
    ),
    (CRM, COLUMNS, expects("column: no, is: less, of: born_on"), "expect", "'no'"),
    (CRM, COLUMNS, expects("column: gender, is: less"), "expect", "with nothing"),
    (CRM, COLUMNS, expects("column: gender, is: less, of: born_on"), "expect", "both alike"),
    (CRM, COLUMNS, expects("column: born_on, is: less, value: x"), "expect", "never be"),
    (CRM, COLUMNS, expects("column: marketing_consent, is: less, value: true"), "expect", "cannot compare boolean"),
    (CRM, COLUMNS, expects("column: gender, is: near, of: stage"), "is", "must be"),
    (CRM, COLUMNS, expects("column: gender, is: present_if, value: x"), "expect", "says when"),
    (CRM, COLUMNS, expects("column: born_on, is: postcode_of, of: state"), "expect", "both varchar"),
    (CRM, GENDER, "gender: {type: bigint, personal: name}", "gender.personal", "a name is varchar"),
    (CRM, GENDER, "gender: varchar", "gender", "write `key: value` lines below it, or {key: value}"),
    (CRM, "change: updated_at}", "change: marketing_consent}", "keys.change", "cannot say what came later"),
    (CRM, "change: updated_at}", "change: updated_at, deleted: gender}", "keys.deleted", "must be boolean"),
    (CRM, "[contact_id], change", "[contact_id, contact_id], change", "keys.business", "names a column twice"),
    (CRM, "[contact_id], change", "contact_id, change", "keys.business", "write a list"),
    (CRM, 'cron: "5 * * * ? *"', 'cron: "99 * * * ? *"', "frequency.cron", "'99' is no minute; write 0 to 59"),
    (CRM, 'cron: "5 * * * ? *"', 'cron: "5 * * * ? noon"', "frequency.cron", "'noon' is no year"),
    (CRM, 'cron: "5 * * * ? *"', "rate: 1 minutes", "frequency.rate", "is not a rate"),
    (CRM, 'cron: "5 * * * ? *"', "rate: 0 hours", "frequency.rate", "is not a rate"),
    (CRM, "5 per second", "0 per second", "rate_limit", "is not a rate"),
    (CRM, "overlap: 1 hour", "overlap: -5", "overlap", "is not a span of time"),
    (CRM, "  authentication:", "  timeout: 10 minutes\n  authentication:", "timeout", "at most 60 seconds"),
    (CRM, "kind: bearer", "kind: password", "authentication.kind", "it must be 'bearer', 'basic'"),
    (CRM, "  auth", "  headers: {Authorization: Basic aGk=}\n  auth", "Authorization", "is a secret in clear"),
    (CRM, "${CRM_URL}", "http://me:hunter2@crm.example", "base_url", "holds a password"),
    (CRM, "${CRM_URL}", "ftp://me:hunter2@crm.example", "base_url", "://…@crm.example"),
    (CRM, COLUMNS, f"    filters: [{{rule: x, where: {{gender: {{pattern: '('}}}}}}]\n{COLUMNS}", "gender", "RE2"),
    (CRM, "trust: 80", "trust: high", "trust", "write a whole number"),
    (CRM, "name: crm", "? [a, b]\n: crm", "the file", "has a key that is no word"),
    (CRM, "name: crm", "name: &a {x: *a}", "the file", "has an alias"),
    (CRM, "name: crm", "name: cr\x07m", "the file", "holds a control character"),
    (SHOP, "${SHOP_URL}", "postgresql://me:hunter2@db/shop", "connection.url", "holds a password"),
    (SHOP, "length: [3, 3]", "length: [3, 1]", "currency", "the least and the most"),
    (SHOP, "table: customers", "query: delete from customers", "fetch.query", "must be one SELECT"),
    (SHOP, "table: customers", "query: select 1; drop table x", "fetch.query", "without a semicolon"),
    (SHOP, "updated_at, overlap: 1 hour", "newsletter", "changed_since.column", "cannot say when a row changed"),
    (SHOP, '"decimal(18,4)"', "decimal(18,4)", "price.type", "(in quotes)"),
    (CALLS, "%d.%m.%Y %H:%M", "%d.%m.%Y %Q", "started_at.format", "how the source writes a timestamp"),
    (CALLS, "%d.%m.%Y %H:%M", "DD.MM.YYYY", "started_at.format", "how the source writes a timestamp"),
    (CALLS, "[0, 1440]", "[1440, 0]", "minutes", "write the lower bound first"),
    (CALLS, "{between: [0, 1440]}", "{one_of: [few]}", "minutes", "can never be in a column of integer"),
    (CALLS, "encoding: utf-8", "encoding: utf-88", "fetch.encoding", "is no encoding of text"),
    (CALLS, 'separator: ";"', 'separator: ""', "fetch.separator", "is empty"),
    (CALLS, 'pattern: "callers-*.csv"', 'pattern: ""', "fetch.pattern", "is empty"),
    (HUB, "Asia/Kolkata", "Asia", "time_zone", "is not a time zone"),
    (HUB, "country: IN", "country: ZZ", "country", "is no country"),
    (HUB, "hello@demo.example", "hello at demo", "senders.email", "is no address"),
    (HUB, "operations@demo.example", "operations", "alarm_email", "is no address"),
    (HUB, '"@example.com"', '"*@*"', "allow_list.0", "is no address"),
    (HUB, '"@example.com"', '"@"', "allow_list.0", "is no address"),
    (HUB, '"@example.com"', '"+91*"', "allow_list.0", "is no address"),
    (HUB, '"@example.com"', '"9812345678"', "allow_list.0", "+919812345678"),
    (HUB, "pool-00000000000000000000000000000001", "TeaShop", "senders.sms", "with its country"),
    (HUB, "pool-00000000000000000000000000000001", '"+919812345678"', "senders.sms", "a number's id"),
    (HUB, "pool-00000000000000000000000000000001", "TeaShopIndiaLtd/IN", "senders.sms", "sends no texts"),
]


@pytest.mark.parametrize(
    ("file", "right", "wrong", "place", "told"), MISTAKES, ids=[f"{row[3]}: {row[2][:40]!r}" for row in MISTAKES]
)
def test_a_value_that_cannot_be_meant(problems, file, right, wrong, place, told):
    assert right in DEMO[file]
    found = problems(**{file: DEMO[file].replace(right, wrong, 1)})
    fitting = [each for each in found if told in each]
    assert fitting, found
    name, line, field, _ = fitting[0].split(":", 3)
    assert (name, line.isdigit(), field.endswith(place)) == (file, True, True), fitting[0]
    assert not any("hunter2" in each for each in found), "a password is never repeated"


@pytest.mark.parametrize(
    "text", ["- a\n", "admin\n", "a: [\n", "checker:\n", "my role:\n  description: x\n  permissions: [a]\n"]
)
def test_roles_that_are_none(problems, text):
    assert any(each.startswith("roles.yaml:") for each in problems(**{"roles.yaml": text}))


def test_a_manifest_that_would_not_be_read_is_named(problems):
    assert problems(**{"sources/erp.yml": "name: erp\n"}) == [
        "sources/erp.yml:1: the file: is not read; name it erp.yaml"
    ]


@pytest.mark.parametrize(
    "cron",
    [
        "0/5 * * * ? *",
        "0 4 ? * MON-FRI *",
        "15 10 L * ? *",
        "0 8 1,15 1-6/2 ? 2026-2030",
        "0 0 ? JAN 2#1 *",
        "0 0 3W * ? *",
    ],
)
def test_every_cron_of_the_scheduler_may_be_written(problems, cron):
    assert problems(**{CRM: DEMO[CRM].replace("5 * * * ? *", cron, 1)}) == []
