"""Reports from writing to download, through the handler, on a real engine over a real lake."""

import json
import urllib.request
from pathlib import Path
from urllib.parse import quote

import boto3
import pytest
import yaml

from hub.campaigns.segments import SegmentRequest, check
from hub.models.loader import load

ROOT = Path(__file__).parents[3]
DRAFT = {
    "title": "Orders of an area",
    "sql": "select o.order_number, o.total_amount, o.ordered_at\n"
    "from reporting.sales_order o\n"
    "join reporting.customer_key k on k.record_key = o.customer_record_key\n"
    "join reporting.customer c on c.customer_id = k.customer_id\n"
    "where c.area = :area and o.ordered_at >= cast(:since as timestamp)\n"
    "order by o.ordered_at",
    "parameters": [{"name": "area", "type": "text"}, {"name": "since", "type": "date", "default": "2000-01-01"}],
}


@pytest.fixture
def run(reports, lake):
    """Run something and wait for its end; gives (result, first page of rows or None)."""

    def ask(body, **caller):
        started = reports("POST", "/v1/results", body, **({"role": "analyst"} | caller))
        assert started.status == 202, started.body
        assert started.headers["location"] == f"/v1/results/{started.body['id']}"
        lake.wait(started.body["id"])
        result = reports("GET", started.headers["location"], **({"role": "analyst"} | caller))
        if result.body["state"] != "succeeded":
            return result.body, None
        page = reports("GET", f"{started.headers['location']}/rows", **({"role": "analyst"} | caller))
        return result.body, page.body

    return ask


def sql(run, text, parameters=None, declared=None, **caller):
    result, page = run({"sql": text, "parameters": parameters or {}, "declared": declared or []}, **caller)
    assert page is not None, result
    return page["items"]


def test_a_report_from_writing_to_download(reports, run, lake):
    made = reports("POST", "/v1/reports", DRAFT, role="analyst")
    assert made.status == 201
    listed = reports("GET", "/v1/reports", role="report_user").body["items"]
    assert made.body["report_id"] in {report["report_id"] for report in listed}
    asked = {"report_id": made.body["report_id"], "parameters": {"area": "Pune"}}
    result, page = run(asked)
    assert result["release_id"] == "r1"
    assert result["tables"] == ["reporting.customer", "reporting.customer_key", "reporting.sales_order"]
    assert result["bytes_scanned"] > 0
    assert [column["type"] for column in page["columns"]] == ["varchar", "decimal", "timestamp"]
    assert page["items"] == [
        ["007", "100.5000", "2026-01-15T10:00:00Z"],
        ["7", "7.0000", "2026-02-15T10:00:00Z"],
        ["8", "9.9900", "2026-02-20T10:00:00Z"],
    ]
    link = reports("GET", f"/v1/results/{result['id']}/download", role="analyst").body
    with urllib.request.urlopen(link["url"]) as file:
        text = file.read().decode()
        assert "attachment" in file.headers["content-disposition"]
    assert text.splitlines()[1].startswith('"007","100.5000"')
    assert reports("DELETE", f"/v1/reports/{made.body['report_id']}", role="analyst").status == 204
    assert reports("GET", f"/v1/reports/{made.body['report_id']}", role="analyst").status == 404


@pytest.mark.parametrize("name", ["sales_by_month", "reachable_customers", "sales_forecast"])
def test_shipped_reports_run(run, name):
    rows = {
        "sales_by_month": [["2026-01", "INR", 1, "100.5000"], ["2026-02", "INR", 1, "7.0000"]],
        "reachable_customers": [["O'Brien Town", 1, 1, 1], ["Pune", 1, 1, 0]],
        "sales_forecast": [
            ["2026-01", "INR", "sold", "100.5000", None, None, None],
            ["2026-02", "INR", "sold", "7.0000", None, None, None],
            ["2026-03", "INR", "expected", "50.0000", "linear_trend", 12.5, 50.0],
        ],
    }
    assert run({"report_id": name})[1]["items"] == rows[name]


def test_who_lacks_what_is_a_report_and_a_segment(run):
    asked = {"fields": ["email", "phone", "birth_date"]}
    rows = run({"report_id": "who_lacks_what", "parameters": asked})[1]["items"]
    assert [row[:2] for row in rows] == [["c1", "birth_date"], ["c1", "phone"], ["c2", "birth_date"]]
    shipped = yaml.safe_load((ROOT / "deployments/demo/reports/who_lacks_what.yaml").read_text("utf-8"))
    assert run({"report_id": "who_lacks_what"})[1]["items"] == [], (
        "who lacks an address, as long as nobody says another"
    )
    segment = SegmentRequest.model_validate(
        {"name": "Without an e-mail address", "sql": shipped["sql"], "parameters": [{"name": "fields", "type": "list"}]}
    )
    check(segment, load(ROOT / "sql"), "test")


