"""Stopping a machine client: at once, with an audit row, and by nobody who may not."""

import json
import time

import pytest

from hub.access.clients import FOR_GOOD
from hub.access.store import Revocations


@pytest.fixture
def api(on_moto, gateway):
    """`api("clients")`: a process of that function that has not read anything yet."""
    on_moto.setenv("MACHINE_CLIENTS", json.dumps([{"id": "m2", "name": "shop"}, {"id": "m1", "name": "crm"}]))
    return gateway


def token(issued=-5):
    now = int(time.time())
    stated = {"sub": "m1", "client_id": "m1", "token_use": "access", "scope": "hub/users.read"}
    return stated | {"iat": now + issued, "exp": now + 900}


def test_a_client_is_stopped_and_let_in_again(api, audited):
    assert api("clients")("GET", "/v1/clients", claims=token()).status == 200
    stopped = api("clients")("PATCH", "/v1/clients/crm", {"enabled": False})
    assert (stopped.status, stopped.body) == (200, {"name": "crm", "enabled": False})
    assert api("clients")("GET", "/v1/clients", claims=token()).status == 401
    assert api("clients")("GET", "/v1/clients", claims=token(issued=600)).status == 401, "nor with a new token"
    assert api("clients")("GET", "/v1/clients").body["items"] == [
        {"name": "crm", "enabled": False},
        {"name": "shop", "enabled": True},
    ]
    assert api("clients")("PATCH", "/v1/clients/crm", {"enabled": True}).status == 200
    assert api("clients")("GET", "/v1/clients", claims=token()).status == 401, "the tokens that it had stay void"
    assert api("clients")("GET", "/v1/clients", claims=token(issued=1)).status == 200
    assert audited() == [("clients.change", ["crm"])] * 2


@pytest.mark.parametrize(
    ("path", "body", "role", "status", "why"),
    [
        ("/v1/clients/nobody", {"enabled": False}, "admin", 404, "no such client"),
        ("/v1/clients/m1", {"enabled": False}, "admin", 404, "the pool's id is no name"),
        ("/v1/clients/crm", {}, "admin", 422, "says nothing"),
        ("/v1/clients/crm", {"enabled": False, "scopes": ["users.manage"]}, "admin", 422, "scopes are hub.yaml's"),
        ("/v1/clients/crm", {"enabled": False}, "auditor", 403, "who looks does not change"),
        ("/v1/clients/nobody", {"enabled": False}, "auditor", 403, "and does not learn whether it exists"),
    ],
)
def test_refused(api, path, body, role, status, why):
    assert api("clients")("PATCH", path, body, role=role).status == status, why
    assert Revocations("access").read("client:crm") == 0, why


def test_no_token_is_newer_than_for_good():
    assert time.time() + 1000 * 365 * 86_400 < FOR_GOOD
