"""Localised templates to running stacks, by CloudFormation, as `cdk deploy` would: in order, created or updated."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.local.laptop import REGION, Laptop, LaptopError
from infra.local.localise import BUCKET, localise

PATIENCE = 120  # seconds for one stack


def ordered_stacks(assembly: Path) -> list[tuple[str, Path]]:
    """(stack name, template file) in the order in which they must be deployed."""
    manifest = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    stacks = {name: a for name, a in manifest.items() if a["type"] == "aws:cloudformation:stack"}
    done: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        for other in stacks[name].get("dependencies", []):
            if other in stacks:
                visit(other)
        done.append(name)

    for name in stacks:
        visit(name)
    return [
        (stacks[n]["properties"].get("stackName", n), assembly / stacks[n]["properties"]["templateFile"]) for n in done
    ]


class Deployer:
    """Deploys to the emulator that the environment's AWS_ENDPOINT_URL names."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._s3 = boto3.client("s3")
        self._cloudformation = boto3.client("cloudformation")
        self._lambda = boto3.client("lambda")
        self._stamps = laptop.state / "deployed.json"

    def deploy(self, assembly: Path) -> dict[str, list[str]]:
        """Bring every stack to its template; returns {"made", "updated", "left_out"} lists of names."""
        self._ensure_bucket()
        stamps = json.loads(self._stamps.read_text()) if self._stamps.exists() else {}
        result: dict[str, list[str]] = {"made": [], "updated": [], "left_out": []}
        for stack, file in ordered_stacks(assembly):
            template = json.loads(file.read_text())
            left_out, packages = localise(template, self._laptop)
            result["left_out"] += [f"{stack}: {name} ({why})" for name, why in left_out.items()]
            body = json.dumps(template, indent=1).encode()
            stamp = hashlib.sha256(body + b"".join(packages[k] for k in sorted(packages))).hexdigest()
            exists = self._exists(stack)
            if exists and stamps.get(stack) == stamp:
                continue
            self._put(stack, body, packages)
            self._apply(stack, exists)
            if exists:
                self._renew_code(template, stack, packages)
            result["updated" if exists else "made"].append(stack)
            stamps[stack] = stamp
            self._stamps.write_text(json.dumps(stamps))
        return result

    def outputs(self) -> dict[str, str]:
        """All stacks' outputs by name."""
        stacks = self._cloudformation.describe_stacks()["Stacks"]
        return {o["OutputKey"]: o["OutputValue"] for s in stacks for o in s.get("Outputs", [])}

    def _ensure_bucket(self) -> None:
        try:
            self._s3.head_bucket(Bucket=BUCKET)
        except ClientError:
            self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def _exists(self, stack: str) -> bool:
        try:
            status = self._cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        except ClientError:
            return False
        if status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):  # never came up; must be made anew
            self._cloudformation.delete_stack(StackName=stack)
            self._wait(stack)
            return False
        return True

    def _put(self, stack: str, body: bytes, packages: dict[str, bytes]) -> None:
        for key, package in packages.items():
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=package)
        self._s3.put_object(Bucket=BUCKET, Key=f"{stack}.json", Body=body)

    def _apply(self, stack: str, exists: bool) -> None:
        change = self._cloudformation.update_stack if exists else self._cloudformation.create_stack
        try:
            change(
                StackName=stack,
                TemplateURL=f"https://s3.{REGION}.amazonaws.com/{BUCKET}/{stack}.json",
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            )
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return
            raise
        status = self._wait(stack)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            events = self._cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
            failed = [
                f"    {e['LogicalResourceId']} ({e['ResourceType']}): {e.get('ResourceStatusReason', '')}"
                for e in events
                if e["ResourceStatus"].endswith("FAILED")
            ]
            raise LaptopError("\n".join([f"stack {stack} ended {status}", *failed]))

    def _wait(self, stack: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                status: str = self._cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            except ClientError:
                return "DELETE_COMPLETE"
            if not status.endswith("IN_PROGRESS"):
                return status
            time.sleep(0.05)
        raise LaptopError(f"stack {stack} was not done in {PATIENCE} s")

    def _renew_code(self, template: dict[str, Any], stack: str, packages: dict[str, bytes]) -> None:
        """The emulator's CloudFormation leaves a function's code alone when only the package behind its key changed."""
        found = self._cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        physical = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in found}
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Lambda::Function" and resource["Properties"]["Code"].get("S3Key") in packages:
                self._lambda.update_function_code(
                    FunctionName=physical[name], S3Bucket=BUCKET, S3Key=resource["Properties"]["Code"]["S3Key"]
                )