@pytest.mark.parametrize(
    ("day", "expected", "why"),
    [
        ("2025-11-30", [], "before anybody was known"),
        ("2025-12-01", [["Agra", 1, 0, 1]], "one application knew her"),
        ("2026-01-01", [["Pune", 2, 2, 0]], "two did: the record that changed last speaks; another customer came"),
        ("2026-01-20", [["Pune", 1, 1, 0]], "he left at noon and is no customer at the day's end"),
        ("2026-01-31", [["Pune", 1, 1, 0]], "she moved at midnight, which is the next day's first moment"),
        ("2026-02-01", [["Goa", 1, 1, 1]], "there she is"),
        ("2026-11-22", [["Goa", 1, 1, 1]], "as it still is"),
    ],
)
def test_customers_as_they_were_on_a_day(run, day, expected, why):
    asked = {"report_id": "customers_on_a_date", "parameters": {"as_of": day}}
    assert run(asked)[1]["items"] == expected, why


@pytest.mark.parametrize(
    ("where", "parameters", "declared", "expected", "why"),
    [
        ("order_number = :n", {"n": "007"}, [], ["o1"], "007 is a text and not 7"),
        ("order_number = :n", {"n": "7"}, [], ["o2"], "and 7 is not 007"),
        ("order_number in (:n)", {"n": ["007", "8"]}, [], ["o1", "o3"], "a list"),
        ("order_number in (:n) and status = :s", {"n": ["007", "8"], "s": "paid"}, [], ["o1"], "a list, then a text"),
        ("total_amount > :least", {"least": "9.99"}, [("least", "decimal")], ["o1"], "an exact number"),
        ("total_amount > :least", {"least": 9.98}, [], ["o1", "o3"], "a number of JSON"),
        ("ordered_at < :t", {"t": "2026-02-15T15:30:00+05:30"}, [("t", "timestamp")], ["o1"], "a time elsewhere"),
        ("cast(ordered_at as date) = :d", {"d": "2026-02-20"}, [("d", "date")], ["o3"], "a day"),
        ("month(ordered_at) = :m", {"m": 2}, [], ["o2", "o3"], "an integer"),
        ("status = :s", {"s": "paid' or '1' = '1"}, [], [], "a text that would be SQL"),
        ("status = :s", {"s": "?"}, [], [], "a text that would be a parameter"),
        ("status <> ':s' and order_number = :n", {"n": "8"}, [], ["o3"], "a text of the query that reads like one"),
    ],
)
def test_parameters(run, where, parameters, declared, expected, why):
    text = f"select record_key from reporting.sales_order where {where} order by 1"
    types = [{"name": name, "type": kind} for name, kind in declared]
    assert [row[0] for row in sql(run, text, parameters, types)] == expected, why


def test_an_apostrophe_in_a_name(run):
    text = "select customer_id from reporting.customer where area = :area"
    assert sql(run, text, {"area": "O'Brien Town"}) == [["c2"]]


def test_a_report_sees_the_release_and_neither_deleted_rows_nor_later_ones(run, lake):
    text = "select count(*), count_if(customer_id = 'gone') from reporting.customer"
    assert sql(run, text) == [[2, 0]]
    lake.lab.rows("insert into test_reporting.customer (customer_id, _deleted) values ('later', false)")
    assert sql(run, text) == [[2, 0]]


def test_what_a_query_reads_at_most_is_said_before_it_runs(reports, lake):
    started = reports("POST", "/v1/results", {"sql": "select area from reporting.customer"}, role="analyst").body
    lake.wait(started["id"])
    read = reports("GET", f"/v1/results/{started['id']}", role="analyst").body["bytes_scanned"]
    assert 0 < read <= started["bytes_at_most"]
    nothing = reports("POST", "/v1/results", {"sql": "select 1 as x"}, role="analyst").body
    assert nothing["bytes_at_most"] == 0


