"""A world in which workers really work: an Athena that computes, a state machine, a mailbox, a function to invoke.

Athena does with S3 and Glue what the caller may do, as AWS's does; the same policy judges that.
"""

import importlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest

from hub.campaigns import keys
from infra.local.athena.__main__ import open_engine
from infra.local.athena.catalogue import Catalogue
from infra.local.athena.server import Server
from infra.local.athena.service import Service
from tests.infra.acting import World
from tests.infra.deployed import Cloud
from tests.providers import SmsDouble

SENDER = "hello@demo.example"
NUMBERS = ["+919810000001", "+919810000002"]
"""Those that may get texts here, beside the addresses of the deployment's own list."""


class Estate(World):
    def __init__(self, cloud: Cloud, monkeypatch: Any, folder: Path, stack: ExitStack) -> None:
        super().__init__(cloud, monkeypatch)
        self._home, self._cache = folder / "home", folder / "cache"
        shutil.copytree(super().home, self._home)
        deployment = json.loads((self._home / "deployment.json").read_text())
        deployment["hub"]["allow_list"] += NUMBERS
        (self._home / "deployment.json").write_text(json.dumps(deployment))
        self.texts = SmsDouble()
        stack.callback(self.texts.close)
        monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", self.texts.url)
        catalogue = Catalogue(self._cache)
        self.service = Service(open_engine("duckdb", catalogue, stack), catalogue)
        stack.callback(self.service.close)
        server = Server(self.service, 0)
        stack.callback(server.server_close)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        stack.callback(server.shutdown)
        monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", server.address)
        for group in cloud.of_type("AWS::Athena::WorkGroup"):
            configuration = group.properties["WorkGroupConfiguration"]
            self.service.call("CreateWorkGroup", {"Name": group.properties["Name"], "Configuration": configuration})
        machine = cloud.named("AWS::StepFunctions::StateMachine", "")
        boto3.client("stepfunctions").create_state_machine(
            name=cloud.name(machine.stack, machine.id), definition="{}", roleArn="arn:aws:iam::123456789012:role/any"
        )
        iam = boto3.client("iam")
        role = iam.create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        boto3.client("lambda").create_function(
            FunctionName=cloud.environment("campaigns")["FREEZE_FUNCTION"],
            Runtime="python3.13",
            Role=role,
            Handler="handler.handler",
            Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
        )
        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)

    @property
    def home(self) -> Path:
        return self._home

    @contextmanager
    def at_work(self, function: str) -> Iterator[Callable[[dict[str, Any], Any], Any]]:
        """The function's handler under its role, as in a fresh process; Athena has read nothing before."""
        shutil.rmtree(self._cache, ignore_errors=True)
        keys.token_key.cache_clear()
        keys.link_keys.cache_clear()
        with self.acting_as(function):
            yield importlib.reload(importlib.import_module(f"functions.{function}.handler")).handler


@contextmanager
def estate(cloud: Cloud, folder: Path) -> Iterator[Estate]:
    from moto import mock_aws

    named = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "eu-west-1"}
    with pytest.MonkeyPatch.context() as patched, mock_aws(config={"lambda": {"use_docker": False}}):
        for name, value in named.items():
            patched.setenv(name, value)
        with ExitStack() as stack:
            yield Estate(cloud, patched, folder, stack)
