"""Users, roles and the audit log on moto's user pool."""

import json
from datetime import UTC, datetime

import pytest

from hub import config
from hub.access import audit
from hub.access.principal import Principal
from hub.access.register import Register
from hub.access.store import Revocations, Uses
from hub.settings import UsersSettings


@pytest.fixture
def users(pool, gateway):
    return gateway("users")


NEW = {"username": "asha", "email": "asha@example.com", "roles": ["analyst", "sales"]}


def test_a_user_from_making_to_disabling(users, pool, audited):
    made = users("POST", "/v1/users", NEW)
    assert made.status == 201
    assert set(made.body) == {"id"}, "what is kept for a repeated request holds no address"
    (shown,) = users("GET", "/v1/users").body["items"]
    assert shown["id"] == made.body["id"]
    assert (shown["username"], shown["roles"], shown["enabled"]) == ("asha", ["analyst", "sales"], True)
    changed = users("PATCH", "/v1/users/asha", {"roles": ["sales", "viewer"]})
    assert changed.body["roles"] == ["sales", "viewer"]
    assert users("PATCH", "/v1/users/asha", {"enabled": False}).body["enabled"] is False
    assert users("PATCH", "/v1/users/asha", {"enabled": True}).body["enabled"] is True
    assert [action for action, _ in audited()] == ["users.create", *["users.change"] * 3]
    assert {subject for _, subjects in audited() for subject in subjects} == {made.body["id"]}


def test_a_change_voids_the_tokens_that_the_user_has(users, gateway, pool):
    user = users("POST", "/v1/users", NEW).body["id"]
    assert gateway("users")("GET", "/v1/users", user=user, role="auditor").status == 200
    users("PATCH", "/v1/users/asha", {"roles": ["viewer"]})
    assert gateway("users")("GET", "/v1/users", user=user, role="auditor").status == 401
    assert Revocations("access").sessions_over(user) == 0, "he may fetch a token with his new roles"
    users("PATCH", "/v1/users/asha", {"enabled": False})
    over = Revocations("access").sessions_over(user)
    users("PATCH", "/v1/users/asha", {"enabled": True})
    assert over > 0 and Revocations("access").sessions_over(user) == over, "what is over stays over"
    assert gateway("users")("GET", "/v1/users", user="somebody else", role="auditor").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "why"),
    [
        ("POST", "/v1/users", NEW | {"roles": ["superuser"]}, 422, "a role that is none"),
        ("POST", "/v1/users", NEW | {"username": "a b"}, 422, "a name with a space"),
        ("POST", "/v1/users", NEW | {"username": ".."}, 422, "a name that no path can end with"),
        ("POST", "/v1/users", NEW | {"username": "आशा"}, 422, "a name that the pool would not take"),
        ("POST", "/v1/users", NEW | {"email": "asha"}, 422, "no address"),
        ("POST", "/v1/users", NEW | {"email": "a@b\nBcc: c@d"}, 422, "a second line in the address"),
        ("POST", "/v1/users", NEW | {"password": "x"}, 422, "nobody sets another's password"),
        ("PATCH", "/v1/users/nobody", {"enabled": False}, 404, "no such user"),
        ("PATCH", "/v1/users/nobody", {"enabled": "no"}, 422, "no truth"),
        ("GET", "/v1/audit", None, 400, "which day?"),
    ],
)
def test_refused(users, method, path, body, status, why):
    assert users(method, path, body).status == status, why


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"enabled": False}, 409, "nobody could let him in again"),
        ({"roles": ["viewer"]}, 409, "nobody could give him the role again"),
        ({"roles": []}, 409, "nor with no role at all"),
        ({"roles": ["admin", "viewer"], "enabled": True}, 200, "what leaves him an administrator is his to change"),
    ],
)
def test_nobody_takes_his_own_administration_away(users, gateway, change, status, why):
    admin = users("POST", "/v1/users", NEW | {"roles": ["admin"]}).body["id"]
    assert gateway("users")("PATCH", "/v1/users/asha", change, user=admin, role="admin").status == status, why
    shown = users("GET", "/v1/users").body["items"][0]
    assert (shown["enabled"], "admin" in shown["roles"]) == (True, True), why


def test_a_name_is_taken_once(users):
    assert [users("POST", "/v1/users", NEW).status for _ in range(2)] == [201, 409]


def test_the_log_of_a_day_in_pages_and_in_order(users):
    principal = Principal("user-2", "ravi", frozenset({"sales"}), 0, 0)
    for number in range(5):
        audit.record(principal, "customers.read", f"c{number}", count=number)
    today = datetime.now(UTC).date().isoformat()
    seen, after, pages = [], None, 0
    while pages == 0 or after:
        query = f"day={today}&limit=2" + (f"&after={after}" if after else "")
        page = users("GET", "/v1/audit", role="auditor", query=query).body
        seen, after, pages = seen + page["items"], page["next"], pages + 1
        assert pages < 20
    read = [entry for entry in seen if entry["action"] == "customers.read"]
    assert [entry["subjects"] for entry in read] == [[f"c{number}"] for number in range(5)]
    assert all(entry["principal"] == "user-2" and "ravi" not in str(entry) for entry in read), "ids, never names"
    assert any(entry["action"] == "audit.read" for entry in seen), "reading the log is in the log"
    assert users("GET", "/v1/audit", role="auditor", query="day=2001-01-01").body["items"] == []


def at(day):
    return datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp


def test_the_register_says_who_may_what_why_and_what_nobody_uses(pool, gateway, on_moto, tmp_path):
    hub = {"name": "fixture", "currency": "INR", "country": "IN"}
    hub |= {"clients": {"crm": {"description": "Shows the golden record.", "scopes": ["customers.read"]}}}
    (tmp_path / "deployment.json").write_text(json.dumps({"name": "fixture", "hub": hub, "sources": {}}))
    on_moto.setenv("HUB_HOME", str(tmp_path))
    config.read.cache_clear()
    api = gateway("users")
    asha = api("POST", "/v1/users", {**NEW, "roles": ["auditor", "sales"]}).body["id"]
    api("PATCH", "/v1/users/asha", {"purpose": "Audits the shops of the north."})
    assert Revocations("access").not_before(asha) == 0, "why he may use the hub takes no token away"
    Uses("access", at("2020-01-05")).note(asha, "customers.read")
    gateway("users")("GET", "/v1/users", user=asha, role="auditor")
    register = Register(UsersSettings.read(), config.read(tmp_path).hub.clients, at(f"{datetime.now(UTC):%Y-%m-%d}"))
    user, client = register.page(None, 50, 90)[0]
    rights = {right.permission: right for right in user.rights}
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert (user.name, user.purpose, user.last_used) == ("asha", "Audits the shops of the north.", today)
    assert (rights["users.read"].last_used, rights["users.read"].unused) == (today, False), "the call itself"
    assert rights["users.read"].given_by == ["auditor"]
    assert (rights["customers.read"].last_used, rights["customers.read"].unused) == ("2020-01-05", True)
    assert rights["sources.read"].last_used is None and "sources.read" in user.unused
    assert {role.name: role.unused for role in user.roles} == {"auditor": False, "sales": True}
    assert all(role.purpose for role in user.roles)
    assert (client.kind, client.name, client.unused) == ("client", "crm", ["customers.read"])
    shown = api("GET", "/v1/rights", query="unused_days=400", role="auditor").body["items"]
    assert [each["name"] for each in shown] == ["asha", "crm"]
    assert api("GET", "/v1/rights", role="operator").status == 403
    config.read.cache_clear()
