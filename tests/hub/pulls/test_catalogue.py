"""Every ready manifest pulls its application whole, again for what changed, and through what goes ill."""

import json
from contextlib import ExitStack
from datetime import timedelta

import boto3
import duckdb
import pyarrow.compute as pc
import pytest

from hub import aws, config
from hub.sources import authentication
from tests.hub.pulls.application import FIRST
from tests.hub.pulls.applications import APPLICATIONS
from tests.hub.pulls.conftest import CONTROL, ROOT, VAULT
from tests.hub.sources import double

FOLDER = ROOT / "deployments/catalogue"
FILES = ("google_sheets", "call_records", "service_desk")
# Rows of a data set: more than a page, where the manifest says how large a page is.
COUNTS = {"erpnext.items": 1010, "woocommerce.orders": 200, "freshdesk.contacts": 130, "freshdesk.tickets": 640}
COUNTS |= {"hubspot.contacts": 730}
MOST = 300  # what the doubles of HubSpot and Freshdesk page through, in place of 10,000 and 30,000


@pytest.fixture(scope="module")
def applications():
    """A double of each, and the deployment that reaches them."""
    with ExitStack() as stack:
        served = {name: stack.enter_context(double.serving(kind())) for name, kind in APPLICATIONS.items()}
        urls = {f"{name.removesuffix('_crm').removesuffix('_odata').upper()}_URL": served[name].url for name in served}
        loaded = config.load(FOLDER, {**urls, "ZOHO_ACCOUNTS_URL": urls["ZOHO_URL"]})
        for name, data_set in (("hubspot", "contacts"), ("freshdesk", "tickets")):
            rules = loaded.sources[name].data_sets[data_set]
            paging = rules.fetch.paging.model_copy(update={"most": MOST})
            fetch = rules.fetch.model_copy(update={"paging": paging})
            loaded.sources[name].data_sets[data_set] = rules.model_copy(update={"fetch": fetch})
        yield served, loaded


@pytest.fixture
def waits(monkeypatch):
    found = []
    monkeypatch.setattr("hub.sources.http.time.sleep", found.append)
    return found


@pytest.fixture
def catalogue(applications, bench, waits):
    """A double with rows of one data set, an engine that reaches it, and the rules."""
    served, loaded = applications

    def made(name, count=None):
        source, data_set = name.split(".")
        app, rules = served[source], loaded.sources[source].data_sets[data_set]
        app.begin()
        app.holds.clear()
        app.hold(data_set, rules, COUNTS.get(name, 11) if count is None else count)
        put_secret(loaded.sources[source], app.secret)
        authentication._tokens.clear()
        return app, bench(loaded), rules

    return made


def put_secret(source, value):
    boto3.client("ssm").put_parameter(
        Name=source.connection.authentication.secret, Value=value, Type="SecureString", Overwrite=True
    )


def balanced(pull):
    assert pull.balanced, pull.reason
    assert pull.received == pull.staged + pull.duplicate + pull.quarantined + pull.filtered
    return pull


def test_every_manifest_is_tried(applications):
    assert set(applications[1].sources) == {*APPLICATIONS, *FILES}


@pytest.mark.parametrize("source", APPLICATIONS)
def test_whole_and_then_what_changed(catalogue, applications, source, caplog):
    """Each data set of an application, the first one at first with a secret that is wrong."""
    data_sets = list(applications[1].sources[source].data_sets)
    with_a_wrong_secret(catalogue, applications, f"{source}.{data_sets[0]}", caplog)
    for at, data_set in enumerate(data_sets):
        whole_and_then_what_changed(catalogue, f"{source}.{data_set}", again=at < 2)  # the others are asked alike


def with_a_wrong_secret(catalogue, applications, name, caplog):
    app, engine, _ = catalogue(name)
    source = applications[1].sources[name.split(".")[0]]
    wrong = app.secret.replace("secret", "wr0ng-one").replace("1", "9").replace("X", "Y").replace("password", "pa55")
    put_secret(source, wrong)
    pull = engine.pull(name)
    assert pull.state == "failed"
    assert source.connection.authentication.secret in pull.error or "answered 40" in pull.error
    assert wrong not in pull.error + caplog.text
    assert "wr0ng-one" not in pull.error + caplog.text


