"""A JSON document of any size: the records of one list in it, cut out without reading the whole."""

import re
from collections.abc import Iterator
from typing import Any

from hub.config.connections import FilesFetch
from hub.sources import json_text
from hub.sources.containers import Member
from hub.sources.formats.part import Part, Place
from hub.sources.formats.text import Text, whole_characters
from hub.sources.piece import SourceError

AT_ONCE = 1 << 20  # bytes of records in one part
LONGEST = 64 << 20  # bytes of one record, or of one key or value on the way to the list
STRING = rb'"(?:[^"\\]++|\\.)*+"'
BRACKET = re.compile(rb'(?:[^"{}\[\]]++|%b)*+([{}\[\]])' % STRING, re.DOTALL)
TOKEN = re.compile(rb'[\s,:]*+(%b|[{}\[\]]|[^\s,:"{}\[\]]++(?=[\s,\]}]))' % STRING, re.DOTALL)


def parts(member: Member, fetch: FilesFetch, place: Place) -> Iterator[Part]:
    """The records of the list at `fetch.records`; a `[*]` in it goes through a list to the lists of its elements."""
    path, _, inner = (fetch.records or "$").partition("[*]")
    scanner = _Scanner(member, fetch, place.get("landed", 0))
    scanner.find(path.split(".")[1:], fetch.records or "$")
    done, gathered, size = place.get("records", 0), [], 0
    for number, record in enumerate(scanner.elements(), 1):
        if number <= done:
            continue
        gathered.append(record)
        size += len(record)
        if size >= AT_ONCE:
            yield _part(member.name, gathered, inner, number, scanner.text)
            gathered, size, done = [], 0, number
    yield _part(member.name, gathered, inner, done + len(gathered), scanner.text)
    while scanner.goes_on():  # what stands behind the list lands, too
        yield _part(member.name, [], inner, done + len(gathered), scanner.text)


def _part(name: str, elements: list[bytes], inner: str, reached: int, text: Text) -> Part:
    try:
        found = json_text.loads(b"[%b]" % b",".join(elements))
    except json_text.NotJson as error:
        raise SourceError(
            f"{name} is not readable as json: records {reached - len(elements) + 1} to {reached} are no JSON "
            f"({error}); export it anew"
        ) from error
    records = [each for element in found for each in _inner(element, inner)]
    if not all(isinstance(each, dict) for each in records):
        raise SourceError(f"{name}: the list at `records` holds something else than objects; correct the path")
    raw = text.raw()
    return Part(records, {"records": reached, "landed": text.landed}, raw)


def _inner(element: Any, path: str) -> list[Any]:
    """The records of one element: itself, or the list at the rest of the path, which may hold lists again."""
    if not path:
        return [element]
    here, _, further = path.partition("[*]")
    for part in here.split(".")[1:]:
        element = element.get(part) if isinstance(element, dict) else None
    return [each for inside in element or [] for each in _inner(inside, further)] if isinstance(element, list) else []


class _Scanner:
    """Walks through the brackets of a document; only what is being looked at is in memory."""

    def __init__(self, member: Member, fetch: FilesFetch, landed: int) -> None:
        self._name = member.name
        self.text = Text(member, fetch.encoding, {"landed": landed})
        self._data, self._at, self._before = b"", 0, 0
        self._around = 0  # brackets that are open around the list

    def find(self, keys: list[str], told: str) -> None:
        """Go behind the bracket that opens the list at these keys."""
        token = self._token()
        for key in keys:
            if token != b"{":
                raise SourceError(f"{self._name}: no list at {told} of the document; correct `records`")
            while (name := self._token()) != b"}" and json_text.loads(name) != key:
                self._pass(self._token())
            if name == b"}":
                raise SourceError(f"{self._name}: no list at {told} of the document; correct `records`")
            token, self._around = self._token(), len(keys)
        if token != b"[":
            raise SourceError(f"{self._name}: what is at {told} is no list; correct `records`")

    def elements(self) -> Iterator[bytes]:
        """The bytes of each element of the list that is open, to its end."""
        while (token := self._token()) != b"]":
            if token not in (b"{", b"["):
                yield token
                continue
            start = self._at - 1
            depth = 1
            while depth:
                found = BRACKET.match(self._data, self._at)
                if found is None:
                    start = self._more(start)
                    continue
                self._at = found.end()
                depth += 1 if found[1] in b"{[" else -1
            yield self._data[start : self._at]

    def goes_on(self) -> bool:
        """Pass what is at hand behind the list, and read on; SourceError where another document begins."""
        while self._around and (found := BRACKET.match(self._data, self._at)):
            self._at = found.end()
            self._around += 1 if found[1] in b"{[" else -1
        if not self._around:
            if self._data[self._at :].strip():
                raise SourceError(
                    f"{self._name}: something stands behind the document; a file holds one JSON document, or write "
                    "`format: jsonl` where each line is one"
                )
            self._at = len(self._data)
        read = self.text.read()
        whole_characters(self.text, self._name, "json")
        self._before += self._at
        self._data, self._at = self._data[self._at :] + read, 0
        if not read and self._around:
            raise self._cut_off()
        return bool(read)

    def _cut_off(self) -> SourceError:
        return SourceError(
            f"{self._name} is not readable as json: it ends behind byte {self._before + len(self._data):,} in the "
            "middle of a value; was it cut off? Send it again as a whole"
        )

    def _pass(self, token: bytes) -> None:
        """Leave out a value."""
        depth = int(token in (b"{", b"["))
        while depth:
            found = BRACKET.match(self._data, self._at)
            if found is None:
                self._more(self._at)
                continue
            self._at = found.end()
            depth += 1 if found[1] in b"{[" else -1

    def _token(self) -> bytes:
        while (found := TOKEN.match(self._data, self._at)) is None:
            self._more(self._at)
        self._at = found.end()
        return found[1]

    def _more(self, start: int) -> int:
        """Read on, keeping what is behind `start`; where that stands now."""
        if len(self._data) - start > LONGEST:
            raise SourceError(
                f"{self._name}: one value behind byte {self._before + start:,} is longer than {LONGEST >> 20} MB; "
                "check `records`"
            )
        read = self.text.read()
        whole_characters(self.text, self._name, "json")
        if not read:
            raise self._cut_off()
        self._before += start
        self._data, self._at = self._data[start:] + read, self._at - start
        return 0
