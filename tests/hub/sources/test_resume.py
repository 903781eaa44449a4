"""A file read in parts gives the same rows and bytes wherever another worker goes on."""

import gzip
import io
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.sources.formats import lines, parquet, text
from hub.sources.formats import xml as xml_format
from hub.sources.formats.lines import safe_cut
from tests.hub.sources.reading import fetch_of, parts_of, read, rows_of

NUMBERS = range(60)
ODD = ["plain", "é", 'say ""hi""', "two\nlines", "a, b", "कमल", ""]


def quoted(separator=",", newline="\n"):
    rows = [f'{n}{separator}"{ODD[n % 7]}"{separator}{n}' for n in NUMBERS]
    return newline.join([f"id{separator}name{separator}more", *rows]) + newline


def parquet_bytes():
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": NUMBERS, "name": [ODD[n % 7] for n in NUMBERS]}), sink, row_group_size=13)
    return sink.getvalue()


XML = "<a><b>" + "".join(f"<r id='{n}'><name>{ODD[n % 6]}</name></r>\n" for n in NUMBERS) + "</b></a>"
CASES = [
    ("csv", quoted().encode(), {}),
    ("csv with Windows line ends", quoted(newline="\r\n").encode(), {}),
    ("csv with a mark", b"\xef\xbb\xbf" + quoted().encode(), {}),
    ("csv in UTF-16", quoted(";").encode("utf-16"), {}),
    ("csv in Western", quoted().replace("कमल", "ö").encode("windows-1252"), {}),
    ("csv in gzip", gzip.compress(quoted().encode()), {}),
    ("csv of old Macs", quoted().replace("two\nlines", "x").replace("\n", "\r").encode(), {}),
    ("jsonl", "".join(json.dumps({"id": n, "name": ODD[n % 7]}) + "\n" for n in NUMBERS).encode(), {"format": "jsonl"}),
    (
        "json",
        json.dumps({"x": [{}], "data": {"rows": [{"id": n, "name": ODD[n % 7]} for n in NUMBERS]}}).encode(),
        {"format": "json", "records": "$.data.rows"},
    ),
    ("xml", XML.encode(), {"format": "xml", "records": "/a/b/r"}),
    ("parquet", parquet_bytes(), {"format": "parquet"}),
    (
        "fixed",
        "".join(f"{n:>4}{ODD[n % 3][:5]:5}\n" for n in NUMBERS).encode(),
        {"format": "fixed", "widths": {"id": [1, 4], "name": [5, 9]}},
    ),
]


@pytest.fixture
def tiny(monkeypatch):
    """So small steps that sixty rows take many."""
    monkeypatch.setattr(text, "BLOCK", 97)
    monkeypatch.setattr("hub.sources.formats.json_lines.STEP", 97)
    monkeypatch.setattr(parquet, "ROWS", 7)
    monkeypatch.setattr(xml_format, "AT_ONCE", 7)
    monkeypatch.setattr("hub.sources.formats.json_document.AT_ONCE", 200)


@pytest.mark.parametrize(("name", "data", "given"), CASES, ids=[case[0] for case in CASES])
def test_from_any_place_on(tiny, name, data, given):
    fetch = fetch_of(**given)
    parts = [part for _, part in parts_of(data, fetch)]
    rows, raw = [row for part in parts for row in rows_of(part)], b"".join(part.raw for part in parts)
    assert len(parts) > 5 and len(rows) == len({row.get("id") or row.get("@id") for row in rows}) >= 50, name
    assert raw.rstrip(b"\n\0") == (gzip.decompress(data) if "gzip" in name else data).rstrip(b"\n\0")
    for at, part in enumerate(parts[:-1], 1):
        place = json.loads(json.dumps(part.place))
        further = [later for _, later in parts_of(data, fetch, {"": place})]
        assert [row for later in further for row in rows_of(later)] == [
            row for later in parts[at:] for row in rows_of(later)
        ]
        assert b"".join(later.raw for later in further) == b"".join(later.raw for later in parts[at:]), at


def test_parts_are_as_the_whole(tiny):
    for name, data, given in CASES:
        small = read(data, **given)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text, "BLOCK", 1 << 20)
            assert small == read(data, **given), name


def test_cuts_never_split_a_record():
    """Against a reader that goes letter by letter, on random texts of quotes, separators and line ends."""
    chance = random.Random(4)
    for _ in range(4000):
        data = "".join(chance.choice('",\n\na ') for _ in range(chance.randrange(40))).encode()
        assert safe_cut(data, b",", b'"') == slow_cut(data), data


def slow_cut(data):
    at = cut = 0
    inside, start = False, True
    while at < len(data):
        letter = data[at : at + 1]
        if inside and letter == b'"':
            if data[at + 1 : at + 2] == b'"':
                at += 1
            else:
                inside = False
        elif not inside and start and letter == b'"':
            inside = True
        elif not inside and letter == b"\n":
            cut = at + 1
        start = not inside and letter in (b",", b"\n")
        at += 1
    return cut


def test_a_quote_without_an_end_costs_its_line(monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 400)
    monkeypatch.setattr(lines, "LONGEST", 900)
    body = "".join(f"{n},x\n" for n in range(1000))
    rows, unreadable = read(f'id,name\n0,x\n7,"stray\n{body}'.encode())
    assert unreadable == ["line 3: opens a quote that is not closed"]
    assert len(rows) == 1001


def test_western_and_utf8_are_told_apart_late(monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 50)
    body = "".join(f"{n},plain\n" for n in range(50))
    assert read(f"id,name\n{body}99,José\n".encode("windows-1252"))[0][-1] == {"id": "99", "name": "José"}
    rows, unreadable = read(f"id,name\n1,कमल\n{body}".encode() + b"98,Jos\xe9\n99,x\n")
    assert (len(rows), rows[0]["name"]) == (52, "कमल")
    assert unreadable == ["line 53: holds bytes that are no utf-8; declare `encoding`"]
