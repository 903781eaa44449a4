"""What a caller gets for what he sends: a table of requests against a small API on a real (moto) access table."""

import base64
import json
import time
from datetime import date
from decimal import Decimal

import boto3
import pytest
from moto import mock_aws

from hub import aws
from hub.access import Principal
from hub.access.store import Revocations
from hub.api import Accepted, Api, Call, Created, Limit, Page, Reply, Request, decode_cursor, encode_cursor
from hub.errors import BadRequest, Conflict, SettingsError
from tests.stores import create_table

calls: list[tuple] = []
api = Api("things")


class Thing(Request):
    name: str
    price: Decimal = Decimal(0)


@api.get("/v1/things", permission="reports.read")
def list_things(
    principal: Principal,
    since: date | None = None,
    kind: list[str] = [],  # noqa: B006 - a handler declares its default so; nobody changes it
    limit: Limit = 50,
) -> Page[dict]:
    return Page([{"since": since, "kind": kind, "limit": limit, "who": principal.id}], "more")


@api.post("/v1/things", permission="reports.write")
def make_thing(principal: Principal, request: Thing) -> Created[dict]:
    calls.append((principal.id, request.name))
    if request.name == "taken":
        raise Conflict("There is one of this name")
    if request.name == "broken":
        raise ZeroDivisionError("Asha Rao, asha@example.com")
    return Created({"id": len(calls), "price": request.price}, see="/v1/things/{id}")


@api.get("/v1/things/<number>", permission="reports.read")
def show_thing(number: int) -> dict:
    return {"number": number, "stored": Decimal("12"), "exact": Decimal("12.50")}


@api.get("/v1/things/latest", permission="reports.read")
def show_latest() -> dict:
    return {"latest": True}


@api.delete("/v1/things/<number>", permission="reports.write")
def drop_thing(number: int) -> None:
    return None


@api.post("/v1/things/<number>/start", permission="reports.run")
def start_thing(number: int) -> Accepted[dict]:
    return Accepted({"id": number}, see="/v1/things/{id}")


@api.get("/v1/unset", public=True)
def unset() -> None:
    raise SettingsError("Needs SECRET_NAME")


@api.post("/v1/open", public=True)
def open_to_all(call: Call) -> Reply:
    return Reply(200, f"<p>{call.body.decode()}</p>", "text/html", cookies=["a=b; Secure"])


@pytest.fixture(autouse=True)
def access_table(monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)  # tests of another tier in this process may have one
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("STAGE", "test")
    monkeypatch.setenv("ACCESS_TABLE", "access")
    monkeypatch.setenv("USER_POOL_CLIENT_ID", "ours")
    for known in ("_revocations", "_quotas"):
        api.__dict__.pop(known, None)
    calls.clear()
    with mock_aws():
        aws.reset()
        create_table(boto3.client("dynamodb"), "access")
        yield
    aws.reset()


def ask(method, path, body=None, role="analyst", query="", headers=None, encoded=False, **claims):
    event = {
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers or {},
        "requestContext": {"requestId": "r1", "http": {"method": method, "sourceIp": "192.0.2.1"}},
        "isBase64Encoded": encoded,
    }
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    if role is not None:
        now = int(time.time())
        stated = {"sub": "u1", "username": "asha", "token_use": "access", "client_id": "ours", "iat": str(now - 5)}
        stated |= {"exp": str(now + 900), "cognito:groups": f"[{role}]"} | claims
        event["requestContext"]["authorizer"] = {"jwt": {"claims": stated}}
    answer = api.resolve(event, None)
    given = answer.get("body")
    is_json = answer["headers"].get("content-type") == "application/json"
    return answer["statusCode"], json.loads(given) if is_json and given else given, answer


