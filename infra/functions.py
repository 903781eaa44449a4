"""Every function of the hub: what it runs on, is told, may do and answers to. The one truth for stacks and tests.

A grant names a logical store (`control`, `vault/landing`, `queue:pull` ...); infra/constructs/stores.py says where that
is and adds what the store's key asks for. Nothing is granted anywhere else.
"""

from infra.rights import (
    ATHENA_OUTPUT,
    CONSUME,
    GROUPS,
    ITEMS,
    KEEP_OBJECTS,
    OBJECTS,
    PARAMETER,
    READ_CATALOGUE,
    READ_ITEMS,
    READ_OBJECTS,
    REPORT_SQL,
    RUN_QUERIES,
    TRANSFORM_SQL,
    USERS,
    WRITE_CATALOGUE,
    Function,
    Grant,
    Route,
)


def _api(
    does: str, layer: str, routes: str, settings: tuple[str, ...] = (), grants: tuple[Grant, ...] = ()
) -> Function:
    """A function of the API: each line of `routes` is a method and a path, and `public` where no token is asked for."""
    lines = [line.split() for line in routes.strip().splitlines()]
    return Function(
        does,
        layer,
        "api",
        ("ACCESS_TABLE", "AUDIT_BUCKET", "USER_POOL_CLIENT_ID", "MACHINE_CLIENTS", "QUOTAS", *settings),
        (Grant("access", ITEMS), Grant("audit/audit", ("s3:PutObject",)), *grants),
        tuple(Route(method, path, public=bool(rest)) for method, path, *rest in lines),
    )


# The only functions that may read persons (vault) and facts (reporting) in bulk. None of them answers to a person.
BULK_READERS = frozenset({"statement", "freeze", "profile"})

