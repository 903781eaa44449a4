"""The table of functions says what the handlers say of themselves: routes, settings, who may come without a token."""

import importlib
import re
from pathlib import Path

import pytest

from hub.settings import Settings, placeholders
from infra.functions import FUNCTIONS

ROOT = Path(__file__).parents[2]
PUBLIC = {
    ("POST", "/v1/session"): "signs in with a password",
    ("POST", "/v1/session/refresh"): "carries the session's cookie, checks the origin",
    ("DELETE", "/v1/session"): "carries the session's cookie, checks the origin",
    ("GET", "/v1/health"): "says ok and nothing else",
    ("GET", "/v1/links/unsubscribe"): "carries a signed token",
    ("GET", "/v1/links/confirm"): "carries a signed token",
    ("POST", "/v1/links/confirm"): "carries a signed token that is good once",
    ("POST", "/v1/links/unsubscribe"): "carries a signed token; mail programs post it by themselves (RFC 8058)",
    ("POST", "/v1/collect/{source}/{data_set}"): "carries a signature, a token or a page's origin",
    ("GET", "/v1/collect/{source}/{data_set}"): "carries the token that was agreed with the provider",
    ("", "$default"): "the console's files hold no data",
}
ALL = [name for name in FUNCTIONS if (ROOT / "functions" / name / "handler.py").exists()]


def handler(name: str):
    """The module of a function, imported as a tool does: without its environment."""
    with placeholders():
        return importlib.import_module(f"functions.{name}.handler")


def test_every_function_of_the_table_has_its_folder_and_the_other_way_round():
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}
    assert folders == set(FUNCTIONS)


def test_public_routes_are_these():
    found = {(r.method, r.path) for spec in FUNCTIONS.values() for r in spec.routes if r.public}
    assert found == set(PUBLIC)


@pytest.mark.parametrize("name", [name for name in ALL if FUNCTIONS[name].trigger == "api" and name != "console"])
def test_routes_of_the_table_are_those_of_the_handler(name):
    said = {(r.method, re.sub(r"<(\w+)>", r"{\1}", r.path), r.public) for r in handler(name).api.routes}
    assert {(r.method, r.path, r.public) for r in FUNCTIONS[name].routes} == said


def test_routes_ask_for_a_token_unless_public(cloud):
    declared = {f"{r.method} {r.path}".strip(): r.public for spec in FUNCTIONS.values() for r in spec.routes}
    routes = {route.properties["RouteKey"]: route for route in cloud.of_type("AWS::ApiGatewayV2::Route")}
    assert set(routes) == set(declared)
    (authorizer,) = cloud.of_type("AWS::ApiGatewayV2::Authorizer")
    for key, public in declared.items():
        properties = routes[key].properties
        assert properties["AuthorizationType"] == ("NONE" if public else "JWT"), key
        if not public:
            assert properties["AuthorizerId"] == cloud.name(authorizer.stack, authorizer.id)


def settings_of(name: str) -> set[str]:
    """The variables that a handler asks for: the fields of each Settings class that its module names."""
    classes = {
        value for value in vars(handler(name)).values() if isinstance(value, type) and issubclass(value, Settings)
    }
    return {field.upper() for cls in classes - {Settings} for field in cls.model_fields} - {"STAGE", "HUB_HOME"}


@pytest.mark.parametrize("name", ALL)
def test_settings_of_the_table_are_those_of_the_handler(name):
    """One too few is found only when the function runs; one too many is a right to look that nobody needs."""
    given = set(FUNCTIONS[name].settings)
    of_every_api = {
        "ACCESS_TABLE",
        "AUDIT_BUCKET",
        "USER_POOL_CLIENT_ID",
        "MACHINE_CLIENTS",
        "QUOTAS",
    } & given  # hub.api and hub.access ask for these
    assert given == settings_of(name) | of_every_api