@pytest.mark.parametrize(
    ("method", "path", "body", "options", "status", "code", "why"),
    [
        ("GET", "/v1/things", None, {}, 200, None, "the plain case"),
        ("GET", "/v1/nothing", None, {}, 404, "not_found", "no such route"),
        ("GET", "/v1/things/", None, {}, 404, "not_found", "a path is what it is"),
        ("GET", "/v1xthings", None, {}, 404, "not_found", "nothing in a path is a pattern"),
        ("PUT", "/v1/things", None, {}, 405, "method_not_allowed", "a route, but not so"),
        ("GET", "/v1/things", None, {"role": None}, 401, "unauthenticated", "no token"),
        ("GET", "/v1/things", None, {"role": ""}, 403, "forbidden", "a user without a role"),
        ("GET", "/v1/things", None, {"role": "operator"}, 403, "forbidden", "a role without the permission"),
        ("POST", "/v1/things", "{", {"role": "viewer"}, 403, "forbidden", "the permission goes before the body"),
        ("POST", "/v1/things", "x" * 2_000_000, {"role": "viewer"}, 403, "forbidden", "and before its size"),
        (
            "GET",
            "/v1/things",
            None,
            {"role": "viewer", "query": "nonsense=1"},
            400,
            "bad_request",
            "an unknown name is a typing error, not a wish",
        ),
        ("GET", "/v1/things", None, {"query": "since=yesterday"}, 422, "invalid_input", "not a date"),
        ("GET", "/v1/things", None, {"query": "limit=201"}, 422, "invalid_input", "a page has at most 200"),
        ("GET", "/v1/things", None, {"query": "limit=5&limit=6"}, 400, "bad_request", "which of the two?"),
        ("GET", "/v1/things", None, {"query": "kind=a&kind=b&limit=5"}, 200, None, "a list may repeat"),
        ("GET", "/v1/things/latest", None, {}, 200, None, "a fixed path goes before a parameter"),
        ("GET", "/v1/things/seven", None, {}, 404, "not_found", "an id of the wrong form is no thing"),
        ("GET", "/v1/things/" + "7" * 600, None, {}, 404, "not_found", "nor is one without an end"),
        ("DELETE", "/v1/things/" + "\u0967" * 400, None, {}, 404, "not_found", "bytes count, not characters"),
        ("DELETE", "/v1/things/7", None, {}, 204, None, "nothing to say"),
        ("POST", "/v1/things/7/start", None, {}, 202, None, "work taken on"),
        ("POST", "/v1/things", {"name": "a", "price": "1.10"}, {}, 201, None, "made"),
        ("POST", "/v1/things", None, {}, 400, "bad_request", "no body"),
        ("POST", "/v1/things", "{", {}, 400, "bad_request", "half a body"),
        ("POST", "/v1/things", "[]", {}, 422, "invalid_input", "JSON of another shape"),
        (
            "POST",
            "/v1/things",
            {"name": "a", "colour": "red"},
            {},
            422,
            "invalid_input",
            "a field that nobody reads is refused",
        ),
        ("POST", "/v1/things", {"name": 7}, {}, 422, "invalid_input", "a number is not a name"),
        ("POST", "/v1/things", "x" * (1024 * 1024 + 1), {}, 413, "too_large", "over 1 MB"),
        ("POST", "/v1/things", "%%%", {"encoded": True}, 400, "bad_request", "not base64"),
        ("POST", "/v1/things", {"name": "taken"}, {}, 409, "conflict", "an error of the hub by its type"),
        ("POST", "/v1/things", {"name": "broken"}, {}, 500, "internal", "any other error"),
        ("GET", "/v1/unset", None, {"role": None}, 500, "internal", "a mistake of the deployment is nobody's business"),
    ],
)
def test_answers(method, path, body, options, status, code, why):
    found, reply, answer = ask(method, path, body, **options)
    assert found == status, why
    assert (reply["error"]["code"] if code else None) == code, why
    if code:
        assert set(reply) == {"error"} and set(reply["error"]) == {"code", "message", "details"}, why
    assert answer["headers"]["x-content-type-options"] == "nosniff"


def test_an_unknown_error_says_nothing_to_the_caller_nor_to_the_log(caplog):
    _, reply, _ = ask("POST", "/v1/things", {"name": "broken"})
    assert reply["error"]["details"] is None
    told = json.dumps(reply) + str([vars(record) for record in caplog.records])
    assert "ZeroDivisionError" in told and "test_resolver.py" in told, "the operator learns what and where"
    assert "asha@example.com" not in told and "Asha" not in told
    _, reply, _ = ask("GET", "/v1/unset", role=None)
    assert "SECRET_NAME" not in json.dumps(reply)


