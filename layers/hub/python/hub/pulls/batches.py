"""Pieces of a source to batches. The bytes that came are compressed at once; a batch keeps them in no other form."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from isal import isal_zlib

from hub.sources import Piece

GZIP = 16 + isal_zlib.MAX_WBITS  # with a header that has no time in it, so that the same bytes land the same


MOST_ROWS = 65_536  # of a batch: short ones need as much memory at their checks as long ones


class Landed:
    """What came, compressed. kind: of the last piece with bytes."""

    def __init__(self) -> None:
        self.kind, self.size = "", 0
        self._sha256, self._gzip = hashlib.sha256(), isal_zlib.compressobj(1, wbits=GZIP)
        self._parts: list[bytes] = []

    def add(self, piece: Piece) -> None:
        if self.size and piece.kind == "json":  # pages of an API; parts of a file follow on each other
            self._take(b"\n")
        self._take(piece.raw)
        self.kind = piece.kind

    def _take(self, data: bytes) -> None:
        self.size += len(data)
        self._sha256.update(data)
        self._parts.append(self._gzip.compress(data))

    @property
    def sha256(self) -> str:
        """Of the bytes as they came."""
        return self._sha256.hexdigest()

    def gzip(self) -> bytes:
        """The whole; nothing can be added behind it."""
        return b"".join([*self._parts, self._gzip.flush()])


@dataclass(slots=True)
class Batch:
    """pieces: without their bytes, which are in `landed`."""

    pieces: list[Piece] = field(default_factory=list)
    landed: Landed = field(default_factory=Landed)
    size: int = 0
    rows: int = 0

    def add(self, piece: Piece) -> None:
        self.size += max(len(piece.raw), piece.rows.nbytes)
        self.rows += len(piece.rows)
        if piece.raw:
            self.landed.add(piece)
            piece = replace(piece, raw=b"")
        self.pieces.append(piece)


def batches(
    pieces: Iterable[Piece], most_bytes: int, most_seconds: float, now: Callable[[], float], alive: Callable[[], None]
) -> Iterator[Batch]:
    """The pieces in batches of about so many bytes or seconds. A file that must stay whole has a batch of its own.

    alive: called for each piece.
    """
    batch, since = Batch(), now()
    for piece in pieces:
        alive()
        if batch.pieces and piece.kind == "bin" and piece.raw:
            yield batch
            batch, since = Batch(), now()
        batch.add(piece)
        full = batch.size >= most_bytes or batch.rows >= MOST_ROWS
        if full or piece.last or now() - since >= most_seconds:
            yield batch
            batch, since = Batch(), now()
    if batch.pieces:
        yield batch
