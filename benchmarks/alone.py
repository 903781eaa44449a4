"""What a command uses, begun by a small process.

The kernel counts a process's peak memory from the memory of what began it: begun by one that has just made the source
or read an output, a worker of 100 MB would count as one of 400.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BEGIN = """
import json, os, sys, time
tell, *command = sys.argv[1:]
began = time.monotonic()
_, status, used = os.wait4(os.posix_spawnp(command[0], command, os.environ), 0)
wall, cpu = time.monotonic() - began, used.ru_utime + used.ru_stime
os.write(int(tell), json.dumps([os.waitstatus_to_exitcode(status), wall, cpu, used.ru_maxrss / 1024]).encode())
"""


@dataclass(frozen=True)
class Used:
    """Exit code (negative: the signal), seconds on the clock, CPU seconds with those of children, largest peak."""

    code: int
    wall: float
    cpu: float
    megabytes: float


def run(command: Sequence[str | Path], variables: Mapping[str, str], log: IO[bytes], folder: Path) -> Used:
    """Run it to its end; what it says goes to the log."""
    reading, telling = os.pipe()
    with open(reading, "rb") as told:
        begin = [sys.executable, "-I", "-S", "-c", BEGIN, str(telling), *map(str, command)]
        process = subprocess.Popen(
            begin, cwd=folder, env=dict(variables), stdout=log, stderr=subprocess.STDOUT, pass_fds=[telling]
        )
        os.close(telling)
        process.wait()
        return Used(*json.loads(told.read()))
