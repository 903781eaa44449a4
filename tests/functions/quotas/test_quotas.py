"""Quotas and machine clients at the door: what an answer looks like, and in which order a caller is judged."""

import json
import time

import boto3
import pytest
from botocore.exceptions import HTTPClientError

from hub import aws
from hub.access.store import Revocations

LIMITS = {
    "default": {"per_minute": 1, "burst": 3},
    "roles": {"auditor": {"per_minute": 1, "burst": 5}},
    "clients": {"crm": {"per_minute": 1, "burst": 2}},
}


@pytest.fixture
def users(pool, on_moto, gateway):
    on_moto.setenv("QUOTAS", json.dumps(LIMITS))
    on_moto.setenv("MACHINE_CLIENTS", json.dumps([{"id": "m1", "name": "crm"}]))
    return gateway("users")


def machine(scope, **changes):
    now = int(time.time())
    stated = {"sub": "m1", "client_id": "m1", "token_use": "access", "iat": now - 5, "exp": now + 60, "scope": scope}
    return stated | changes


def buckets():
    items = boto3.client("dynamodb").scan(TableName="access")["Items"]
    return {item["pk"]["S"] for item in items if item["pk"]["S"].startswith("quota#")}


def test_an_answer_says_when_to_come_back(users):
    answers = [users("GET", "/v1/users") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    wait = int(answers[-1].headers["retry-after"])
    assert 1 <= wait <= 60
    assert answers[-1].body == {
        "error": {
            "code": "too_many_requests",
            "message": f"Your limit of requests is used up; try again in {wait} s",
            "details": {"retry_after": wait},
        }
    }


@pytest.mark.parametrize(
    ("role", "passing", "why"),
    [("admin", 3, "nothing is said of the role"), ("auditor", 5, "its own"), ("admin auditor", 5, "the largest")],
)
def test_a_role_has_its_limit(users, role, passing, why):
    assert [users("GET", "/v1/users", role=role).status for _ in range(7)].count(200) == passing, why


def test_who_may_not_is_told_so_and_takes_no_token(users):
    assert {users("GET", "/v1/users", role="viewer").status for _ in range(9)} == {403}
    assert {users("GET", "/v1/users", role=None).status for _ in range(9)} == {401}
    assert buckets() == set()


def test_a_limit_holds_over_all_functions_and_is_nobody_elses(users, gateway):
    assert [gateway("users")("GET", "/v1/users").status for _ in range(3)] == [200] * 3, "three processes"
    assert users("GET", "/v1/users").status == 429
    assert gateway("roles")("GET", "/v1/roles").status == 429
    assert users("GET", "/v1/users", user="user-2").status == 200


def test_a_body_is_not_read_once_the_limit_is_used_up(users):
    assert [users("POST", "/v1/users", "{").status for _ in range(4)] == [400, 400, 400, 429]


def test_a_client_has_its_own_limit_and_its_name_in_the_audit_log(users):
    call = {"query": "day=2026-01-01", "claims": machine("hub/audit.read")}
    assert [users("GET", "/v1/audit", **call).status for _ in range(3)] == [200, 200, 429]
    assert buckets() == {"quota#client:crm"}
    s3 = boto3.client("s3")
    rows = [
        json.loads(s3.get_object(Bucket="audit", Key=found["Key"])["Body"].read())
        for found in s3.list_objects_v2(Bucket="audit")["Contents"]
    ]
    assert [(row["principal"], row["roles"]) for row in rows] == [("client:crm", [])] * 2


@pytest.mark.parametrize(
    ("scope", "changes", "status", "why"),
    [
        ("hub/users.read", {}, 200, "a scope is a permission"),
        ("hub/audit.read", {}, 403, "another permission"),
        ("hub/users.read", {"client_id": "m2", "sub": "m2"}, 401, "a client of another hub in the same pool"),
        ("hub/users.read", {"token_use": "id"}, 401, "an id token"),
        ("hub/users.read", {"username": "asha"}, 401, "somebody signed in by it"),
        ("hub / users.read", {}, 403, "a scope with blanks"),
        ("hub/users.read\thub/audit.read", {}, 403, "parted by a tab"),
    ],
)
def test_a_machine_at_the_door(users, scope, changes, status, why):
    assert users("GET", "/v1/users", claims=machine(scope, **changes)).status == status, why


def test_a_machine_gets_no_session_by_its_token(users, on_moto, gateway):
    for name in ("SESSION_KEY_ID", "PUBLIC_URL"):
        on_moto.setenv(name, "https://hub.example")
    session, origin = gateway("session"), {"origin": "https://hub.example"}
    shown = session("GET", "/v1/me", claims=machine("hub/users.read"))
    assert (shown.body["username"], shown.body["permissions"]) == ("client:crm", ["signed_in", "users.read"])
    refreshed = session("POST", "/v1/session/refresh", headers=origin, claims=machine("hub/users.manage"))
    assert refreshed.status == 401, "the session is the cookie's, whatever token comes along"
    assert "set-cookie" not in refreshed.headers and not refreshed.cookies


def test_a_revoked_client_is_refused_until_it_fetches_a_new_token(users, gateway):
    Revocations("access").revoke("client:crm", time.time())
    assert gateway("users")("GET", "/v1/users", claims=machine("hub/users.read")).status == 401
    later = machine("hub/users.read", iat=int(time.time()) + 1)
    assert gateway("users")("GET", "/v1/users", claims=later).status == 200


def test_a_table_that_cannot_be_written_to_stops_nobody(users, monkeypatch):
    def unreachable(**call):
        raise HTTPClientError(error="gone")

    monkeypatch.setattr(aws.table("access"), "update_item", unreachable)
    assert [users("GET", "/v1/users").status for _ in range(9)] == [200] * 9
