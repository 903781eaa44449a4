"""The whole hub on this laptop until Ctrl-C: `make run`. `python -m infra.local --help` for the rest.

This process only starts the others and looks after them, so it stays small; provision.py deploys.
"""

import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial

from infra.local import emulator, lock, mailbox
from infra.local.demo import applications
from infra.local.laptop import ROOT, Laptop, LaptopError, read, say
from infra.local.processes import Processes, inherited

LOOK_EVERY = 0.5  # seconds between looks at the processes


def provisioner(todo: str, started: float, arguments: list[str]) -> subprocess.Popen[bytes]:
    """A process that deploys or resumes and ends; it prints its own progress and problems."""
    return subprocess.Popen(
        [sys.executable, "-m", "infra.local.child", "infra.local.provision", todo, str(started), *arguments],
        cwd=ROOT,
        env=inherited()
        | {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/hub/python'}",
            "PYTHONUNBUFFERED": "1",
            "POWERTOOLS_LOG_LEVEL": "ERROR",
        },
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


class Deployment:
    """The hub's way onto this laptop's AWS, which may have to be gone again."""

    def __init__(self, started: float, arguments: list[str]) -> None:
        self._started, self._arguments = started, arguments
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        self._process = provisioner("everything", self._started, self._arguments)

    @property
    def failed(self) -> bool:
        return self._process is not None and bool(self._process.poll())

    def after_restart(self) -> None:
        """The emulator is back; what it was just told may be lost, so a deployment that was under way begins again."""
        if self._process is not None and self._process.poll() != 0:
            self.stop()
            self.begin()
        elif provisioner("resume", self._started, self._arguments).wait():
            raise LaptopError("what was half done could not be settled; nothing is sent before it is")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def watch(processes: Processes, deployment: Deployment, started: float, stop: threading.Event) -> None:
    """Until `stop`; LaptopError when a process cannot be kept running or the deployment fails."""
    while not stop.wait(LOOK_EVERY):
        processes.revive(partial(say, started))
        # It may have failed because the emulator died since the line above.
        if deployment.failed and not processes.revive(partial(say, started)):
            raise LaptopError("the hub could not be deployed")


def run(laptop: Laptop, arguments: list[str]) -> None:
    """Until somebody stops it; LaptopError when it cannot go on."""
    started, stop, processes = time.monotonic(), threading.Event(), Processes()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    clean, hold = laptop.state / "stopped-in-order", emulator.hold_file(laptop)
    laptop.state.mkdir(parents=True, exist_ok=True)
    unclean = (laptop.state / "aws").exists() and not clean.exists()
    hold.write_text(emulator.UNCLEAN if unclean else "")
    clean.unlink(missing_ok=True)
    applications.prepare(laptop)
    aws = emulator.emulator(laptop)
    aws.before_restart = partial(hold.write_text, emulator.UNCLEAN)
    deployment = Deployment(started, arguments)
    aws.after_restart = deployment.after_restart
    try:
        for process in (aws, emulator.athena(laptop), *applications.of(laptop)):
            processes.start(process)
        say(started, "starting the laptop's AWS, Athena and the demo applications")
        deployment.begin()
        processes.wait()
        watch(processes, deployment, started, stop)
        say(started, "stopping")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        deployment.stop()
        processes.stop()
        if not (hold.exists() and hold.read_text()):  # else there is still something to settle at the next start
            clean.touch()
    say(started, "stopped; all state is kept")


def clean_up(laptop: Laptop) -> None:
    """Forget everything but the installed tools."""
    for name in ("state", "demo", "synth", "hub", "logs", "tmp"):
        shutil.rmtree(laptop.home / name, ignore_errors=True)
    for name in ("credentials.json", "synth.sha256"):
        (laptop.home / name).unlink(missing_ok=True)
    print(f"forgot the state in {laptop.home}")


def main(arguments: list[str]) -> int:
    try:
        laptop, todo = read(arguments)
        if todo == "mailbox":
            mailbox.show(laptop)
            return 0
        with lock.run_lock(laptop):
            if todo == "clean":
                clean_up(laptop)
            else:
                lock.ports_free(laptop)
                run(laptop, arguments)
    except LaptopError as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
