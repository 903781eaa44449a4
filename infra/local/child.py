"""Run a module as a child of the laptop and end with it: nothing stays behind when the laptop's process is killed.

python -m infra.local.child <module> <its arguments>
"""

import os
import runpy
import signal
import sys
import threading
import time

LOOK_EVERY = 1  # seconds
GRACE = 5  # seconds between asking to stop and stopping


def end_with(parent: int) -> None:
    """Stop this process when `parent` is gone; asking first, so that state is saved."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    module, sys.argv = sys.argv[1], sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
