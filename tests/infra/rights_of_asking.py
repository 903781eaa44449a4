"""What the functions that ask people, verify values and decide who is who may and may not do; see test_policies."""

from typing import Any

from tests.infra.calls import get, parameter, put, read, update, write

ASKING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "capture": (
        {"see what is missing": get("profiles"), "note a question": put("consent")},
        {
            "change a golden record": put("profiles"),
            "change a consent": update("consent"),
            "read golden records in bulk": read("vault", "vault/customer/a"),
            "read the link keys": parameter("link-keys"),
        },
    ),
    "verifications": (
        {
            "see the value": get("profiles"),
            "keep its state": put("consent"),
            "read the link keys": parameter("link-keys"),
            "know that evidence is there": read("vault", "evidence/a/b"),
        },
        {
            "write evidence": write("vault", "evidence/a/b"),
            "change a golden record": put("profiles"),
            "read golden records in bulk": read("vault", "vault/customer/a"),
            "read addresses": read("vault", "campaigns/a"),
            "see a campaign": get("campaigns"),
        },
    ),
    "evidence": (
        {"keep evidence": write("vault", "evidence/a/b"), "show it": read("vault", "evidence/a/b")},
        {
            "read profiles": get("profiles"),
            "read addresses": read("vault", "campaigns/a"),
            "read the link keys": parameter("link-keys"),
        },
    ),
    "decisions": (
        {"keep a decision": put("control"), "show an edit at once": put("profiles")},
        {
            "read golden records in bulk": read("vault", "vault/customer/a"),
            "read raw bytes": read("vault", "landing/a"),
            "change a consent": update("consent"),
            "read the link keys": parameter("link-keys"),
        },
    ),
    "groups": (
        {"keep a group": put("library"), "see who is in it": get("profiles")},
        {
            "change a golden record": put("profiles"),
            "read the ledger": get("control"),
            "read golden records in bulk": read("vault", "vault/customer/a"),
        },
    ),
    "companies": (
        {"keep a decision": put("control"), "see who works there": get("profiles")},
        {
            "change a golden record": put("profiles"),
            "read golden records in bulk": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/sales_order/a"),
        },
    ),
    "relations": (
        {"keep a parent": put("control"), "see who it is": get("profiles")},
        {
            "change a golden record": put("profiles"),
            "read golden records in bulk": read("vault", "vault/customer/a"),
        },
    ),
    "matches": (
        {"see a record": get("profiles"), "see what was decided": get("control")},
        {
            "decide": put("control"),
            "change a golden record": put("profiles"),
            "read golden records in bulk": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/sales_order/a"),
        },
    ),
    "recent": (
        {"read what arrived": read("vault", "landing/_pushed/a"), "put it on a time line": put("profiles")},
        {
            "read raw bytes": read("vault", "landing/crm/a"),
            "change what arrived": write("vault", "landing/_pushed/a"),
            "read golden records in bulk": read("vault", "vault/customer/a"),
            "read the ledger": get("control"),
        },
    ),
}
