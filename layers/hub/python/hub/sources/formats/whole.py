"""A file of which any byte must be at hand: an object as it is, what is packed on a temporary disk."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hub.sources.containers import Member
from hub.sources.piece import SourceError

LARGEST = 256 << 20
IN_MEMORY = 16 << 20


@contextmanager
def seekable(member: Member, form: str) -> Iterator[tuple[Any, int]]:
    """The file and its size; SourceError where it is packed and too large to be unpacked to disk."""
    if member.file is not None:
        yield member.open(), member.file.size
        return
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as unpacked, member.open() as stream:
        left = LARGEST
        while data := stream.read(1 << 20):
            left -= unpacked.write(data)
            if left < 0:
                raise SourceError(f"{member.name} is packed {form} of more than {LARGEST >> 20} MB; send it unpacked")
        yield unpacked, LARGEST - left
