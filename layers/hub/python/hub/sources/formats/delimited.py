"""CSV, TSV and lines of fixed width: blocks of text to Arrow columns, all of them text."""

import csv
import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from hub.config.connections import FilesFetch
from hub.sources.containers import Member
from hub.sources.formats.dialect import STAND_IN, Dialect, dialect
from hub.sources.formats.lines import Block, blocks
from hub.sources.formats.part import Part, Place, unreadable
from hub.sources.formats.text import LOST, Text
from hub.sources.piece import SourceError, Unreadable

WHOLE = "line"  # the one column of a line that is cut by places
FIELDS = "has {} fields where {} were expected; check `separator` and `quote`"
UNCLOSED = "stands behind a quote that is not closed; close it, or correct `quote`"


def parts(member: Member, fetch: FilesFetch, place: Place) -> Iterator[Part]:
    """The rows of a CSV or TSV; lines that cannot be taken apart beside them."""
    text = Text(member, fetch.encoding, place)
    if "\0" in text.head:
        raise SourceError(
            f"{member.name} holds zero bytes, which no {fetch.format} does; correct `encoding` or `format`"
        )
    form = dialect(text.head, fetch)
    found = False
    for block in blocks(member, text, place, _one(form.separator), (form.quote or "").encode()):
        found = True
        yield _part(block, form, member.name, block.line == 1)
    if not found and not place:
        yield Part(_empty(form), {}, text.raw())


def fixed(member: Member, fetch: FilesFetch, place: Place) -> Iterator[Part]:
    """The rows of a text whose columns stand at the same characters of every line."""
    text = Text(member, fetch.encoding, place)
    header = fetch.header is True
    form = Dialect(STAND_IN.decode(), None, header, (WHOLE,))
    for block in blocks(member, text, place):
        part = _part(block, form, member.name, block.line == 1)
        assert isinstance(part.rows, pa.Table)
        rows, refused = _cut(part.rows, fetch, block)
        yield Part(rows, part.place, part.raw, (*part.unreadable, *refused))


def _one(separator: str) -> bytes:
    return separator.encode() if len(separator) == 1 else STAND_IN


def _empty(form: Dialect) -> pa.Table:
    return pa.table({name: pa.nulls(0, pa.string()) for name in form.names})


def _part(block: Block, form: Dialect, name: str, first: bool) -> Part:
    if block.unclosed:
        line = unreadable(block.line, block.text.decode(), "opens a quote that is not closed")
        return Part(_empty(form), block.place, block.raw, (line,))
    text = block.text
    if len(form.separator) > 1:
        if STAND_IN in text:
            line_no = block.line + text.count(b"\n", 0, text.find(STAND_IN))
            raise SourceError(
                f"{name}: line {line_no} holds the control character 0x1F, which cannot stand with a separator of "
                "several characters; take it out of the file"
            )
        text = text.replace(form.separator.encode(), STAND_IN)
    if first:
        text = text.lstrip(b"\r\n")
    if not text.strip(b"\r\n" if form.names else None):
        return Part(_empty(form), block.place, block.raw)
    if not form.names:
        raise SourceError(f"{name}: its first line is no header; write `header: false` and `names`, or correct `quote`")
    table, refused = _parsed(text, form, block, name, form.header and first)
    return Part(table, block.place, block.raw, tuple(refused))


