"""The same rows in every format, encoding and packing give the same staged rows."""

import gzip
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.config.connections import FilesSource
from hub.pulls.models import Pull
from hub.pulls.repeats import Staged
from hub.pulls.stage import Plan, settle_batch
from hub.sources import files
from hub.sources.folder import Found
from tests.hub.sources.reading import ranged
from tests.hub.sources.workbook import workbook

# Letters that every one of the encodings has, Shift-JIS among them.
ROWS = [
    {
        "id": f"C{n:03d}",
        "name": ["Ravi", "5° §2", "±÷×", None][n % 4],
        "amount": Decimal(n * 1999) / 100,
        "born_on": date(1980, 1, 1) + timedelta(n),
        "seen_at": datetime(2024, 5, 1, 12, 30) + timedelta(hours=n),
    }
    for n in range(40)
]
NAMES = list(ROWS[0])
WIDTHS = {"id": [1, 4], "name": [5, 14], "amount": [15, 24], "born_on": [25, 34], "seen_at": [35, 53]}
COLUMNS = {
    "id": {"type": "varchar", "required": True},
    "name": {"type": "varchar"},
    "amount": {"type": "decimal(18,4)"},
    "born_on": {"type": "date"},
    "seen_at": {"type": "timestamp"},
}
TEXTS = [{name: "" if row[name] is None else str(row[name]) for name in NAMES} for row in ROWS]


def delimited(separator):
    return "\n".join(separator.join(row.values()) for row in [dict(zip(NAMES, NAMES, strict=True)), *TEXTS]) + "\n"


def fixed():
    return "".join(
        "".join(row[name].ljust(last - first + 1) for name, (first, last) in WIDTHS.items()) + "\n" for row in TEXTS
    )


def objects():
    return [{name: text for name, text in row.items() if text} for row in TEXTS]


def xml():
    records = "".join(
        f"<row id={quoteattr(row['id'])}>" + "".join(f"<{n}>{row[n]}</{n}>" for n in NAMES[1:]) + "</row>"
        for row in TEXTS
    )
    return f"<rows>{records}</rows>"


def parquet():
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink, row_group_size=7)
    return sink.getvalue()


def jsonl():
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in objects())


FORMATS = {
    "csv": (lambda: delimited(","), {}),
    "tsv": (lambda: delimited("\t"), {}),
    "long separator": (lambda: delimited("+|"), {"format": "csv"}),
    "fixed": (fixed, {"widths": WIDTHS}),
    "json": (lambda: json.dumps({"a": {"rows": objects()}}, ensure_ascii=False), {"records": "$.a.rows"}),
    "jsonl": (jsonl, {}),
    "xml": (xml, {"records": "/rows/row"}),
    "xlsx": (
        lambda: workbook([NAMES, *([float(v) if isinstance(v, Decimal) else v for v in r.values()] for r in ROWS)]),
        {},
    ),
    "parquet": (parquet, {}),
}
ENCODINGS = {
    "UTF-8": ("utf-8", None),
    "UTF-8 with a mark": ("utf-8-sig", None),
    "UTF-16 with a mark": ("utf-16", None),
    "UTF-16 without a mark": ("utf-16-le", None),
    "UTF-16, big end first": ("utf-16-be", None),
    "ISO-8859-1, undeclared": ("iso-8859-1", None),
    "ISO-8859-1": ("iso-8859-1", "iso-8859-1"),
    "windows-1252": ("windows-1252", "windows-1252"),
    "Shift-JIS": ("shift_jis", "shift_jis"),
}


def zipped(data):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", data)
    return sink.getvalue()


PACKINGS = {"plain": bytes, "gzip": gzip.compress, "zip": zipped}
MATRIX = [
    (form, encoding, packing)
    for form in FORMATS
    for encoding in (ENCODINGS if form not in ("xlsx", "parquet") else ["UTF-8"])
    for packing in PACKINGS
]


class OneFile:
    def __init__(self, data):
        self._data = data

    def listed(self):
        yield Found("file", "1", len(self._data), datetime.now(UTC))

    def open(self, found):
        return ranged(self._data)

    def told(self, name):
        return name

    def close(self):
        pass


def staged(data, monkeypatch, **fetch):
    """The hashes of the rows that one file leaves in staging."""
    monkeypatch.setattr(files, "_folder", lambda location, source: OneFile(data))
    rules = {
        "description": "x",
        "fetch": {"pattern": "*", **fetch},
        "frequency": {"class": "on-demand"},
        "keys": {"business": ["id"]},
        "columns": {
            **COLUMNS,
            "id": {**COLUMNS["id"], **({"source_name": "@id"} if fetch["format"] == "xml" else {})},
        },
    }
    source = FilesSource(name="x", description="x", owner="x", trust=1, connector="files", data_sets={"d": rules})
    pieces = list(files.Files(source, source.data_sets["d"], "vault").pieces(None, None))
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    plan = Plan("x", "d", source.data_sets["d"], b"k" * 64, "IN", frozenset())
    pull = Pull(
        pull_id="x.d.1", source="x", data_set="d", pull_seq=1, state="running", started_at="2024-06-01T00:00:00+00:00"
    )
    outcome = settle_batch(plan, pull, 1, pieces, Staged(lambda batch: pa.nulls(0, pa.string())), 0)
    assert outcome.counts.staged == outcome.counts.received == len(ROWS), outcome.rules
    return sorted(outcome.staged["_record_hash"].to_pylist())


@pytest.fixture(scope="module")
def expected():
    """The hashes of the rows as Parquet, which has types of its own."""
    with pytest.MonkeyPatch.context() as patch:
        return staged(parquet(), patch, format="parquet")


@pytest.mark.parametrize(("form", "encoding", "packing"), MATRIX)
def test_the_same_rows(form, encoding, packing, expected, monkeypatch):
    make, given = FORMATS[form]
    (codec, declared), body = ENCODINGS[encoding], make()
    data = body if isinstance(body, bytes) else body.encode(codec)
    fetch = {"format": form, **given, **({"encoding": declared} if declared else {})}
    assert staged(PACKINGS[packing](data), monkeypatch, **fetch) == expected