def whole_and_then_what_changed(catalogue, name, again):
    app, engine, rules = catalogue(name)
    data_set = name.split(".")[1]
    pull = balanced(engine.pull(name))
    assert (pull.state, pull.quarantined, pull.new_fields) == ("complete", 0, []), (name, pull.error)
    rows = engine.staged(name)
    assert len(set(rows["_record_key"].to_pylist())) == len(app.holds[data_set]) == pull.staged, name
    for column in rules.columns:
        assert rows[column].null_count == 0, f"{name}: {column} is read from where the application has it"
    if not again:
        return
    later = FIRST + timedelta(days=40)
    app.holds[data_set][3] = app.row(rules, 3, later)
    app.holds[data_set].append(app.row(rules, len(app.holds[data_set]), later))
    engine.now += 3600
    pull = balanced(engine.pull(name))
    assert pull.state == "complete", (name, pull.error or pull.reason)
    every = rules.fetch.changed_since is None
    assert pull.received == (len(app.holds[data_set]) if every else 2 + ties(app, rules, data_set)), name
    keys = engine.staged(name)["_record_key"]
    assert len(pc.unique(keys)) == len(app.holds[data_set]), f"{name}: nothing is lost, whatever the second pull read"


def ties(app, rules, data_set):
    """Rows that the overlap reads again."""
    before = max(row.changed for row in app.holds[data_set][:3] + app.holds[data_set][4:-1])
    since = before - rules.fetch.changed_since.overlap
    if rules.fetch.changed_since.format.endswith("T00:00:00"):
        since = since.replace(hour=0, minute=0)
    return sum(row.changed >= since for row in app.holds[data_set]) - 2


HOSTILE = [
    # what the application says on its second request, and how long it is then waited, at least
    ("salesforce.contacts", double.fails(503, "[]"), 0, "a server that is away for a moment"),
    ("salesforce.cases", double.fails(403, '[{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]'), 0, "its own way to say later"),
    ("hubspot.contacts", double.status(429, Retry_After="1"), 1, "ten seconds' allowance"),
    ("zoho_crm.contacts", double.status(429), 0, "too many at once"),
    ("erpnext.items", double.status(500), 0, "a worker that fell over"),
    ("sap_odata.customers", double.status(503, Retry_After="3"), 3, "a system that is being changed"),
    (
        "shopify.customers",
        double.status(429, Retry_After="2.0"),
        2,
        "the bucket is full; a fraction stands",
    ),
    ("shopify.products", double.cut_short, 0, "half an answer"),
    ("woocommerce.orders", double.status(502), 0, "the host's own front is away"),
    ("freshdesk.tickets", double.status(429, Retry_After="17"), 17, "the minute's allowance is used up"),
    ("meta.leads", double.fails(400, '{"error": {"code": 4, "type": "OAuthException"}}'), 0, "400 that means later"),
]


