"""Bytes of a CSV, JSON lines or Parquet object to a table of its columns, and the lines that could not be read."""

import csv
import io
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from hub.config.connections import FilesFetch
from hub.sources import json_text
from hub.sources.piece import SourceError, Unreadable
from hub.sources.tables import column_of

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
PACKED = (b"\x1f\x8b", b"PK\x03\x04")
SEPARATORS = ",;\t|"
STAND_IN = "\x1f"


@dataclass(frozen=True, slots=True)
class Decoded:
    table: pa.Table
    unreadable: tuple[Unreadable, ...] = ()


def decode(data: bytes, fetch: FilesFetch, name: str) -> Decoded:
    """The rows of one object; SourceError, naming the object, when it is not what the manifest says."""
    if data.startswith(PACKED):
        raise SourceError(f"{name} is a packed file or a spreadsheet; drop it unpacked, as {fetch.format}")
    try:
        if fetch.format == "parquet":
            table = pq.read_table(pa.BufferReader(data))
            table.validate(full=True)  # text that is no UTF-8 would be staged and fail every run
            return Decoded(table)
        text = _text(data, fetch.encoding)
        return _json_lines(text) if fetch.format == "jsonl" else _csv(text, fetch)
    except (pa.ArrowException, OSError, csv.Error, UnicodeError, LookupError) as error:
        raise SourceError(f"{name} is not readable as {fetch.format}: {str(error).splitlines()[0]}") from error


def _text(data: bytes, encoding: str | None) -> str:
    """By the mark at the start, else as declared, else UTF-8, else the Western encoding that takes every byte."""
    marked = next((name for mark, name in MARKS if data.startswith(mark)), None)
    if marked or encoding:
        return data.decode(marked or encoding or "utf-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("windows-1252", "replace") if b"\x81" not in data else data.decode("iso-8859-1")


def _json_lines(text: str) -> Decoded:
    records, unreadable = [], []
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            record = json_text.loads(line.encode())
        except json_text.NotJson as error:
            unreadable.append(Unreadable(line[:4000], f"is not JSON: {error}"))
            continue
        if isinstance(record, dict):
            records.append(record)
        else:
            unreadable.append(Unreadable(line[:4000], "is no object"))
    if not records and len(unreadable) == 1 and text.lstrip().startswith("["):
        raise SourceError("the file is one JSON list; one object per line was expected")
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: column_of([record.get(name) for record in records]) for name in names}
    # A table without columns would forget how many rows it has.
    table = pa.table(columns) if columns else pa.table({"": pa.nulls(len(records))})
    return Decoded(table, tuple(unreadable))


def _csv(text: str, fetch: FilesFetch) -> Decoded:
    separator = fetch.separator or _sniffed(text)
    quote: str | None = fetch.quote
    if len(separator) > 1:
        if STAND_IN in text:
            raise SourceError("the file holds the control character 0x1F, which cannot stand with a long separator")
        text, separator, quote = text.replace(separator, STAND_IN), STAND_IN, None
    return _parsed(text, separator, quote, fetch)


def _parsed(text: str, separator: str, quote: str | None, fetch: FilesFetch) -> Decoded:
    if "\n" not in text:
        text = text.replace("\r", "\n") + "\n"  # lines that end as on old Macs, or a header alone
    if not text.strip():
        return Decoded(pa.table({name: pa.nulls(0, pa.string()) for name in fetch.names}))
    if fetch.header:
        reader = csv.reader(io.StringIO(text), delimiter=separator, quotechar=quote or '"')
        names = _distinct(next(reader))
        header = reader.line_num  # a quoted name may go over several lines
    else:
        names, header = list(fetch.names), 0
    unreadable: list[Unreadable] = []

    def aside(row: pa.csv.InvalidRow) -> str:
        reason = f"has {row.actual_columns} fields where {row.expected_columns} were expected"
        if quote and row.text.count(quote) % 2:
            unreadable.extend(_swallowed(row.text))
        else:
            unreadable.append(Unreadable(row.text[:4000], reason))
        return "skip"

    table = pa.csv.read_csv(
        pa.BufferReader(text.encode("utf-8")),
        read_options=pa.csv.ReadOptions(column_names=names, skip_rows=header, use_threads=False, block_size=1 << 24),
        parse_options=pa.csv.ParseOptions(
            delimiter=separator,
            quote_char=quote or False,
            newlines_in_values=quote is not None,
            invalid_row_handler=aside,
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    if quote and len(table) and text.count(quote) % 2:
        last = [value or "" for value in table.slice(len(table) - 1).to_pylist()[0].values()]
        if any("\n" in value for value in last):
            unreadable.extend(_swallowed(separator.join(last)))
            table = table.slice(0, len(table) - 1)
    if quote and not _quoted_well(text, table, separator, quote):
        over = _over_lines(table)
        for row in table.filter(over).to_pylist():
            unreadable.extend(_swallowed(separator.join(value or "" for value in row.values())))
        table = table.filter(pc.invert(over))
    return Decoded(table.combine_chunks(), tuple(unreadable))


def _over_lines(table: pa.Table) -> pa.ChunkedArray:
    """Whether a row has a value that goes over several lines."""
    over = pa.chunked_array([pa.repeat(pa.scalar(False), len(table))])
    for column in table.columns:
        over = pc.or_(over, pc.fill_null(pc.match_substring(column, "\n"), False))
    return over


def _quoted_well(text: str, table: pa.Table, separator: str, quote: str) -> bool:
    """Whether quotes open and close at the ends of values, where some value goes over several lines.

    Two quotes that are each not closed look like one value of all the rows between them, but for what follows it.
    """
    if not len(table) or not pc.any(_over_lines(table)).as_py():
        return True
    try:
        for _ in csv.reader(io.StringIO(text), delimiter=separator, quotechar=quote, strict=True):
            pass
    except csv.Error as error:
        return "field larger" in str(error)  # the one limit that says nothing of quotes
    return True


def _swallowed(text: str) -> list[Unreadable]:
    """The lines that a quote took for one value because nothing closes it."""
    return [Unreadable(line[:4000], "stands behind a quote that is not closed") for line in text.splitlines()]


def _distinct(names: list[str]) -> list[str]:
    """A header without blanks and repeats, so that every column has a name to be kept under."""
    found: list[str] = []
    for at, name in enumerate(names, 1):
        stripped = name.strip()
        found.append(stripped if stripped and stripped not in found else f"{stripped or 'column'} {at}")
    return found


def _sniffed(text: str) -> str:
    """The separator that splits the first lines into the same number of fields, the more fields the better."""
    lines = [line for line in text[:65536].splitlines()[:20] if line]
    counts = {each: {line.count(each) for line in lines} for each in SEPARATORS}
    even = [each for each in SEPARATORS if len(counts[each]) == 1 and counts[each] != {0}]
    return max(even or SEPARATORS, key=lambda each: min(counts[each], default=0))
