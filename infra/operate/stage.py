"""A deployed stage as its operator sees it: what its stacks hold, and what its functions are told."""

import json
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.operate import stage_problem

STACKS = ("storage", "access", "ingest", "transform", "campaigns", "api", "operations")


class OperateError(Exception):
    """The operator must do something first; the message says what."""


class Stage:
    """The stage `name` in the account of the caller's credentials; OperateError where no stage is called so."""

    def __init__(self, name: str) -> None:
        if problem := stage_problem(name):
            raise OperateError(problem)
        self.name = name

    def stack(self, part: str) -> str:
        return f"{self.name}-hub-{part}"

    def template(self, part: str) -> dict[str, Any] | None:
        """The template that a stack was last deployed with; None if there is no such stack."""
        try:
            body = boto3.client("cloudformation").get_template(StackName=self.stack(part))["TemplateBody"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return json.loads(body) if isinstance(body, str) else dict(body)

    def physical(self, part: str) -> dict[str, str]:
        """{logical id: physical id} of a stack's resources."""
        pages = (
            boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack(part))
        )
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for p in pages for r in p["StackResourceSummaries"]}

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Named outputs of all stacks; OperateError if the stage is not deployed."""
        found: dict[str, str] = {}
        for part in STACKS:
            try:
                (stack,) = boto3.client("cloudformation").describe_stacks(StackName=self.stack(part))["Stacks"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ValidationError":
                    raise
                raise OperateError(f"stage {self.name!r} is not deployed here: no stack {self.stack(part)}") from error
            found |= {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
        return found

    @cached_property
    def settings(self) -> dict[str, str]:
        """The variables of all functions of the stage together, for example PUBLIC_URL."""
        found: dict[str, str] = {}
        for page in boto3.client("lambda").get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                variables = function.get("Environment", {}).get("Variables", {})
                if variables.get("STAGE") == self.name:
                    found |= variables
        return found
