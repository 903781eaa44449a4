"""Where an export lies: a folder of this machine, or a bucket and prefix. Files are written whole or not at all."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hub import aws
from infra.operate.stage import OperateError


class Place(Protocol):
    def keep(self, name: str, file: Path) -> None:
        """Take a file in under a name with slashes; the file is gone afterwards."""

    def sizes(self) -> dict[str, int]:
        """Name -> bytes of all that is there."""

    def file(self, name: str) -> AbstractContextManager[Path]:
        """One of them as a file to read, for as long as the context is open."""


@dataclass(frozen=True)
class Folder:
    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def keep(self, name: str, file: Path) -> None:
        to = self.path / name
        to.parent.mkdir(parents=True, exist_ok=True)
        unfinished = to.with_name(to.name + ".part")
        shutil.move(file, unfinished)
        unfinished.replace(to)

    def sizes(self) -> dict[str, int]:
        files = (path for path in self.path.rglob("*") if path.is_file())
        return {path.relative_to(self.path).as_posix(): path.stat().st_size for path in files}

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        yield self.path / name


@dataclass(frozen=True)
class Bucket:
    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def keep(self, name: str, file: Path) -> None:
        aws.client("s3").upload_file(str(file), self.bucket, self.prefix + name)
        file.unlink()

    def sizes(self) -> dict[str, int]:
        pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        items = (item for page in pages for item in page.get("Contents", []))
        return {item["Key"].removeprefix(self.prefix): item["Size"] for item in items}

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        with scratch() as path:
            aws.client("s3").download_file(self.bucket, self.prefix + name, str(path))
            yield path


def place(text: str) -> Place:
    """The place that an operator names; OperateError where he names none."""
    if not text:
        raise OperateError("say where: a folder, or s3://<bucket>/<prefix>")
    if "://" not in text:
        return Folder(Path(text).expanduser())
    found = re.fullmatch(r"s3://([a-z0-9.-]+)/?(.*)", text)
    if found is None:
        raise OperateError(f"{text!r}: write a folder, or s3://<bucket>/<prefix>")
    prefix = found[2].strip("/")
    return Bucket(found[1], f"{prefix}/" if prefix else "")


@contextmanager
def scratch() -> Iterator[Path]:
    """A file of this machine that goes with the context, unless it was moved away."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "file"


def sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
