"""Starts and stops a real Trino over the Glue catalogue and the S3 of one AWS endpoint."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import boto3

from infra.local.trino.jdk import find_jdk, find_maven

HERE = Path(__file__).parent
TRINO_HOME = HERE.parents[2] / ".local" / "trino"
# Athena's one catalogue is Trino's Iceberg one: it hands Hive tables over, and reads views, as the Hive one does not.
CATALOG, HIVE = "awsdatacatalog", "hive"
JAVA_OPTIONS = (
    "-Xmx1536m",
    "-XX:+UseSerialGC",
    "-XX:MinHeapFreeRatio=10",  # give memory back between statements
    "-XX:MaxHeapFreeRatio=30",
    "-XX:TieredStopAtLevel=1",  # short statements: what the second compiler would win is never earned back
    "-XX:ReservedCodeCacheSize=256m",  # the first compiler alone gets 48 MB, which Trino fills: then it interprets
    "-Duser.timezone=UTC",
    "--add-modules=jdk.incubator.vector",
    "-Djdk.attach.allowAttachSelf=true",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)


class TrinoError(Exception):
    """Trino cannot be built or does not start; the message names the log to read."""


@dataclass(frozen=True, slots=True)
class Lake:
    """The AWS endpoint whose Glue catalogue and S3 Trino reads and writes."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str

    @classmethod
    def at(cls, endpoint: str) -> Self:
        """The lake at this endpoint, with the environment's region and keys. Raises TrinoError when it has none."""
        session = boto3.Session()
        keys = session.get_credentials()
        if keys is None or session.region_name is None:
            raise TrinoError("Trino needs AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the laptop's AWS")
        return cls(endpoint, session.region_name, keys.access_key, keys.secret_key)


def install(home: Path) -> Path:
    """Fetch Trino's modules into `home` unless they are there, and give their folder. Takes minutes the first time.

    Of several processes that ask at once one fetches, and the others wait for it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _install(home)


def _install(home: Path) -> Path:
    jars, stamp, wanted = home / "jars", home / "jars" / "pom.xml", (HERE / "pom.xml").read_bytes()
    if stamp.is_file() and stamp.read_bytes() == wanted:
        return jars
    partial = home / "jars.partial"
    shutil.rmtree(partial, ignore_errors=True)
    command: list[str | Path] = [
        find_maven(),
        "--batch-mode",
        "--quiet",
        "--file",
        HERE / "pom.xml",
        "dependency:copy-dependencies",
        f"-DoutputDirectory={partial.absolute()}",
        "-DincludeScope=runtime",
    ]
    log = home / "maven.log"
    with log.open("wb") as output:
        ended = subprocess.run(command, env={**os.environ, "JAVA_HOME": str(find_jdk())}, stdout=output, stderr=output)
    if ended.returncode:
        raise TrinoError(f"Maven could not fetch Trino's modules; see {log}")
    shutil.rmtree(jars, ignore_errors=True)
    (partial / "pom.xml").write_bytes(wanted)
    partial.rename(jars)
    return jars


class TrinoServer:
    """One Trino process, used as a context manager; `address` answers once it is entered.

    Its configuration and log are in a folder of its own under `home`, which stays only when it did not start.
    """

    def __init__(self, lake: Lake, home: Path = TRINO_HOME, port: int | None = None) -> None:
        self.address = ""
        self._lake, self._port, self._home = lake, port, home
        self._folder = home
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        java = find_jdk() / "bin" / "java"
        jars = install(self._home)
        self._folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._home))
        write_configuration(self._folder, self._lake, self._port)
        with (self._folder / "server.log").open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [java, *JAVA_OPTIONS, "-cp", f"{jars}/*", HERE / "TrinoServer.java", self._folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.address = self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process, which stops by itself when its standard input closes, and forget its folder."""
        self._end()
        if self.address:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait(self) -> str:
        """The address that the process says when it is ready."""
        assert self._process and self._process.stdout
        with self._process.stdout as output:
            word, _, address = output.readline().strip().partition(" ")
        if word != "READY":
            self._end()
            raise TrinoError(f"Trino ended before it was ready; see {self._folder / 'server.log'}")
        return address


def write_configuration(folder: Path, lake: Lake, port: int | None) -> None:
    """Write Trino's own configuration files: the server's, and one per catalogue.

    Athena shows one catalogue that holds Hive and Iceberg tables alike; Trino has one per format, each handing
    the other's tables over, so a statement says awsdatacatalog whatever the format.
    """
    shared = {
        "fs.native-s3.enabled": "true",
        "s3.endpoint": lake.endpoint,
        "s3.region": lake.region,
        "s3.path-style-access": "true",
        "s3.aws-access-key": lake.access_key,
        "s3.aws-secret-key": lake.secret_key,
        "hive.metastore.glue.region": lake.region,
        "hive.metastore.glue.endpoint-url": lake.endpoint,
        "hive.metastore.glue.aws-access-key": lake.access_key,
        "hive.metastore.glue.aws-secret-key": lake.secret_key,
    }
    hive = {
        "connector.name": "hive",
        "hive.metastore": "glue",
        "hive.iceberg-catalog-name": CATALOG,
        "hive.security": "allow-all",
        "hive.non-managed-table-writes-enabled": "true",
        "hive.partition-projection-enabled": "true",
        # the emulator's Glue keeps statistics of columns without their parts, which Trino then fails to read
        "hive.collect-column-statistics-on-write": "false",
        "hive.table-statistics-enabled": "false",
        **shared,
    }
    iceberg = {
        "connector.name": "iceberg",
        "iceberg.catalog.type": "glue",
        "iceberg.hive-catalog-name": HIVE,
        # Athena's VACUUM obeys the table's own age, however short.
        "iceberg.expire-snapshots.min-retention": "0s",
        "iceberg.remove-orphan-files.min-retention": "0s",
        # ... and keeps its properties (vacuum_..., optimize_...) on the table.
        "iceberg.allowed-extra-properties": "*",
        **shared,
    }
    (folder / "catalog").mkdir(parents=True)
    # A task that has ended is kept for 15 minutes unless told otherwise, and all that are kept are looked through
    # five times a second: a thousand short statements would be the slower the more there have been.
    server = {"query.max-history": "20", "task.info.max-age": "5s"}
    if port is not None:
        server["http-server.http.port"] = str(port)
    _write(folder / "config.properties", server)
    _write(folder / "catalog" / f"{HIVE}.properties", hive)
    _write(folder / "catalog" / f"{CATALOG}.properties", iceberg)


def _write(file: Path, properties: dict[str, str]) -> None:
    file.write_text("".join(f"{name}={value}\n" for name, value in properties.items()), encoding="utf-8")
