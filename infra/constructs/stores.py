"""Where each logical store is, and how leave to use it is written as IAM statements."""

from collections import defaultdict
from dataclasses import dataclass

from aws_cdk import Aws, Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from infra.rights import Grant

BUCKET_ACTIONS = frozenset({"s3:ListBucket", "s3:GetBucketLocation"})
READS = frozenset(
    {
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "ssm:GetParameter",
        "sqs:ReceiveMessage",
    }
)
WRITES = frozenset(
    {
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "s3:PutObject",
        "sqs:SendMessage",
        "ssm:PutParameter",
    }
)
DECRYPT = ("kms:Decrypt", "kms:DescribeKey")
ENCRYPT = ("kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")


@dataclass(frozen=True)
class Store:
    """A place that holds something: its ARNs, and the key that its content is encrypted with."""

    arns: tuple[str, ...]
    key: kms.IKey | None = None


class Stores:
    """The stores that the stacks have made so far, and the settings that tell a function where they are."""

    def __init__(self) -> None:
        self._stores: dict[str, Store] = {}
        self.settings: dict[str, str] = {}

    def add(self, name: str, *arns: str, key: kms.IKey | None = None, **settings: str) -> None:
        """Make a store known under its logical name; `settings` are variables that functions may ask for."""
        self._stores[name] = Store(arns, key)
        self.settings.update(settings)

    def statements(self, grants: tuple[Grant, ...]) -> list[iam.PolicyStatement]:
        """One statement per grant, and one per key for what the grants need of it, only through those services."""
        statements = []
        needs: dict[str, set[str]] = defaultdict(set)
        through: dict[str, set[str]] = defaultdict(set)
        for grant in grants:
            name, _, prefix = grant.store.partition("/")
            store = self._stores[name]
            if not store.arns:
                continue
            statements += _bucket(store, prefix, grant) if prefix else [_allow(grant.actions, store.arns)]
            if store.key is None or grant.actions[0].startswith("kms:"):
                continue
            arn = store.key.key_arn
            wanted = set(DECRYPT) if READS & set(grant.actions) else set()
            wanted |= {*DECRYPT, *ENCRYPT} if WRITES & set(grant.actions) else set()
            needs[arn] |= wanted
            through[arn].add(grant.actions[0].partition(":")[0])
        for arn, actions in needs.items():
            if actions:
                services = [f"{service}.{Aws.REGION}.amazonaws.com" for service in sorted(through[arn])]
                condition = {"StringEquals": {"kms:ViaService": services}}
                statements.append(_allow(tuple(sorted(actions)), (arn,), condition))
        return statements


def _bucket(store: Store, prefix: str, grant: Grant) -> list[iam.PolicyStatement]:
    """Objects under the prefix alone; a listing shows that prefix alone."""
    (bucket,) = store.arns
    on_objects = tuple(action for action in grant.actions if action not in BUCKET_ACTIONS)
    statements = [_allow(on_objects, (f"{bucket}/{prefix}/*",))] if on_objects else []
    if "s3:ListBucket" in grant.actions:
        condition = {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}}
        statements.append(_allow(("s3:ListBucket",), (bucket,), condition))
    if "s3:GetBucketLocation" in grant.actions:
        statements.append(_allow(("s3:GetBucketLocation",), (bucket,)))
    return statements


def _allow(actions: tuple[str, ...], resources: tuple[str, ...], conditions: dict | None = None) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)


def regional(service: str, resource: str) -> str:
    """The ARN of a resource in this account and region."""
    return Fn.join("", ["arn:", Aws.PARTITION, f":{service}:", Aws.REGION, ":", Aws.ACCOUNT_ID, ":", resource])
