"""A pull worker in a process of its own that is killed when it reaches a step for the n-th time.

Arguments: deployment JSON file, source.data_set, step, n, epoch seconds. Without a step it works to the end.
"""

import os
import signal
import sys
from pathlib import Path

from hub.config import Deployment
from hub.pulls import PullTask, engine, steps
from hub.settings import PullSettings

SETTINGS = PullSettings(
    stage="test",
    control_table="control",
    vault_bucket="vault-bucket",
    event_bus="hub-bus",
    token_key_parameter="/hub/token-key",
)


def main(deployment: str, name: str, step: str, count: str, now: str) -> None:
    left = int(count)

    def reached(here: str) -> None:
        nonlocal left
        left -= here == step
        if here == step and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    steps.reached = reached
    engine.BATCH_BYTES = 1
    source, data_set = name.split(".")
    loaded = Deployment.model_validate_json(Path(deployment).read_bytes())
    worker = engine.Engine(loaded, SETTINGS, b"k" * 64, now=lambda: float(now))
    worker.carry_on(PullTask(source=source, data_set=data_set), lambda: 300_000)


if __name__ == "__main__":
    main(*sys.argv[1:])
