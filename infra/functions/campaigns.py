"""Reports, segments and campaigns, from the question to the receipt."""

from infra.functions.api import api
from infra.rights import (
    CONSUME,
    ITEMS,
    OBJECTS,
    PARAMETER,
    READ_ITEMS,
    READ_OBJECTS,
    REPORT_SQL,
    TRANSFORM_SQL,
    Function,
    Grant,
)

CAMPAIGNS: dict[str, Function] = {
    "reports": api(
        "Keeps reports and runs them on the release.",
        "query",
        """
        GET    /v1/reports
        POST   /v1/reports
        GET    /v1/reports/{report_id}
        PUT    /v1/reports/{report_id}
        DELETE /v1/reports/{report_id}
        POST   /v1/results
        GET    /v1/results/{result_id}
        GET    /v1/results/{result_id}/rows
        GET    /v1/results/{result_id}/download
        """,
        ("CONTROL_TABLE", "LIBRARY_TABLE", "REPORTS_WORKGROUP"),
        (Grant("control", READ_ITEMS), Grant("library", ITEMS), *REPORT_SQL),
    ),
    "segments": api(
        "Keeps segments and templates, and judges them before.",
        "query",
        """
        GET  /v1/segments
        POST /v1/segments
        GET  /v1/segments/{segment_id}
        GET  /v1/templates
        POST /v1/templates
        GET  /v1/templates/{template_id}
        """,
        ("LIBRARY_TABLE",),
        (Grant("library", ITEMS),),
    ),
    "campaigns": api(
        "Composes campaigns, tries them dry, sends, pauses and cancels them; shows receipts.",
        "query",
        """
        GET  /v1/campaigns
        POST /v1/campaigns
        GET  /v1/campaigns/{campaign_id}
        POST /v1/campaigns/{campaign_id}/dry_run
        POST /v1/campaigns/{campaign_id}/send
        POST /v1/campaigns/{campaign_id}/override
        POST /v1/campaigns/{campaign_id}/{action}
        GET  /v1/campaigns/{campaign_id}/receipts
        """,
        ("CONTROL_TABLE", "LIBRARY_TABLE", "CAMPAIGNS_TABLE", "FREEZE_FUNCTION"),
        (
            Grant("control", READ_ITEMS),
            Grant("library", READ_ITEMS),
            Grant("campaigns", ITEMS),
            Grant("function:freeze", ("lambda:InvokeFunction",)),
        ),
    ),
    "silos": api(
        "Shows what comes in from where, what becomes of it and who uses it.",
        "query",
        "GET /v1/map",
        ("CONTROL_TABLE", "LIBRARY_TABLE", "CAMPAIGNS_TABLE"),
        (Grant("control", READ_ITEMS), Grant("library", READ_ITEMS), Grant("campaigns", READ_ITEMS)),
    ),
    "freeze": Function(
        "Freezes a campaign's audience into chunks, or counts it for a dry run.",
        "query",
        "event",
        (
            "CONTROL_TABLE",
            "LIBRARY_TABLE",
            "CAMPAIGNS_TABLE",
            "CONSENT_TABLE",
            "VAULT_BUCKET",
            "TRANSFORM_WORKGROUP",
            "SEND_QUEUE_URL",
            "TOKEN_KEY_PARAMETER",
        ),
        (
            Grant("control", READ_ITEMS),
            Grant("library", READ_ITEMS),
            Grant("campaigns", ITEMS),
            Grant("consent", READ_ITEMS),
            *TRANSFORM_SQL,
            Grant("vault/campaigns", OBJECTS),
            Grant("queue:send", ("sqs:SendMessage",)),
            Grant("queue:freeze-failed", ("sqs:SendMessage",)),
            Grant("parameter:token-key", PARAMETER),
        ),
        memory=1024,
        timeout=600,
    ),
    "send": Function(
        "Sends one chunk of a campaign, each message at most once.",
        "core",
        "queue:send",
        (
            "CAMPAIGNS_TABLE",
            "CONSENT_TABLE",
            "VAULT_BUCKET",
            "SEND_QUEUE_URL",
            "LINK_KEY_PARAMETER",
            "PUBLIC_URL",
            "CONFIGURATION_SET",
        ),
        (
            Grant("queue:send", (*CONSUME, "sqs:SendMessage")),
            Grant("campaigns", ITEMS),
            Grant("consent", READ_ITEMS),
            Grant("vault/campaigns", READ_OBJECTS),
            Grant("mail", ("ses:SendEmail",)),
            Grant("texts", ("sms-voice:SendTextMessage",)),
            Grant("parameter:link-keys", PARAMETER),
        ),
        timeout=60,
    ),
    "mail_events": Function(
        "Turns what SES says about a message into its receipt; bounces and complaints suppress the address.",
        "core",
        "queue:mail-events",
        ("CAMPAIGNS_TABLE", "CONSENT_TABLE", "TOKEN_KEY_PARAMETER"),
        (
            Grant("queue:mail-events", CONSUME),
            Grant("campaigns", ITEMS),
            Grant("consent", ITEMS),
            Grant("parameter:token-key", PARAMETER),
        ),
        timeout=30,
    ),
}
