"""Files of Iceberg tables for PyIceberg: one request each, and what describes a table is kept, as it never changes."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream

DESCRIBING = (
    ".metadata.json",
    ".avro",
)  # table metadata, manifest lists and manifests: their names have ids of their own
MOST_BYTES = 64 * 1024 * 1024


class Kept:
    """Contents of small files by endpoint and address; the longest unused go first."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> bytes | None:
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
            return self._files.get(key)

    def put(self, key: tuple[str, str], content: bytes) -> None:
        if not key[1].endswith(DESCRIBING):
            return
        with self._lock:
            self._bytes += len(content) - len(self._files.pop(key, b""))
            self._files[key] = content
            while self._bytes > MOST_BYTES:
                self._bytes -= len(self._files.popitem(last=False)[1])

    def drop(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._bytes -= len(self._files.pop(key, b""))


_KEPT = Kept()


@cache
def _client(endpoint: str, region: str, key: str, secret: str) -> Any:
    config = Config(max_pool_connections=32, retries={"mode": "standard"})
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=config,
    )


class S3Files(FileIO):
    """PyIceberg's `py-io-impl` on boto3; the properties are those of its S3 file systems."""

    def __init__(self, properties: dict[str, str]) -> None:
        super().__init__(properties)
        names = ("s3.endpoint", "s3.region", "s3.access-key-id", "s3.secret-access-key")
        self.endpoint = properties["s3.endpoint"]
        self.s3 = _client(*(properties[name] for name in names))

    def new_input(self, location: str) -> Input:
        return Input(self, location)

    def new_output(self, location: str) -> Output:
        return Output(self, location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        address = location if isinstance(location, str) else location.location
        _KEPT.drop((self.endpoint, address))
        self.s3.delete_object(**place(address))

    def read(self, location: str) -> bytes:
        """Raises FileNotFoundError."""
        found = _KEPT.get((self.endpoint, location))
        if found is None:
            try:
                found = self.s3.get_object(**place(location))["Body"].read()
            except ClientError as error:
                if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                    raise FileNotFoundError(f"Cannot open file, does not exist: {location}") from error
                raise
            _KEPT.put((self.endpoint, location), found)
        return found

    def write(self, location: str, content: bytes) -> None:
        self.s3.put_object(**place(location), Body=content)
        _KEPT.put((self.endpoint, location), content)


class Input(InputFile):
    def __init__(self, files: S3Files, location: str) -> None:
        super().__init__(location)
        self._files = files

    def __len__(self) -> int:
        return len(self._files.read(self.location))

    def exists(self) -> bool:
        try:
            return bool(self._files.read(self.location)) or True
        except FileNotFoundError:
            return False

    def open(self, seekable: bool = True) -> InputStream:
        return io.BytesIO(self._files.read(self.location))


class Output(OutputFile):
    def __init__(self, files: S3Files, location: str) -> None:
        super().__init__(location)
        self._files, self._size = files, 0

    def __len__(self) -> int:
        return self._size

    def exists(self) -> bool:
        return self.to_input_file().exists()

    def to_input_file(self) -> Input:
        return Input(self._files, self.location)

    def create(self, overwrite: bool = False) -> OutputStream:
        """No look whether it is there: the names have ids of their own."""
        return Upload(self)

    def settle(self, content: bytes) -> None:
        self._files.write(self.location, content)
        self._size = len(content)


class Upload(io.BytesIO):
    """Becomes an object when it is closed; when an exception closes it, it does not."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def __exit__(self, kind: Any, *rest: Any) -> None:
        if kind is not None:
            super().close()
        self.close()

    def close(self) -> None:
        if not self.closed:
            self._output.settle(self.getvalue())
        super().close()


def place(location: str) -> dict[str, str]:
    """Bucket and key of s3://bucket/key."""
    bucket, _, key = location.partition("://")[2].partition("/")
    return {"Bucket": bucket, "Key": key}
