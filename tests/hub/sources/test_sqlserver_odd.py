"""Every type of SQL Server as its real driver reads it off the wire, and as a key."""

import re
import sqlite3
from contextlib import closing

import pytest

from hub.sources import SourceError
from hub.sources.sqlserver_fields import Field
from tests.hub.sources.databases import pieces, rows
from tests.hub.sources.tds import Double, serving
from tests.hub.sources.tds_types import COLLATION_NAME
from tests.hub.sources.test_sqlserver import reading, secrets

__all__ = ["secrets"]  # a fixture


@pytest.fixture
def table(tmp_path):
    """A double with one table of these types and rows."""

    def made(types, rows):
        double = Double(str(tmp_path / "shop"), types)
        double.run(f"create table dbo.odd ({', '.join(types)})")
        with closing(sqlite3.connect(double.path)) as database, database:
            database.executemany(f"insert into odd values ({', '.join('?' * len(types))})", rows)
        return double

    return made


ODD = [
    ("bit", 1, True, "a truth"),
    ("bit", None, None, "no truth"),
    ("tinyint", 255, 255, "it has no sign"),
    ("smallint", -32768, -32768, "the smallest"),
    ("int", -(2**31), -(2**31), "the smallest"),
    ("bigint", -(2**63), -(2**63), "the smallest"),
    ("bigint", 2**63 - 1, 2**63 - 1, "the largest"),
    ("decimal(38,10)", "1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456789", "exact"),
    ("decimal(38,0)", "-" + "9" * 38, "-" + "9" * 38, "all digits that Arrow has"),
    ("numeric(5,2)", "-0.01", "-0.01", "below nought"),
    ("decimal(9,4)", "1.5", "1.5000", "its digits"),
    ("money", "-922337203685477.5808", "-922337203685477.5808", "the smallest"),
    ("money", "0.0001", "0.0001", "four digits"),
    ("smallmoney", "-214748.3648", "-214748.3648", "the smallest"),
    ("real", 0.1, 0.10000000149011612, "the nearest that 32 bits have"),
    ("float", 0.1 + 0.2, 0.30000000000000004, "all digits"),
    ("float", -1e-300, -1e-300, "a small one"),
    ("date", "0001-01-01", "0001-01-01", "the first"),
    ("date", "9999-12-31", "9999-12-31", "the last"),
    ("time(7)", "23:59:59.1234567", "23:59:59.123456", "text; microseconds"),
    ("smalldatetime", "2024-02-29 12:34:00", "2024-02-29 12:34:00", "minutes"),
    ("datetime", "2024-02-29 12:00:00.003333", "2024-02-29 12:00:00.003000", "thirds, as SQL Server shows them"),
    ("datetime", "2024-02-29 23:59:59.996667", "2024-02-29 23:59:59.997000", "the last third of a day"),
    ("datetime", "1753-01-01 00:00:00", "1753-01-01 00:00:00", "the first"),
    ("datetime2(7)", "2024-02-29 12:00:00.1234567", "2024-02-29 12:00:00.123456", "microseconds; of no zone"),
    ("datetime2(7)", "0001-01-01 00:00:00.0000000", "0001-01-01 00:00:00", "the first"),
    ("datetimeoffset(7)", "2024-02-29 12:00:00.5000000 +05:30", "2024-02-29 06:30:00.500000+00:00", "a moment"),
    ("datetimeoffset(7)", "2024-01-01 01:00:00.0000000 -08:00", "2024-01-01 09:00:00+00:00", "west of Greenwich"),
    ("nvarchar(40)", "a \"q\", \r\n\\ नमस्ते 😀 ]'", "a \"q\", \r\n\\ नमस्ते 😀 ]'", "every character"),
    ("nvarchar(40)", "", "", "empty text is not NULL"),
    ("nvarchar(40)", None, None, "NULL is not empty text"),
    ("nchar(5)", "ab   ", "ab   ", "its blanks are its own"),
    ("varchar(20)", "süd €", "süd €", "another character set"),
    ("char(4)", "süd ", "süd ", "likewise"),
    ("nvarchar(max)", "ä😀" * 200_000, "ä😀" * 200_000, "longer than a packet, in chunks"),
    ("nvarchar(max)", "", "", "no chunk at all"),
    ("nvarchar(max)", None, None, "nothing"),
    ("varchar(max)", "ä" * 9000, "ä" * 9000, "longer than varchar(8000)"),
    ("xml", "<a>ü 😀</a>", "<a>ü 😀</a>", "text"),
    ("xml", None, None, "nothing"),
    ("varbinary(9)", b"\x00\xff\n", "\\x00ff0a", "bytes in hexadecimal, as of every source"),
    ("varbinary(9)", b"", "\\x", "no bytes are not NULL"),
    ("binary(3)", b"a\x00 ", "\\x610020", "zeros and blanks at its end are its own"),
    ("varbinary(max)", b"\x01" * 10_000, "\\x" + "01" * 10_000, "longer than a packet"),
    ("timestamp", b"\0\0\0\0\0\0\x07\xd1", "\\x00000000000007d1", "a rowversion"),
    ("uniqueidentifier", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "in small"),
    ("uniqueidentifier", None, None, "nothing"),
    ("geography", b"\xe6\x10", "\\xe610", "a type of .NET, as bytes"),
]  # fmt: skip


