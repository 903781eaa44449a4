"""XLSX: one sheet of a workbook. Dates as dates, numbers with the 15 digits that a spreadsheet shows."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any

import pyarrow as pa
import python_calamine as calamine

from hub.config.connections import FilesFetch
from hub.sources.containers import Member
from hub.sources.formats.dialect import distinct
from hub.sources.formats.part import Part, Place
from hub.sources.formats.whole import seekable
from hub.sources.piece import SourceError

LARGEST = 32 << 20  # bytes of a workbook
UNPACKED = 192 << 20  # bytes of all that is packed in it
MOST_CELLS = 8_000_000  # of the rectangle around all that a sheet holds: the reader makes room for each of them
CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*(?<!/)>')
ROWS = 25_000
EXACT = 2**53  # whole numbers below it are what was written


def parts(member: Member, fetch: FilesFetch, place: Place) -> Iterator[Part]:
    """The rows of a sheet; its first row that is not empty is the header unless the manifest says otherwise."""
    data = _workbook(member)
    rows = _sheet(data, fetch.sheet, member.name)
    first = next(rows, [])
    header = fetch.header is not False
    names = distinct([_text(cell) or "" for cell in first]) if header else list(fetch.names)
    landed, done, gathered = bool(place), place.get("row", 0), []
    reached = 0
    for row in rows if header else chain([first] if first else [], rows):
        if len(row) > len(names):
            raise SourceError(
                f"{member.name}: the sheet has {len(row)} columns where {len(names)} are named; complete `names`"
            )
        reached += 1
        if reached <= done:
            continue
        gathered.append([_text(cell) for cell in row])
        if len(gathered) >= ROWS:
            yield Part(_table(gathered, names), {"row": reached}, b"" if landed else data)
            gathered, landed = [], True
    yield Part(_table(gathered, names), {"row": reached}, b"" if landed else data)


def _workbook(member: Member) -> bytes:
    """The bytes of the workbook, once it is sure that they unpack to what they say and no more."""
    with seekable(member, "XLSX") as (file, size):
        if size > LARGEST:
            told = f"{member.name} has {size >> 20} MB; save it as CSV, or as workbooks of {LARGEST >> 20} MB"
            raise SourceError(told)
        file.seek(0)
        data = bytes(file.read(size))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(each.file_size for each in archive.infolist()) > UNPACKED:
                raise SourceError(
                    f"{member.name}: the workbook unpacks to more than {UNPACKED >> 20} MB; save the sheet as CSV"
                )
            damaged = archive.testzip()
            for part in archive.namelist() if not damaged else ():
                if part.endswith(".xml"):
                    _refuse_far_cells(archive.read(part), member.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise SourceError(
            f"{member.name} is not readable as xlsx: it is no workbook, is cut off or has a password; save it as .xlsx"
        ) from error
    if damaged:
        raise SourceError(f"{member.name} is not readable as xlsx: a part of it is damaged; send it again")
    return data


def _refuse_far_cells(sheet: bytes, name: str) -> None:
    """A cell that somebody left far away from all others must not fill the memory."""
    column, row = b"A", 0
    for found in CELL.finditer(sheet):
        letters, digits = found.groups()
        row = max(row, int(digits))
        if (len(letters), letters) > (len(column), column):
            column = letters
    width = 0
    for letter in column:
        width = width * 26 + letter - ord("A") + 1
    if width * row > MOST_CELLS:
        raise SourceError(
            f"{name}: a sheet reaches to column {column.decode()} and row {row:,}; take out the cells that stand far "
            "from the others, or save the sheet as CSV"
        )


def _sheet(data: bytes, wanted: str | None, name: str) -> Iterator[list[Any]]:
    """The rows of the sheet that hold anything."""
    try:
        book = calamine.load_workbook(io.BytesIO(data))
        titles = book.sheet_names
        if wanted is None and len(titles) > 1:
            raise SourceError(f"{name} has {len(titles)} sheets; name the one that is meant under `sheet`")
        if wanted is not None and wanted not in titles:
            raise SourceError(f"{name} has no sheet {wanted!r}; correct `sheet`, or the name in the workbook")
        sheet = book.get_sheet_by_name(wanted or titles[0])
    except calamine.CalamineError as error:
        raise SourceError(f"{name} is not readable as xlsx: its sheets are damaged; save it anew") from error
    return (row for row in sheet.iter_rows() if any(cell != "" for cell in row))


def _table(rows: list[list[str | None]], names: list[str]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=False)})


def _text(cell: Any) -> str | None:
    """A cell as a CSV of the same sheet would have it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < EXACT else format(cell, ".15g")
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell) or None
