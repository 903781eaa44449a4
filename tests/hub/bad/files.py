"""Bad files and lines of files. Each row: kind, bytes, fetch; place, what."""

import gzip
import io
import zipfile
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.sources import SourceError
from tests.hub.bad.canaries import PERSON
from tests.hub.sources.reading import read
from tests.hub.sources.workbook import workbook


def parquet():
    sink = io.BytesIO()
    pq.write_table(pa.table({"name": [PERSON] * 100}), sink, compression="none", use_dictionary=False)
    return sink.getvalue()


def no_utf8():
    sink, odd = io.BytesIO(), pa.array([b"\xff" + PERSON.encode()]).buffers()
    pq.write_table(pa.table({"name": pa.Array.from_buffers(pa.string(), 1, odd)}), sink)
    return sink.getvalue()


def zipped(**files):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "."), body)
    return sink.getvalue()


def locked():
    """Its one file is marked as encrypted, in both of the zip's lists."""
    body = bytearray(zipped(a__csv=PERSON))
    body[6] |= 1
    body[body.index(b"PK\x01\x02") + 8] |= 1
    return bytes(body)


SHEET, PARQUET = {"format": "xlsx"}, {"format": "parquet"}
JSON, XML = {"format": "json", "records": "$.a.rows"}, {"format": "xml", "records": "/o/r"}
ORDER = f"<o><r><name>{PERSON}</name></r>"
FILE, BOMB = "drop/x/file", gzip.compress(b"name\n" * (1 << 19))
FILES = [
    ("CSV: zeros", f"name\n{PERSON}\0\n".encode(), {}, FILE, "zero bytes"),
    ("CSV: 0x1F", f"{PERSON}\x1f|+|x\n".encode(), {"separator": "|+|"}, f"{FILE}: line 1", "control character"),
    ("JSON: encoding", b'{"a":{"rows":[{"n":"\xe9\xe9' + PERSON.encode() + b'"}]}}', {**JSON, "encoding": "utf-8"},
     FILE, "bytes that are no utf-8"),
    ("JSON lines: one list", f'[{{"name": "{PERSON}"}}]'.encode(), {"format": "jsonl"}, FILE, "one JSON list"),
    ("JSON: ends early", f'{{"a": {{"rows": [{{"name": "{PERSON}'.encode(), JSON, FILE, "it ends behind byte"),
    ("JSON: a comma too many", f'{{"a": {{"rows": [{{"name": "{PERSON}",}}]}}}}'.encode(), JSON, FILE, "are no JSON"),
    ("JSON: no such path", f'{{"a": {{"{PERSON}": []}}}}'.encode(), JSON, FILE, "no list at $.a.rows"),
    ("JSON: no list there", f'{{"a": {{"rows": "{PERSON}"}}}}'.encode(), JSON, FILE, "is no list"),
    ("JSON: texts in the list", f'{{"a": {{"rows": ["{PERSON}"]}}}}'.encode(), JSON, FILE, "something else"),
    ("XML: ends early", ORDER.encode(), XML, f"{FILE} is not readable as xml: line 1", "character"),
    ("XML: DOCTYPE", f'<!DOCTYPE o [<!ENTITY a "{PERSON}">]>{ORDER}</o>'.encode(), XML, f"{FILE}: line 1", "DOCTYPE"),
    ("XML: encoding", b"<o><r><name>\xe9" + PERSON.encode() + b"</name></r></o>", {**XML, "encoding": "utf-8"}, FILE,
     "as xml: it holds bytes"),
    ("XML: nested", ("<o>" + "<r>" * 200).encode(), XML, f"{FILE}: line 1", "nested deeper"),
    ("Parquet: another kind", PERSON.encode() * 10, PARQUET, FILE, "another kind of file"),
    ("Parquet: cut off", parquet()[:-20], PARQUET, FILE, "its end is missing"),
    ("Parquet: its list", parquet()[:-90] + b"\xff" * 40 + parquet()[-50:], PARQUET, FILE, "list of columns"),
    ("Parquet: its rows", parquet()[:4] + b"\xff" * 60 + parquet()[64:], PARQUET, f"{FILE} is not readable as parquet: "
     "row group 1", "is damaged"),
    ("Parquet: its text", no_utf8(), PARQUET, f"{FILE}: row group 1", "no UTF-8"),
    ("XLSX: no workbook", PERSON.encode(), SHEET, FILE, "no workbook"),
    ("XLSX: no sheets", zipped(**{"[Content_Types]__xml": "<Types/>"}), SHEET, FILE, "its sheets are damaged"),
    ("XLSX: another sheet", workbook([["name"], [PERSON]]), {**SHEET, "sheet": "People"}, FILE, "no sheet 'People'"),
    ("XLSX: several sheets", workbook([["name"], [PERSON]], more_sheets=["More"]), SHEET, FILE, "2 sheets"),
    ("XLSX: unnamed columns", workbook([[PERSON, 1]]), {**SHEET, "header": False, "names": ["name"]}, FILE,
     "2 columns where 1 are named"),
    ("gzip: cut off", gzip.compress(PERSON.encode() * 99)[:-9], {}, FILE, "cut off behind byte"),
    ("gzip: damaged", gzip.compress(PERSON.encode() * 99)[:-8] + b"\0" * 8, {}, FILE, "damaged behind byte"),
    ("zip: cut off", zipped(a__csv=PERSON)[:-9], {}, FILE, "a zip without a sound list"),
    ("zip: other things", zipped(a__doc="", b__doc=""), {}, FILE, "none of which is called like csv"),
    ("zip: a password", locked(), {}, f"{FILE} (a.csv)", "locked by a password"),
    ("gzip in gzip", gzip.compress(gzip.compress(PERSON.encode())), {}, FILE, "an archive within an archive"),
    ("another packing", b"\x28\xb5\x2f\xfd" + PERSON.encode(), {}, FILE, "packed as zstd"),
]  # fmt: skip
LINES = [
    ("CSV: a field too few", f"id,name\n{PERSON}\n".encode(), {}, "line 2", "1 fields where 2"),
    ("CSV: another encoding", b"id,name\n1,\xe0\xa4\x95\n2,\xe9" + PERSON.encode() + b"\n", {}, "line 3", "no utf-8"),
    ("CSV: an open quote", f'id,name\n1,"{PERSON}\n2,x\n'.encode(), {}, "line 2", "a quote that is not closed"),
    ("fixed width: too long", f"1234{PERSON}\n".encode(), {"format": "fixed", "widths": {"id": [1, 4]}}, "line 1",
     "characters where at most 4"),
    ("JSON lines: no JSON", f'{{"name": {PERSON}}}\n'.encode(), {"format": "jsonl"}, "line 1", "not JSON"),
    ("JSON lines: no object", f'"{PERSON}"\n'.encode(), {"format": "jsonl"}, "line 1", "no object"),
]  # fmt: skip


def of_a_file(world, data, given):
    with pytest.raises(SourceError) as refused:
        read(data, **given)
    return refused.value.message


def of_a_bomb(world, data, given):
    with mock.patch("hub.sources.containers.FREE", 1 << 20):
        return of_a_file(world, data, given)


def of_a_line(world, data, given):
    return read(data, **given)[1][0]
