"""Carries a run on in a process of its own and dies by SIGKILL at a named step: `driver.py <lake.json>`."""

import json
import logging
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from hub.models.athena import Athena
from hub.models.execution import Executor
from hub.models.planning import Planner
from hub.models.releases import Releaser
from hub.models.steps import logger
from hub.models.store import RunStore
from hub.settings import PlanSettings


class Killer(logging.Handler):
    def __init__(self, step: str) -> None:
        super().__init__(logging.INFO)
        self.step = step

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "step", None) == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def main(given: dict[str, str]) -> None:
    logger.setLevel(logging.INFO)
    logging.getLogger().addHandler(Killer(given["step"]))
    now, store, athena = datetime.fromisoformat(given["now"]), RunStore(given["control"]), Athena(given["stage"])
    settings = PlanSettings(
        stage=given["stage"], hub_home=Path(given["home"]), control_table=given["control"],
        vault_bucket=given["vault"], reporting_bucket=given["reporting"],
    )  # fmt: skip
    run_id = Planner(settings, store).plan("test", None, now)["run_id"]
    executor = Executor(store, athena, given["vault"])
    for wave in store.run(run_id).waves:
        for name in wave:
            while executor.advance(run_id, name, 0)["state"] != "succeeded":
                pass
    releaser = Releaser(store, athena, given["stage"], "default")
    releaser.release(run_id, now)
    releaser.finish(run_id)


main(json.loads(Path(sys.argv[1]).read_text()))
