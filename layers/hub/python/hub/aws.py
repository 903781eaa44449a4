"""Clients for AWS, made once per process. Nothing else in the hub makes one."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

PATIENT = Config(connect_timeout=3, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})
# A lost answer of a send must not be tried again by botocore: the provider may have accepted it.
ONCE = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1})


@cache
def client(service: str) -> Any:
    """A boto3 client that retries; for everything but sending."""
    # A link to an object under a KMS key has to be signed by version 4, which boto3 does not do by itself everywhere.
    config = PATIENT.merge(Config(signature_version="s3v4")) if service == "s3" else PATIENT
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # the stubs know literal names only


@cache
def send_client(service: str) -> Any:
    """A boto3 client that never retries; for calls to providers that have no idempotency token."""
    return boto3.client(service, config=ONCE)  # type: ignore[call-overload]  # the stubs know literal names only


@cache
def table(name: str) -> Any:
    """A DynamoDB table resource."""
    return boto3.resource("dynamodb", config=PATIENT).Table(name)


def reset() -> None:
    """Forget all clients; for tests that change the endpoint or the credentials."""
    client.cache_clear()
    send_client.cache_clear()
    table.cache_clear()
