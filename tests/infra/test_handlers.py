"""Each handler of the API answers under its own synthesised role and environment, on moto."""

import importlib
import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from hub.settings import placeholders


def context() -> SimpleNamespace:
    """What Lambda hands to a handler beside the event."""
    return SimpleNamespace(
        function_name="f",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:f",
        aws_request_id="r-1",
        get_remaining_time_in_millis=lambda: 60_000,
    )


def request(method: str, path: str, roles: str | None, client: str, body: object = None) -> dict[str, Any]:
    """An event of the HTTP API, from a user with these roles or from nobody."""
    claims = {
        "sub": "u-1",
        "username": "anna",
        "token_use": "access",
        "client_id": client,
        "exp": "4102444800",
        "cognito:groups": f"[{roles}]",
        "iat": "1767225600",
        "auth_time": "1767225600",
    }
    authorizer = {} if roles is None else {"authorizer": {"jwt": {"claims": claims, "scopes": None}}}
    route, _, query = path.partition("?")
    return {
        "version": "2.0",
        "routeKey": f"{method} {route}",
        "rawPath": route,
        "rawQueryString": query,
        "headers": {"content-type": "application/json", "host": "hub.example"},
        "isBase64Encoded": False,
        "body": None if body is None else json.dumps(body),
        "requestContext": {
            "http": {
                "method": method,
                "path": route,
                "sourceIp": "192.0.2.1",
                "protocol": "HTTP/1.1",
                "userAgent": "t",
            },
            "requestId": "q-1",
            "stage": "$default",
            "timeEpoch": 1767225600000,
            "apiId": "a",
            "accountId": "123456789012",
            "domainName": "hub.example",
            "domainPrefix": "hub",
            "routeKey": f"{method} {route}",
            "time": "",
            **authorizer,
        },
    }


# function, method, path, role, body, status: a real answer that needs the role's rights, not only its imports
REQUESTS = [
    ("health", "GET", "/v1/health", None, None, 200),
    ("sources", "GET", "/v1/sources", "operator", None, 200),
    ("sources", "GET", "/v1/pulls", "operator", None, 200),
    ("quarantine", "GET", "/v1/quarantine/crm.contacts.00000001", "steward", None, 404),
    ("quality", "GET", "/v1/sources/crm/quality", "operator", None, 200),
    ("quality", "GET", "/v1/fixes?pull_id=crm.contacts.00000009", "steward", None, 404),
    ("quality", "GET", "/v1/personal_data", "auditor", None, 200),
    ("quality", "GET", "/v1/quality_targets", "auditor", None, 200),
    ("uploads", "GET", "/v1/uploads", "sales", None, 200),
    ("collect", "POST", "/v1/collect/nobody/events", None, {"event": "page"}, 401),
    ("silos", "GET", "/v1/map", "operator", None, 200),
    ("lists", "GET", "/v1/lists", "steward", None, 200),
    ("runs", "GET", "/v1/runs", "operator", None, 200),
    ("runs", "GET", "/v1/tables", "operator", None, 200),
    ("customers", "GET", "/v1/customers?q=anna", "service", None, 200),
    ("customers", "GET", "/v1/customers/cunknown", "service", None, 404),
    ("groups", "GET", "/v1/groups", "service", None, 200),
    ("groups", "POST", "/v1/groups", "service", {"name": "Fair"}, 201),
    ("companies", "GET", "/v1/companies", "sales", None, 200),
    ("companies", "GET", "/v1/companies/funknown", "sales", None, 404),
    ("relations", "GET", "/v1/network/cunknown?steps=2", "sales", None, 404),
    ("relations", "PUT", "/v1/parents/cunknown", "steward", {"parent_id": "fother"}, 404),
    ("reports", "GET", "/v1/reports", "analyst", None, 200),
    ("segments", "GET", "/v1/segments", "marketer", None, 200),
    ("campaigns", "GET", "/v1/campaigns", "marketer", None, 200),
    ("contacts", "GET", "/v1/contacts/cunknown", "service", None, 404),
    ("contacts", "GET", f"/v1/contacts/c{'a' * 20}/points", "service", None, 404),
    ("users", "GET", "/v1/audit?day=2026-01-01", "auditor", None, 200),
    ("roles", "GET", "/v1/roles", "auditor", None, 200),
    ("clients", "GET", "/v1/clients", "auditor", None, 200),
    ("session", "GET", "/v1/me", "viewer", None, 200),
    ("session", "DELETE", "/v1/session", None, None, 403),
    ("links", "GET", "/v1/links/unsubscribe?token=forged", None, None, 400),
    ("links", "POST", "/v1/links/confirm?token=forged", None, None, 400),
    ("capture", "GET", "/v1/customers/cunknown/gaps", "sales", None, 404),
    ("verifications", "GET", "/v1/customers/cunknown/verifications", "sales", None, 404),
    ("verifications", "GET", "/v1/verifications?state=pending", "service", None, 200),
    ("verifications", "POST", "/v1/verifications/v20260101t000000aaaaaa/code", "service", {"code": "123456"}, 404),
    ("evidence", "GET", f"/v1/verifications/v20260101t000000aaaaaa/evidence/{'0' * 16}", "service", None, 404),
    ("console", "GET", "/", None, None, 200),
]


