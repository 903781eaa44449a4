"""Blocks of whole records of a text: cut at line ends, and never at one that a quoted value holds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from hub.sources.containers import Member
from hub.sources.formats.part import Place
from hub.sources.formats.text import Text
from hub.sources.piece import SourceError

LONGEST = 16 << 20  # bytes of one record


@dataclass(frozen=True, slots=True)
class Block:
    """text: whole records. line: of the first of them. unclosed: a single line with a quote that nothing closes.

    broken: whether bytes were lost in decoding it (they are U+FFFD). encoding: what it was read as.
    """

    text: bytes
    line: int
    place: Place
    raw: bytes
    broken: bool
    encoding: str
    unclosed: bool = False


def blocks(member: Member, text: Text, place: Place, separator: bytes = b"", quote: bytes = b"") -> Iterator[Block]:
    """The records of a text from a place on. The place of each block also says the line that follows."""
    at, line = place.get("at", 0), place.get("line", 1)
    old_mac = "\r" in text.head and "\n" not in text.head
    carry, broken = b"", False
    while True:
        read = text.read()
        if old_mac:
            read = read.replace(b"\r", b"\n")
        carry, broken = carry + read if carry else read, broken or text.broken
        while carry:
            cut = safe_cut(carry, separator, quote) if read else len(carry)
            if unclosed := cut == 0 and len(carry) > LONGEST:
                cut = _stray(carry, quote, f"{member.name}: line {line}")
            if not cut:
                break
            out, carry = carry[:cut], carry[cut:]
            at, lines = at + cut, out.count(b"\n")
            raw = text.raw()
            if not read and not carry and raw and not raw.endswith((b"\n", b"\n\x00", b"\r")):
                raw += b"\n"  # the next file's bytes land behind it
            yield Block(
                out, line, {**text.state(at), "line": line + lines}, raw, broken, text.encoding.rstrip("?"), unclosed
            )
            line += lines
        broken = broken and bool(carry)
        if not read:
            return


def safe_cut(data: bytes, separator: bytes, quote: bytes) -> int:
    """How much of the data, which begins with a record, is whole records."""
    last = data.rfind(b"\n") + 1
    if not quote or not last or data.rfind(quote, 0, last) < 0:
        return last
    certain, from_certain, records = _patterns(separator, quote)
    near = [found.end() for found in certain.finditer(data, max(0, last - 8192), last)]
    # Behind such a quote no value is open, whatever came before it.
    if near and (found := from_certain.match(data, near[-1], last)):
        return found.end()
    found = records.match(data, 0, last)
    return found.end() if found else 0


@cache
def _patterns(separator: bytes, quote: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    s, q = re.escape(separator), re.escape(quote)
    rest = rb"[^%b\n]*+" % s
    field = rb"(?:%b(?:[^%b]++|%b%b)*+%b%b|(?!%b)%b)" % (q, q, q, q, q, rest, q, rest)
    records = rb"(?:%b(?:%b%b)*+\n)*+" % (field, s, field)
    from_certain = rb"%b(?:%b%b)*+\n%b" % (rest, s, field, records)
    certain = rb"[^%b%b\n]%b(?!%b)" % (q, s, q, q)
    return re.compile(certain), re.compile(from_certain), re.compile(records)


def _stray(data: bytes, quote: bytes, where: str) -> int:
    """The end of the first line, where its quote is what makes the record endless."""
    end = data.find(b"\n", 0, LONGEST) + 1
    if not end or not quote:
        raise SourceError(
            f"{where} is longer than {LONGEST >> 20} MB; check that `format` is right and that the lines have ends"
        )
    return end
