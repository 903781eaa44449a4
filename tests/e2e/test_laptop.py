"""The laptop itself: ready, one at a time, restarts, kills."""

import json
import os
import signal
import stat
import subprocess
import time
from contextlib import suppress

import psutil
import pytest

from hub.customers.store import NOTED
from tests.e2e.harness import gone, wait_until


@pytest.fixture(autouse=True)
def started(running):
    """A test that fails half-way leaves the laptop to the next one as it should be."""
    if running.process.poll() is not None:
        running.start()


def written(running) -> bool:
    """Whether the profiles are those of the release that readers see; they are written after it is out."""
    database = running.client("dynamodb")
    (table,) = (name for name in database.list_tables()["TableNames"] if "profiles" in name.lower())
    found = database.get_item(TableName=table, Key={"pk": {"S": NOTED["pk"]}, "sk": {"S": NOTED["sk"]}})
    release = running.ask("admin", "GET", "/v1/tables")["release"]
    return found.get("Item", {}).get("release_id", {}).get("S") == release["release_id"]


def stored(running) -> dict:
    """What must outlive a restart: counts and the release, as the API gives them."""
    wait_until(lambda: written(running), 120, "the profiles of the release")
    release = running.ask("admin", "GET", "/v1/tables")["release"]
    pulls = {p["pull_id"]: p["state"] for p in running.every("admin", "/v1/pulls")}
    customers = {c["customer_id"] for c in running.ask("admin", "GET", "/v1/customers?q=sharma")["items"]}
    return {"release": release, "pulls": pulls, "customers": customers}


def assert_kept(before: dict, after: dict) -> None:
    """Nothing is lost. A schedule may come due meanwhile, so there may be a newer release and more pulls."""
    complete = {pull_id: state for pull_id, state in before["pulls"].items() if state == "complete"}
    assert complete.items() <= after["pulls"].items()
    assert after["customers"] == before["customers"]
    assert after["release"] == before["release"] or after["release"]["released_at"] > before["release"]["released_at"]


def test_credentials_are_one_user_per_role_for_the_owner_alone(running):
    file = running.laptop.credentials
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    people = json.loads(file.read_text())
    assert {"admin", "operator", "analyst", "marketer", "approver", "steward", "viewer"} <= set(people)
    assert all(set(person) == {"username", "password"} for person in people.values())
    assert len({person["password"] for person in people.values()}) == len(people)


def test_every_role_signs_in_and_is_told_its_permissions(running):
    for role in running.people:
        assert running.ask(role, "GET", "/v1/me")["roles"] == [role]


def test_a_second_run_is_refused_with_process_and_address(running):
    second = subprocess.run(running.command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert f"process {running.process.pid}" in second.stderr and running.laptop.console in second.stderr


def test_a_port_in_use_is_named(running, tmp_path):
    command = [str(tmp_path) if argument == str(running.laptop.home) else argument for argument in running.command]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert f"port {running.laptop.console_port} on 127.0.0.1 is in use" in second.stderr
    assert "CONSOLE_PORT=" in second.stderr


def test_nothing_listens_beyond_loopback(running):
    processes = [psutil.Process(running.process.pid), *psutil.Process(running.process.pid).children(recursive=True)]
    listening = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a function's process that has ended meanwhile
            listening += [each.laddr.ip for each in process.net_connections() if each.status == psutil.CONN_LISTEN]
    assert listening and set(listening) == {"127.0.0.1"}


def test_a_stop_in_order_and_a_start_keep_everything(running):
    before, children = stored(running), list(running.pids().values())
    assert running.stop() == 0
    wait_until(lambda: gone(children), 20, "all processes are gone")
    seconds = running.start()
    print(f"second start: {seconds:.1f} s")
    assert_kept(before, stored(running))


@pytest.mark.parametrize("module", ["infra.local.athena", "infra.local.demo.crm"])
def test_a_killed_process_is_started_again(running, module):
    pid = running.pids()[module]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: running.pids().get(module, pid) != pid, 30, f"{module} is back")
    running.wait_for_line("is back", 300)


def test_a_killed_emulator_comes_back_with_what_was_committed(running):
    before = stored(running)
    time.sleep(6)  # it may lose its last five seconds
    os.kill(running.pids()["infra.local.launcher"], signal.SIGKILL)
    running.wait_for_line("emulator is back", 300)
    assert_kept(before, stored(running))


def test_a_killed_run_leaves_no_process_and_starts_again(running):
    before, children = stored(running), list(running.pids().values())
    time.sleep(6)
    running.stop(signal.SIGKILL)
    wait_until(lambda: gone(children), 20, "all processes are gone")
    running.start()
    assert_kept(before, stored(running))
