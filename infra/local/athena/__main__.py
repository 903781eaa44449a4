"""`python -m infra.local.athena`: the laptop's Athena on a port, until it is interrupted."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from infra.local.athena.catalogue import Catalogue
from infra.local.athena.engine import Engine
from infra.local.athena.server import Server
from infra.local.athena.service import Service


def open_engine(name: str, catalogue: Catalogue, stack: ExitStack) -> Engine:
    """The engine of this name; what it needs to run ends with the stack."""
    if name == "duckdb":
        from infra.local.athena.duckdb_engine import DuckDBEngine

        return DuckDBEngine(catalogue)
    from infra.local.athena.trino import TrinoEngine
    from infra.local.trino.server import TRINO_HOME, Lake, TrinoServer

    lake = Lake.at(os.environ["AWS_ENDPOINT_URL"])
    server = stack.enter_context(TrinoServer(lake, TRINO_HOME))
    return TrinoEngine(server.address, catalogue)


def main() -> int:
    """Serve; say `ready` on one line; stop on SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.athena", description=__doc__)
    parser.add_argument("--port", type=int, default=4567)
    parser.add_argument("--engine", choices=["duckdb", "trino"], default="duckdb")
    parser.add_argument("--state", type=Path, help="folder for work groups, prepared statements, executions")
    given = parser.parse_args()
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    if given.state:
        given.state.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        catalogue = Catalogue(given.state / "cache" if given.state else None)
        service = Service(open_engine(given.engine, catalogue, stack), catalogue, given.state)
        stack.callback(service.close)
        server = Server(service, given.port)
        stack.callback(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        print("ready", flush=True)
        signal.sigwait(signals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
