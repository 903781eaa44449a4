"""Runs of the SQL models, from plan to release and profiles."""

from infra.functions.api import api
from infra.rights import (
    ATHENA_OUTPUT,
    ITEMS,
    OBJECTS,
    PARAMETER,
    READ_CATALOGUE,
    READ_OBJECTS,
    RUN_QUERIES,
    TRANSFORM_SQL,
    WRITE_CATALOGUE,
    Function,
    Grant,
)

RUNS: dict[str, Function] = {
    "runs": api(
        "Shows runs, the release and its tables; asks for a run.",
        "core",
        """
        GET  /v1/runs
        GET  /v1/runs/{run_id}
        GET  /v1/runs/{run_id}/matching
        POST /v1/runs
        GET  /v1/tables
        """,
        ("CONTROL_TABLE", "RUN_MACHINE_ARN"),
        (Grant("control", ITEMS), Grant("machine:run", ("states:StartExecution",))),
    ),
    "plan": Function(
        "Plans a run: its pulls, waves and statements.",
        "query",
        "machine",
        ("CONTROL_TABLE", "CONSENT_TABLE", "VAULT_BUCKET", "REPORTING_BUCKET"),
        (
            Grant("control", ITEMS),
            Grant("consent", ("dynamodb:Query",)),  # which values were verified
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
            Grant("vault/matching", (*ATHENA_OUTPUT, "s3:DeleteObject")),
            Grant("reporting/reporting", OBJECTS),
            Grant("glue:staging", READ_CATALOGUE),
            *(Grant(f"glue:{zone}", READ_CATALOGUE + WRITE_CATALOGUE) for zone in ("vault", "reporting", "scratch")),
            Grant("glue:scratch", ("glue:DeleteTable",)),  # what a failed attempt of a matching left
        ),
        memory=1769,  # one whole processor: the matching learns here
        timeout=120,
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
}
