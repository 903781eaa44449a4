"""Each kind of bad file: the message names the file and the place, says what to do, holds no value, is no other's."""

import gzip
import io
import re
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.sources import SourceError
from tests.hub.sources.reading import read
from tests.hub.sources.workbook import workbook

PERSON = "Asha Rao"
ORDER = f"<o><r><name>{PERSON}</name></r>"


def parquet():
    sink = io.BytesIO()
    pq.write_table(pa.table({"name": [PERSON] * 100}), sink, compression="none", use_dictionary=False)
    return sink.getvalue()


def no_utf8():
    sink, odd = io.BytesIO(), pa.array([b"\xff" + PERSON.encode()]).buffers()
    pq.write_table(pa.table({"name": pa.Array.from_buffers(pa.string(), 1, odd)}), sink)
    return sink.getvalue()


def without_sheets():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return sink.getvalue()


SHEET = {"format": "xlsx"}
JSON, XML = {"format": "json", "records": "$.a.rows"}, {"format": "xml", "records": "/o/r"}
REFUSED = [
    ("zeros in a CSV", f"name\n{PERSON}\0\n".encode(), {}),
    (
        "another encoding's JSON",
        b'{"a": {"rows": [{"n": "\xe9\xe9' + PERSON.encode() + b'\xe0"}]}}',
        {**JSON, "encoding": "utf-8"},
    ),
    ("0x1F beside a long separator", f"{PERSON}\x1f|+|x\n".encode(), {"separator": "|+|"}),
    ("a JSON list as lines", f'[{{"name": "{PERSON}"}}]'.encode(), {"format": "jsonl"}),
    ("JSON that ends early", f'{{"a": {{"rows": [{{"name": "{PERSON}'.encode(), JSON),
    ("JSON with a comma too many", f'{{"a": {{"rows": [{{"name": "{PERSON}",}}]}}}}'.encode(), JSON),
    ("JSON without the path", f'{{"a": {{"{PERSON}": []}}}}'.encode(), JSON),
    ("JSON with no list there", f'{{"a": {{"rows": "{PERSON}"}}}}'.encode(), JSON),
    ("JSON with texts in the list", f'{{"a": {{"rows": ["{PERSON}"]}}}}'.encode(), JSON),
    ("XML that ends early", ORDER.encode(), XML),
    ("XML with a DOCTYPE", b'<!DOCTYPE o [<!ENTITY a "' + PERSON.encode() + b'">]>' + ORDER.encode() + b"</o>", XML),
    ("XML nested without end", ("<o>" + "<r>" * 200).encode(), XML),
    (
        "XML in another encoding",
        b"<o><r><name>\xe9" + PERSON.encode() + b"</name></r></o>",
        {**XML, "encoding": "utf-8"},
    ),
    ("no Parquet", PERSON.encode() * 10, {"format": "parquet"}),
    ("Parquet without its end", parquet()[:-20], {"format": "parquet"}),
    ("Parquet whose list is damaged", parquet()[:-90] + b"\xff" * 40 + parquet()[-50:], {"format": "parquet"}),
    ("Parquet whose rows are damaged", parquet()[:4] + b"\xff" * 60 + parquet()[64:], {"format": "parquet"}),
    ("Parquet whose text is none", no_utf8(), {"format": "parquet"}),
    ("no workbook", PERSON.encode(), SHEET),
    ("a workbook without sheets", without_sheets(), SHEET),
    ("another sheet", workbook([["name"], [PERSON]]), {**SHEET, "sheet": "People"}),
    ("several sheets", workbook([["name"], [PERSON]], more_sheets=["More"]), SHEET),
    ("more columns than names", workbook([[PERSON, 1]]), {**SHEET, "header": False, "names": ["name"]}),
    ("gzip that ends early", gzip.compress(PERSON.encode() * 99)[:-9], {}),
    ("gzip that is damaged", gzip.compress(PERSON.encode() * 99)[:-8] + b"\0" * 8, {}),
    ("zip that ends early", without_sheets()[:-9], {}),
    ("a zip of other things", without_sheets(), {"format": "xml", "records": "//r", "encoding": "utf-16"}),
    ("an archive in an archive", gzip.compress(gzip.compress(PERSON.encode())), {}),
]
SET_ASIDE = [
    ("a field too few", f"id,name\n{PERSON}\n", {}),
    ("bytes of another encoding", b"id,name\n1,\xe0\xa4\x95\xe0\xa4\xae\n2,\xe9" + PERSON.encode() + b"\n", {}),
    ("a quote without an end", f'id,name\n1,"{PERSON}\n2,x\n', {}),
    ("a line too long", f"1234{PERSON}\n", {"format": "fixed", "widths": {"id": [1, 4]}}),
    ("a line that is no JSON", f'{{"name": {PERSON}}}\n', {"format": "jsonl"}),
    ("a line that is no object", f'"{PERSON}"\n', {"format": "jsonl"}),
]


@pytest.mark.parametrize(("kind", "data", "given"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_file_that_cannot_be_read(kind, data, given):
    with pytest.raises(SourceError) as refused:
        read(data, **given)
    message = refused.value.message
    assert message.startswith("drop/x/file") and "Asha" not in message and "Rao" not in message
    assert re.search(r"[;?] ?\w+|Send", message), f"{kind}: a remedy stands behind what is wrong"


def test_each_kind_has_words_of_its_own():
    messages = []
    for _, data, given in REFUSED:
        with pytest.raises(SourceError) as refused:
            read(data, **given)
        messages.append(re.sub(r"\d[\d,]*", "1", refused.value.message))
    assert sorted(set(messages)) == sorted(messages)


@pytest.mark.parametrize(("kind", "data", "given"), SET_ASIDE, ids=[row[0] for row in SET_ASIDE])
def test_a_line_that_cannot_be_read(kind, data, given):
    _, reasons = read(data.encode() if isinstance(data, str) else data, **given)
    assert reasons and all(re.match(r"line \d+: ", reason) and "Asha" not in reason for reason in reasons), kind
