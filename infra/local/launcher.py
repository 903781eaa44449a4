"""The emulator's process: MiniStack with the hub's front door, the Athena API behind it and an autosave.

Runs in the emulator's own environment (`.local/emulator`), which pins botocore, and imports nothing of the project's
but its neighbours here. Everything that touches MiniStack's insides is in this file, front.py and bridge.py; its
version is pinned in emulator.lock and tests/infra/local holds what is relied upon.

    python -m infra.local.launcher <front port> <Athena port> <hold file>      (MiniStack's settings: emulator.py)
"""

import logging
import os
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import hypercorn.asyncio
from ministack import app as ministack
from ministack.core import lambda_runtime
from ministack.services import lambda_svc, scheduler

from infra.local import bridge, front, texting
from infra.local.saving import save_together

SAVE_EVERY = 5  # seconds; the most that is lost when this process is killed
IDLE_WORKER = 90  # seconds after which a function's process ends; the sweeper's, used each minute, stays warm
LOOK_EVERY = 2  # seconds between looks at the functions' processes and code
ROOT = Path(__file__).parents[2]
CODE = ("functions", "layers/hub/python")

logger = logging.getLogger("laptop")


def quicken() -> None:
    """A warm invocation in 10 ms instead of 100: no Nagle on the Runtime API, no 50 ms wait for log lines."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.002, 0.002, 0.25)


def newest_change() -> float:
    """When a function's code was last edited, as epoch seconds."""
    files = (file for folder in CODE for file in (ROOT / folder).rglob("*.py"))
    return max((file.stat().st_mtime for file in files), default=0)


def end_workers(finished: Callable[[lambda_runtime.Worker], bool], at_work: bool = False) -> None:
    """End every function process that `finished` is true of; those that are at work only where `at_work` says so."""
    ended = []
    with lambda_runtime._lock:
        for key, workers in list(lambda_runtime._workers.items()):
            done = [worker for worker in workers if (at_work or not worker.in_use) and finished(worker)]
            lambda_runtime._workers[key] = [worker for worker in workers if worker not in done]
            ended += done
    lambda_runtime.kill_workers(ended)


def renew_workers() -> None:
    """End what idles, of which MiniStack would keep one per function for ever, and what runs code that was edited."""
    while True:
        time.sleep(LOOK_EVERY)
        idle_since, edited = time.time() - IDLE_WORKER, newest_change()
        end_workers(partial(finished, idle_since=idle_since, edited=edited))


def finished(worker: lambda_runtime.Worker, idle_since: float, edited: float) -> bool:
    started = getattr(worker, "_start_time", None)
    return started is not None and (started < edited or worker.last_used < idle_since)


def autosave() -> None:
    """Save MiniStack's state every few seconds; by itself it saves only when it stops in order."""
    saving, save_all = threading.Lock(), ministack.save_all

    def save(services: dict) -> None:
        with saving:
            save_together(services, save_all)

    def keep_saving() -> None:
        while True:
            time.sleep(SAVE_EVERY)
            save(ministack._build_persistence_save_dict())

    ministack.save_all = save
    threading.Thread(target=keep_saving, daemon=True, name="autosave").start()


def hold_work(hold: Path) -> None:
    """No queue and no schedule wakes a function while the file `hold` exists; emulator.py says why."""
    poll, tick = lambda_svc._poll_sqs, scheduler._tick_schedules
    lambda_svc._poll_sqs = lambda: False if hold.exists() else poll()
    scheduler._tick_schedules = lambda: None if hold.exists() else tick()


def end_when_saved() -> None:
    """End once the server has stopped and saved its state, without waiting for functions that are still at work.

    What they were doing comes again: a queue gives its message once more, the sweeper finds leases that ran out.
    """
    serve = hypercorn.asyncio.serve

    async def serve_and_end(app, config):
        await serve(app, config)
        end_workers(lambda _: True, at_work=True)
        os._exit(0)

    hypercorn.asyncio.serve = serve_and_end


def main(front_port: str, athena_port: str, hold: str) -> None:
    quicken()
    hold_work(Path(hold))
    threading.Thread(target=renew_workers, daemon=True, name="renew-workers").start()
    front.install(int(front_port))
    end_when_saved()
    bridge.install(int(athena_port))
    texting.install()
    autosave()
    sys.argv = sys.argv[:1]
    ministack.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