def test_values_are_typed(run):
    (row,) = sql(
        run,
        "select 'a', 7, 2.5e0, true, date '2026-01-31', timestamp '2026-01-31 10:00:00.125', "
        "cast(1.5 as decimal(9,2)), cast(null as varchar), '', 'x\ny', cast(9007199254740993 as bigint)",
    )
    expected = ["a", 7, 2.5, True, "2026-01-31", "2026-01-31T10:00:00.125", "1.50", None, "", "x\ny", 9007199254740993]
    assert [str(value)[:23] if isinstance(value, str) else value for value in row[:5]] == expected[:5]
    assert row[5].startswith(expected[5])
    assert row[5].endswith("Z")
    assert row[6:] == expected[6:]


def test_pages_are_whole_and_in_order(reports, run):
    result, _ = run({"sql": "select x from unnest(sequence(1, 7)) as t(x) order by x"})
    seen, after = [], ""
    for _ in range(4):
        page = reports("GET", f"/v1/results/{result['id']}/rows", role="analyst", query=f"limit=2{after}").body
        seen += [row[0] for row in page["items"]]
        after = f"&after={quote(page['next'])}" if page["next"] else None
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert after is None
    assert reports("GET", f"/v1/results/{result['id']}/rows", role="analyst", query="after=forged").status == 400


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("select area,\n  nothing\nfrom reporting.customer", 2, 3, "nothing"),
        ("select area from reporting.customer where\n area = 1", 2, 7, "="),
    ],
)
def test_an_error_of_the_engine_points_into_the_users_text(reports, lake, text, line, column, says):
    """An engine speaks either at once or when it comes to it; the answer is the same."""
    started = reports("POST", "/v1/results", {"sql": text}, role="analyst")
    if started.status == 202:
        lake.wait(started.body["id"])
        error = reports("GET", started.headers["location"], role="analyst").body["error"]
        assert reports("GET", f"{started.headers['location']}/rows", role="analyst").status == 409
    else:
        assert started.status == 422
        error = {"message": started.body["error"]["message"], **started.body["error"]["details"]}
    assert (error["line"], error["column"]) == (line, column), error
    assert says in error["message"]


@pytest.mark.parametrize(
    ("body", "status", "field", "why"),
    [
        (
            {"report_id": "purchase_history", "parameters": {"customer_id": 7}},
            422,
            "parameters.customer_id",
            "a number",
        ),
        ({"report_id": "purchase_history"}, 422, "parameters.customer_id", "nothing given"),
        ({"report_id": "sales_by_month", "parameters": {"since": "soon"}}, 422, "parameters.since", "no day"),
        ({"report_id": "sales_by_month", "parameters": {"x": 1}}, 422, "parameters.x", "no such parameter"),
        ({"report_id": "top_products", "parameters": {"most": "10"}}, 422, "parameters.most", "a text"),
        ({"report_id": "no_such"}, 404, None, "no such report"),
        ({"report_id": "../deployment"}, 404, None, "a path is no report"),
        ({}, 422, None, "nothing to run"),
        ({"report_id": "sales_by_month", "sql": "select 1"}, 422, None, "two things to run"),
        ({"sql": "select 1", "parameters": {"A b": 1}}, 422, None, "a name that no SQL can use"),
        ({"sql": "select 1", "declared": [{"name": "a", "type": "sql"}]}, 422, None, "no such type"),
        ({"sql": "select * from vault.customer"}, 422, None, "another zone"),
    ],
)
def test_refused(reports, body, status, field, why):
    before = started_queries()
    answer = reports("POST", "/v1/results", body, role="analyst")
    assert answer.status == status, (answer.body, why)
    if field:
        assert field in {problem["field"] for problem in answer.body["error"]["details"]}, why
    assert started_queries() == before, "nothing was started"


def started_queries() -> int:
    return boto3.resource("dynamodb").Table("library").scan(Select="COUNT")["Count"]


def test_sql_of_ones_own_needs_the_right_to_write_reports(reports):
    assert reports("POST", "/v1/results", {"sql": "select 1"}, role="report_user").status == 403
    assert reports("POST", "/v1/results", {"report_id": "sales_by_month"}, role="report_user").status == 202


@pytest.mark.parametrize(
    ("query", "expected", "why"),
    [
        ("", ["'=1+1", "-5", "'-x"], "for a spreadsheet: a formula is text, a number stays a number"),
        ("exact=true", ["=1+1", "-5", "-x"], "for a machine: the result as it is"),
    ],
)
def test_a_download_is_harmless_unless_it_is_to_be_exact(reports, run, query, expected, why):
    result, page = run({"sql": "select '=1+1' a, cast(-5 as bigint) b, '-x' c from reporting.customer limit 1"})
    assert page["items"] == [["=1+1", -5, "-x"]], "the pages are JSON and need no care"
    link = reports("GET", f"/v1/results/{result['id']}/download", role="analyst", query=query).body
    with urllib.request.urlopen(link["url"]) as file:
        assert file.read().decode().splitlines()[1] == ",".join(f'"{cell}"' for cell in expected), why


