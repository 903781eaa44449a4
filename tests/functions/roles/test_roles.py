"""Custom roles: what they give, who may make them, and what happens when they change or are gone."""

import boto3
import pytest
from botocore.exceptions import ClientError

from hub import aws
from hub.access import GRANTABLE, ROLES
from hub.access.store import CustomRole, RoleStore
from hub.errors import Unavailable

SUPPORT = {"name": "support", "description": "Answers the phone.", "permissions": ["customers.read", "users.read"]}
CLERK = {"name": "clerk", "permissions": ["users.manage", "users.read", "pulls.read"]}


@pytest.fixture
def roles(pool, gateway):
    return gateway("roles")


@pytest.fixture
def users(pool, gateway):
    return gateway("users")


def test_roles_say_what_they_give(roles):
    roles("POST", "/v1/roles", SUPPORT)
    shown = roles("GET", "/v1/roles", role="auditor").body["items"]
    assert {role["name"]: set(role["permissions"]) for role in shown if role["shipped"]} == ROLES
    assert [role for role in shown if not role["shipped"]] == [SUPPORT | {"shipped": False}]


def test_a_role_from_making_to_deleting(roles, users, audited):
    assert roles("POST", "/v1/roles", SUPPORT).status == 201
    made = users("POST", "/v1/users", {"username": "asha", "email": "asha@example.com", "roles": ["support"]})
    assert made.status == 201
    assert users("GET", "/v1/users").body["items"][0]["roles"] == ["support"]
    changed = roles("PUT", "/v1/roles/support", {"description": "", "permissions": ["customers.read"]})
    assert (changed.status, changed.body["permissions"]) == (200, ["customers.read"])
    refused = roles("DELETE", "/v1/roles/support")
    assert (refused.status, refused.body["error"]["details"]) == (409, {"users": 1})
    assert users("PATCH", "/v1/users/asha", {"roles": []}).status == 200
    assert roles("DELETE", "/v1/roles/support").status == 204
    assert roles("DELETE", "/v1/roles/support").status == 404
    assert users("PATCH", "/v1/users/asha", {"roles": ["support"]}).status == 422
    assert roles("POST", "/v1/roles", SUPPORT).status == 201, "the name is free again"
    rows = [row for row in audited() if row[0].startswith("roles.")]
    assert rows == [(f"roles.{done}", ["support"]) for done in ("create", "change", "delete", "create")]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "why"),
    [
        ("POST", "/v1/roles", SUPPORT | {"name": "admin"}, 409, "a shipped name"),
        ("POST", "/v1/roles", SUPPORT | {"name": "taken"}, 409, "a group that is no role of the table"),
        ("POST", "/v1/roles", SUPPORT | {"name": "Support"}, 422, "roles are spelt small"),
        ("POST", "/v1/roles", SUPPORT | {"name": "a b"}, 422, "the gateway parts groups at spaces"),
        ("POST", "/v1/roles", SUPPORT | {"name": "role]"}, 422, "and ends them at a bracket"),
        ("POST", "/v1/roles", SUPPORT | {"permissions": ["customers.write"]}, 422, "no such permission"),
        ("POST", "/v1/roles", SUPPORT | {"permissions": ["signed_in"]}, 422, "everybody has it; no role gives it"),
        ("POST", "/v1/roles", SUPPORT | {"permissions": []}, 422, "a role that gives nothing"),
        ("PUT", "/v1/roles/viewer", {"permissions": ["users.manage"]}, 409, "a shipped role stays as it is"),
        ("DELETE", "/v1/roles/viewer", None, 409, "and stays"),
        ("PUT", "/v1/roles/nobody", {"permissions": ["users.read"]}, 404, "no such role"),
        ("DELETE", "/v1/roles/taken", None, 404, "a group that is no role of the table is not ours to delete"),
    ],
)
def test_refused(roles, pool, method, path, body, status, why):
    boto3.client("cognito-idp").create_group(UserPoolId=pool, GroupName="taken")
    assert roles(method, path, body).status == status, why
    assert [role["name"] for role in roles("GET", "/v1/roles").body["items"] if not role["shipped"]] == [], why


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "why"),
    [
        ("POST", "/v1/roles", {"name": "mine", "permissions": ["pulls.read"]}, 201, "what he has he may give"),
        ("POST", "/v1/roles", {"name": "mine", "permissions": ["pulls.read", "audit.read"]}, 403, "he has not this"),
        ("PUT", "/v1/roles/support", {"permissions": ["customers.read"]}, 403, "nor this, though the role has it"),
        ("PUT", "/v1/roles/clerk", {"permissions": sorted(GRANTABLE)}, 403, "his own role, made an admin's"),
        ("POST", "/v1/users", {"username": "a", "email": "a@example.com", "roles": ["admin"]}, 403, "an admin"),
        ("POST", "/v1/users", {"username": "a", "email": "a@example.com", "roles": ["support"]}, 403, "a custom role"),
        ("POST", "/v1/users", {"username": "a", "email": "a@example.com", "roles": ["clerk"]}, 201, "one like himself"),
        ("PATCH", "/v1/users/ravi", {"roles": ["viewer", "admin"]}, 403, "another, made an admin"),
        ("PATCH", "/v1/users/ravi", {"roles": ["viewer", "clerk"]}, 200, "what ravi has already is no gift"),
        ("PATCH", "/v1/users/ravi", {"roles": []}, 200, "taking is no giving"),
    ],
)
def test_nobody_gives_what_he_does_not_have(roles, users, method, path, body, status, why):
    for role in (SUPPORT, CLERK):
        roles("POST", "/v1/roles", role)
    users("POST", "/v1/users", {"username": "ravi", "email": "ravi@example.com", "roles": ["viewer"]})
    called = roles if path.startswith("/v1/roles") else users
    assert called(method, path, body, role="clerk", user="clerk").status == status, why


