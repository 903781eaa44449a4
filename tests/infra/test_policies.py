"""What each function's synthesised role may and may not do, by calls to AWS on moto."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.functions import FUNCTIONS
from tests.infra.calls import (
    bucket,
    change_parameter,
    databases,
    enqueue,
    get,
    listing,
    parameter,
    put,
    read,
    receive,
    scan,
    update,
    write,
)
from tests.infra.rights_of_asking import ASKING

# function -> (what it must be able to do, what it must not)
RIGHTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = ASKING | {
    "session": (
        {"keep a session": put("access"), "write down who signed in": write("audit", "audit/day=2026-01-01/a.json")},
        {
            "read profiles": get("profiles"),
            "read the audit log": read("audit", "audit/day=2026-01-01/a.json"),
            "read the link keys": parameter("link-keys"),
        },
    ),
    "sources": (
        {
            "read the ledger": get("control"),
            "ask for a pull": enqueue("pulls"),
        },
        {
            "read raw bytes": read("vault", "landing/a"),
            "read refused rows": read("vault", "quarantine/a"),
            "read golden records": read("vault", "vault/customer/a"),
            "take a message": receive("pulls"),
            "read fixes": read("vault", "fixes/a"),
            "read profiles": get("profiles"),
        },
    ),
    "quarantine": (
        {
            "read the ledger": get("control"),
            "ask for a replay": enqueue("pulls"),
            "show quarantine": read("vault", "quarantine/a"),
            "keep corrections": write("vault", "quarantine/a"),
        },
        {
            "read raw bytes": read("vault", "landing/a"),
            "stage a row": write("vault", "staging/a"),
            "read staged rows": read("vault", "staging/a"),
            "take a message": receive("pulls"),
            "read profiles": get("profiles"),
        },
    ),
    "collect": (
        {"keep what arrives": write("vault", "landing/_pushed/a"), "know a repeat": update("arrivals")},
        {
            "read what arrived": read("vault", "landing/_pushed/a"),
            "see what arrived": listing("vault", "landing/_pushed/"),
            "write down what a pull takes": write("vault", "landing/_plans/a"),
            "write what a pull landed": write("vault", "landing/crm/a"),
            "stage a row": write("vault", "staging/a"),
            "drop a file": write("vault", "drop/a"),
            "read the ledger": get("control"),
            "read sessions": get("access"),
            "ask for a pull": enqueue("pulls"),
            "read the token key": parameter("token-key"),
            "read the link keys": parameter("link-keys"),
        },
    ),
    "uploads": (
        {
            "keep an upload": put("control"),
            "sign a link": write("vault", "drop/calls/a"),
            "see that it is there": listing("vault", "drop/calls/"),
            "ask for a pull": enqueue("pulls"),
        },
        {
            "read a file": read("vault", "drop/calls/a"),
            "push an event": write("vault", "landing/_pushed/a"),
            "stage a row": write("vault", "staging/a"),
            "read quarantine": read("vault", "quarantine/a"),
            "read profiles": get("profiles"),
        },
    ),
    "quality": (
        {
            "read the ledger": get("control"),
            "show fixes": read("vault", "fixes/a"),
            "undo one": write("vault", "undone/a"),
        },
        {
            "change the ledger": put("control"),
            "read quarantine": read("vault", "quarantine/a"),
            "read raw bytes": read("vault", "landing/a"),
            "read golden records": read("vault", "vault/customer/a"),
        },
    ),
    "silos": (
        {"read pulls": get("control"), "read reports": get("library"), "read campaigns": get("campaigns")},
        {
            "change the ledger": put("control"),
            "read profiles": get("profiles"),
            "read golden records": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
        },
    ),
    "lists": (
        {
            "keep a list": write("vault", "lists/uploads/a.csv"),
            "show a result": read("vault", "lists/merges/a/kept.csv"),
            "keep a job": put("control"),
        },
        {
            "read staged rows": read("vault", "staging/a"),
            "read raw bytes": read("vault", "landing/a"),
            "read golden records": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
        },
    ),
    "merge": (
        {
            "read staged rows": read("vault", "staging/a"),
            "read a list": read("vault", "lists/uploads/a.csv"),
            "write a result": write("vault", "lists/merges/a/kept.csv"),
            "keep a job": put("control"),
        },
        {
            "stage a row": write("vault", "staging/a"),
            "read raw bytes": read("vault", "landing/a"),
            "read golden records": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
            "read profiles": get("profiles"),
        },
    ),
    "runs": (
        {"read runs": get("control")},
        {
            "read profiles": get("profiles"),
            "read facts": read("reporting", "reporting/a"),
            "read consent": get("consent"),
        },
    ),
    "customers": (
        {
            "read a profile": get("profiles"),
            "read the token key": parameter("token-key"),
            "audit": write("audit", "audit/a"),
        },
        {
            "write a profile": put("profiles"),
            "scan all profiles": scan("profiles"),
            "read the vault": read("vault", "vault/a"),
            "read facts": read("reporting", "reporting/a"),
        },
    ),
    "reports": (
        {
            "keep a report": put("library"),
            "read released tables": read("reporting", "reporting/customer/a"),
            "see their columns": databases("reporting"),
            "write a result": write("results", "reports/a.csv"),
        },
        {
            "read persons": read("vault", "vault/customer/a"),
            "read staged rows": read("vault", "staging/a"),
            "see the vault's tables": databases("vault"),
            "see staging's tables": databases("staging"),
            "write facts": write("reporting", "reporting/customer/a"),
            "read profiles": get("profiles"),
            "list the vault": listing("vault", "vault/"),
        },
    ),
    "segments": (
        {"keep a segment": put("library")},
        {"read persons": read("vault", "vault/a"), "read consent": get("consent"), "see a campaign": get("campaigns")},
    ),
    "campaigns": (
        {"keep a campaign": put("campaigns"), "read a template": get("library")},
        {
            "write a template": put("library"),
            "read addresses": read("vault", "campaigns/a"),
            "send": enqueue("sends"),
            "read consent": get("consent"),
        },
    ),
    "contacts": (
        {
            "write consent": put("consent"),
            "read the token key": parameter("token-key"),
            "see whose addresses they are": get("profiles"),
        },
        {
            "change a golden record": put("profiles"),
            "read addresses": read("vault", "campaigns/a"),
            "see a campaign": get("campaigns"),
        },
    ),
    "users": (
        {
            "read the audit log": read("audit", "audit/day=2026-01-01/a.json"),
            "list a day": listing("audit", "audit/day=2026-01-01/"),
        },
        {
            "delete from the audit log": lambda cloud: boto3.client("s3").delete_object(
                Bucket=bucket(cloud, "audit"), Key="audit/a"
            ),
            "read profiles": get("profiles"),
        },
    ),
    "roles": (
        {"keep a role": put("access")},
        {"read the audit log": read("audit", "audit/day=2026-01-01/a.json"), "read profiles": get("profiles")},
    ),
    "clients": (
        {"stop a client": put("access")},
        {"read the audit log": read("audit", "audit/day=2026-01-01/a.json"), "read profiles": get("profiles")},
    ),
    "links": (
        {"write consent": put("consent"), "read the link keys": parameter("link-keys")},
        {"read profiles": get("profiles"), "read campaigns": get("campaigns"), "read sessions": get("access")},
    ),
    "health": ({}, {"read anything": get("control"), "write anything": put("control")}),
    "console": ({}, {"read anything": get("control"), "read sessions": get("access")}),
    "pull": (
        {
            "write the ledger": put("control"),
            "land": write("vault", "landing/a"),
            "stage": write("vault", "staging/a"),
            "read a dropped file": read("vault", "drop/calls/a.csv"),
            "see its drop": listing("vault", "drop/calls/"),
            "register a partition": databases("staging"),
            "read the token key": parameter("token-key"),
        },
        {
            "write golden records": write("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
            "change a dropped file": write("vault", "drop/calls/a.csv"),
            "read profiles": get("profiles"),
            "read the link keys": parameter("link-keys"),
            "see the vault's tables": databases("vault"),
            "change a secret that nobody exchanges": change_parameter("/hub/crm/token"),
            "change the token key": change_parameter("/hub/test/token-key"),
        },
    ),
    "sweep": (
        {
            "read the ledger": get("control"),
            "carry a pull on": enqueue("pulls"),
            "carry a campaign on": enqueue("sends"),
            "see a campaign": get("campaigns"),
            "see whether something arrived": listing("vault", "landing/_pushed/website/"),
        },
        {
            "read profiles": get("profiles"),
            "read the vault": read("vault", "vault/a"),
            "read what arrived": read("vault", "landing/_pushed/a"),
            "list what was landed": listing("vault", "landing/crm/"),
            "read consent": get("consent"),
        },
    ),
    "plan": (
        {
            "write a statement": write("vault", "statements/r1/a.sql"),
            "see the tables": databases("vault"),
            "plan": put("control"),
        },
        {
            "change consent": put("consent"),
            "read persons": read("vault", "vault/a"),
            "read staged rows": read("vault", "staging/a"),
            "read profiles": get("profiles"),
        },
    ),
    "statement": (
        {
            "read staged rows": read("vault", "staging/a"),
            "write golden records": write("vault", "vault/customer/a"),
            "write facts": write("reporting", "reporting/a"),
            "read its text": read("vault", "statements/r1/a.sql"),
        },
        {
            "read raw bytes": read("vault", "landing/a"),
            "change its text": write("vault", "statements/r1/a.sql"),
            "read profiles": get("profiles"),
            "read results of users": read("results", "reports/a.csv"),
            "stage": write("vault", "staging/a"),
        },
    ),
    "release": (
        {"release": put("control"), "read a snapshot": read("vault", "vault/customer/metadata/a.json")},
        {
            "read persons": read("vault", "vault/customer/data/a.parquet"),
            "read facts": read("reporting", "reporting/customer/data/a"),
            "read profiles": get("profiles"),
        },
    ),
    "profile": (
        {
            "write profiles": put("profiles"),
            "read golden records": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
            "unload what changed": write("vault", "scratch/r1/profiles/l/events-0/a"),
            "read what is unloaded": read("vault", "scratch/r1/profiles/l/events-0/a"),
            "read the token key": parameter("token-key"),
        },
        {
            "change golden records": write("vault", "vault/customer/a"),
            "change facts": write("reporting", "reporting/a"),
            "read raw bytes": read("vault", "landing/a"),
            "read consent": get("consent"),
        },
    ),
    "freeze": (
        {
            "read golden records": read("vault", "vault/customer/a"),
            "read facts": read("reporting", "reporting/a"),
            "write a chunk": write("vault", "campaigns/r/1"),
            "read consent": get("consent"),
            "queue a chunk": enqueue("sends"),
        },
        {
            "change golden records": write("vault", "vault/customer/a"),
            "change consent": put("consent"),
            "write profiles": put("profiles"),
            "read raw bytes": read("vault", "landing/a"),
            "read quarantine": read("vault", "quarantine/a"),
        },
    ),
    "send": (
        {
            "read a chunk": read("vault", "campaigns/r/1"),
            "keep the ledger": put("campaigns"),
            "read consent": get("consent"),
            "read the link keys": parameter("link-keys"),
            "take a message": receive("sends"),
        },
        {
            "read golden records": read("vault", "vault/customer/a"),
            "change consent": put("consent"),
            "read profiles": get("profiles"),
            "take a pull": receive("pulls"),
        },
    ),
    "mail_events": (
        {
            "write a receipt": put("campaigns"),
            "suppress an address": put("consent"),
            "take an event": receive("mail-events"),
        },
        {"read a chunk": read("vault", "campaigns/r/1"), "read profiles": get("profiles"), "send": enqueue("sends")},
    ),
}
CASES = [
    (function, what, call, allowed)
    for function, rights in RIGHTS.items()
    for allowed, calls in zip((True, False), rights, strict=True)
    for what, call in calls.items()
]


def test_every_function_has_its_cases():
    assert set(RIGHTS) == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_a_role_may_and_may_not(world, cloud, function):
    """All cases of one function in one world: an error that is not about rights (no such key) counts as allowed."""
    wrong = []
    with world.acting_as(function):
        for name, what, call, allowed in CASES:
            if name != function:
                continue
            try:
                call(cloud)
                refused = False
            except ClientError as error:
                refused = error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
            if refused is allowed:
                wrong.append(f"{function} {'cannot' if allowed else 'can'} {what}")
    assert wrong == []
