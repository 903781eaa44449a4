"""The API's functions on moto: a call as the gateway makes it, and the parts that every one of them stands on."""

import importlib.util
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from hub import aws
from hub.access import ROLES
from tests.stores import create_bucket, create_table

FUNCTIONS = Path(__file__).parents[2] / "functions"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]
    cookies: list[str]

    @property
    def code(self) -> str | None:
        return self.body["error"]["code"] if isinstance(self.body, dict) and "error" in self.body else None


class Gateway:
    """Calls a function's handler with the event of an HTTP API whose authoriser has verified the token."""

    def __init__(self, folder: str) -> None:
        spec = importlib.util.spec_from_file_location(f"handler_of_{folder}", FUNCTIONS / folder / "handler.py")
        assert spec
        assert spec.loader
        self.module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        role: str | None = "admin",
        user: str = "user-1",
        query: str = "",
        headers: dict[str, str] | None = None,
        cookies: list[str] | None = None,
        claims: dict[str, Any] | None = None,
    ) -> Answer:
        """claims: of a token that is no user's; else those of a user with the role."""
        context: dict[str, Any] = {"requestId": "r1", "http": {"method": method, "sourceIp": "192.0.2.1"}}
        if claims or role is not None:
            context["authorizer"] = {"jwt": {"claims": claims or claims_of(user, role or "")}}
        event = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers or {},
            "cookies": cookies or [],
            "requestContext": context,
            "isBase64Encoded": False,
        }
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        answer = self.module.handler(event, None)
        text = answer.get("body")
        is_json = answer["headers"].get("content-type") == "application/json"
        return Answer(
            answer["statusCode"],
            json.loads(text) if text and is_json else text,
            answer["headers"],
            answer.get("cookies", []),
        )


def claims_of(user: str, role: str) -> dict[str, str]:
    now = int(time.time())
    return {
        "sub": user,
        "username": user,
        "token_use": "access",
        "client_id": "client",
        "iat": str(now - 5),
        "exp": str(now + 900),
        "cognito:groups": f"[{role}]",
    }


@pytest.fixture
def gateway() -> type[Gateway]:
    """`gateway("reports")` is the function of that folder, freshly imported."""
    return Gateway


@pytest.fixture
def on_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """AWS by moto with what every function of the API needs; gives monkeypatch for further settings."""
    settings = {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "STAGE": "test",
        "ACCESS_TABLE": "access",
        "AUDIT_BUCKET": "audit",
        "USER_POOL_CLIENT_ID": "client",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        aws.reset()
        make_table("access")
        make_bucket("audit")
        yield monkeypatch
    aws.reset()


def make_table(name: str) -> None:
    create_table(boto3.client("dynamodb"), name)


def make_bucket(name: str) -> None:
    create_bucket(boto3.client("s3"), name)


@pytest.fixture
def audited() -> Any:
    """The audit rows so far, as (action, subjects)."""

    def read() -> list[tuple[str, list[str]]]:
        s3 = boto3.client("s3")
        found = s3.list_objects_v2(Bucket="audit").get("Contents", [])
        rows = [json.loads(s3.get_object(Bucket="audit", Key=each["Key"])["Body"].read()) for each in found]
        return [(row["action"], row["subjects"]) for row in sorted(rows, key=lambda row: row["at"])]

    return read


@pytest.fixture
def new_table() -> Any:
    return make_table


@pytest.fixture
def new_bucket() -> Any:
    return make_bucket


@pytest.fixture
def pool(on_moto: pytest.MonkeyPatch) -> str:
    """A user pool with the shipped roles; its id."""
    cognito = boto3.client("cognito-idp")
    pool_id: str = cognito.create_user_pool(PoolName="hub")["UserPool"]["Id"]
    on_moto.setenv("USER_POOL_ID", pool_id)
    for role in ROLES:
        cognito.create_group(UserPoolId=pool_id, GroupName=role)
    return pool_id
