"""One run at a time in one folder: a lock that the operating system takes back when the process dies."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from infra.local.laptop import Laptop, LaptopError


@contextmanager
def run_lock(laptop: Laptop) -> Iterator[None]:
    """Hold the folder's lock; LaptopError names the process and the address of the run that holds it."""
    laptop.home.mkdir(parents=True, exist_ok=True)
    with (laptop.home / "run.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            other = json.loads(file.read() or "{}")
            raise LaptopError(
                f"already running: process {other.get('pid', '?')}, console {other.get('console', 'not up yet')}"
                "; stop it there with Ctrl-C, or start another with --home and other ports"
            ) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "console": laptop.console}))
        file.flush()
        yield
        file.truncate(0)


def ports_free(laptop: Laptop) -> None:
    """LaptopError names the first port that somebody listens on, and the setting that changes it."""
    for name, port in laptop.ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise LaptopError(
                    f"port {port} on 127.0.0.1 is in use; free it or choose another: make run {name}_PORT=<port>"
                ) from None
