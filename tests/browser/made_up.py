"""Made-up rows as the API gives them; one of them tries to be a script."""

import json

from hub.config.survivorship import EDITABLE

EVIL = "<img src=x onerror=\"document.title='owned'\">"
ASHA = "c" + "a" * 20


def pull(state="complete", **more):
    counts = {"received": 312, "staged": 305, "duplicate": 2, "quarantined": 3, "filtered": 2, "balanced": True}
    ids = {"pull_id": "crm.contacts.00000007", "source": "crm", "data_set": "contacts", "pull_seq": 7, "state": state}
    return ids | counts | {"started_at": "2026-11-22T05:00:00Z", "ended_at": "2026-11-22T05:00:04Z"} | more


def freshness(state, **more):
    given = {"state": state, "as_of": "2026-11-22T05:00:00Z", "age_seconds": 3600}
    return given | {"next_due": None, "stale_at": "2026-11-22T06:30:00Z"} | more


def data_set(name, description, schedule, last, fresh, importance="normal"):
    return {
        "name": name,
        "description": description,
        "schedule": schedule,
        "paused": False,
        "last_pull": last,
        "entities": ["customer"],
        "history": False,
        "importance": importance,
        "freshness": fresh,
    }


SOURCES = [
    {
        "name": "crm",
        "description": "Contacts and what was said.",
        "owner": "Sales",
        "connector": "rest",
        "trust": 80,
        "data_sets": [
            data_set("contacts", "People in the CRM.", "rate(1 hour)", pull(), freshness("fresh"), "high"),
            data_set(
                "activities",
                "Calls, visits and notes.",
                "cron(15 2 * * ? *)",
                pull("failed", error="The source answered 503", balanced=None),
                freshness("stale"),
            ),
        ],
    },
    {
        "name": "shop",
        "description": "The web shop.",
        "owner": "Online",
        "connector": "sql",
        "trust": 60,
        "data_sets": [
            data_set(
                "orders",
                "Orders.",
                "rate(15 minutes)",
                pull("running", quarantined=0, balanced=None),
                freshness("paused"),
            ),
            data_set("products", EVIL, None, None, freshness("on_demand", as_of=None, stale_at=None), "low"),
        ],
    },
]
QUALITY = [
    {"day": f"2026-11-{day:02d}", "validity": 0.99 - day % 3 / 50, "completeness": 0.93, "uniqueness": 0.999}
    for day in range(22, 9, -1)
]
COLUMN = {"format": None, "distinct": 9, "shapes": [], "least": None, "most": None}
PROFILE = {
    "source": "crm",
    "data_set": "contacts",
    "pull_id": "crm.contacts.00000007",
    "day": "2026-11-22",
    "rows": 2000,
    "keys": ["contact_id"],
    "change": None,
    "deleted": None,
    "newest": "2026-11-22",
    "columns": [
        COLUMN | {"name": "email", "declared": True, "type": "varchar", "filled": 1900, "personal": "email"},
        COLUMN
        | {"name": "loyalty", "declared": False, "type": "varchar", "filled": 9, "personal": "none"}
        | {"shapes": [{"form": "Aaaa 9", "rows": 9}]},
    ],
}
CUSTOMER = {
    "customer_id": ASHA,
    "groups": EDITABLE,
    "full_name": "Asha Rao",
    "given_name": "Asha",
    "email": "asha.rao@example.com",
    "phone": "+919812345678",
    "city": "पुणे",
    "region": "Maharashtra",
    "country": "IN",
    "birth_date": "1988-04-12",
    "company": EVIL,
    "sources": 3,
    "customer_since": "2021-03-04 10:00:00",
    "names": ["Asha Rao", "A. Rao", "आशा राव"],
    "emails": ["asha.rao@example.com"],
    "phones": [],
    "source_keys": ["crm:C00001", "shop:17"],
    "provenance": json.dumps(
        {
            "email": {"record_key": "9f3c21aa77", "source": "crm", "rule": "trust", "at": "2026-11-20T08:00:00Z"},
            "phone": {"record_key": "01bc9d", "source": EVIL, "rule": EVIL, "at": EVIL},
        }
    ),
    "masked": [],
    "release_id": "r20261122t050010ab12",
    "events": {
        "next": "more",
        "items": [
            {
                "kind": "order",
                "happened_at": "2026-11-20T09:30:00Z",
                "reference": "SO-1042",
                "amount": "1299.5000",
                "outcome": "shipped",
                "source": "shop",
                "channel": "web",
            },
            {
                "kind": "call",
                "happened_at": "2026-11-02T12:00:00Z",
                "source": "calls",
                "direction": "in",
                "outcome": "resolved",
                "amount": None,
            },
            {
                "kind": "email",
                "happened_at": "2026-10-12T08:00:00Z",
                "source": "crm",
                "direction": "out",
                "amount": None,
            },
        ],
    },
}
REPORT = {
    "report_id": "revenue",
    "title": "Revenue by month",
    "description": "What was ordered, month by month.",
    "shipped": True,
    "sql": "select 1\nfrom reporting.sales_order\nwhere ordered_at >= :since",
    "parameters": [{"name": "since", "type": "date", "label": "Since", "default": "2026-01-01"}],
}
SEGMENT = {
    "segment_id": "g1",
    "name": "Tea lovers",
    "description": "Bought tea in the last year.",
    "sql": "select customer_id from reporting.customer",
    "parameters": [{"name": "since", "type": "date", "label": ""}],
}
TEMPLATE = {
    "template_id": "t1",
    "name": "Spring",
    "subject": "The first flush is here, {{given_name|friend}}",
    "text": "Dear {{given_name|friend}},\n\nthe first flush is here.",
    "html": "<p>x</p>",
}
COUNTS = {
    "audience": 640,
    "waiting": 230,
    "sent": 288,
    "refused": 4,
    "uncertain": 2,
    "cancelled": 0,
    "excluded": {"no_consent": 81, "no_address": 22, "duplicate_address": 9, "suppressed": 4},
}