@pytest.mark.parametrize("at", range(len(ODD)), ids=[f"{told}: {why}" for told, _, _, why in ODD])
def test_odd_values(table, at):
    """Each once beside a NULL, and once in a row that is all but NULL."""
    told, stored, expected, why = ODD[at]
    types = {"id": "int", "v": told, "w": "int", "x": "int"}
    with serving(table(types, [(1, stored, None, 1), (2, stored, None, None)])) as double:
        (piece,) = pieces(reading(double, {"table": "dbo.odd"}, {"id": "integer", "v": "varchar"}))
    assert piece.declared == 2
    for value in piece.rows["v"].to_pylist():
        assert (value if value is None or isinstance(value, int | float) else str(value)) == expected, why


KEYS = [
    ("datetime2(7)", ["2024-01-01 00:00:00.0000001", "2024-01-01 00:00:00.0000002", "2024-01-01 00:00:00.0000003"]),
    ("datetimeoffset(7)", [f"2024-01-01 00:00:00.000000{n} -05:00" for n in range(3)]),
    ("datetime", ["2024-01-01 00:00:00.003", "2024-01-01 00:00:00.007", "2024-01-01 00:00:00.010"]),
    ("date", ["0001-01-01", "2024-02-29", "9999-12-31"]),
    ("uniqueidentifier", [f"00000000-0000-0000-0000-00000000000{n}" for n in range(3)]),
    ("float", [-1e300, 0.1 + 0.2, 1e300]),
    ("bigint", [-(2**63), 0, 2**63 - 1]),
    ("nvarchar(9)", ["", "it's 😀 %s", "ж"]),
    ("varchar(9)", ["", "it's", "süd"]),
    ("varbinary(9)", [b"", b"\0", b"\xff"]),
]


@pytest.mark.parametrize(("told", "values"), KEYS, ids=[told for told, _ in KEYS])
def test_each_kind_of_key_leads_from_row_to_row(table, told, values):
    with serving(table({"k": told, "n": "int"}, zip(values, range(3), strict=True))) as double:
        made = reading(double, {"table": "dbo.odd", "rows": 1}, {"k": "varchar", "n": "integer"}, ["k"])
        assert [row[1] for row in rows(pieces(made))] == [0, 1, 2]
    assert any(f"convert({told}, " in each or "0x" in each for each in double.statements), "of its own type"
    collated = any(f" collate {COLLATION_NAME})" in each for each in double.statements)
    assert collated == told.startswith("varchar"), "or its signs would be those of the database's own alphabet"


# What SQL Server itself is asked to write or to read; the double does not tell good from bad there.
SELECTED = [
    ("int", '"c"', "as it is"),
    ("nvarchar(max)", '"c"', "as it is"),
    ("text", 'convert(nvarchar(max), "c") as "c"', "a type of old"),
    ("image", 'convert(varbinary(max), "c") as "c"', "likewise"),
    ("sql_variant", 'convert(nvarchar(4000), "c") as "c"', "a value of any type, as text"),
    ("json", 'convert(nvarchar(max), "c") as "c"', "a type of 2025"),
    ("", 'convert(varbinary(max), "c") as "c"', "a type of .NET has no name: geography, hierarchyid"),
]


@pytest.mark.parametrize(("told", "selected", "why"), SELECTED, ids=[case[0] for case in SELECTED])
def test_what_is_selected(told, selected, why):
    assert Field("c", told, None).selected == selected, why


LITERALS = [
    ("int", 7, "convert(int, convert(nvarchar(1), <7>))"),
    ("nvarchar(40)", "", "convert(nvarchar(40), convert(nvarchar(1), <>))"),
    ("nvarchar(40)", "😀'", "convert(nvarchar(40), convert(nvarchar(3), <😀'>))"),
    ("varchar(9)", "a", f"convert(varchar(9), convert(nvarchar(1), <a>) collate {COLLATION_NAME})"),
    ("binary(2)", "00ff", "0x00ff"),
    ("timestamp", "00000000000007d1", "0x00000000000007d1"),
    ("float", 1e300, "convert(float, convert(nvarchar(6), <1e+300>))"),
    ("datetime2(7)", "2024-02-29 01:02:03.1234567",
     "convert(datetime2(7), convert(nvarchar(27), <2024-02-29 01:02:03.1234567>), 121)"),
    ("datetime", "2024-02-29 01:02:03.123000",  # six digits are too many for a datetime itself
     "convert(datetime, convert(datetime2(7), convert(nvarchar(26), <2024-02-29 01:02:03.123000>), 121), 121)"),
    ("datetimeoffset(7)", "2024-02-29 01:02:03.1234567-05:30",  # Python wants no blank, SQL Server has one
     "convert(datetimeoffset(7), convert(nvarchar(34), <2024-02-29 01:02:03.1234567 -05:30>), 121)"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "mark", "written"), LITERALS, ids=[f"{case[0]} {case[1]}" for case in LITERALS])
def test_what_leads_back_to_a_value(told, mark, written):
    literal = Field("c", told, COLLATION_NAME if told.startswith("varchar") else None).literal(mark)
    plain = re.sub(r"(?<=, )0x([0-9a-f]*)", lambda each: f"<{bytes.fromhex(each[1]).decode('utf-16-le')}>", literal)
    assert plain == written


@pytest.mark.parametrize("told", ["text", "xml", "real", "sql_variant", ""])
def test_what_leads_to_no_row(told):
    with pytest.raises(SourceError, match="does not lead from row to row"):
        Field("c", told, None).literal("1")
