"""Customers and what they said about being written to."""

from infra.functions.api import api
from infra.rights import (
    ITEMS,
    PARAMETER,
    READ_ITEMS,
    Function,
    Grant,
    Route,
)

PEOPLE: dict[str, Function] = {
    "customers": api(
        "Looks one customer up: golden record and time line.",
        "core",
        """
        GET /v1/customers
        GET /v1/customers/{customer_id}
        GET /v1/customers/{customer_id}/events
        """,
        ("PROFILES_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("profiles", READ_ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "contacts": api(
        "What people said about being written to, and addresses that nobody writes to.",
        "core",
        """
        GET  /v1/contacts/{customer_id}
        PUT  /v1/contacts/{customer_id}/consents/{channel}
        POST /v1/contacts/suppressions
        """,
        ("CONSENT_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("consent", ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "links": Function(
        "Answers the signed links in messages: unsubscribe.",
        "core",
        "api",
        ("CONSENT_TABLE", "LINK_KEY_PARAMETER"),
        (Grant("consent", ITEMS), Grant("parameter:link-keys", PARAMETER)),
        (Route("GET", "/v1/links/unsubscribe", public=True), Route("POST", "/v1/links/unsubscribe", public=True)),
    ),
}
