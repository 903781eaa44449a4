"""`python -m infra.local.trino`: a Trino over the laptop's S3 and Glue, until it is interrupted."""

import argparse
import signal
import sys
from pathlib import Path

from infra.local.trino.jdk import MissingTool, find_jdk, find_maven
from infra.local.trino.server import TRINO_HOME, Lake, TrinoError, TrinoServer, install


def main() -> int:
    """Start, say READY and the address on one line, and stop on SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.trino", description=__doc__)
    parser.add_argument("--port", type=int, default=8085, help="where Trino answers on 127.0.0.1")
    parser.add_argument("--endpoint", default="http://127.0.0.1:4566", help="the AWS endpoint with S3 and Glue")
    parser.add_argument("--home", type=Path, default=TRINO_HOME, help="jars, configuration and log")
    parser.add_argument("--install", action="store_true", help="only fetch what Trino needs")
    parser.add_argument("--check", action="store_true", help="only say whether this machine has a JDK and Maven")
    given = parser.parse_args()
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        if given.check:
            print(f"{find_jdk()} and {find_maven()}")
            return 0
        if given.install:
            install(given.home)
            return 0
        with TrinoServer(Lake.at(given.endpoint), given.home, given.port) as server:
            print(f"READY {server.address}", flush=True)
            signal.sigwait(signals)
    except (MissingTool, TrinoError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
