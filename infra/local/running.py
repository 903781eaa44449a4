"""What a deployed hub needs once: keys, secrets, a sender, people, the first data. Each step may be repeated safely."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from hub.access import ROLES
from hub.campaigns import after_unclean_start
from infra.local import emulator
from infra.local.demo.generate import generate
from infra.local.laptop import Laptop
from infra.local.private import new_password, write_private
from infra.operate import keys

QUICK = Config(connect_timeout=3, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def made(service: str) -> Any:
    return boto3.client(service, config=QUICK)  # type: ignore[call-overload]  # the stubs know literal names only


class Hub:
    """The hub that is deployed on this laptop, seen by its operator."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self.deployment = json.loads((laptop.home / "hub/deployment.json").read_text())
        self.settings: dict[str, str] = {}
        self.functions: dict[str, str] = {}
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        for function in (f for page in pages for f in page["Functions"]):
            variables = function.get("Environment", {}).get("Variables", {})
            self.settings |= variables
            if "POWERTOOLS_SERVICE_NAME" in variables:
                self.functions[variables["POWERTOOLS_SERVICE_NAME"]] = function["FunctionName"]

    def client(self, service: str) -> Any:
        return made(service)

    def ensure_keys(self) -> None:
        keys.ensure_keys(self.settings["STAGE"])

    def ensure_secret(self, name: str, value: str) -> None:
        """Put an SSM SecureString unless it is there."""
        try:
            self.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=False)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ParameterAlreadyExists":
                raise

    def ensure_sender(self) -> None:
        """The address that the deployment sends from is verified."""
        if address := self.deployment["hub"]["senders"]["email"]:
            self.client("ses").verify_email_identity(EmailAddress=address)

    def ensure_people(self) -> dict[str, dict[str, str]]:
        """One user per role that was deployed; passwords are made at the first start and kept in credentials.json."""
        file = self._laptop.credentials
        people = json.loads(file.read_text()) if file.exists() else {}
        roles = sorted({*ROLES, *self.deployment["roles"]})
        for role in roles:
            people.setdefault(role, {"username": role, "password": new_password()})
        write_private(file, json.dumps(people, indent=2))  # before the users: a password must not be lost
        for role in roles:
            self._ensure_user(role, **people[role])
        return {role: people[role] for role in roles}

    def _ensure_user(self, role: str, username: str, password: str) -> None:
        cognito = self.client("cognito-idp")
        user = {"UserPoolId": self.settings["USER_POOL_ID"], "Username": username}
        try:
            if cognito.admin_get_user(**user)["UserStatus"] == "CONFIRMED":
                return
        except cognito.exceptions.UserNotFoundException:
            mail = [{"Name": "email", "Value": f"{role}@example.com"}, {"Name": "email_verified", "Value": "true"}]
            cognito.admin_create_user(**user, UserAttributes=mail, MessageAction="SUPPRESS")
        cognito.admin_add_user_to_group(**user, GroupName=role)
        cognito.admin_set_user_password(**user, Password=password, Permanent=True)

    def drop_calls(self) -> None:
        """Put the call centre's files where the deployment looks for them; files that are there stay as they are."""
        if "calls" not in self.deployment["sources"]:
            return
        s3, bucket = self.client("s3"), self.settings["VAULT_BUCKET"]
        there = {o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="drop/calls/").get("Contents", [])}
        for name, content in generate().drops.items():
            if f"drop/calls/{name}" not in there:
                s3.put_object(Bucket=bucket, Key=f"drop/calls/{name}", Body=content)

    def pull_everything(self) -> int:
        """Ask for a pull of every data set, as its schedule does; returns how many."""
        sqs = self.client("sqs")
        for source, data_set in self.data_sets():
            now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            task = {"source": source, "data_set": data_set, "scheduled_at": now}
            sqs.send_message(QueueUrl=self.settings["PULL_QUEUE_URL"], MessageBody=json.dumps(task))
        return len(self.data_sets())

    def resume(self) -> bool:
        """Let queues and schedules run, and the sweeper carry on with pulls and runs that stopped with the laptop.

        After an unclean stop chunks without a ledger row become uncertain first, never sent; whether it was one.
        """
        hold = emulator.hold_file(self._laptop)
        unclean = hold.exists() and hold.read_text() == emulator.UNCLEAN
        if unclean:
            after_unclean_start(self.settings["CAMPAIGNS_TABLE"], self.settings["VAULT_BUCKET"])
        hold.unlink(missing_ok=True)
        event = json.dumps({"reason": "restart"}).encode()
        self.client("lambda").invoke(FunctionName=self.functions["sweep"], InvocationType="Event", Payload=event)
        return unclean

    def data_sets(self) -> list[tuple[str, str]]:
        """(source, data set) of everything that is fetched; what is pushed comes when it comes."""
        fetched = {n: source for n, source in self.deployment["sources"].items() if source["connector"] != "push"}
        return [(name, one) for name, source in fetched.items() for one in source["data_sets"]]

    def complete_release(self) -> str | None:
        """The release that readers see, once every data set is in it; None before."""
        table = boto3.resource("dynamodb", config=QUICK).Table(self.settings["CONTROL_TABLE"])
        release = table.get_item(Key={"pk": "release", "sk": "current"}).get("Item", {})
        pulled = release.get("pulls", {})
        return release["release_id"] if all(pulled.get(".".join(one)) for one in self.data_sets()) else None
