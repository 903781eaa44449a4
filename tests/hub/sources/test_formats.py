import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.sources import SourceError
from tests.hub.sources.reading import fetch_of, parts_of, read, rows_of
from tests.hub.sources.workbook import workbook

ROWS = [{"id": "1", "name": "Jose"}, {"id": "2", "name": None}]
CSV = [
    (b"id,name\n1,Jose\n2,\n", {}, "commas"),
    (b"id;name\r\n1;Jose\r\n2;\r\n", {}, "semicolons and Windows line ends"),
    (b"id\tname\n1\tJose\n2\t", {}, "tabs, no line end at the end"),
    (b"id|name\n1|Jose\n2|\n", {}, "bars"),
    (b"\xef\xbb\xbfid,name\n1,Jose\n2,\n", {}, "a mark of UTF-8"),
    ("id,name\n1,Jose\n2,\n".encode("utf-16"), {}, "UTF-16 as Excel writes it"),
    (
        b"1|+|Jose\n2|+|\n",
        {"separator": "|+|", "header": False, "names": ["id", "name"]},
        "a long separator, no header",
    ),
    (b'id,name\n"1","Jose"\n"2",""\n', {}, "quotes"),
    (b"id,name\r1,Jose\r2,\r", {}, "the line ends of old Macs"),
    (b"id,name\r1,Jose\n2,\n", {}, "a header that ends in another way than the rows"),
    (b" id , name \n1,Jose\n2,\n", {}, "blanks around the names"),
]


@pytest.mark.parametrize(("data", "fetch", "why"), CSV, ids=[row[2] for row in CSV])
def test_csv(data, fetch, why):
    assert read(data, **fetch) == (ROWS, []), why


@pytest.mark.parametrize(
    ("encoding", "declared", "why"),
    [
        ("utf-8", None, "worked out"),
        ("windows-1252", None, "what is not UTF-8 is Western"),
        ("iso-8859-1", "iso-8859-1", "declared"),
        ("utf-16", None, "by its mark"),
        ("cp437", "cp437", "an old till"),
    ],
)
def test_encodings(encoding, declared, why):
    data = "id,name\n1,José Größe\n".encode(encoding)
    assert read(data, encoding=declared) == ([{"id": "1", "name": "José Größe"}], []), why


def test_quoted_fields_may_hold_anything():
    assert read(b'id,name\n1,"a, ""b""\nc"\n') == ([{"id": "1", "name": 'a, "b"\nc'}], [])


def test_lines_of_another_length_are_set_aside():
    rows, unreadable = read(b"id,name\n1,a\n2\n3,b,c\n4,d\n")
    assert [row["id"] for row in rows] == ["1", "4"]
    told = "line {}: has {} fields where 2 were expected; check `separator` and `quote`"
    assert unreadable == [told.format(3, 1), told.format(4, 3)]


def test_columns_without_or_with_the_same_name_are_kept():
    assert read(b"id,,id\n1,2,3\n") == ([{"id": "1", "column 2": "2", "id 3": "3"}], [])


def test_an_empty_file_has_no_rows():
    assert read(b"") == ([], [])
    assert read(b"id,name\n") == ([], [])


def test_json_lines():
    rows, unreadable = read(b'{"id": 1}\n\n{"id": 2, "name": "x"}\n{"id": \n[1]\n', format="jsonl")
    assert rows == [{"id": 1}, {"id": 2, "name": "x"}]
    ours = zip(unreadable, ("line 4: is not JSON", "line 5: is no object; "), strict=True)
    assert all(reason.startswith(told) for reason, told in ours)


def test_xml_leaves_out_what_indents_it_alone():
    data = "<a><r><id>\n  1\t</id><name>\u00a0x\u2003</name></r></a>".encode()
    assert read(data, format="xml", records="/a/r") == ([{"id": "1", "name": "\u00a0x\u2003"}], [])


def test_parquet():
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2]}), sink)
    assert read(sink.getvalue(), format="parquet") == ([{"id": 1}, {"id": 2}], [])


@pytest.mark.parametrize(
    ("data", "fetch", "told", "why"),
    [
        (b"not parquet", {"format": "parquet"}, "drop/x/file is not readable as parquet", "another kind of file"),
        (b"id\n1\n", {"encoding": "klingon"}, "there is no encoding 'klingon'", "no such encoding"),
        (b"a\x1fb|+|c\n", {"separator": "|+|"}, "line 1 holds the control character 0x1F", "the stand-in"),
    ],
)
def test_what_is_not_readable_is_named(data, fetch, told, why):
    with pytest.raises(SourceError, match=told):
        read(data, **fetch)


def test_old_line_ends_beside_a_quoted_new_one():
    assert read(b'id,name\r1,"a\nb"\r2,c\r') == ([{"id": "1", "name": "a\nb"}, {"id": "2", "name": "c"}], [])


def test_rows_of_nothing_but_separators_are_rows():
    assert read(b"id\tname\n\t\n1\ta\n")[0][0] == {"id": None, "name": None}
    rows = [
        row for _, part in parts_of(b"id\tname\n\t\n", fetch_of(), {"": {"at": 8, "line": 2}}) for row in rows_of(part)
    ]
    assert rows == [{"id": None, "name": None}], "also where they are all that is left"


def test_a_name_that_would_be_given_to_a_repeat_may_be_taken():
    assert read(b"id,id 3,id\n1,2,3\n") == ([{"id": "1", "id 3": "2", "id 3 3": "3"}], [])


@pytest.mark.parametrize(
    ("data", "form", "records", "told", "why"),
    [
        (b'[{"id": 1}][{"id": 2}]', "json", None, "something stands behind the document", "two exports in one file"),
        (
            b'{"a": [{"id": 1}]} {"a": []}',
            "json",
            "$.a",
            "something stands behind the document",
            "the same below a key",
        ),
        (b'{"a": [{"id": 1}], "b": {', "json", "$.a", "was it cut off", "cut behind its list"),
        (b"<export><o/></export>", "xml", "/orders/o", "no element at /orders", "the root has another name"),
        (b"<r><o/></r>", "xml", "/o", "no element at /", "the records are no root"),
    ],
)
def test_what_would_be_taken_for_no_rows(data, form, records, told, why):
    with pytest.raises(SourceError, match=told):
        read(data, format=form, records=records)


def test_what_stands_behind_a_list_in_its_document_is_passed():
    data = b'{"a": {"r": [{"id": 1}], "x": "]}"}, "more": [{"b": "{"}]} \n'
    assert read(data, format="json", records="$.a.r") == ([{"id": 1}], [])
    assert read(b"<orders></orders>", format="xml", records="/orders/o") == ([], []), "an export of nothing"


def test_a_cell_far_from_all_others_does_not_fill_the_memory():
    near = workbook([["id", "name"], [1, "a"]])
    with zipfile.ZipFile(io.BytesIO(near)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"

    def reaching(cell):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            for name, text in parts.items():
                far = b'<row r="9">%b</row></sheetData>' % cell
                archive.writestr(name, text.replace(b"</sheetData>", far) if name == sheet else text)
        return sink.getvalue()

    with pytest.raises(SourceError, match="reaches to column XFD and row 1,048,576"):
        read(reaching(b'<c r="XFD1048576"><v>1</v></c>'), format="xlsx")
    assert read(reaching(b'<c r="XFD1048576" s="1"/>'), format="xlsx")[0] == [{"id": "1", "name": "a"}], "no value"
