"""The laptop's processes: started with a log each, watched, started again when they die, stopped together."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.laptop import ROOT, LaptopError

STOP_IN = 15  # seconds that a process has to stop in order
TOO_OFTEN = 5  # deaths within a minute; then the run ends


def inherited() -> dict[str, str]:
    """What a process of the laptop gets of the user's environment: nothing of AWS, no secrets."""
    names = ("PATH", "HOME", "LANG", "TMPDIR", "JAVA_HOME", "HUB_DATA")
    return {k: v for k, v in os.environ.items() if k in names or k.startswith("HUB_VAR_")}


@dataclass
class Process:
    """A module run by a Python. `healthy` is a URL that answers below 500 when it is ready."""

    name: str
    module: str
    arguments: list[str]
    environment: dict[str, str]
    log: Path
    healthy: str
    python: str = sys.executable
    before_restart: Callable[[], object] = lambda: None
    after_restart: Callable[[], object] = lambda: None
    handle: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.handle = subprocess.Popen(
                [self.python, "-m", "infra.local.child", self.module, *self.arguments],
                cwd=ROOT,
                env=inherited() | {"PYTHONUNBUFFERED": "1"} | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C comes to the laptop alone, which stops the others in order
            )

    @property
    def exit_code(self) -> int | None:
        """None before its end."""
        return self.handle.returncode if self.handle else None

    def wait(self, seconds: float = 180) -> None:
        """Until it answers; LaptopError with the end of its log when it dies or takes longer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.handle is None or self.handle.poll() is not None:
                raise LaptopError(f"{self.name} ended while starting\n{self.tail()}")
            if answers(self.healthy):
                return
            time.sleep(0.05)
        raise LaptopError(f"{self.name} was not ready in {seconds:g} s\n{self.tail()}")

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(["    " + line for line in lines] + [f"    whole log: {self.log}"])

    @property
    def dead(self) -> bool:
        return self.handle is not None and self.handle.poll() is not None

    def ask_to_stop(self) -> None:
        if self.handle is not None and not self.dead:
            self.handle.terminate()

    def stop(self) -> None:
        if self.handle is None:
            return
        self.ask_to_stop()
        try:
            self.handle.wait(STOP_IN)
        except subprocess.TimeoutExpired:
            self.handle.kill()
            self.handle.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


class Processes:
    """All of a run's processes, in the order in which they were started."""

    def __init__(self) -> None:
        self._all: list[Process] = []

    def start(self, process: Process) -> None:
        """Start it; wait() for it later, so that several start at once."""
        self._all.append(process)
        process.start()

    def wait(self) -> None:
        """Until every one answers."""
        for process in self._all:
            process.wait()

    def revive(self, say: Callable[[str], None]) -> bool:
        """Start again what has died; whether something had. LaptopError when one dies over and over."""
        revived = False
        for process in self._all:
            if not process.dead:
                continue
            now = time.monotonic()
            process.deaths = [t for t in process.deaths if now - t < 60] + [now]
            if len(process.deaths) >= TOO_OFTEN:
                raise LaptopError(f"{process.name} died {TOO_OFTEN} times within a minute\n{process.tail()}")
            say(f"{process.name} ended ({process.exit_code}); starting it again")
            process.before_restart()
            process.start()
            process.wait()
            process.after_restart()
            say(f"{process.name} is back")
            revived = True
        return revived

    def stop(self) -> None:
        """Stop all at once."""
        for process in self._all:
            process.ask_to_stop()
        for process in self._all:
            process.stop()

    @property
    def pids(self) -> dict[str, int]:
        return {p.name: p.handle.pid for p in self._all if p.handle and not p.dead}