def test_a_role_that_is_gone_or_was_never_made_gives_nothing(roles, gateway):
    roles("POST", "/v1/roles", SUPPORT)
    assert gateway("roles")("GET", "/v1/roles", role="support").status == 200
    roles("DELETE", "/v1/roles/support")
    assert gateway("roles")("GET", "/v1/roles", role="support").status == 403
    assert gateway("roles")("GET", "/v1/roles", role="superuser").status == 403


def test_nobody_with_a_custom_role_comes_in_while_the_table_cannot_be_read(roles, gateway, monkeypatch):
    roles("POST", "/v1/roles", SUPPORT)

    def failing(self):
        raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "Query")

    monkeypatch.setattr(RoleStore, "all", failing)
    answer = gateway("users")("GET", "/v1/users", role="support auditor")
    assert (answer.status, answer.code) == (503, "unavailable"), "not even with what his shipped role gives"
    assert gateway("users")("GET", "/v1/users", role="auditor").status == 200, "a shipped role needs no table"


def test_rights_are_at_most_15_seconds_old(pool):
    now = [100.0]
    reader, writer = RoleStore("access", clock=lambda: now[0]), RoleStore("access")
    writer.put(CustomRole("support", "", frozenset({"customers.read"})), new=True)
    assert reader.granted(frozenset({"support"})) == {"customers.read"}
    writer.put(CustomRole("support", "", frozenset({"users.read"})), new=False)
    now[0] += 14.9
    assert reader.granted(frozenset({"support"})) == {"customers.read"}
    now[0] += 0.1
    assert reader.granted(frozenset({"support"})) == {"users.read"}
    now[0] += 15
    aws.table("access").delete()
    with pytest.raises(Unavailable):
        reader.granted(frozenset({"support"}))


def test_a_custom_role_is_nothing_once_the_hub_ships_its_name(roles, users, gateway):
    RoleStore("access").put(CustomRole("operator", "made before an upgrade", frozenset({"users.read"})), new=True)
    shown = [role for role in roles("GET", "/v1/roles").body["items"] if role["name"] == "operator"]
    assert [(role["shipped"], set(role["permissions"])) for role in shown] == [(True, ROLES["operator"])]
    assert users("GET", "/v1/users", role="operator").status == 403
    roles("POST", "/v1/roles", CLERK)
    asked = {"username": "asha", "email": "asha@example.com", "roles": ["operator"]}
    assert gateway("users")("POST", "/v1/users", asked, role="clerk").status == 403, "he lacks what an operator may"
