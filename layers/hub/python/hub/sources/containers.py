"""gzip and zip, known by their first bytes whatever the name says; unpacked as a stream and never without bounds."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from isal import igzip, isal_zlib

from hub.config.connections import FilesFetch
from hub.sources.folder import Ranged
from hub.sources.piece import SourceError

GZIP, ZIP, EMPTY_ZIP = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
REFUSED = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x04\x22\x4d\x18": "lz4",
}
HEAD = 512
MOST = 20 << 30  # bytes that one object may unpack to
RATIO, FREE = 250, 64 << 20  # of its size, where it unpacks to more than FREE
MOST_MEMBERS = 5_000
BROKEN: Any = (
    zlib.error,
    isal_zlib.IsalError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
)
USUAL = {
    "csv": (".csv", ".txt", ".tsv"),
    "tsv": (".tsv", ".txt", ".tab", ".csv"),
    "fixed": (".txt", ".dat", ".asc"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "xml": (".xml",),
    "xlsx": (".xlsx",),
    "parquet": (".parquet",),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One file to read: an object itself, or what is packed in it.

    name: for a person. key: its name in the archive, empty for an object itself. file: where any byte of it can be
    had, None where it is unpacked from its start.
    """

    name: str
    key: str
    open: Callable[[], BinaryIO]
    file: Ranged | None = None


def members(file: Ranged, name: str, fetch: FilesFetch) -> Iterator[Member]:
    """What is to be read of an object; SourceError where it is packed in a way that is not unpacked."""
    file.seek(0)
    head = file.read(HEAD)
    _refuse(head, name)
    if head.startswith(GZIP):
        unpacked = Member(name, "", lambda: _gunzipped(file, name))
        _refuse_nested(unpacked, fetch)
        yield unpacked
    elif head.startswith((ZIP, EMPTY_ZIP)) and not (fetch.format == "xlsx" and _is_workbook(file, name)):
        yield from _zipped(file, name, fetch)
    else:
        yield Member(name, "", lambda: _from_start(file), file)


def _from_start(file: Ranged) -> Any:
    file.seek(0)
    return file


def _refuse(head: bytes, name: str) -> None:
    kind = next((kind for mark, kind in REFUSED.items() if head.startswith(mark)), None)
    if head[:3] == b"BZh" and head[4:10] == b"1AY&SY":
        kind = "bzip2"
    if head[257:262] == b"ustar":
        kind = "tar"
    if kind:
        raise SourceError(f"{name} is packed as {kind}, which is not unpacked here; send it as gzip or zip, or plain")


def _refuse_nested(member: Member, fetch: FilesFetch) -> None:
    with member.open() as stream:
        head = stream.read(HEAD)
    _refuse(head, member.name)
    if head.startswith(GZIP) or (head.startswith((ZIP, EMPTY_ZIP)) and fetch.format != "xlsx"):
        raise SourceError(f"{member.name} is an archive within an archive; pack it once")


def _bomb(name: str, unpacked: int, packed: int) -> None:
    if unpacked > MOST:
        raise SourceError(f"{name} unpacks to more than {MOST >> 30} GB; split it into several files")
    if unpacked > max(FREE, RATIO * packed):
        raise SourceError(
            f"{name} unpacks to more than {RATIO} times its size, as no table does; if it is one, send it unpacked"
        )


class _Unpacked(io.RawIOBase):
    """A stream that is being unpacked, with a bound; errors of the packing in words. packed: 0 if bound already."""

    def __init__(self, stream: Any, name: str, packed: int) -> None:
        self._stream, self._name, self._packed, self._count = stream, name, packed, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        try:
            data = bytes(self._stream.read(size))
        except EOFError as error:
            raise SourceError(f"{self._name} is cut off {self._place()}; send it again as a whole") from error
        except (OSError, *BROKEN) as error:
            raise SourceError(f"{self._name} is damaged {self._place()}; send it again") from error
        self._count += len(data)
        if self._packed:
            _bomb(self._name, self._count, self._packed)
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _place(self) -> str:
        return f"behind byte {self._count:,} of what is packed"


def _gunzipped(file: Ranged, name: str) -> Any:
    return _Unpacked(igzip.IGzipFile(fileobj=_from_start(file)), name, file.size)  # type: ignore[no-untyped-call]  # isal has no types


def _archive(file: Ranged, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(_from_start(file))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise SourceError(
            f"{name} is a zip without a sound list of its files; was it cut off? Send it again"
        ) from error


def _is_workbook(file: Ranged, name: str) -> bool:
    return "[Content_Types].xml" in _archive(file, name).namelist()


def _zipped(file: Ranged, name: str, fetch: FilesFetch) -> Iterator[Member]:
    archive = _archive(file, name)
    infos = [each for each in archive.infolist() if not each.is_dir() and not _hidden(each.filename)]
    if len(infos) > MOST_MEMBERS:
        raise SourceError(f"{name} holds more than {MOST_MEMBERS} files; pack fewer into one zip")
    _bomb(name, sum(each.file_size for each in infos), file.size)
    fitting = (
        infos if len(infos) == 1 else [each for each in infos if each.filename.lower().endswith(USUAL[fetch.format])]
    )
    if infos and not fitting:
        raise SourceError(
            f"{name} holds {len(infos)} files, none of which is called like {fetch.format} "
            f"({', '.join(USUAL[fetch.format])}); rename them"
        )
    for info in sorted(fitting, key=lambda each: each.filename):
        told = f"{name} ({info.filename})"
        if info.flag_bits & 1:
            raise SourceError(f"{told} is locked by a password; pack it without one")
        member = Member(told, info.filename, _opener(archive, info, told))
        _refuse_nested(member, fetch)
        yield member


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo, told: str) -> Callable[[], Any]:
    def opened() -> Any:
        try:
            return _Unpacked(archive.open(info), told, 0)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise SourceError(f"{told} is damaged or packed in an unusual way; pack it anew as zip or gzip") from error

    return opened


def _hidden(path: str) -> bool:
    """What a computer adds of its own: __MACOSX/, .DS_Store."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(path).parts)
