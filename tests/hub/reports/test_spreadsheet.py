"""What a spreadsheet would run is shown as text; everything else is as Athena wrote it."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.reports.spreadsheet import harmless

CELLS = [
    ("=1+1", "'=1+1", "a formula"),
    ('=HYPERLINK("http://x.example","go")', '\'=HYPERLINK("http://x.example","go")', "with quotation marks in it"),
    ("@SUM(A1)", "'@SUM(A1)", "an old formula"),
    ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0", "a program"),
    ("-2+3", "'-2+3", "a sum, no number"),
    ("\t=1", "'\t=1", "a tab, which is skipped"),
    ("\r=1", "'\r=1", "a carriage return, too"),
    ("-5", "-5", "a number"),
    ("-1.5E-10", "-1.5E-10", "a double"),
    ("-1,234.50", "-1,234.50", "a number as people write it"),
    ("-Infinity", "-Infinity", "a double, too"),
    ("+91 98100 00001", "+91 98100 00001", "a telephone number: digits alone"),
    ("-", "'-", "no digit in it"),
    ("a=b", "a=b", "not at the start"),
    ("a,=b", "a,=b", "after a comma within the cell"),
    ("a\n=b", "a\n=b", "after a line's end within the cell"),
    ('x,"=y', 'x,"=y', "after a quotation mark within the cell"),
    ('x\n"=y', 'x\n"=y', "the same at a line's beginning"),
    ("", "", "nothing"),
    ("'=1", "'=1", "it is text already"),
    ("=é", "'=é", "more than one byte per letter"),
]


def written(rows: list[list[str | None]]) -> bytes:
    """As Athena writes a result: everything quoted but NULL."""
    lines = (",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    return "".join(line + "\n" for line in lines).encode()


def made(content: bytes, size: int = 1000) -> bytes:
    return b"".join(harmless(content[at : at + size] for at in range(0, len(content), size)))


@pytest.mark.parametrize(("cell", "expected", "why"), CELLS)
def test_a_cell(cell, expected, why):
    for row in ([cell], [cell, "b"], ["a", cell, "b"], [None, cell], ["a", cell]):
        shown = [expected if each is cell else each for each in row]
        assert made(written([row, row])) == written([shown, shown]), why


TEXTS = st.one_of(st.none(), st.text(alphabet='=+-@\t\r\n",a1.', max_size=6))


@given(rows=st.lists(st.lists(TEXTS, min_size=2, max_size=3), max_size=6), size=st.integers(1, 40))
def test_cells_are_those_that_a_parser_finds_however_the_file_is_cut(rows, size):
    """The reference knows the cells; the product finds them in the text."""
    number = re.compile(r"[+-]([0-9][0-9 .,]*([eE][+-]?[0-9]+)?|Infinity)")

    def expected(cell):
        return f"'{cell}" if cell and cell[0] in "=+-@\t\r" and not number.fullmatch(cell) else cell

    assert made(written(rows), size) == written([[expected(cell) for cell in row] for row in rows])


def test_what_is_made_is_still_the_same_table():
    rows = [["name", "n"], *([cell, "-1"] for cell, _, _ in CELLS)]
    read = list(csv.reader(io.StringIO(made(written(rows)).decode(), newline=""), strict=True))
    assert [row[0] for row in read[1:]] == [expected for _, expected, _ in CELLS]
