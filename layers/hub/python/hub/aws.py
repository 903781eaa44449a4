"""Clients for AWS, made once per process. Nothing else in the hub makes one."""

from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

from hub.errors import TooLarge

LARGEST_ITEM: Final = 350_000
"""Bytes of a text in an item of DynamoDB, which with its keys and all else has at most 409,600."""

PATIENT = Config(connect_timeout=3, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})
# A lost answer of a send must not be tried again by botocore: the provider may have accepted it.
ONCE = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1})


@cache
def client(service: str) -> Any:
    """A boto3 client that retries; for everything but sending."""
    # A link to an object under a KMS key has to be signed by version 4, which boto3 does not do by itself everywhere.
    # Its host names the region, as a bucket's redirect from elsewhere loses a page's leave to ask.
    # A body has its checksum and goes through TLS; where an endpoint has none (a laptop's) botocore would hash it too.
    signed = Config(signature_version="s3v4", s3={"addressing_style": "virtual", "payload_signing_enabled": False})
    config = PATIENT.merge(signed) if service == "s3" else PATIENT
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # the stubs know literal names only


@cache
def send_client(service: str) -> Any:
    """A boto3 client that never retries; for calls to providers that have no idempotency token."""
    return boto3.client(service, config=ONCE)  # type: ignore[call-overload]  # the stubs know literal names only


@cache
def table(name: str) -> Any:
    """A DynamoDB table resource."""
    return boto3.resource("dynamodb", config=PATIENT).Table(name)


def fitting(text: str) -> str:
    """The text, if one item of a table can keep it; TooLarge if not."""
    if len(text.encode()) > LARGEST_ITEM:
        raise TooLarge(f"This is too much to keep in one piece: at most {LARGEST_ITEM // 1000} kB")
    return text


def reset() -> None:
    """Forget all clients; for tests that change the endpoint or the credentials."""
    client.cache_clear()
    send_client.cache_clear()
    table.cache_clear()
