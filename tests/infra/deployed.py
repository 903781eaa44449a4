"""The synthesised stacks as a test can ask them: every resource, with references between stacks resolved to names."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "123456789012", "eu-west-1"
PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
NAMED_BY = {
    "AWS::Athena::WorkGroup": "Name",
    "AWS::Events::EventBus": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
}
ARNS = {  # type -> what follows arn:aws:
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::Cognito::UserPool": "cognito-idp:{region}:{account}:userpool/{name}",
}
ENCRYPTED_BY: dict[str, tuple[str | int, ...]] = {  # type -> where its key's ARN is
    "AWS::S3::Bucket": (
        "BucketEncryption", "ServerSideEncryptionConfiguration", 0, "ServerSideEncryptionByDefault", "KMSMasterKeyID",
    ),
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
}  # fmt: skip
REF_IS_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}


@dataclass(frozen=True)
class Resource:
    stack: str
    id: str
    type: str
    properties: dict[str, Any]
    raw: dict[str, Any]

    @property
    def where(self) -> str:
        return f"{self.stack}/{self.id}"


class Cloud:
    """A cloud assembly that was synthesised into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.templates = {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(folder.glob("*.template.json"))
        }

    @cached_property
    def resources(self) -> list[Resource]:
        """All resources, properties resolved."""
        return [
            Resource(stack, name, raw["Type"], self.value(stack, raw.get("Properties", {})), raw)
            for stack, template in self.templates.items()
            for name, raw in template.get("Resources", {}).items()
        ]

    def of_type(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type == kind]

    def named(self, kind: str, part: str) -> Resource:
        """The one resource of a type whose logical id begins with `part`."""
        (found,) = [resource for resource in self.of_type(kind) if resource.id.startswith(part)]
        return found

    def function(self, name: str) -> Resource:
        (found,) = [
            resource
            for resource in self.of_type("AWS::Lambda::Function")
            if resource.properties["Environment"]["Variables"].get("POWERTOOLS_SERVICE_NAME") == name
        ]
        return found

    def environment(self, name: str) -> dict[str, str]:
        return self.function(name).properties["Environment"]["Variables"]

    def statements(self, role_arn: str) -> list[dict[str, Any]]:
        """All statements that a role has, of inline and attached policies."""
        (role,) = [r for r in self.of_type("AWS::IAM::Role") if self.arn(r.stack, r.id) == role_arn]
        found = [s for p in role.properties.get("Policies", []) for s in p["PolicyDocument"]["Statement"]]
        for policy in self.of_type("AWS::IAM::Policy"):
            if self.name(role.stack, role.id) in policy.properties["Roles"] and policy.stack == role.stack:
                found += policy.properties["PolicyDocument"]["Statement"]
        return found

    def policy(self, name: str) -> list[dict[str, Any]]:
        """What the function `name` may do."""
        return self.statements(self.function(name).properties["Role"])

    def keys(self) -> dict[str, str]:
        """The ARN of the key by the ARN of each bucket, table and queue that is encrypted under one of ours."""
        found = {}
        for kind, path in ENCRYPTED_BY.items():
            for resource in self.of_type(kind):
                place: Any = resource.properties
                for part in path:
                    place = place[part] if not isinstance(part, str) else place.get(part, {})
                if place:
                    found[self.arn(resource.stack, resource.id)] = place
        return found

    def all_statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(where, statement) of every role."""
        for role in self.of_type("AWS::IAM::Role"):
            for statement in self.statements(self.arn(role.stack, role.id)):
                yield role.where, statement

    def name(self, stack: str, logical: str) -> str:
        """A physical name: the given one, or made from the logical id as CloudFormation would."""
        raw = self.templates[stack]["Resources"][logical]
        given = raw.get("Properties", {}).get(NAMED_BY.get(raw["Type"], ""))
        if given:
            return self.value(stack, given)
        digest = hashlib.sha256(f"{self.templates[stack].get('Description')}{stack}{logical}".encode()).hexdigest()[:8]
        if raw["Type"] == "AWS::Cognito::UserPool":
            return f"{REGION}_{digest}"
        return f"{re.sub(r'[^a-z0-9]', '', logical.lower())[:40]}-{digest}"

    def arn(self, stack: str, logical: str) -> str:
        kind = self.templates[stack]["Resources"][logical]["Type"]
        text = ARNS.get(kind, "{type}:{region}:{account}:{name}").format(
            type=kind, name=self.name(stack, logical), account=ACCOUNT, region=REGION
        )
        return f"arn:aws:{text}"

    def value(self, stack: str, node: Any) -> Any:
        """A node of a template with its intrinsic functions resolved."""
        if isinstance(node, list):
            return [self.value(stack, item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, inner),) = node.items()
            if key == "Ref":
                return self.ref(stack, inner)
            if key == "Fn::GetAtt":
                return self._attribute(stack, *inner)
            if key == "Fn::Join":
                return inner[0].join(self.value(stack, part) for part in inner[1])
            if key == "Fn::ImportValue":
                return self._import(self.value(stack, inner))
            if key == "Fn::Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda match: self.ref(stack, match[1]), inner)
            if key.startswith("Fn::"):
                return {key: self.value(stack, inner)}
        return {key: self.value(stack, inner) for key, inner in node.items()}

    def ref(self, stack: str, logical: str) -> str:
        """What `Ref` gives for a resource of the stack."""
        if logical in PSEUDO:
            return PSEUDO[logical]
        kind = self.templates[stack]["Resources"][logical]["Type"]
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.name(stack, logical)}"
        return self.arn(stack, logical) if kind in REF_IS_ARN else self.name(stack, logical)

    def _attribute(self, stack: str, logical: str, attribute: str) -> str:
        if attribute in {"Arn", "TopicArn"}:
            return self.arn(stack, logical)
        if attribute in {"QueueName", "Name", "RoleId"}:
            return self.name(stack, logical)
        if attribute == "ApiEndpoint":
            return f"https://{self.name(stack, logical)}.execute-api.{REGION}.amazonaws.com"
        return f"{self.name(stack, logical)}.{attribute}"

    def _import(self, export: str) -> str:
        for stack, template in self.templates.items():
            for output in template.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == export:
                    return self.value(stack, output["Value"])
        raise KeyError(f"no stack exports {export}")
