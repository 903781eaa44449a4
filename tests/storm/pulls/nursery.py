"""Pull workers as processes of their own that cost milliseconds: forked from a warm parent that has no threads.

A worker is really killed, or really stopped, when it reaches a step of the commit for the n-th time. Its AWS is the
world's (see `clouds`), so what it has written is still there when it is dead.
"""

import gc
import logging
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from hub.config import Deployment
from hub.errors import HubError
from hub.pulls import PullTask
from hub.pulls.store import LEASE_SECONDS

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Job:
    """What a worker does. at: the step and the time that it is reached at which `signal` ends or stops it.

    now: the worker's own clock. timeout: seconds for an answer, shorter than a manifest may say. broken: the name of
    the law that this engine breaks, see `broken`.
    """

    deployment: Deployment
    task: PullTask
    now: float
    at: tuple[str, int] | None = None
    signal: int = signal.SIGKILL
    broken: str | None = None
    timeout: float = 5.0


@dataclass(frozen=True)
class Ending:
    """pid: of a worker that stands still and may be woken. told: what carry_on gave, or what the worker died of."""

    how: str  # "killed", "stopped" or "ended"
    pid: int
    step: str | None = None
    told: Any = None


@dataclass(frozen=True)
class Died:
    """An error that ended a worker. foreseen: whether it is the hub's own word for it, or AWS's."""

    kind: str
    text: str
    foreseen: bool


class Nursery:
    """The parent of the workers, from the world's side."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def work(self, *jobs: Job) -> list[Ending]:
        """Start the workers at once, and wait until each is dead, stands still or has ended."""
        return self._asked(("work", jobs))

    def warm(self, job: Job) -> None:
        """Do this in the parent itself: what it loads and compiles for that, no later worker has to."""
        self._asked(("warm", job))

    def wake(self, ending: Ending) -> Ending:
        """Let a worker that stands still go on to its end."""
        return self._asked(("wake", ending))[0]

    def _asked(self, what: Any) -> list[Ending]:
        self._connection.send(what)
        answer = self._connection.recv()
        if isinstance(answer, str):
            raise AssertionError(answer)
        return list(answer)


@contextmanager
def nursery(clouds: str) -> Iterator[Nursery]:
    """A parent of workers whose AWS is at the socket `clouds`."""
    with tempfile.TemporaryDirectory() as folder, Listener(f"{folder}/nursery", "AF_UNIX") as listener:
        process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve({folder + '/nursery'!r}, {clouds!r})"],
            cwd=ROOT,
            env=os.environ
            | {
                "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers/hub/python'}",
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_DEFAULT_REGION": "eu-west-1",
                # Neither is looked at here, and both cost a good part of a worker's time.
                "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
                "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
            },
        )
        try:
            with listener.accept() as connection:
                yield Nursery(connection)
        finally:
            process.wait(10)


def serve(address: str, clouds: str) -> None:
    """Be the parent until the world hangs up."""
    from tests.storm.pulls import clouds as aws_of

    logging.disable()  # what is said of thousands of failures on purpose
    aws_of.forward_to(clouds)
    _warm()
    pipes: dict[int, int] = {}
    gc.disable()
    with Client(address, "AF_UNIX") as connection:
        while True:
            try:
                what, given = connection.recv()
            except EOFError:
                return
            if what == "work":
                started = [_fork(job, pipes) for job in given]
                connection.send([_waited(pid, job, pipes) for pid, job in zip(started, given, strict=True)])
            elif what == "warm":
                connection.send([_carry_on(given)])
                gc.collect()
                gc.freeze()  # a worker that looks through all of it would get a copy of its own of every page
            else:
                os.kill(given.pid, signal.SIGCONT)
                connection.send([_waited(given.pid, None, pipes)])


def _fork(job: Job, pipes: dict[int, int]) -> int:
    reading, writing = os.pipe()
    if pid := os.fork():
        os.close(writing)
        pipes[pid] = reading
        return pid
    os.close(reading)
    try:
        told = _carry_on(job)
    except BaseException as error:  # noqa: BLE001 - the edge of a process: the world judges what it died of
        told = Died(type(error).__name__, traceback.format_exc(limit=-6), _is_foreseen(error))
    os.write(writing, pickle.dumps(told))
    os._exit(0)


def _waited(pid: int, job: Job | None, pipes: dict[int, int]) -> Ending:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return Ending("stopped", pid, job.at[0] if job and job.at else None)
    with os.fdopen(pipes.pop(pid), "rb") as pipe:
        if os.WIFSIGNALED(status):
            return Ending("killed", pid, job.at[0] if job and job.at else None)
        return Ending("ended", pid, None, pickle.load(pipe))


def _is_foreseen(error: BaseException) -> bool:
    return isinstance(error, HubError | ClientError | BotoCoreError)


def _warm() -> None:
    """Make what every worker needs, so that it inherits it; no thread and no connection is made here."""
    from hub import aws
    from hub.pulls import engine
    from hub.sources import bucket, rest, sql, sqlite  # noqa: F401 - loaded here, they cost a worker nothing
    from tests.hub.pulls.settings import SETTINGS

    for service in ("dynamodb", "s3", "glue", "events", "ssm"):
        aws.client(service)
    aws.table(SETTINGS.control_table)
    engine.BATCH_BYTES = 1  # each page is a batch of its own


def _carry_on(job: Job) -> Any:
    from hub.pulls import engine, steps
    from tests.hub.pulls.settings import SETTINGS
    from tests.storm.pulls import broken

    left, now = job.at[1] if job.at else 0, job.now

    def reached(here: str) -> None:
        nonlocal left, now
        if job.at and here == job.at[0]:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), job.signal)
                now += 2 * LEASE_SECONDS  # it stood still for longer than its lease

    steps.reached = reached
    time.sleep = lambda seconds: None  # nobody waits between attempts
    _set_clock(job.now)
    if job.broken:
        broken.ENGINES[job.broken].install()
    for source in job.deployment.sources.values():
        if hasattr(source.connection, "timeout"):
            object.__setattr__(source.connection, "timeout", timedelta(seconds=job.timeout))
    worker = engine.Engine(job.deployment, SETTINGS, b"k" * 64, now=lambda: now)
    pull = worker.carry_on(job.task, lambda: 300_000)
    return pull and (pull.pull_id, pull.state)


def _set_clock(now: float) -> None:
    """What the connectors take for now."""
    from hub.sources import paging, rest

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(now, tz or UTC)

    for module in (rest, paging):
        module.datetime = Clock