def test_a_file_too_large_to_be_made_harmless_is_not_waited_for(reports, run, monkeypatch):
    result, _ = run({"report_id": "sales_by_month"})
    monkeypatch.setattr("hub.reports.athena.MOST_BYTES", 10)
    path = f"/v1/results/{result['id']}/download"
    assert reports("GET", path, role="analyst").code == "too_large"
    assert reports("GET", path, role="analyst", query="exact=true").status == 200


def test_a_result_is_its_askers_alone(reports, run):
    result, _ = run({"report_id": "sales_by_month"}, user="asha")
    for path in ("", "/rows", "/download"):
        assert reports("GET", f"/v1/results/{result['id']}{path}", role="admin", user="ravi").status == 404


def test_a_report_is_changed_by_its_owner_and_by_nobody_unknowing(reports):
    made = reports("POST", "/v1/reports", DRAFT, role="analyst", user="asha").body
    path, change = f"/v1/reports/{made['report_id']}", DRAFT | {"title": "New", "version": 1}
    assert reports("PUT", path, change, role="analyst", user="ravi").status == 403
    assert reports("DELETE", path, role="analyst", user="ravi").status == 403
    changed = reports("PUT", path, change, role="analyst", user="asha")
    assert (changed.body["title"], changed.body["version"], changed.body["owner"]) == ("New", 2, "asha")
    assert reports("PUT", path, change, role="analyst", user="asha").status == 409, "version 1 is no more"
    assert reports("PUT", path, change | {"version": 2, "sql": "select"}, role="analyst", user="asha").status == 422
    assert reports("DELETE", path, role="admin", user="root").status == 204
    assert reports("PUT", "/v1/reports/sales_by_month", change, role="admin").status == 409, (
        "shipped with the deployment"
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sql": "select * from vault.customer"}, "a report that could never run is not saved"),
        ({"sql": "select :nobody"}, "a parameter that is not declared"),
        ({"parameters": [{"name": "area", "type": "text"}] * 2}, "a parameter twice"),
        ({"parameters": [{"name": "area", "type": "date", "default": "soon"}]}, "a default of another type"),
        ({"parameters": [{"name": "Area", "type": "text"}]}, "a name in capitals"),
        ({"title": ""}, "no title"),
        ({"title": "a\0"}, "a title that nobody can read"),
        ({"title": " "}, "a title that nobody can see"),
        ({"owner": "somebody"}, "nobody makes another's report"),
    ],
)
def test_a_report_that_is_not_saved(reports, change, why):
    assert reports("POST", "/v1/reports", DRAFT | change, role="analyst").status == 422, why


def test_each_look_is_written_down(reports, run, audited):
    before = len(audited())
    result, _ = run({"report_id": "sales_by_month", "parameters": {"since": "2026-01-01"}}, user="auditee")
    reports("GET", f"/v1/results/{result['id']}/download", role="analyst", user="auditee")
    rows = audited()[before:]
    assert [action for action, _ in rows] == ["reports.run", "results.read", "results.download"]
    assert all(subjects[0] == result["id"] for _, subjects in rows)
    assert "2026-01-01" not in json.dumps(rows), "what was asked for may be a person"


def test_before_the_first_release(reports, lake):
    control = boto3.resource("dynamodb").Table("control")
    key = {"pk": "release", "sk": "current"}
    item = control.get_item(Key=key)["Item"]
    control.delete_item(Key=key)
    try:
        answer = reports("POST", "/v1/results", {"report_id": "sales_by_month"}, role="analyst")
        assert answer.status == 409
        assert "release" in answer.body["error"]["message"]
        assert reports("POST", "/v1/reports", DRAFT, role="analyst").status == 201, "writing needs no release"
    finally:
        control.put_item(Item=item)


def test_the_evasions_start_nothing(reports):
    evasions = yaml.safe_load((Path(__file__).parents[2] / "hub/guard/evasions.yaml").read_text())
    before = started_queries()
    assert {reports("POST", "/v1/results", {"sql": each["sql"]}, role="admin").status for each in evasions} == {422}
    assert started_queries() == before
