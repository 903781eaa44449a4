"""Real database servers for tests: each in a folder of its own and on loopback only."""

import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pymysql
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port


@dataclass
class Server:
    """A running server. authority: PEM of who vouches for its certificate."""

    folder: Path
    port: int
    authority: str
    process: subprocess.Popen[bytes] = field(repr=False)
    command: list[str] = field(repr=False)
    user: dict[str, int] = field(repr=False)

    def restart(self) -> None:
        """Kill it and start it again where it was."""
        self.process.kill()
        self.process.wait()
        self.process = _started(self.command, self.folder, self.user)
        _wait_for(self)


def found(name: str) -> str | None:
    """A program of a server, on PATH or where Debian puts it."""
    folders = ["/usr/sbin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(folders))


@contextmanager
def postgresql() -> Iterator[Server | None]:
    """PostgreSQL, its superuser `owner` without a password; None where it is not installed."""
    initdb, server = found("initdb"), found("postgres")
    if not (initdb and server):
        yield None
        return
    with _folder("hub-pg-") as (folder, user):
        data, port = folder / "data", free_port()
        _run([initdb, "-D", data, "-U", "owner", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"], folder, user)
        (data / "pg_hba.conf").write_text(
            "host all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": folder / "cert.pem",
            "ssl_key_file": folder / "key.pem",
        }
        command = [
            server,
            "-D",
            str(data),
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ]
        with _serving(folder, port, command, user) as running:
            yield running


@contextmanager
def mariadb() -> Iterator[Server | None]:
    """MariaDB, its `root` without a password on the socket; None where it is not installed."""
    install, server = found("mariadb-install-db"), found("mariadbd")
    if not (install and server):
        yield None
        return
    with _folder("hub-my-") as (folder, user):
        data, port = folder / "data", free_port()
        small = ["--innodb-log-file-size=4M", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"]
        own = ["--no-defaults", f"--datadir={data}"]
        _run([install, *own, "--auth-root-authentication-method=normal", "--skip-test-db", *small], folder, user)
        command = [
            server,
            *own,
            *small,
            f"--socket={folder}/.s",
            "--bind-address=127.0.0.1",
            f"--port={port}",
            "--skip-name-resolve",
            f"--ssl-cert={folder}/cert.pem",
            f"--ssl-key={folder}/key.pem",
        ]
        with _serving(folder, port, command, user) as running:
            yield running


def mysql(server: Server, *statements: str, database: str | None = None, user: str = "root") -> list[tuple[Any, ...]]:
    """Run statements; the rows of the last."""
    with (
        pymysql.connect(unix_socket=f"{server.folder}/.s", user=user, database=database, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


@contextmanager
def _folder(prefix: str) -> Iterator[tuple[Path, dict[str, int]]]:
    """Not under pytest's own folder, which only its owner may enter; these servers refuse to run as root."""
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        folder, user = Path(name), {}
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid}
        _certify(folder)
        for path in (folder, *folder.iterdir()):
            if user:
                os.chown(path, user["user"], user["group"])
        yield folder, user


@contextmanager
def _serving(folder: Path, port: int, command: list[str], user: dict[str, int]) -> Iterator[Server]:
    process = _started(command, folder, user)
    server = Server(folder, port, (folder / "cert.pem").read_text(), process, command, user)
    try:
        _wait_for(server)
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def _started(command: list[str], folder: Path, user: dict[str, int]) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **user)  # type: ignore[call-overload] # user and group


def _run(command: list[Any], folder: Path, user: dict[str, int]) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=folder, **user)  # type: ignore[call-overload] # user and group


def _wait_for(server: Server) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.process.poll() is None:
        if _is_ready(server):
            return
        time.sleep(0.02)
    raise RuntimeError((server.folder / "log").read_text()[-2000:])


def _is_ready(server: Server) -> bool:
    """PostgreSQL writes it into the file of its number; MariaDB greets whoever connects."""
    try:
        if (server.folder / "data/PG_VERSION").exists():
            lines = (server.folder / "data/postmaster.pid").read_text().splitlines()
            return lines[0] == str(server.process.pid) and lines[-1].strip() == "ready"
        with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
            return bool(connection.recv(1))
    except (OSError, IndexError):
        return False


def _certify(folder: Path) -> None:
    """A certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a database in a test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(plain)
    (folder / "key.pem").chmod(0o600)
    ssl.create_default_context(cafile=folder / "cert.pem")
