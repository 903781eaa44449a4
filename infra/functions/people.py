"""Customers and what they said about being written to."""

from infra.functions.api import api
from infra.rights import (
    ITEMS,
    PARAMETER,
    READ_ITEMS,
    READ_OBJECTS,
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
        GET /v1/customers/{customer_id}/records
        GET /v1/customers/{customer_id}/household
        GET /v1/customers/{customer_id}/completeness
        """,
        ("PROFILES_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("profiles", READ_ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "groups": api(
        "Keeps groups of customers, with whom they are shared until when, and requests for them.",
        "core",
        """
        GET    /v1/groups
        POST   /v1/groups
        PATCH  /v1/groups/{group_id}
        DELETE /v1/groups/{group_id}
        GET    /v1/groups/{group_id}/members
        GET    /v1/groups/{group_id}/requests
        POST   /v1/groups/{group_id}/requests
        POST   /v1/groups/{group_id}/requests/{request_id}/answer
        """,
        ("LIBRARY_TABLE", "PROFILES_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("library", ITEMS), Grant("profiles", READ_ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "companies": api(
        "Shows companies and who works there; keeps which spellings are one company.",
        "core",
        """
        GET    /v1/companies
        GET    /v1/companies/{company_id}
        POST   /v1/companies/{company_id}/spellings
        DELETE /v1/companies/{company_id}/spellings/{other_id}
        """,
        ("CONTROL_TABLE", "PROFILES_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("control", ITEMS), Grant("profiles", READ_ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "relations": api(
        "Keeps who belongs to whom and who refers whom, of companies and customers.",
        "core",
        """
        GET    /v1/trees/{node_id}
        PUT    /v1/parents/{child_id}
        DELETE /v1/parents/{child_id}
        POST   /v1/relations
        DELETE /v1/relations/{relation_id}
        GET    /v1/network/{node_id}
        """,
        ("CONTROL_TABLE", "PROFILES_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("control", ITEMS), Grant("profiles", READ_ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "decisions": api(
        "Keeps what two persons decide: who is one person, who is not, which values hold.",
        "core",
        """
        GET  /v1/decisions
        POST /v1/decisions
        GET  /v1/decisions/{decision_id}
        POST /v1/decisions/{decision_id}/answer
        POST /v1/decisions/{decision_id}/withdraw
        POST /v1/decisions/{decision_id}/undo
        POST /v1/customers/{customer_id}/edits
        """,
        ("CONTROL_TABLE", "PROFILES_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("control", ITEMS), Grant("profiles", ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "matches": api(
        "Shows doubtful pairs, reasons and journeys; says which customers a person may be.",
        "query",
        """
        GET  /v1/doubts
        GET  /v1/comparisons
        GET  /v1/customers/{customer_id}/explanation
        GET  /v1/customers/{customer_id}/journey
        POST /v1/matches
        """,
        ("CONTROL_TABLE", "PROFILES_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("control", READ_ITEMS), Grant("profiles", READ_ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "capture": api(
        "What is not known of a customer, and what to ask next.",
        "core",
        """
        GET  /v1/customers/{customer_id}/gaps
        GET  /v1/customers/{customer_id}/question
        POST /v1/customers/{customer_id}/prompts
        """,
        ("PROFILES_TABLE", "CONSENT_TABLE", "TOKEN_KEY_PARAMETER"),
        (
            Grant("profiles", READ_ITEMS),
            Grant("consent", ("dynamodb:BatchGetItem", "dynamodb:PutItem")),
            Grant("parameter:token-key", PARAMETER),
        ),
    ),
    "verifications": api(
        "Verifies values: by a code, a link, or two persons with evidence.",
        "core",
        """
        GET  /v1/customers/{customer_id}/verifications
        GET  /v1/verifications
        POST /v1/verifications
        GET  /v1/verifications/{verification_id}
        POST /v1/verifications/{verification_id}/code
        POST /v1/verifications/{verification_id}/assign
        POST /v1/verifications/{verification_id}/decide
        """,
        (
            "PROFILES_TABLE",
            "CONSENT_TABLE",
            "TOKEN_KEY_PARAMETER",
            "LINK_KEY_PARAMETER",
            "PUBLIC_URL",
            "CONFIGURATION_SET",
            "VAULT_BUCKET",
        ),
        (
            Grant("profiles", READ_ITEMS),
            Grant("consent", ITEMS),
            Grant("mail", ("ses:SendEmail",)),
            Grant("parameter:token-key", PARAMETER),
            Grant("parameter:link-keys", PARAMETER),
            Grant("vault/evidence", READ_OBJECTS),  # whether it is there
        ),
    ),
    "evidence": api(
        "Gives links to send and to see what shows that a value is right.",
        "core",
        """
        POST /v1/verifications/{verification_id}/evidence
        GET  /v1/verifications/{verification_id}/evidence/{evidence_id}
        """,
        ("CONSENT_TABLE", "VAULT_BUCKET"),
        (Grant("consent", ITEMS), Grant("vault/evidence", (*READ_OBJECTS, "s3:PutObject"))),
    ),
    "contacts": api(
        "What people said about being written to, and addresses that nobody writes to.",
        "core",
        """
        GET  /v1/contacts/{customer_id}
        PUT  /v1/contacts/{customer_id}/consents/{channel}
        GET  /v1/contacts/{customer_id}/points
        PUT  /v1/contacts/{customer_id}/points/{point_id}/consent
        PUT  /v1/contacts/{customer_id}/points/{point_id}/reach
        POST /v1/contacts/suppressions
        """,
        ("PROFILES_TABLE", "CONSENT_TABLE", "TOKEN_KEY_PARAMETER"),
        (Grant("profiles", READ_ITEMS), Grant("consent", ITEMS), Grant("parameter:token-key", PARAMETER)),
    ),
    "links": Function(
        "Answers the signed links in messages: unsubscribe, confirm.",
        "core",
        "api",
        ("CONSENT_TABLE", "LINK_KEY_PARAMETER", "AUDIT_BUCKET"),
        (
            Grant("consent", ITEMS),
            Grant("parameter:link-keys", PARAMETER),
            Grant("audit/audit", ("s3:PutObject",)),
        ),
        tuple(
            Route(method, f"/v1/links/{purpose}", public=True)
            for purpose in ("unsubscribe", "confirm")
            for method in ("GET", "POST")
        ),
    ),
}
