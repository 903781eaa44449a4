"""All routes times all roles, against the table in routes.yaml: each cell is a request through the real resolver."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.access import GRANTABLE, ROLES
from hub.access.store import CustomRole
from hub.api import Api, Reply
from hub.api.openapi import apis

ROOT = Path(__file__).parents[2]
TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "routes.yaml").read_text())
ROUTES = {f"{route.method} {route.path}": route for api in apis(ROOT / "functions").values() for route in api.routes}
NOBODY, NO_ROLE = None, ""
CALLERS: list[str | None] = [NOBODY, NO_ROLE, *sorted(ROLES)]


@pytest.fixture(autouse=True)
def gateway(monkeypatch):
    monkeypatch.setenv("STAGE", "test")
    monkeypatch.setenv("ACCESS_TABLE", "access")
    monkeypatch.setenv("USER_POOL_CLIENT_ID", "client")
    monkeypatch.setenv("MACHINE_CLIENTS", '[{"id": "m1", "name": "crm"}]')
    monkeypatch.setattr("hub.access.store.Revocations.not_before", lambda self, user: 0)
    monkeypatch.setattr("hub.access.quotas.Quotas.count", lambda self, caller, limit: None)
    monkeypatch.setattr("hub.access.store.Uses.note", lambda self, caller, permission: None)


def test_the_table_has_every_route_and_no_other():
    assert set(TABLE) == set(ROUTES)


def test_the_table_has_only_roles_that_exist():
    named = {role for allowed in TABLE.values() if isinstance(allowed, list) for role in allowed}
    assert named == set(ROLES) - {"admin"}


def status(line: str, role: str | None, scope: str | None = None) -> int:
    """The answer of one route to one caller; 299 where the function behind it was reached.

    scope: the caller is no user but a machine client that has it.
    """
    reached = replace(
        ROUTES[line], function=lambda: Reply(299), path_parameters=[], query_parameters=[], body=None, injected={}
    )
    api = Api("one route")
    api.routes.append(reached)
    method, path = line.split(" ")
    context: dict[str, Any] = {"http": {"method": method}}
    if role is not None:
        now = int(time.time())
        stated = {
            "sub": "u",
            "username": "u",
            "token_use": "access",
            "client_id": "client",
            "iat": now - 5,
            "exp": now + 60,
        }
        context["authorizer"] = {"jwt": {"claims": stated | {"cognito:groups": f"[{role}]"}}}
    if scope is not None:
        now = int(time.time())
        machine = {"sub": "m1", "client_id": "m1", "token_use": "access", "iat": now - 5, "exp": now + 60}
        context["authorizer"] = {"jwt": {"claims": machine | {"scope": scope}}}
    return api.resolve({"rawPath": path, "requestContext": context, "body": "{"}, None)["statusCode"]


@pytest.mark.parametrize("line", sorted(TABLE))
def test_a_route_answers_each_role_as_the_table_says(line):
    allowed = TABLE[line]
    expected: dict[str | None, int] = {}
    for role in CALLERS:
        if allowed == "everybody":
            expected[role] = 299
        elif role is NOBODY:
            expected[role] = 401
        elif allowed == "signed in" or role == "admin" or role in allowed:
            expected[role] = 299
        else:
            expected[role] = 403
    assert {role: status(line, role) for role in CALLERS} == expected


@pytest.mark.parametrize("line", sorted(line for line, allowed in TABLE.items() if allowed != "everybody"))
def test_several_roles_give_the_union(line):
    """Roles never take from each other: with any two a user may do what either may."""
    permission = ROUTES[line].permission
    for one in ("viewer", "service"):
        for other in ("auditor", "marketer"):
            may = any(permission in ROLES[role] for role in (one, other)) or permission == "signed_in"
            assert (status(line, f"{one} {other}") == 299) is may


@pytest.mark.parametrize("permission", sorted(GRANTABLE))
def test_a_scope_opens_what_its_permission_opens_and_nothing_else(permission):
    expected = {
        line: 299 if TABLE[line] in ("everybody", "signed in") or ROUTES[line].permission == permission else 403
        for line in TABLE
    }
    assert {line: status(line, None, scope=f"hub/{permission}") for line in TABLE} == expected


@pytest.mark.parametrize("permission", sorted(GRANTABLE))
def test_a_custom_role_opens_what_its_permission_opens_and_nothing_else(monkeypatch, permission):
    monkeypatch.setattr("hub.access.store.RoleStore.all", lambda self: [CustomRole("own", "", frozenset({permission}))])
    expected = {
        line: 299 if TABLE[line] in ("everybody", "signed in") or ROUTES[line].permission == permission else 403
        for line in TABLE
    }
    assert {line: status(line, "own") for line in TABLE} == expected
    assert status("GET /v1/users", "another") == 403, "a custom role that is gone gives nothing"
