"""Each handler under its own synthesised role and environment: what it must do works, what it need not do is refused."""

import importlib
import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from hub.settings import placeholders
from infra.functions import FUNCTIONS
from tests.infra.acting import World


@pytest.fixture(scope="module")
def world(cloud):
    """One world for all: it takes its time to make, and no case here depends on what another one wrote."""
    with pytest.MonkeyPatch.context() as patched, mock_aws():
        for name, value in {
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }.items():
            patched.setenv(name, value)
        yield World(cloud, patched)


def bucket(cloud, name: str) -> str:
    return cloud.name("Storage", cloud.named("AWS::S3::Bucket", f"Bucket{name}").id)


def table(cloud, name: str) -> str:
    return cloud.name("Storage", cloud.named("AWS::DynamoDB::Table", f"Table{name}").id)


def queue(cloud, name: str) -> str:
    found = cloud.named("AWS::SQS::Queue", f"Queue{name.replace('-', '')}")
    return cloud._ref(found.stack, found.id)


def get(kind: str):
    return lambda cloud: boto3.client("dynamodb").get_item(
        TableName=table(cloud, kind), Key={"pk": {"S": "a"}, "sk": {"S": "b"}}
    )


def put(kind: str):
    return lambda cloud: boto3.client("dynamodb").put_item(
        TableName=table(cloud, kind), Item={"pk": {"S": "a"}, "sk": {"S": "b"}}
    )


def read(store: str, key: str):
    return lambda cloud: boto3.client("s3").get_object(Bucket=bucket(cloud, store), Key=key)


def write(store: str, key: str):
    return lambda cloud: boto3.client("s3").put_object(Bucket=bucket(cloud, store), Key=key, Body=b"x")


def listing(store: str, prefix: str):
    return lambda cloud: boto3.client("s3").list_objects_v2(Bucket=bucket(cloud, store), Prefix=prefix)


def enqueue(name: str):
    return lambda cloud: boto3.client("sqs").send_message(QueueUrl=queue(cloud, name), MessageBody="{}")


def receive(name: str):
    return lambda cloud: boto3.client("sqs").receive_message(QueueUrl=queue(cloud, name))


def parameter(name: str):
    return lambda cloud: boto3.client("ssm").get_parameter(Name=f"/hub/test/{name}", WithDecryption=True)


def databases(zone: str):
    return lambda cloud: boto3.client("glue").get_tables(DatabaseName=f"test_{zone}")


def scan(kind: str):
    return lambda cloud: boto3.client("dynamodb").scan(TableName=table(cloud, kind))