def test_a_refused_value_is_not_repeated():
    _, reply, _ = ask("POST", "/v1/things", {"name": ["hunter2"]})
    assert reply["error"]["details"] == [{"field": "name", "problem": "Input should be a valid string"}]


def test_values_arrive_and_leave_typed():
    _, reply, _ = ask("GET", "/v1/things", query="since=2026-01-31&kind=a&kind=b")
    assert reply == {"items": [{"since": "2026-01-31", "kind": ["a", "b"], "limit": 50, "who": "u1"}], "next": "more"}
    _, reply, _ = ask("GET", "/v1/things/7")
    assert reply == {"number": 7, "stored": 12, "exact": "12.50"}
    _, _, answer = ask("POST", "/v1/things/7/start")
    assert answer["headers"]["location"] == "/v1/things/7"
    body = base64.b64encode(b"hello").decode()
    _, reply, answer = ask("POST", "/v1/open", body, role=None, encoded=True)
    assert (reply, answer["headers"]["content-type"], answer["cookies"]) == (
        "<p>hello</p>",
        "text/html",
        ["a=b; Secure"],
    )


def test_a_repeated_key_creates_once():
    key = {"Idempotency-Key": "k1"}
    first = ask("POST", "/v1/things", {"name": "a", "price": "1.10"}, headers=key)
    again = ask("POST", "/v1/things", {"name": "a", "price": "1.10"}, headers=key)
    assert first[0] == again[0] == 201 and first[1] == again[1] and len(calls) == 1
    assert again[2]["headers"]["location"] == first[2]["headers"]["location"]
    assert ask("POST", "/v1/things", {"name": "b"}, headers=key)[0] == 422, "another request under the same key"
    assert ask("POST", "/v1/things", {"name": "a", "price": "1.10"}, headers=key, sub="u2")[0] == 201, "another's key"
    assert len(calls) == 2
    assert ask("POST", "/v1/things", {"name": "a"}, headers={"Idempotency-Key": ""})[0] == 400


def test_a_refused_request_frees_its_key_and_a_broken_one_holds_it():
    key = {"Idempotency-Key": "k1"}
    assert [ask("POST", "/v1/things", {"name": "taken"}, headers=key)[0] for _ in range(2)] == [409, 409]
    assert len(calls) == 2, "a refusal changed nothing: it runs again"
    key = {"Idempotency-Key": "k2"}
    assert ask("POST", "/v1/things", {"name": "broken"}, headers=key)[0] == 500
    status, reply, _ = ask("POST", "/v1/things", {"name": "broken"}, headers=key)
    assert status == 409 and "under way" in reply["error"]["message"], "nobody knows what a broken one did"


def test_a_revoked_token_ends_at_once_in_a_new_process_and_within_15_seconds_in_an_old_one():
    clock = iter([0.0, 14.0, 15.0]).__next__
    revocations = Revocations("access", clock)
    api.__dict__["_revocations"] = revocations
    assert ask("GET", "/v1/things")[0] == 200
    revocations.revoke("u1", time.time())
    assert ask("GET", "/v1/things")[0] == 200, "read 14 s ago"
    assert ask("GET", "/v1/things")[0] == 401, "read again after 15 s"
    assert revocations.read("u2") == 0


def cursor_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "bnVsbA", "WyJhIiwiYiJd", "WzFd", "é", "W10"),
        cursor_of("[" * 6000),  # brackets without an end
        cursor_of('["\\ud800"]'),  # half a character
        cursor_of(json.dumps(["x" * 1100])),  # longer than any sort key
    ],
)
def test_a_cursor_that_no_list_gave(cursor):
    with pytest.raises(BadRequest):
        decode_cursor(cursor)


def test_a_cursor_of_another_list():
    with pytest.raises(BadRequest):
        decode_cursor(encode_cursor("t2026"), prefix="g")


def test_a_cursor_comes_back():
    assert decode_cursor(encode_cursor("2026-01-01#é", ""), 2) == ("2026-01-01#é", "")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "neither a permission nor public"),
        ({"permission": "reports.read", "public": True}, "both"),
        ({"permission": "reports.reed"}, "a permission that no role can have"),
    ],
)
def test_a_route_says_who_may_call_it(arguments, why):
    with pytest.raises(TypeError):
        Api("bad").get("/v1/bad", **arguments)(lambda: None)
