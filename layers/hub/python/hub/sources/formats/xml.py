"""XML: records by their path, fields by the paths of their elements and attributes. No DTD, so no entity of its own."""

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from hub.config.connections import FilesFetch
from hub.sources.containers import Member
from hub.sources.formats.part import Part, Place
from hub.sources.formats.text import Text, whole_characters
from hub.sources.piece import SourceError

AT_ONCE = 5_000  # records in one part
STEP = 1 << 19  # bytes that are looked at together
DEEPEST = 100
LONGEST = 16 << 20  # characters of one record
DECLARED = re.compile(r"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def parts(member: Member, fetch: FilesFetch, place: Place) -> Iterator[Part]:
    """The elements at `fetch.records` (`/orders/order`, or `//order` at any depth) as records."""
    text = Text(member, fetch.encoding or _declared(member), {"landed": place.get("landed", 0)})
    reader, done, reached = _Reader(member.name, fetch.records or ""), place.get("records", 0), 0
    read = b"first"
    while read:
        read = text.read()
        whole_characters(text, member.name, "xml")
        for start in range(0, max(1, len(read)), STEP):
            reader.feed(read[start : start + STEP], final=not read)
            if len(reader.records) < AT_ONCE and read:
                continue
            found, reader.records = reader.records, []
            reached += len(found)
            new, raw = found[max(0, len(found) - max(0, reached - done)) :], text.raw()
            if new or raw or not read:
                yield Part(new, {"records": reached, "landed": text.landed}, raw)


def _declared(member: Member) -> str | None:
    """The encoding of the XML declaration, where no mark says it."""
    found = DECLARED.match(bytes(member.open().read(200)).decode("latin-1"))
    return found[1] if found and not found[1].lower().startswith("utf-16") else None


class _Reader:
    """Collects records while expat walks through the document."""

    def __init__(self, name: str, path: str) -> None:
        self.records: list[dict[str, Any]] = []
        self._name, self._anywhere = name, path.startswith("//")
        self._path = path.strip("/").split("/")
        self._open: list[str] = []
        self._found = self._anywhere
        self._record: dict[str, Any] | None = None
        self._inside: list[str] = []
        self._texts: list[list[str]] = []
        self._size = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, data: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(data, final)
        except expat.ExpatError as error:
            what = expat.errors.messages.get(error.code, "broken")
            raise SourceError(
                f"{self._name} is not readable as xml: line {error.lineno}, character {error.offset + 1}: {what}; "
                "export it anew"
            ) from error
        if final and not self._found:
            around = "/".join(["", *self._path[:-1]])
            raise SourceError(f"{self._name}: no element at {around or '/'} of the document; correct `records`")

    def _doctype(self, *_: Any) -> None:
        raise SourceError(
            f"{self._name}: line {self._parser.CurrentLineNumber} holds a DOCTYPE, whose entities may grow without "
            "bounds or fetch files; export the XML without one"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._open.append(tag)
        self._found = self._found or self._open == (self._path[:-1] or self._path)
        if len(self._open) > DEEPEST:
            self._refuse(f"is nested deeper than {DEEPEST} elements; export it flatter")
        if self._record is None:
            if not (
                self._open[-len(self._path) :] == self._path and (self._anywhere or len(self._open) == len(self._path))
            ):
                return
            self._record, self._inside, self._size = {}, [], 0
        else:
            self._inside.append(tag)
        self._texts.append([])
        for name, value in attributes.items():
            if not name.startswith("xmlns"):
                self._put("/".join([*self._inside, f"@{name.rpartition(':')[2]}"]), value)

    def _text(self, text: str) -> None:
        if self._record is not None:
            self._texts[-1].append(text)
            self._size += len(text)
            if self._size > LONGEST:
                self._refuse(f"is behind a record longer than {LONGEST >> 20} MB; check `records`")

    def _end(self, tag: str) -> None:
        self._open.pop()
        if self._record is None:
            return
        text = "".join(self._texts.pop()).strip(" \t\r\n")
        if self._inside:
            name = "/".join(self._inside)
            if text or name not in self._record:
                self._put(name, text or None)
            self._inside.pop()
            return
        if text:
            self._put("#text", text)
        self.records.append({name: value for name, value in self._record.items() if value is not None})
        self._record = None

    def _put(self, name: str, value: str | None) -> None:
        """A field; one that stands several times is a list."""
        assert self._record is not None
        before = self._record.get(name)
        if before is None:
            self._record[name] = value
        elif value is not None:
            self._record[name] = [*before, value] if isinstance(before, list) else [before, value]

    def _refuse(self, what: str) -> None:
        raise SourceError(f"{self._name}: line {self._parser.CurrentLineNumber} {what}")