# function -> (what it must be able to do, what it must not)
RIGHTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "session": (
        {"keep a session": put("access"), "write down who signed in": write("audit", "audit/day=2026-01-01/a.json")},
        {
            "read profiles": get("profiles"),
            "read the audit log": read("audit", "audit/day=2026-01-01/a.json"),
            "read the link keys": parameter("link-keys"),
        },
    ),
    "sources": (
        {
            "read the ledger": get("control"),
            "ask for a pull": enqueue("pulls"),
            "show quarantine": read("vault", "quarantine/a"),
        },
        {
            "read raw bytes": read("vault", "landing/a"),
            "read golden records": read("vault", "vault/customer/a"),
            "take a message": receive("pulls"),
            "read profiles": get("profiles"),
        },
    ),
    "runs": (
        {"read runs": get("control")},
        {
            "read profiles": get("profiles"),
            "read facts": read("reporting", "reporting/a"),
            "read consent": get("consent"),
        },
    ),
    "customers": (
        {
            "read a profile": get("profiles"),
            "read the token key": parameter("token-key"),
            "audit": write("audit", "audit/a"),
        },
        {
            "write a profile": put("profiles"),
            "scan all profiles": scan("profiles"),
            "read the vault": read("vault", "vault/a"),
            "read facts": read("reporting", "reporting/a"),
        },
    ),
    "reports": (
        {
            "keep a report": put("library"),
            "read released tables": read("reporting", "reporting/customer/a"),
            "see their columns": databases("reporting"),
            "write a result": write("results", "reports/a.csv"),
        },
        {
            "read persons": read("vault", "vault/customer/a"),
            "read staged rows": read("vault", "staging/a"),
            "see the vault's tables": databases("vault"),
            "see staging's tables": databases("staging"),
            "write facts": write("reporting", "reporting/customer/a"),
            "read profiles": get("profiles"),
            "list the vault": listing("vault", "vault/"),
        },
    ),
    "segments": (
        {"keep a segment": put("library")},
        {"read persons": read("vault", "vault/a"), "read consent": get("consent"), "see a campaign": get("campaigns")},
    ),
    "campaigns": (
        {"keep a campaign": put("campaigns"), "read a template": get("library")},
        {
            "write a template": put("library"),
            "read addresses": read("vault", "campaigns/a"),
            "send": enqueue("sends"),
            "read consent": get("consent"),
        },
    ),
    "contacts": (
        {"write consent": put("consent"), "read the token key": parameter("token-key")},
        {
            "read profiles": get("profiles"),
            "read addresses": read("vault", "campaigns/a"),
            "see a campaign": get("campaigns"),
        },
    ),
    "users": (
        {
            "read the audit log": read("audit", "audit/day=2026-01-01/a.json"),
            "list a day": listing("audit", "audit/day=2026-01-01/"),
        },
        {
            "delete from the audit log": lambda cloud: boto3.client("s3").delete_object(
                Bucket=bucket(cloud, "audit"), Key="audit/a"
            ),
            "read profiles": get("profiles"),
        },
    ),
    "links": (
        {"write consent": put("consent"), "read the link keys": parameter("link-keys")},
        {"read profiles": get("profiles"), "read campaigns": get("campaigns"), "read sessions": get("access")},
    ),
    "health": ({}, {"read anything": get("control"), "write anything": put("control")}),
    "console": ({}, {"read anything": get("control"), "read sessions": get("access")}),
    "pull": (
        {
            "write the ledger": put("control"),
            "land": write("vault", "landing/a"),
            "stage": write("vault", "staging/a"),
            "read a dropped file": read("vault", "drop/calls/a.csv"),
            "see its drop": listing("vault", "drop/calls/"),
            "register a partition": databases("staging"),
            "read the token key": parameter("token-key"),
        },
        {
            "write golden records": write("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
            "change a dropped file": write("vault", "drop/calls/a.csv"),
            "read profiles": get("profiles"),
            "read the link keys": parameter("link-keys"),
            "see the vault's tables": databases("vault"),
        },
    ),
    "sweep": (
        {
            "read the ledger": get("control"),
            "carry a pull on": enqueue("pulls"),
            "carry a campaign on": enqueue("sends"),
            "see a campaign": get("campaigns"),
        },
        {"read profiles": get("profiles"), "read the vault": read("vault", "vault/a"), "read consent": get("consent")},
    ),
    "plan": (
        {
            "write a statement": write("vault", "statements/r1/a.sql"),
            "see the tables": databases("vault"),
            "plan": put("control"),
        },
        {
            "read persons": read("vault", "vault/a"),
            "read staged rows": read("vault", "staging/a"),
            "read profiles": get("profiles"),
        },
    ),
    "statement": (
        {
            "read staged rows": read("vault", "staging/a"),
            "write golden records": write("vault", "vault/customer/a"),
            "write facts": write("reporting", "reporting/a"),
            "read its text": read("vault", "statements/r1/a.sql"),
        },
        {
            "read raw bytes": read("vault", "landing/a"),
            "change its text": write("vault", "statements/r1/a.sql"),
            "read profiles": get("profiles"),
            "read results of users": read("results", "reports/a.csv"),
            "stage": write("vault", "staging/a"),
        },
    ),
    "release": (
        {"release": put("control"), "read a snapshot": read("vault", "vault/customer/metadata/a.json")},
        {
            "read persons": read("vault", "vault/customer/data/a.parquet"),
            "read facts": read("reporting", "reporting/customer/data/a"),
            "read profiles": get("profiles"),
        },
    ),
    "profile": (
        {
            "write profiles": put("profiles"),
            "read golden records": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
            "read the token key": parameter("token-key"),
        },
        {
            "change golden records": write("vault", "vault/customer/a"),
            "change facts": write("reporting", "reporting/a"),
            "read raw bytes": read("vault", "landing/a"),
            "read consent": get("consent"),
        },
    ),
    "freeze": (
        {
            "read golden records": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
            "write a chunk": write("vault", "campaigns/r/1"),
            "read consent": get("consent"),
            "queue a chunk": enqueue("sends"),
        },
        {
            "change golden records": write("vault", "vault/customer/a"),
            "change consent": put("consent"),
            "write profiles": put("profiles"),
            "read raw bytes": read("vault", "landing/a"),
            "read quarantine": read("vault", "quarantine/a"),
        },
    ),
    "send": (
        {
            "read a chunk": read("vault", "campaigns/r/1"),
            "keep the ledger": put("campaigns"),
            "read consent": get("consent"),
            "read the link keys": parameter("link-keys"),
            "take a message": receive("sends"),
        },
        {
            "read golden records": read("vault", "vault/customer/a"),
            "change consent": put("consent"),
            "read profiles": get("profiles"),
            "take a pull": receive("pulls"),
        },
    ),
    "mail_events": (
        {
            "write a receipt": put("campaigns"),
            "suppress an address": put("consent"),
            "take an event": receive("mail-events"),
        },
        {"read a chunk": read("vault", "campaigns/r/1"), "read profiles": get("profiles"), "send": enqueue("sends")},
    ),
}
CASES = [
    (function, what, call, allowed)
    for function, rights in RIGHTS.items()
    for allowed, calls in zip((True, False), rights, strict=True)
    for what, call in calls.items()
]


