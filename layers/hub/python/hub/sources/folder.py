"""Where files lie: one small interface for S3 and SFTP, and a file of which only the bytes asked for are fetched."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hub.sources.piece import SourceError

WINDOW = 4 << 20  # bytes that one request brings


class Vanished(SourceError):
    """The file was listed and is not there any more."""


class Changed(SourceError):
    """The file was replaced or is still being written."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was listed. version: what differs when the content does."""

    name: str
    version: str
    size: int
    modified: datetime


class Folder(Protocol):
    """All files under one location, by their names below it."""

    def listed(self) -> Iterator[Found]: ...

    def open(self, found: Found) -> "Ranged":
        """The file in the state that was listed; reading raises Changed or Vanished where that state is gone."""

    def told(self, name: str) -> str:
        """The file's name for a person."""

    def close(self) -> None: ...


class Ranged(io.RawIOBase):
    """A file that is fetched a window at a time. fetch: the bytes from one place to another."""

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        self.size, self._fetch = size, fetch
        self._at, self._start, self._window = 0, 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        wanted = self.size - self._at if size is None or size < 0 else min(size, self.size - self._at)
        parts = []
        while wanted > 0:
            part = self._some(wanted)
            parts.append(part)
            wanted -= len(part)
            self._at += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _some(self, wanted: int) -> bytes:
        """What the window has from here on; a new one where it has nothing."""
        if not self._start <= self._at < self._start + len(self._window):
            start = 0 if self.size <= WINDOW else self._at
            self._window, self._start = self._fetch(start, min(self.size, start + WINDOW)), start
            if not self._window:
                raise Changed("gave less than its size; is it still being written?")
        behind = self._at - self._start
        if behind == 0 and len(self._window) <= wanted:
            return self._window
        return self._window[behind : behind + wanted]
