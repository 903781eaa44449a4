"""Stores as the stacks make them, for tests that need no stack."""

from typing import Any

KEYS = ("pk", "HASH"), ("sk", "RANGE")
INDEX_KEYS = ("gsi1pk", "HASH"), ("gsi1sk", "RANGE")


def create_table(dynamodb: Any, name: str, by_time: bool = False) -> None:
    """A table of the hub, with the index of the control table or without."""
    named = [*KEYS, *(INDEX_KEYS if by_time else ())]
    index = {"IndexName": "by_time", "KeySchema": _schema(INDEX_KEYS), "Projection": {"ProjectionType": "ALL"}}
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_schema(KEYS),
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in named],
        **({"GlobalSecondaryIndexes": [index]} if by_time else {}),
    )


def create_bucket(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def _schema(keys: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in keys]