def _parsed(text: bytes, form: Dialect, block: Block, name: str, skip: bool) -> tuple[pa.Table, list[Unreadable]]:
    aside: list[tuple[str, str]] = []

    def refuse(row: pa.csv.InvalidRow) -> str:
        aside.append((row.text, FIELDS.format(row.actual_columns, row.expected_columns)))
        return "skip"

    try:
        table = pa.csv.read_csv(
            pa.BufferReader(text if text.endswith((b"\n", b"\r")) else text + b"\n"),
            read_options=pa.csv.ReadOptions(
                column_names=list(form.names),
                skip_rows_after_names=int(skip),
                use_threads=False,
                block_size=len(text) + 2,
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=_one(form.separator).decode(),
                quote_char=form.quote or False,
                newlines_in_values=form.quote is not None,
                invalid_row_handler=refuse,
            ),
            convert_options=pa.csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(form.names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        ).combine_chunks()
    except pa.ArrowException as error:  # its message quotes the file
        raise SourceError(
            f"{name}: lines {block.line} to {block.place['line'] - 1} are not readable as csv; check `separator`, "
            "`quote` and `format`"
        ) from error
    refused = _refused(aside, form, block)
    if form.quote and len(table) and text.count(form.quote.encode()) % 2:
        table, more = _open_end(table, form, block)
        refused += more
    if form.quote and not _quoted_well(text, table, form):
        table, more = _without_spanning(table, form, block)
        refused += more
    if block.broken:
        table, more = _without_lost(table, block)
        refused += more
    return table, refused


def _refused(aside: list[tuple[str, str]], form: Dialect, block: Block) -> list[Unreadable]:
    """Each refused row with the line at which it stands; they come in the order of the text."""
    found: list[Unreadable] = []
    at, line = 0, block.line
    for text, reason in aside:
        place = block.text.find(text.replace(STAND_IN.decode(), form.separator).encode(), at)
        if place >= 0:
            line += block.text.count(b"\n", at, place)
            at = place
        if form.quote and text.count(form.quote) % 2:
            found += [unreadable(line + n, each, UNCLOSED) for n, each in enumerate(text.splitlines())]
        else:
            found.append(unreadable(line, text, reason))
    return found


def _open_end(table: pa.Table, form: Dialect, block: Block) -> tuple[pa.Table, list[Unreadable]]:
    """The table without a last row that took all lines to the end for one value, and these lines."""
    last = [value or "" for value in table.slice(len(table) - 1).to_pylist()[0].values()]
    if not any("\n" in value for value in last):
        return table, []
    lines = form.separator.join(last).splitlines()
    start = int(block.place["line"]) - len(lines)
    return table.slice(0, len(table) - 1), [unreadable(start + n, each, UNCLOSED) for n, each in enumerate(lines)]


def _quoted_well(text: bytes, table: pa.Table, form: Dialect) -> bool:
    """Whether quotes open and close at the ends of values, where some value goes over several lines.

    Two quotes that are each not closed look like one value of all the rows between them, but for what follows it.
    """
    if not len(table) or not pc.any(_spanning(table)).as_py():
        return True
    try:
        for _ in csv.reader(
            io.StringIO(text.decode(), newline=""), delimiter=form.separator, quotechar=form.quote, strict=True
        ):
            pass
    except csv.Error as error:
        return "field larger" in str(error)  # the one limit that says nothing of quotes
    return True


def _spanning(table: pa.Table) -> pa.Array:
    """Whether a row has a value that goes over several lines."""
    return _any(table, "\n")


def _any(table: pa.Table, text: str) -> pa.Array:
    found = pa.repeat(pa.scalar(False), len(table))
    for column in table.columns:
        found = pc.or_(found, pc.fill_null(pc.match_substring(column.combine_chunks(), text), False))
    return found


def _without_spanning(table: pa.Table, form: Dialect, block: Block) -> tuple[pa.Table, list[Unreadable]]:
    """The table without rows that go over several lines, and these lines."""
    spanning, refused = _spanning(table), []
    for row in table.filter(spanning).to_pylist():
        for line in form.separator.join(value or "" for value in row.values()).splitlines():
            refused.append(unreadable(block.line, line, f"or one of those behind it {UNCLOSED}"))
    return table.filter(pc.invert(spanning)), refused


def _without_lost(table: pa.Table, block: Block) -> tuple[pa.Table, list[Unreadable]]:
    """The table without rows in which a byte was no character, and these rows."""
    lost = _any(table, LOST)
    refused, at, line = [], 0, block.line
    for row in table.filter(lost).to_pylist():
        place = max(at, block.text.find(LOST.encode(), at))
        line += block.text.count(b"\n", at, place)
        at = place + 1 + block.text[place + 1 :].find(b"\n") if b"\n" in block.text[place + 1 :] else len(block.text)
        reason = f"holds bytes that are no {block.encoding}; declare `encoding`"
        refused.append(unreadable(line, " ".join(value or "" for value in row.values()), reason))
    return table.filter(pc.invert(lost)), refused


def _cut(table: pa.Table, fetch: FilesFetch, block: Block) -> tuple[pa.Table, list[Unreadable]]:
    """The columns of lines, by the places of their first and last characters; a longer line is out of step."""
    lines = (
        pc.utf8_rtrim_whitespace(table[WHOLE].combine_chunks())
        if WHOLE in table.column_names
        else pa.array([], pa.string())
    )
    most = max(last for _, last in fetch.widths.values())
    longer = pc.fill_null(pc.greater(pc.utf8_length(lines), most), False)
    refused = []
    if pc.any(longer).as_py():
        at, line = 0, block.line
        for text in lines.filter(longer).to_pylist():
            place = max(at, block.text.find(text.encode(), at))
            line, at = line + block.text.count(b"\n", at, place), place
            refused.append(
                unreadable(
                    line, text, f"has {len(text)} characters where at most {most} were expected; correct `widths`"
                )
            )
        lines = lines.filter(pc.invert(longer))
    nothing = pa.scalar(None, pa.string())
    columns = {}
    for name, (first, last) in fetch.widths.items():
        value = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(lines, first - 1, last))
        columns[name] = pc.if_else(pc.equal(value, ""), nothing, value)
    return pa.table(columns), refused
