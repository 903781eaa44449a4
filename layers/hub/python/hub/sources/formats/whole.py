"""A file of which any byte must be at hand: an object as it is, what is packed on a temporary disk."""

import tempfile
from typing import Any

from hub.sources.containers import Member
from hub.sources.piece import SourceError

LARGEST = 256 << 20
IN_MEMORY = 16 << 20


def seekable(member: Member, form: str) -> tuple[Any, int]:
    """The file and its size; SourceError where it is packed and too large to be unpacked to disk."""
    if member.file is not None:
        return member.open(), member.file.size
    unpacked = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # it is gone with its last reader
    left = LARGEST
    with member.open() as stream:
        while data := stream.read(1 << 20):
            left -= unpacked.write(data)
            if left < 0:
                told = f"{member.name} is packed {form} of more than {LARGEST >> 20} MB; send it unpacked"
                raise SourceError(told)
    size = unpacked.tell()
    unpacked.seek(0)
    return unpacked, size
