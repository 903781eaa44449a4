import json
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import __main__ as main
from infra.local import synth
from infra.local.deploy import ordered_stacks
from infra.local.laptop import ROOT, Laptop, LaptopError, read
from infra.local.lock import ports_free, run_lock
from infra.local.private import new_password, write_private
from infra.local.processes import Processes


@pytest.fixture
def laptop(tmp_path):
    ports = []
    for _ in range(4):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    console, emulator, athena, crm = ports
    return Laptop(home=tmp_path, console_port=console, emulator_port=emulator, athena_port=athena, crm_port=crm)


def test_a_second_run_is_told_who_runs_and_where(laptop):
    with run_lock(laptop), pytest.raises(LaptopError) as refused, run_lock(laptop):
        pass
    assert f"process {os.getpid()}" in str(refused.value)
    assert laptop.console in str(refused.value)


def test_the_lock_is_free_again_after_a_run(laptop):
    with run_lock(laptop):
        pass
    with run_lock(laptop):
        pass


def test_a_port_in_use_is_named_with_the_setting_that_changes_it(laptop):
    ports_free(laptop)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", laptop.athena_port))
        busy.listen()
        with pytest.raises(LaptopError, match=rf"port {laptop.athena_port} .* ATHENA_PORT="):
            ports_free(laptop)


@pytest.mark.parametrize(
    ("arguments", "says", "why"),
    [
        (["--hub", "nowhere"], "no hub.yaml", "a mistyped folder"),
        (["--port", "CONSOLE=http"], "write a number from 1 to 65535", "a port that is no number"),
        (["--port", "CONSOLE=99999"], "CONSOLE_PORT=99999: write a number from 1 to 65535", "a port that cannot be"),
        (["--port", "CONSOLE=0"], "write a number from 1 to 65535", "any port at all, which nobody could name"),
        (["--port", "CONSOLE=4566"], "is CONSOLE_PORT too; give each its own", "one port twice"),
        (["--port", "WEB=80"], "ports are CONSOLE", "a port that does not exist"),
    ],
)
def test_a_wrong_command_line_says_what_is_right(arguments, says, why):
    with pytest.raises(LaptopError, match=says):
        read(arguments)


class Provisioner:
    """Stands in for the process that deploys or resumes: `code` is None while it works."""

    def __init__(self, begun, todo):
        self.code = None if todo == "everything" else 0
        begun.append((todo, self))

    def poll(self):
        return self.code

    def terminate(self):
        self.code = -15

    def wait(self):
        return self.code


@pytest.mark.parametrize(
    ("code", "then", "why"),
    [
        (0, "resume", "all was deployed"),
        (None, "everything", "it was at work, and what it has just made may be lost"),
        (1, "everything", "it failed because the emulator was gone"),
    ],
)
def test_an_emulator_that_is_back_gets_what_it_needs(monkeypatch, code, then, why):
    begun = []
    monkeypatch.setattr(main, "provisioner", lambda todo, *_: Provisioner(begun, todo))
    deployment = main.Deployment(0.0, [])
    deployment.begin()
    first = begun[0][1]
    first.code = code
    deployment.after_restart()
    assert [todo for todo, _ in begun] == ["everything", then], why
    assert first.code is not None, "there are never two at work"
    assert not deployment.failed


def test_a_deployment_that_fails_by_itself_ends_the_run(monkeypatch):
    begun = []
    monkeypatch.setattr(main, "provisioner", lambda todo, *_: Provisioner(begun, todo))
    deployment = main.Deployment(0.0, [])
    deployment.begin()
    begun[0][1].code = 1
    monkeypatch.setattr(main, "LOOK_EVERY", 0)
    with pytest.raises(LaptopError, match="could not be deployed"):
        main.watch(Processes(), deployment, 0.0, threading.Event())


@pytest.mark.parametrize(
    ("hub", "given", "data"),
    [
        ("datasets", {}, ROOT.parent / "shared/data"),
        ("datasets", {"HUB_DATA": "/data"}, Path("/data")),
        ("datasets", {"HUB_DATA": "/data", "HUB_VAR_HUB_DATA": "/copy"}, Path("/copy")),
        ("demo", {"HUB_DATA": "/data"}, None),
    ],
)
def test_real_data_are_found_wherever_a_function_runs(laptop, monkeypatch, hub, given, data):
    for name in ("HUB_DATA", "HUB_VAR_HUB_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = synth.variables(replace(laptop, hub=ROOT / "deployments" / hub)).get("HUB_VAR_HUB_DATA")
    assert found == (data and str(data.resolve()))


def test_the_command_line_reaches_the_laptop(tmp_path):
    laptop, todo = read(["--home", str(tmp_path), "--port", "CONSOLE=8099", "--engine", "trino", "--clean"])
    assert (laptop.console, laptop.engine, laptop.state, todo) == (
        "http://127.0.0.1:8099/",
        "trino",
        tmp_path / "state",
        "clean",
    )


def test_stacks_are_deployed_after_those_that_they_depend_on(tmp_path):
    def stack(name: str, *needs: str) -> dict:
        kind = {"type": "aws:cloudformation:stack", "dependencies": [*needs, f"{name}.assets"]}
        return kind | {"properties": {"templateFile": f"{name}.json", "stackName": f"local-{name}"}}

    artifacts = {"c": stack("c", "b"), "a": stack("a"), "b": stack("b", "a")}
    artifacts["c.assets"] = {"type": "cdk:asset-manifest"}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    assert [name for name, _ in ordered_stacks(tmp_path)] == ["local-a", "local-b", "local-c"]


def test_passwords_meet_the_pools_rules_and_differ():
    passwords = {new_password() for _ in range(200)}
    assert len(passwords) == 200
    for password in passwords:
        assert len(password) >= 12
        assert any(c.islower() for c in password) and any(c.isupper() for c in password)
        assert any(c.isdigit() for c in password) and any(not c.isalnum() for c in password)


def test_a_private_file_is_for_its_owner_alone(tmp_path):
    file = tmp_path / "credentials.json"
    for text in ("one", "two"):
        write_private(file, text)
    assert file.read_text() == "two"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [Path(f).name for f in tmp_path.iterdir()] == ["credentials.json"]