def run(kind, state, counts, **more):
    return {
        "run_id": "s1",
        "kind": kind,
        "state": state,
        "counts": counts,
        "mix": {"sms": {"stated": 30, "order": 2}, "email": {"inferred": 4}},
        "release_id": "r20261122t050010ab12",
        "started_at": "2026-11-22T05:10:00Z",
        "ended_at": None,
        "error": None,
        "chunks": 11,
        "chunks_done": 6,
    } | more


def campaign(campaign_id, name, state, **runs):
    return {
        "campaign_id": campaign_id,
        "name": name,
        "channels": ["email"],
        "templates": {},
        "segment_id": "g1",
        "template_id": "t1",
        "sender": "hello@demo.example",
        "parameters": {"since": "2025-11-01"},
        "state": state,
        "created_by": "u",
        "created_at": "2026-11-21T10:00:00Z",
    } | runs


POOR = {
    "level": "poor",
    "score": 0.52,
    "data_sets": ["crm.contacts"],
    "shortfalls": [{"data_set": "crm.contacts", "day": "2026-11-22", "measure": "validity", "share": 0.52}],
}
CONTACTS = {"name": "contacts", "entities": ["customer"], "tables": ["reporting.customer"], "quality": "poor"}
MAP = {
    "sources": [{"name": "crm", "connector": "rest", "owner": "sales", "data_sets": [CONTACTS]}],
    "tables": [
        {
            "name": "reporting.customer",
            "description": "One row per customer.",
            "reads": [],
            "data_sets": ["crm.contacts"],
        }
    ],
    "uses": [{"kind": "report", "id": "revenue", "name": "Revenue by month", "tables": ["reporting.customer"]}],
    "coverage": {
        "sources": 1,
        "data_sets": 1,
        "mapped": 1,
        "unmapped": [],
        "tables": 2,
        "used": 1,
        "unused": ["reporting.product"],
    },
}

SURE, SUGGESTED = {"certainty": 1.0, "applied": True}, {"certainty": 0.8, "applied": False}
FIX = {"pull_id": "crm.contacts.00000007", "batch": 1, "row": 4, "record_key": "k", "undone": False}
FIXES = [
    FIX | {"number": 1, "column": "gender", "rule": "gender", "before": EVIL, "after": "female"} | SURE,
    FIX | {"number": 2, "column": "full_name", "rule": "name", "before": "Rajseh", "after": "Rajesh"} | SUGGESTED,
]
