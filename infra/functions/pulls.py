"""Sources, pulls, what they refused, how good the data is; the minute's sweep."""

from infra.functions.api import api
from infra.rights import (
    CONSUME,
    ITEMS,
    KEEP_OBJECTS,
    OBJECTS,
    PARAMETER,
    READ_CATALOGUE,
    READ_ITEMS,
    READ_OBJECTS,
    WRITE_CATALOGUE,
    WRITE_OBJECTS,
    Function,
    Grant,
    Route,
)

PULLS: dict[str, Function] = {
    "sources": api(
        "Shows sources and pulls; pauses a data set; asks for a pull.",
        "core",
        """
        GET   /v1/sources
        PATCH /v1/sources/{source}/data_sets/{data_set}
        GET   /v1/pulls
        GET   /v1/pulls/{pull_id}
        POST  /v1/pulls
        POST  /v1/pulls/{pull_id}/release
        POST  /v1/pulls/{pull_id}/abandon
        """,
        ("CONTROL_TABLE", "PULL_QUEUE_URL"),
        (Grant("control", ITEMS), Grant("queue:pull", ("sqs:SendMessage",))),
    ),
    "quarantine": api(
        "Shows rows that were refused; asks for another try with corrections.",
        "core",
        """
        GET  /v1/quarantine
        GET  /v1/quarantine/{pull_id}
        GET  /v1/quarantine/{pull_id}/download
        POST /v1/quarantine/{pull_id}/replay
        """,
        ("CONTROL_TABLE", "VAULT_BUCKET", "PULL_QUEUE_URL"),
        (Grant("control", ITEMS), Grant("queue:pull", ("sqs:SendMessage",)), Grant("vault/quarantine", KEEP_OBJECTS)),
    ),
    "quality": api(
        "Shows how good the data of a source is, and what pulls made of values.",
        "core",
        """
        GET  /v1/sources/{source}/quality
        GET  /v1/sources/{source}/profile
        GET  /v1/quality_targets
        GET  /v1/personal_data
        GET  /v1/fixes
        POST /v1/fixes/undo
        """,
        ("CONTROL_TABLE", "VAULT_BUCKET"),
        (Grant("control", READ_ITEMS), Grant("vault/fixes", READ_OBJECTS), Grant("vault/undone", OBJECTS)),
    ),
    "collect": Function(
        "Takes what sources push and keeps it for the next pull.",
        "core",
        "api",
        ("ARRIVALS_TABLE", "VAULT_BUCKET", "RECENT_FUNCTION"),
        (
            Grant("arrivals", ("dynamodb:UpdateItem",)),
            Grant("vault/landing/_pushed", ("s3:PutObject",)),
            Grant("function:recent", ("lambda:InvokeFunction",)),
            Grant("parameter:pushing-sources", PARAMETER),
        ),
        (
            Route("POST", "/v1/collect/{source}/{data_set}", public=True),
            Route("GET", "/v1/collect/{source}/{data_set}", public=True),
        ),
    ),
    "recent": Function(
        "Puts what was just pushed on the time lines of known customers, before a run does.",
        "core",
        "event",
        ("VAULT_BUCKET", "PROFILES_TABLE", "TOKEN_KEY_PARAMETER"),
        (
            Grant("vault/landing/_pushed", ("s3:GetObject",)),
            Grant("profiles", ("dynamodb:BatchGetItem", "dynamodb:PutItem")),
            Grant("parameter:token-key", PARAMETER),
            Grant("queue:recent-failed", ("sqs:SendMessage",)),
        ),
        timeout=60,
    ),
    "uploads": api(
        "Gives links to send files to; lets a whole file be pulled.",
        "core",
        """
        GET  /v1/uploads
        POST /v1/uploads
        GET  /v1/uploads/targets
        GET  /v1/uploads/{upload_id}
        POST /v1/uploads/{upload_id}/parts
        POST /v1/uploads/{upload_id}/complete
        """,
        ("CONTROL_TABLE", "VAULT_BUCKET", "PULL_QUEUE_URL"),
        (
            Grant("control", ITEMS),
            Grant("queue:pull", ("sqs:SendMessage",)),
            Grant("vault/drop", (*WRITE_OBJECTS, "s3:ListBucket", "s3:ListMultipartUploadParts")),
        ),
    ),
    "lists": api(
        "Keeps lists of people; merges and purges them.",
        "core",
        """
        GET  /v1/lists
        PUT  /v1/lists/{name}
        GET  /v1/merge_purges
        POST /v1/merge_purges
        GET  /v1/merge_purges/{merge_id}
        GET  /v1/merge_purges/{merge_id}/download
        """,
        ("CONTROL_TABLE", "VAULT_BUCKET", "MERGE_FUNCTION"),
        (
            Grant("control", ITEMS),
            Grant("vault/lists", KEEP_OBJECTS),
            Grant("function:merge", ("lambda:InvokeFunction",)),
        ),
    ),
    "merge": Function(
        "Merges and purges lists of people, one job at a time.",
        "pull",
        "event",
        ("CONTROL_TABLE", "VAULT_BUCKET"),
        (
            Grant("control", ITEMS),
            Grant("vault/lists", KEEP_OBJECTS),
            Grant("vault/staging", READ_OBJECTS),
            Grant("queue:merge-failed", ("sqs:SendMessage",)),
        ),
        memory=2048,
        timeout=600,
    ),
    "pull": Function(
        "Carries one pull on until it is complete or the time is short.",
        "pull",
        "queue:pull",
        ("CONTROL_TABLE", "VAULT_BUCKET", "EVENT_BUS", "TOKEN_KEY_PARAMETER", "HUB_KEY_ID"),
        (
            Grant("queue:pull", CONSUME),
            Grant("control", ITEMS),
            Grant("vault/landing", OBJECTS),
            Grant("vault/staging", OBJECTS),
            Grant("vault/quarantine", OBJECTS),
            Grant("vault/fixes", OBJECTS),
            Grant("vault/keys", OBJECTS),
            Grant("vault/undone", READ_OBJECTS),
            Grant("vault/drop", READ_OBJECTS),
            Grant("glue:staging", (*READ_CATALOGUE, *WRITE_CATALOGUE, "glue:BatchCreatePartition")),
            Grant("bus", ("events:PutEvents",)),
            Grant("parameter:token-key", PARAMETER),
            Grant("parameter:sources", PARAMETER),
            Grant("parameter:exchanged", ("ssm:PutParameter",)),
        ),
        memory=2048,
        timeout=300,
    ),
    "sweep": Function(
        "Finds work that nobody carries on: expired leases, pending batches, a run that is due, stuck campaigns.",
        "core",
        "minute",
        (
            "CONTROL_TABLE",
            "VAULT_BUCKET",
            "CAMPAIGNS_TABLE",
            "PULL_QUEUE_URL",
            "SEND_QUEUE_URL",
            "FREEZE_FUNCTION",
            "RUN_MACHINE_ARN",
        ),
        (
            Grant("control", ITEMS),
            Grant("vault/landing/_pushed", ("s3:ListBucket",)),  # whether anything arrived, not what
            Grant("campaigns", ITEMS),
            Grant("queue:pull", ("sqs:SendMessage",)),
            Grant("queue:send", ("sqs:SendMessage",)),
            Grant("function:freeze", ("lambda:InvokeFunction",)),
            Grant("machine:run", ("states:StartExecution", "states:ListExecutions")),
            Grant("queue:sweep-failed", ("sqs:SendMessage",)),
        ),
        timeout=50,
    ),
}
