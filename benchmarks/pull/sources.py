"""Where the orders come from: an API, a file, a PostgreSQL server. Each is another process and is not counted."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import environments
from benchmarks.pull import records

KINDS = ("rest", "postgresql", "csv", "jsonl")
TABLE = """
create table orders (
    id bigint primary key, order_no text not null, customer_id bigint not null, sku text not null, quantity integer,
    unit_price numeric(18, 4), currency text, discount double precision, status text, channel text,
    ordered_at timestamptz, updated_at timestamptz not null
)
"""


class Missing(RuntimeError):
    """What a part of the benchmark needs is not on this machine; the message names it."""


@contextmanager
def server(module: str, *arguments: str) -> Iterator[str]:
    """A process that prints its place once it is ready."""
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(
        command, cwd=environments.ROOT, env=environments.variables(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def source(kind: str, rows: int, folder: Path) -> Iterator[str]:
    """The place of the orders: a port, a URL or a file."""
    if kind in ("rest", "flat"):
        with server("benchmarks.pull.api", str(rows), kind) as port:
            yield port
        return
    file = folder / f"orders.{kind.replace('postgresql', 'csv')}"
    (records.write_jsonl if kind == "jsonl" else records.write_csv)(rows, file)
    if kind != "postgresql":
        yield str(file)
        return
    with _database(file) as url:
        yield url


@contextmanager
def _database(file: Path) -> Iterator[str]:
    """A server of its own with the file's rows in the table `orders`."""
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as name:
        folder, who = Path(name), {}
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = folder / "data"
        quiet = {"check": True, "capture_output": True, "cwd": folder, **who}
        make = [_binary("initdb"), "-D", data, "-U", "owner", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(make, **quiet)
        told = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = [_binary("pg_ctl"), "-D", data]
        subprocess.run([*control, "-o", told, "-l", folder / "log", "-w", "start"], **quiet)
        try:
            url = f"postgresql://owner@127.0.0.1:{port}/postgres"
            _fill(url, file)
            yield url
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)


def _fill(url: str, file: Path) -> None:
    from adbc_driver_postgresql import dbapi

    file.parent.chmod(0o755)
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in (TABLE, f"copy orders from '{file}' (format csv, header)", "analyze orders"):
            cursor.execute(statement)


def _binary(name: str) -> str:
    folders = [Path(found).parent for found in [shutil.which(name)] if found]
    for folder in [*folders, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        if (folder / name).exists():
            return str(folder / name)
    raise Missing(f"PostgreSQL's {name} is neither on PATH nor under /usr/lib/postgresql")
