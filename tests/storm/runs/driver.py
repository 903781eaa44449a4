"""Carries a run, its clean-up or its profiles on in a process of its own, and dies by SIGKILL at a named step."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from hub import aws
from hub.customers.loading import Loader
from hub.customers.store import ProfileStore
from hub.models.athena import Athena
from hub.models.execution import Executor
from hub.models.planning import Planner
from hub.models.releases import ChecksFailed, Releaser
from hub.models.steps import logger
from hub.models.store import RunStore
from hub.settings import PlanSettings
from tests.sql.by_value import ByValue

# Its processes begin with everything imported, and without the threads of the tests.
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["pytest", __name__])


class Killer(logging.Handler):
    def __init__(self, step: str) -> None:
        super().__init__(logging.INFO)
        self.step = step

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "step", None) == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def run(given: dict[str, str]) -> None:
    """What the state machine does, to the end of a run, or to the end of its clean-up where the checks fail."""
    now, store, athena = datetime.fromisoformat(given["now"]), RunStore(given["control"]), Athena(given["stage"])
    settings = PlanSettings(
        stage=given["stage"], hub_home=Path(given["home"]), control_table=given["control"],
        vault_bucket=given["vault"], reporting_bucket=given["reporting"], consent_table=given["consent"],
    )  # fmt: skip
    run_id = Planner(settings, store).plan("test", None, now)["run_id"]
    matching = ByValue(athena, store, given["stage"], given["vault"])
    executor = Executor(store, athena, given["vault"], matching)
    releaser = Releaser(store, athena, given["stage"], "default")
    for wave in store.run(run_id).waves:
        for name in wave:
            while executor.advance(run_id, name, 0)["state"] != "succeeded":
                pass
    try:
        releaser.release(run_id, now)
    except ChecksFailed as error:
        releaser.fail(run_id, error.message, now)
    else:
        releaser.finish(run_id)


def load_profiles(given: dict[str, str]) -> None:
    """All portions of the profiles of a run that is released."""
    store = RunStore(given["control"])
    profiles = ProfileStore(given["profiles"], b"key")
    loader = Loader(store, profiles, Athena(given["stage"]), given["stage"], given["vault"])
    progress: dict[str, Any] = {}
    while not progress.get("done"):
        progress = loader.load(given["run_id"], progress)


def killed_at(step: str, work: Callable[[dict[str, str]], None], given: dict[str, str]) -> int | None:
    """How the work ended that was to be killed at the step: -SIGKILL, or 0 where the step was not reached."""
    process = CONTEXT.Process(target=_killed, args=(step, work, given, dict(os.environ)))
    process.start()
    process.join()
    return process.exitcode


def _killed(
    step: str, work: Callable[[dict[str, str]], None], given: dict[str, str], environment: dict[str, str]
) -> None:
    os.environ.update(environment)
    aws.reset()
    logger.setLevel(logging.INFO)
    logging.getLogger().addHandler(Killer(step))
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    work(given)
