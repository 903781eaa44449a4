"""JSON lines: one object per line, read all at once where that is exact, else line by line."""

from collections.abc import Iterator
from typing import Any

from hub.config.connections import FilesFetch
from hub.sources import json_text
from hub.sources.containers import Member
from hub.sources.declared import Declared, Rows
from hub.sources.formats.lines import Block, blocks
from hub.sources.formats.part import Part, Place, unreadable
from hub.sources.formats.text import LOST, Text
from hub.sources.piece import SourceError, Unreadable

Records = list[dict[str, Any]] | Rows

STEP = 1 << 20  # bytes that are objects of Python at a time; more of them keep the garbage collector busy


def parts(member: Member, fetch: FilesFetch, place: Place, declared: Declared | None = None) -> Iterator[Part]:
    text = Text(member, fetch.encoding, place, STEP)
    if text.head.lstrip().startswith("["):
        raise SourceError(
            f"{member.name}: the file is one JSON list; one object per line was expected; write `format: json`"
        )
    for block in blocks(member, text, place):
        records, refused = _records(block, declared)
        yield Part(records, block.place, block.raw, tuple(refused))


def _records(block: Block, declared: Declared | None) -> tuple[Records, list[Unreadable]]:
    quick = None if block.broken else _at_once(block.text, declared)
    return (quick, []) if quick is not None else _line_by_line(block)


def _at_once(text: bytes, declared: Declared | None) -> Records | None:
    """The records, where each line begins and ends as an object and all of them are JSON of short numbers."""
    body = text.strip().replace(b"\r\n", b"\n")
    count = body.count(b"\n") + 1
    if not body or body.count(b"}\n{") != count - 1:
        return None
    listed = b"[%b]" % body.replace(b"\n", b",")
    rows: Rows | None = declared.answer(listed) if declared else None
    if rows is not None:
        return rows if len(rows) == count else None
    records = json_text.quick_loads(listed)
    whole = records is not None and len(records) == count and all(type(each) is dict for each in records)
    return records if whole else None


def _line_by_line(block: Block) -> tuple[list[dict[str, Any]], list[Unreadable]]:
    records, refused = [], []
    for at, line in enumerate(block.text.split(b"\n"), block.line):
        if not line.strip():
            continue
        try:
            record = json_text.loads(line)
        except json_text.NotJson as error:
            refused.append(unreadable(at, line.decode(), f"is not JSON: {error}; write one object on each line"))
            continue
        if not isinstance(record, dict):
            refused.append(unreadable(at, line.decode(), "is no object; write one in braces"))
        elif block.broken and LOST.encode() in line:
            reason = f"holds bytes that are no {block.encoding}; declare `encoding`"
            refused.append(unreadable(at, line.decode(), reason))
        else:
            records.append(record)
    return records, refused
