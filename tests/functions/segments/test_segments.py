"""Segments and templates through the API: a good one is kept, a bad one is refused with its place."""

import json

import pytest

TABLE = {
    "description": "One row per customer.", "kind": "full", "key": ["customer_id"],
    "columns": {"customer_id": {"type": "varchar", "required": True}, "city": {"type": "varchar"}},
}  # fmt: skip


@pytest.fixture
def segments(on_moto, gateway, new_table, tmp_path):
    on_moto.setenv("LIBRARY_TABLE", "library")
    on_moto.setenv("HUB_HOME", str(tmp_path))
    new_table("library")
    for name in ("reporting/customer", "vault/customer"):
        folder = tmp_path / "sql" / name
        folder.mkdir(parents=True)
        (folder / "table.json").write_text(json.dumps(TABLE))
        (folder / "model.sql").write_text("select 1")
    return gateway("segments")


def test_a_segment_is_kept_as_it_was_said(segments):
    body = {"name": " In town ", "sql": "select customer_id from reporting.customer where city = :city",
            "parameters": [{"name": "city", "type": "text"}]}  # fmt: skip
    made = segments("POST", "/v1/segments", body, role="marketer")
    assert made.status == 201
    found = segments("GET", made.headers["location"], role="approver").body
    assert (found["name"], found["sql"], found["created_by"]) == ("In town", body["sql"], "user-1")
    assert [each["segment_id"] for each in segments("GET", "/v1/segments").body["items"]] == [found["segment_id"]]


@pytest.mark.parametrize(
    ("sql", "words", "why"),
    [
        ("select city from reporting.customer", "customer_id", "who is meant?"),
        ("select customer_id from vault.customer", "vault.customer", "persons are out of reach"),
        ("select customer_id from reporting.customer where city = :town", "town", "no such parameter"),
        ("select customer_id frm reporting.customer", "", "no SQL"),
        ("delete from reporting.customer", "SELECT", "no query"),
        ("select customer_id from reporting.customer; select 1", "", "two queries"),
    ],
)
def test_a_bad_query_is_refused(segments, sql, words, why):
    answer = segments("POST", "/v1/segments", {"name": "x", "sql": sql, "parameters": []}, role="marketer")
    assert (answer.status, answer.code) == (422, "invalid_input"), why
    assert words in answer.body["error"]["message"]


def test_a_template_is_judged(segments):
    good = {"name": "Spring", "subject": "Hello {{given_name|friend}}", "text": "Tea!", "html": "<p>Tea!</p>"}
    made = segments("POST", "/v1/templates", good, role="marketer")
    assert made.status == 201
    assert segments("GET", made.headers["location"], role="approver").body["subject"] == good["subject"]
    bad = segments(
        "POST", "/v1/templates", good | {"subject": "Hi\nBcc: x@example.com", "html": "{{birth_date}}"}, role="marketer"
    )
    assert bad.status == 422
    assert {each["field"] for each in bad.body["error"]["details"]} == {"subject", "html"}


def test_a_template_that_no_item_can_keep_is_refused(segments):
    request = {"name": "Long", "subject": "Hi", "text": "\u0906" * 99_000, "html": "\u0906" * 99_000}
    answer = segments("POST", "/v1/templates", request, role="marketer")
    assert (answer.status, answer.code) == (413, "too_large")


TEA = {"name": "Text", "channel": "sms", "text": "Tea for {{given_name|you}}. Reply STOP to opt out"}


@pytest.mark.parametrize(
    ("change", "status", "told", "why"),
    [
        ({}, 201, "", "a text has no subject and no HTML"),
        ({"text": "Tea!"}, 422, "no way to opt out", "marketing without a way out"),
        ({"text": "Tea STOP" * 150}, 422, "parts", "too long"),
        ({"subject": "Tea"}, 422, "subject", "a text has none"),
        ({"channel": "fax"}, 422, "channel", "no such channel"),
        ({"channel": "email"}, 422, "subject", "mail has a subject"),
    ],
)
def test_a_text_s_template(segments, change, status, told, why):
    answer = segments("POST", "/v1/templates", TEA | change, role="marketer")
    assert (answer.status, told in str(answer.body)) == (status, True), why
    if status == 201:
        kept = segments("GET", answer.headers["location"], role="approver").body
        assert (kept["channel"], kept["subject"], kept["html"]) == ("sms", "", "")


@pytest.mark.parametrize("path", ["/v1/segments/gnone", "/v1/templates/tnone"])
def test_what_is_not_there(segments, path):
    assert segments("GET", path).status == 404