def test_every_function_has_its_cases():
    assert set(RIGHTS) == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_a_role_may_and_may_not(world, cloud, function):
    """All cases of one function in one world: an error that is not about rights (no such key) counts as allowed."""
    wrong = []
    with world.acting_as(function):
        for name, what, call, allowed in CASES:
            if name != function:
                continue
            try:
                call(cloud)
                refused = False
            except ClientError as error:
                refused = error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
            if refused is allowed:
                wrong.append(f"{function} {'cannot' if allowed else 'can'} {what}")
    assert wrong == []


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
    ("runs", "GET", "/v1/runs", "operator", None, 200),
    ("runs", "GET", "/v1/tables", "operator", None, 200),
    ("customers", "GET", "/v1/customers?q=anna", "service", None, 200),
    ("customers", "GET", "/v1/customers/cunknown", "service", None, 404),
    ("reports", "GET", "/v1/reports", "analyst", None, 200),
    ("segments", "GET", "/v1/segments", "marketer", None, 200),
    ("campaigns", "GET", "/v1/campaigns", "marketer", None, 200),
    ("contacts", "GET", "/v1/contacts/cunknown", "service", None, 404),
    ("users", "GET", "/v1/audit?day=2026-01-01", "auditor", None, 200),
    ("session", "GET", "/v1/me", "viewer", None, 200),
    ("session", "DELETE", "/v1/session", None, None, 403),
    ("links", "GET", "/v1/links/unsubscribe?token=forged", None, None, 400),
    ("console", "GET", "/", None, None, 200),
]


def load(function: str) -> Any:
    """The handler's module, read anew under the present environment."""
    with placeholders():
        return importlib.reload(importlib.import_module(f"functions.{function}.handler"))


@pytest.mark.parametrize(("function", "method", "path", "role", "body", "status"), REQUESTS)
def test_a_handler_answers_under_its_own_role(world, function, method, path, role, body, status):
    with world.acting_as(function) as environment:
        event = request(method, path, role, environment.get("USER_POOL_CLIENT_ID", ""), body)
        answer = load(function).handler(event, context())
    assert answer["statusCode"] == status, answer.get("body")


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