@pytest.mark.parametrize(("name", "fault", "least", "why"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_what_goes_ill_costs_no_row(catalogue, waits, name, fault, least, why):
    app, engine, _ = catalogue(name)
    app.faults = {2: fault, 5: double.status(500)}
    app.asked.clear()
    pull = balanced(engine.pull(name))
    app.faults = {}
    assert (pull.state, pull.staged) == ("complete", len(app.holds[name.split(".")[1]])), (why, pull.error)
    assert any(wait >= least for wait in waits), why


def test_meta_s_token_is_nowhere(catalogue, caplog):
    """It stands in every address that Meta gives: no line, no position and no landed byte keeps it."""
    app, engine, _ = catalogue("meta.leads")
    assert engine.pull("meta.leads").state == "complete"
    kept = json.dumps(aws.table(CONTROL).scan()["Items"], default=str) + caplog.text
    s3 = boto3.client("s3")
    for item in s3.list_objects_v2(Bucket=VAULT)["Contents"]:
        kept += s3.get_object(Bucket=VAULT, Key=item["Key"])["Body"].read().decode("latin-1")
    assert app.secret not in kept
    assert any(query.get("after") for query in app.asked), "there was a next page"


def test_mappings_give_what_their_entities_hold(applications):
    """Every expression of every mapping, on a row without values and on one with them."""
    database = duckdb.connect()
    for source in applications[1].sources.values():
        for name, rules in source.data_sets.items():
            kinds = {column: declared.type for column, declared in rules.columns.items()}
            empty = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in kinds.items())
            whole = ", ".join(
                f"cast('{VALUES[kind.partition('(')[0]]}' as {kind}) as {of}" for of, kind in kinds.items()
            )
            database.execute(f"create or replace view staged as select {empty} union all select {whole}")
            for entity, mapped in rules.entity.items():
                for column, expression in mapped.items():
                    wanted = f"select cast({expression} as {config.ENTITIES[entity][column]}) from staged"
                    assert len(database.execute(wanted).fetchall()) == 2, (source.name, name, column)


VALUES = {"varchar": "1", "bigint": "1", "integer": "1", "decimal": "1.5", "double": "1.5", "boolean": "true"}
VALUES |= {"date": "2024-05-01", "timestamp": "2024-05-01 10:00:00", "json": "{}"}


def test_a_total_in_a_header_is_held_against_what_came(catalogue, monkeypatch):
    """WooCommerce says that there are more than it gives: the pull is held, nobody reads half a shop."""
    app, engine, _ = catalogue("woocommerce.products")
    said = app.said

    def lies(request, path, query, body):
        answer = said(request, path, query, body)
        request.extra["X-WP-Total"] = "12"
        return answer

    monkeypatch.setattr(app, "said", lies)
    pull = engine.pull("woocommerce.products")
    assert (pull.state, "the source declares 12 rows, 11 were received" in pull.reason) == ("held", True)


def test_more_of_one_moment_than_is_paged_through_is_told(catalogue):
    app, engine, rules = catalogue("freshdesk.tickets", count=0)
    app.holds["tickets"] = [app.row(rules, number, FIRST) for number in range(MOST + 100)]
    pull = engine.pull("freshdesk.tickets")
    assert pull.state == "failed"
    assert "more than that changed at one moment" in pull.error


def test_another_order_than_was_asked_for_is_told(catalogue, monkeypatch):
    app, engine, _ = catalogue("hubspot.contacts")
    app.holds["contacts"] = app.holds["contacts"][::-1]
    monkeypatch.setattr(app, "since", lambda name, since: app.holds[name])
    pull = engine.pull("hubspot.contacts")
    assert pull.state == "failed"
    assert "in another order than that of changed_at" in pull.error


def test_zoho_says_nothing_new_without_a_body(catalogue):
    _, engine, _ = catalogue("zoho_crm.vendors", count=0)
    pull = balanced(engine.pull("zoho_crm.vendors"))
    assert (pull.state, pull.received) == ("complete", 0)


SHEET = """Lead no,Name,E-mail,Phone,City,How did they hear of us,Sold by,Collected at,Date
L1,Lead One,one@example.com,+919876500001,Pune,fair,call,Stall 3,05/03/2024
L2,Lead Two,Two <two@example.com>,98765 00002,  Agra ,friend,,Stall 3,2024-03-06
L3,Lead Three,none,,,,,,soon
"""
RECORDS = """uniqueid,src,dst,dcontext,start,answer,end,duration,billsec,disposition,userfield
1.1,+919876500001,100,in,2024-05-01 10:00:00,2024-05-01 10:00:05,2024-05-01 10:01:00,60,55,ANSWERED,sales
1.2,+919876500001,100,in,2024-05-01 10:05:00,,2024-05-01 10:05:30,30,0,NO ANSWER,sales
1.3,,100,in,2024-05-01 11:00:00,2024-05-01 11:00:01,2024-05-01 11:00:09,9,8,ANSWERED,service
1.4,101,102,out,2024-05-01 12:00:00,2024-05-01 12:00:01,2024-05-01 12:00:09,9,8,ANSWERED,service
1.5,+919876500002,100,in,2024-05-01 13:00:00,2024-05-01 13:00:01,2024-05-01 13:00:09,-4,8,ANSWERED,service
"""
DROPPED = [
    ("google_sheets.leads", "leads.csv", SHEET, (3, 3, 0, 0, 0)),
    ("call_records.calls", "cdr-2024-05-01.csv", RECORDS, (5, 4, 0, 1, 0)),  # a call of less than no seconds
    ("call_records.callers", "cdr-2024-05-01.csv", RECORDS, (5, 2, 1, 0, 2)),  # twice, an extension, withheld
]


@pytest.mark.parametrize(("name", "file", "text", "counts"), DROPPED, ids=[row[0] for row in DROPPED])
def test_files(applications, bench, name, file, text, counts):
    engine = bench(applications[1])
    boto3.client("s3").put_object(Bucket=VAULT, Key=f"drop/{name.split('.')[0]}/{file}", Body=text.encode())
    pull = balanced(engine.pull(name))
    assert (pull.received, pull.staged, pull.duplicate, pull.quarantined, pull.filtered) == counts, pull.rules