def load(function: str) -> Any:
    """The handler's module, read anew under the present environment."""
    with placeholders():
        return importlib.reload(importlib.import_module(f"functions.{function}.handler"))


@pytest.mark.parametrize(("function", "method", "path", "role", "body", "status"), REQUESTS)
def test_a_handler_answers_under_its_own_role(world, function, method, path, role, body, status):
    bucket = {"pk": "quota#u-1", "sk": "-"}
    with world.acting_as(function) as environment:
        event = request(method, path, role, environment.get("USER_POOL_CLIENT_ID", ""), body)
        answer = load(function).handler(event, context())
    assert answer["statusCode"] == status, answer.get("body")
    if role:
        counted = boto3.resource("dynamodb").Table(environment["ACCESS_TABLE"]).get_item(Key=bucket)
        assert "Item" in counted, "the function's role may count the request"


def test_the_collector_keeps_an_event_and_knows_its_repeat_under_its_own_role(world):
    """In the one folder that it may write."""
    body = {"event_id": "E1"}
    event = request("POST", "/v1/collect/website/events?key=demo-website", None, "", body)
    event["headers"]["origin"] = "http://127.0.0.1:4580"
    with world.acting_as("collect"):
        collect = load("collect").handler
        answers = [collect(event, context()) for _ in range(2)]
    assert [answer["statusCode"] for answer in answers] == [202, 202]
    assert answers[0]["body"] == answers[1]["body"]


@pytest.mark.parametrize("size", [5, 120_000_000], ids=["whole", "in parts"])
def test_an_upload_is_sent_for_and_completed_under_its_own_role(world, size):
    """The links are signed with the role's rights; what is asked of S3 is never to read."""
    body = {"source": "calls", "data_set": "callers", "file_name": "may.csv", "size": size}
    with world.acting_as("uploads") as environment:
        uploads, client = load("uploads").handler, environment["USER_POOL_CLIENT_ID"]
        made = json.loads(uploads(request("POST", "/v1/uploads", "sales", client, body), context())["body"])
        done = uploads(request("POST", f"/v1/uploads/{made['upload_id']}/complete", "sales", client), context())
        again = uploads(request("POST", f"/v1/uploads/{made['upload_id']}/parts", "sales", client), context())
    assert (done["statusCode"], len(made["parts"])) == (409, 1 if size == 5 else 4), "nothing was sent"
    assert again["statusCode"] == 200


@pytest.mark.parametrize(
    ("function", "role", "path"),
    [
        ("sources", "report_user", "/v1/sources"),
        ("customers", "analyst", "/v1/customers?q=anna"),
        ("users", "marketer", "/v1/users"),
    ],
)
def test_a_handler_refuses_a_role_without_the_permission(world, function, role, path):
    with world.acting_as(function) as environment:
        answer = load(function).handler(request("GET", path, role, environment["USER_POOL_CLIENT_ID"]), context())
    assert answer["statusCode"] == 403
