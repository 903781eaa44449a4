"""Run a handler in moto as the role that was synthesised for it: its environment, its statements, nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from hub import aws
from tests.infra.deployed import REGION, Cloud
from tests.infra.iam import enforce


class World:
    """AWS in memory with the stores of the synthesised stacks; made by an administrator, then used by functions."""

    def __init__(self, cloud: Cloud, monkeypatch: Any) -> None:
        self.cloud, self._monkeypatch = cloud, monkeypatch
        hub_key = cloud.named("AWS::KMS::Key", "Keyhub")
        self.statements: list[dict[str, Any]] = []
        """What the function that acts at present may do."""
        self.keys = cloud.keys() | {"arn:aws:ssm": cloud.arn(hub_key.stack, hub_key.id)}  # the parameters' key
        for table in cloud.of_type("AWS::DynamoDB::Table"):
            shape = {k: table.properties[k] for k in ("KeySchema", "AttributeDefinitions", "BillingMode")}
            indexes = {k: table.properties[k] for k in ("GlobalSecondaryIndexes",) if k in table.properties}
            boto3.client("dynamodb").create_table(TableName=cloud.name(table.stack, table.id), **shape, **indexes)
        for bucket in cloud.of_type("AWS::S3::Bucket"):
            boto3.client("s3").create_bucket(
                Bucket=cloud.name(bucket.stack, bucket.id), CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        for queue in cloud.of_type("AWS::SQS::Queue"):
            boto3.client("sqs").create_queue(QueueName=cloud.name(queue.stack, queue.id))
        for bus in cloud.of_type("AWS::Events::EventBus"):
            boto3.client("events").create_event_bus(Name=bus.properties["Name"])
        for database in cloud.of_type("AWS::Glue::Database"):
            boto3.client("glue").create_database(DatabaseInput={"Name": database.properties["DatabaseInput"]["Name"]})
        for parameter in ("token-key", "link-keys"):
            value = "00" * 32 if parameter == "token-key" else json.dumps({"current": "k", "keys": {"k": "11" * 32}})
            boto3.client("ssm").put_parameter(Name=f"/hub/test/{parameter}", Value=value, Type="SecureString")

    @contextmanager
    def acting_as(self, function: str) -> Iterator[dict[str, str]]:
        """Within it, boto3 and hub.aws act with the function's role and environment."""
        environment = self.cloud.environment(function)
        with self._monkeypatch.context() as patched:
            for name, value in {**environment, "HUB_HOME": str(self.home)}.items():
                patched.setenv(name, value)
            patched.setattr(boto3, "DEFAULT_SESSION", None)
            aws.reset()
            self.statements = self.cloud.policy(function)
            enforce(patched, self.statements, self.keys)
            yield environment
        aws.reset()

    @property
    def home(self) -> Path:
        """The compiled deployment that the synthesis wrote."""
        return self.cloud.folder / "home/hub"
