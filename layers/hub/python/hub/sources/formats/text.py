"""The characters of a file as UTF-8, a block at a time, whatever encoding they came in."""

import codecs
import re

from hub.sources.containers import Member
from hub.sources.formats.part import Place
from hub.sources.piece import SourceError

HEAD = 1 << 16
BLOCK = 4 << 20  # bytes of the source that are read at once
MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
UNSURE = "utf-8?"  # nobody declared it, and nothing but ASCII came so far
WESTERN = "windows-1252"
LOST = "\ufffd"
codecs.register_error(
    "hub.western",  # the five bytes that windows-1252 leaves out are what they are in ISO-8859-1
    lambda error: (error.object[error.start : error.end].decode("latin-1"), error.end),  # type: ignore[attr-defined]  # it is a UnicodeDecodeError
)


class Text:
    """Reads a member from a place on. place: {"at": UTF-8 bytes done with, "landed": source bytes handed over}.

    encoding: what the text is read as by now; `UNSURE` until a byte tells UTF-8 from the Western encoding.
    broken: whether the last block had bytes that are no character; they are U+FFFD in it.
    """

    def __init__(self, member: Member, declared: str | None, place: Place, block: int | None = None) -> None:
        self._block = block or BLOCK
        head = _head(member)
        mark, self.encoding = _encoding(head, declared)
        self.encoding = place.get("encoding", self.encoding)
        self.broken = False
        self.head = _decoded(head[len(mark) :], self.encoding)
        self._raw: list[bytes] = []
        self.landed, at = place.get("landed", 0), place.get("at", 0)
        self._stream, self._read, self._ended = member.open(), 0, False
        self._tail, self._decoder = b"", None
        if self.encoding not in (UNSURE, "utf-8"):
            self._decoder = codecs.getincrementaldecoder(self.encoding)(
                "hub.western" if self.encoding == WESTERN and declared is None else "strict"
            )
        self._put_back = b""
        if at and member.file and self._decoder is None:
            self._read = self._stream.seek(len(mark) + at)
        else:
            self._skip(len(mark), at)

    def _skip(self, mark: int, at: int) -> None:
        """To a place of a text that can be read from its start only."""
        self._take(mark)
        while at > 0 and (block := self.read()):
            self._put_back, at = block[at:], at - len(block)

    def read(self) -> bytes:
        """The next block of whole characters; empty at the end."""
        if self._put_back:
            data, self._put_back = self._put_back, b""
            return data
        while not self._ended:
            data = self._take(self._block)
            self._ended = not data
            if text := self._decode(data):
                return text
        return b""

    def raw(self) -> bytes:
        """The source's bytes that were read since it was last asked."""
        data = self._raw[0] if len(self._raw) == 1 else b"".join(self._raw)
        self._raw = []
        self.landed = max(self.landed, self._read)
        return data

    def state(self, at: int) -> dict[str, object]:
        """The place at which another worker goes on; `at`: bytes of text that are done with."""
        return {"at": at, "landed": self.landed, "encoding": self.encoding}

    def _take(self, size: int) -> bytes:
        data = bytes(self._stream.read(size) or b"")
        if new := data[max(0, self.landed - self._read) :]:
            self._raw.append(new)
        self._read += len(data)
        return data

    def _decode(self, data: bytes) -> bytes:
        self.broken = False
        return self._by_decoder(data) if self._decoder else self._utf8(self._tail + data if self._tail else data)

    def _utf8(self, data: bytes) -> bytes:
        final = self._ended
        self._tail = b""
        if data.isascii():
            return data
        try:
            _, consumed = codecs.utf_8_decode(data, "strict", final)
        except UnicodeDecodeError:
            return self._not_utf8(data, final)
        if consumed:
            self.encoding = "utf-8" if self.encoding == UNSURE and not data[:consumed].isascii() else self.encoding
        self._tail = data[consumed:]
        return data[:consumed]

    def _not_utf8(self, data: bytes, final: bool) -> bytes:
        text, consumed = codecs.utf_8_decode(data, "replace", final)
        lost = text.count(LOST)
        if self.encoding == UNSURE and lost > len(re.findall(r"[^\x00-\x7f\ufffd]", text)):
            self.encoding, self._decoder = WESTERN, codecs.getincrementaldecoder(WESTERN)("hub.western")
            return self._by_decoder(data)
        self.encoding, self.broken, self._tail = "utf-8", True, data[consumed:]
        return text.encode()

    def _by_decoder(self, data: bytes) -> bytes:
        assert self._decoder is not None
        before = self._decoder.getstate()
        try:
            text = self._decoder.decode(data, self._ended)
        except UnicodeError:
            self._decoder.setstate(before)
            self._decoder.errors, self.broken = "replace", True
            text = self._decoder.decode(data, self._ended)
            self._decoder.errors = "strict"
        return text.encode("utf-8", "replace")


def whole_characters(text: Text, name: str, form: str) -> None:
    """SourceError where the last block was broken: in this format a lost character is no matter of one row."""
    if text.broken:
        raise SourceError(
            f"{name} is not readable as {form}: it holds bytes that are no {text.encoding.rstrip('?')} before byte "
            f"{text.landed + BLOCK:,}; declare `encoding`"
        )


def _head(member: Member) -> bytes:
    stream = member.open()
    return bytes(stream.read(HEAD) or b"")


def _encoding(head: bytes, declared: str | None) -> tuple[bytes, str]:
    """The mark at the start, and the encoding: by the mark, else as declared, else as the zeros of UTF-16 tell."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return mark, name
    if declared:
        try:
            name = codecs.lookup(declared).name
        except LookupError as error:
            raise SourceError(f"there is no encoding {declared!r}; correct `encoding`") from error
        return b"", {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(name, name)
    sample = head[:4096]
    even, odd, half = sample[0::2].count(0), sample[1::2].count(0), len(sample) // 2
    if half and odd > 0.4 * half and even < 0.05 * half:
        return b"", "utf-16-le"
    if half and even > 0.4 * half and odd < 0.05 * half:
        return b"", "utf-16-be"
    return b"", UNSURE


def _decoded(head: bytes, encoding: str) -> str:
    """The first lines, for working out what kind of text this is."""
    return head.decode("utf-8" if encoding == UNSURE else encoding, "replace")