FUNCTIONS: dict[str, Function] = {
    "session": _api(
        "Signs people in and keeps their refresh tokens; tells them who they are.",
        "core",
        """
        POST   /v1/session          public
        POST   /v1/session/refresh  public
        DELETE /v1/session          public
        GET    /v1/me
        """,
        ("USER_POOL_ID", "SESSION_KEY_ID", "PUBLIC_URL"),
        (
            Grant("user_pool", ("cognito-idp:AdminInitiateAuth", "cognito-idp:AdminRespondToAuthChallenge")),
            Grant("hub_key", ("kms:Encrypt", "kms:Decrypt")),
        ),
    ),
    "sources": _api(
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
    "quarantine": _api(
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
    "quality": _api(
        "Shows how good the data of a source is, and what pulls made of values.",
        "core",
        """
        GET /v1/sources/{source}/quality
        GET /v1/fixes
        """,
        ("CONTROL_TABLE", "VAULT_BUCKET"),
        (Grant("control", READ_ITEMS), Grant("vault/fixes", READ_OBJECTS)),
    ),
    "runs": _api(
        "Shows runs, the release and its tables; asks for a run.",
        "core",
        """
        GET  /v1/runs
        GET  /v1/runs/{run_id}
        POST /v1/runs
        GET  /v1/tables
        """,
        ("CONTROL_TABLE", "RUN_MACHINE_ARN"),
        (Grant("control", ITEMS), Grant("machine:run", ("states:StartExecution",))),
    ),
    "customers": _api(
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
    "reports": _api(
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
    "segments": _api(
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
    "campaigns": _api(
        "Composes campaigns, tries them dry, sends, pauses and cancels them; shows receipts.",
        "query",
        """
        GET  /v1/campaigns
        POST /v1/campaigns
        GET  /v1/campaigns/{campaign_id}
        POST /v1/campaigns/{campaign_id}/dry_run
        POST /v1/campaigns/{campaign_id}/send
        POST /v1/campaigns/{campaign_id}/{action}
        GET  /v1/campaigns/{campaign_id}/receipts
        """,
        ("LIBRARY_TABLE", "CAMPAIGNS_TABLE", "FREEZE_FUNCTION"),
        (
            Grant("library", READ_ITEMS),
            Grant("campaigns", ITEMS),
            Grant("function:freeze", ("lambda:InvokeFunction",)),
        ),
    ),
    "contacts": _api(
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
    "users": _api(
        "Users, who has which role, and the audit log.",
        "core",
        """
        GET   /v1/users
        POST  /v1/users
        PATCH /v1/users/{username}
        GET   /v1/audit
        """,
        ("USER_POOL_ID",),
        (Grant("user_pool", USERS), Grant("audit/audit", READ_OBJECTS)),
    ),
    "roles": _api(
        "Shows the roles; makes, changes and deletes custom ones.",
        "core",
        """
        GET    /v1/roles
        POST   /v1/roles
        PUT    /v1/roles/{name}
        DELETE /v1/roles/{name}
        """,
        ("USER_POOL_ID",),
        (Grant("user_pool", GROUPS),),
    ),
    "clients": _api("Shows the machine clients; stops one.", "core", "GET /v1/clients\nPATCH /v1/clients/{name}"),
    "links": Function(
        "Answers the signed links in messages: unsubscribe.",
        "core",
        "api",
        ("CONSENT_TABLE", "LINK_KEY_PARAMETER"),
        (Grant("consent", ITEMS), Grant("parameter:link-keys", PARAMETER)),
        (Route("GET", "/v1/links/unsubscribe", public=True), Route("POST", "/v1/links/unsubscribe", public=True)),
    ),
    "health": Function(
        "Says that the API is up.",
        "core",
        "api",
        (),
        (),
        (Route("GET", "/v1/health", public=True),),
        memory=256,
        timeout=5,
    ),
    "console": Function(
        "Serves the console's files.",
        "core",
        "api",
        (),
        (),
        (Route("", "$default", public=True),),
        memory=256,
        timeout=10,
    ),
    "pull": Function(
        "Carries one pull on until it is complete or the time is short.",
        "pull",
        "queue:pull",
        ("CONTROL_TABLE", "VAULT_BUCKET", "EVENT_BUS", "TOKEN_KEY_PARAMETER"),
        (
            Grant("queue:pull", CONSUME),
            Grant("control", ITEMS),
            Grant("vault/landing", OBJECTS),
            Grant("vault/staging", OBJECTS),
            Grant("vault/quarantine", OBJECTS),
            Grant("vault/fixes", OBJECTS),
            Grant("vault/keys", OBJECTS),
            Grant("vault/drop", READ_OBJECTS),
            Grant("glue:staging", (*READ_CATALOGUE, *WRITE_CATALOGUE, "glue:BatchCreatePartition")),
            Grant("bus", ("events:PutEvents",)),
            Grant("parameter:token-key", PARAMETER),
            Grant("parameter:sources", PARAMETER),
        ),
        memory=2048,
        timeout=300,
    ),
    "sweep": Function(
        "Finds work that nobody carries on: expired leases, pending batches, a run that is due, stuck campaigns.",
        "core",
        "minute",
        ("CONTROL_TABLE", "CAMPAIGNS_TABLE", "PULL_QUEUE_URL", "SEND_QUEUE_URL", "RUN_MACHINE_ARN"),
        (
            Grant("control", ITEMS),
            Grant("campaigns", ITEMS),
            Grant("queue:pull", ("sqs:SendMessage",)),
            Grant("queue:send", ("sqs:SendMessage",)),
            Grant("machine:run", ("states:StartExecution", "states:ListExecutions")),
            Grant("queue:sweep-failed", ("sqs:SendMessage",)),
        ),
        timeout=50,
    ),
    "plan": Function(
        "Plans a run: its pulls, waves and statements.",
        "query",
        "machine",
        ("CONTROL_TABLE", "VAULT_BUCKET", "REPORTING_BUCKET"),
        (
            Grant("control", ITEMS),
            Grant("vault/statements", OBJECTS),
            *(Grant(f"glue:{zone}", READ_CATALOGUE) for zone in ("staging", "vault", "reporting", "scratch")),
        ),
        memory=1024,
        timeout=120,
    ),
    "statement": Function(
        "Starts or polls one Athena statement of a run, under the right to read persons and facts.",
        "core",
        "machine",
        ("CONTROL_TABLE", "VAULT_BUCKET", "TRANSFORM_WORKGROUP"),
        (
            Grant("control", ITEMS),
            Grant("workgroup:transform", RUN_QUERIES),
            Grant("vault/statements", READ_OBJECTS),
            Grant("vault/staging", READ_OBJECTS),
            Grant("vault/vault", OBJECTS),
            Grant("vault/scratch", (*ATHENA_OUTPUT, "s3:DeleteObject")),
            Grant("reporting/reporting", OBJECTS),
            Grant("glue:staging", READ_CATALOGUE),
            *(Grant(f"glue:{zone}", READ_CATALOGUE + WRITE_CATALOGUE) for zone in ("vault", "reporting", "scratch")),
        ),
        timeout=60,
    ),
    "release": Function(
        "Lets readers see what a run built, or marks the run failed.",
        "core",
        "machine",
        ("CONTROL_TABLE", "TRANSFORM_WORKGROUP", "EVENT_BUS"),
        (
            Grant("control", ITEMS),
            Grant("bus", ("events:PutEvents",)),
            Grant("workgroup:transform", RUN_QUERIES),
            Grant("vault/scratch", ATHENA_OUTPUT),
            Grant("vault/vault/*/metadata", READ_OBJECTS),  # snapshots; no row of a person
            Grant("reporting/reporting/*/metadata", READ_OBJECTS),
            *(Grant(f"glue:{zone}", READ_CATALOGUE) for zone in ("vault", "reporting", "scratch")),
        ),
        timeout=120,
    ),
    "profile": Function(
        "Loads the profiles and time lines of changed customers.",
        "batch",
        "machine",
        ("CONTROL_TABLE", "PROFILES_TABLE", "VAULT_BUCKET", "TRANSFORM_WORKGROUP", "TOKEN_KEY_PARAMETER"),
        (
            Grant("control", ITEMS),
            Grant("profiles", (*ITEMS, "dynamodb:Scan")),
            *TRANSFORM_SQL,
            Grant("parameter:token-key", PARAMETER),
        ),
        memory=2048,
        timeout=600,
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
