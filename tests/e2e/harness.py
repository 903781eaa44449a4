"""A whole laptop under test: own folder, free ports, nothing shared with a `make run`; and a client of its API."""

import json
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import boto3
import psutil
import pytest

from infra.local.demo.generate import generate
from infra.local.laptop import ROOT, Laptop
from infra.local.mailbox import messages, texts
from tests.ports import free_port

T = TypeVar("T")
NUMBERS = 20
ALLOWED = '"@example.net"'  # the last of the demo's allow-list
READY = 600  # seconds for the first start, which synthesises


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Running:
    """One `python -m infra.local` under test."""

    laptop: Laptop
    process: subprocess.Popen | None = None
    lines: list[str] = field(default_factory=list)
    _heard: queue.Queue = field(default_factory=queue.Queue)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        ports = [argument for name, port in self.laptop.ports.items() for argument in ("--port", f"{name}={port}")]
        home = ["--home", str(self.laptop.home), "--hub", str(self.laptop.hub), "--engine", self.laptop.engine]
        return [sys.executable, "-m", "infra.local", *home, *ports]

    def start(self) -> float:
        """Start it and wait until it says that it is ready; the seconds that it took."""
        started = time.monotonic()
        self._tokens.clear()
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self._heard = queue.Queue()
        threading.Thread(target=self._listen, args=[self.process.stdout, self._heard], daemon=True).start()
        self.wait_for_line("ready: ", READY)
        return time.monotonic() - started

    def _listen(self, stream: Any, heard: queue.Queue) -> None:
        with stream:
            for line in stream:
                self.lines.append(line.rstrip())
                heard.put(line.rstrip())
        heard.put(None)

    def wait_for_line(self, text: str, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._heard.get(timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(f"no line {text!r} in {seconds:g} s:\n" + "\n".join(self.lines)) from None
            if line is None:
                raise AssertionError(f"it ended before it said {text!r}:\n" + "\n".join(self.lines))
            if text in line:
                return line

    def stop(self, number: int = signal.SIGINT) -> int:
        """As Ctrl-C does; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def pids(self) -> dict[str, int]:
        """The run's own processes by the module that they run."""
        assert self.process is not None
        found = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                arguments = child.cmdline()
            except (psutil.ZombieProcess, psutil.NoSuchProcess):
                continue
            if "infra.local.child" in arguments:
                found[arguments[arguments.index("infra.local.child") + 1]] = child.pid
        return found

    # --- the API, as a client of the hub sees it

    @property
    def people(self) -> dict[str, dict[str, str]]:
        return json.loads(self.laptop.credentials.read_text())

    def request(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        given = {"content-type": "application/json"} | (headers or {})
        request = urllib.request.Request(self.laptop.console.rstrip("/") + path, data, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=40) as reply:
                return Answer(reply.status, dict(reply.headers), decoded(reply))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), decoded(error))

    def sign_in(self, role: str) -> str:
        token, until = self._tokens.get(role, ("", 0))
        if until < time.monotonic():
            answer = self.request("POST", "/v1/session", self.people[role])
            assert answer.status == 200, answer
            token = answer.body["access_token"]
            self._tokens[role] = token, time.monotonic() + answer.body["expires_in"] - 60
        return token

    def ask(self, role: str, method: str, path: str, body: object = None, status: int = 200) -> Any:
        """The body of an answer; AssertionError when its status is another."""
        answer = self.request(method, path, body, {"authorization": f"Bearer {self.sign_in(role)}"})
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.body}"
        return answer.body

    def every(self, role: str, path: str) -> list[dict[str, Any]]:
        """All items of a list, over its pages."""
        items: list[dict[str, Any]] = []
        after, joint = "", "&" if "?" in path else "?"
        while True:
            page = self.ask(role, "GET", path + (f"{joint}after={after}" if after else ""))
            items += page["items"]
            if not page["next"]:
                return items
            after = page["next"]

    def client(self, service: str) -> Any:
        aws = self.laptop.aws
        return boto3.client(
            service,
            endpoint_url=self.laptop.endpoint,
            region_name=aws["AWS_REGION"],
            aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
        )

    def crm(self, method: str, path: str, body: object) -> None:
        """The CRM's own side: trouble and edits."""
        url = f"http://127.0.0.1:{self.laptop.crm_port}/admin/{path}"
        urllib.request.urlopen(
            urllib.request.Request(url, json.dumps(body).encode(), method=method), timeout=10
        ).close()

    def mails(self) -> list[dict[str, Any]]:
        return messages(self.laptop)

    def texts(self) -> list[dict[str, Any]]:
        return texts(self.laptop)


def numbers() -> list[str]:
    """Numbers of people of the CRM that may get texts in these tests."""
    typed = (re.sub(r"\D", "", contact["mobile"] or "")[-10:] for contact in generate().contacts)
    return sorted({f"+91{digits}" for digits in typed if digits})[:NUMBERS]


def texting_demo(folder: Path) -> Path:
    """The demo's deployment with some of its people's numbers on the allow-list; nothing leaves the laptop."""
    shutil.copytree(ROOT / "deployments/demo", folder)
    hub = (folder / "hub.yaml").read_text("utf-8")
    listed = ", ".join(f'"{each}"' for each in numbers())
    assert ALLOWED in hub
    (folder / "hub.yaml").write_text(hub.replace(ALLOWED, f"{ALLOWED}, {listed}"), "utf-8")
    return folder


def gone(pids: Iterable[int]) -> bool:
    """Whether none of these processes runs any more; one that nobody has waited for yet does not run."""
    return not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def decoded(reply: Any) -> Any:
    content = reply.read()
    is_json = reply.headers.get("content-type", "").startswith("application/json")
    return json.loads(content) if is_json and content else content


def wait_until(found: Callable[[], T], seconds: float, what: str) -> T:
    """The first true answer of `found`; AssertionError with the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what}: not in {seconds:g} s, last {answer!r}"
        time.sleep(0.3)


def new_laptop(home: Path, engine: str = "duckdb", hub: Path = ROOT / "deployments/demo") -> Laptop:
    emulator = ROOT / ".local/emulator"
    if not emulator.exists():
        pytest.skip("the emulator is not installed: make ready")
    (home / "emulator").symlink_to(emulator)
    console, aws, athena, crm = (free_port() for _ in range(4))
    ports = {"console_port": console, "emulator_port": aws, "athena_port": athena, "crm_port": crm}
    return Laptop(home=home, hub=hub, engine=engine, **ports)
