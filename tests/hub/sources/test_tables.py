"""Columns of Python values: a value is written as text in one way, whatever stands beside it."""

import pyarrow as pa
import pytest

from hub.quality import as_text
from hub.sources import SourceError
from hub.sources.tables import column_of, from_arrow, in_python
from tests.hub.sources.databases import source

CASES = [
    (17850.0, "17850", "a whole number with a fraction"),
    (1e-5, "0.00001", "a small one"),
    (1e-7, "1e-7", "a smaller one"),
    (0.1 + 0.2, "0.30000000000000004", "all digits"),
    (-40, "-40", "an integer"),
    (True, "true", "a truth"),
    ("17850.0", "17850.0", "text is as it is"),
]


@pytest.mark.parametrize(("value", "text", "why"), CASES, ids=[case[2] for case in CASES])
@pytest.mark.parametrize("beside", [[], ["text"], [7], [False], [2.5], [None]], ids=repr)
def test_a_value_is_one_text_beside_any_other(value, text, why, beside):
    assert as_text(column_of([*beside, value]))[len(beside)].as_py() == text, why


THINGS = source("sqlite:////x.db", {"table": "things"}).data_sets["things"]


def test_moments_that_python_has_no_year_for_do_not_stop_their_rows():
    """Of a row that is refused, and of columns that nobody declared."""
    late = pa.array([0, 2**62], pa.int64()).cast(pa.timestamp("us"))
    ends = pa.array([0, 2**31 - 1], pa.int32()).cast(pa.date32())
    table = pa.table({"id": [1, 2], "late": late, "ends": ends})
    assert [sorted(map(type, row.values()), key=str)[-1] for row in in_python(table)][1] is str
    rows, found = from_arrow(table, THINGS)
    assert found == {"late", "ends"}
    assert rows["_extra"][0].as_py() == '{"ends":"1970-01-01","late":"1970-01-01 00:00:00"}'
    assert "out of range" in rows["_extra"][1].as_py()


def test_bytes_are_written_in_one_way():
    for kind in (pa.binary(), pa.large_binary(), pa.binary(2)):
        value = pa.array([b"\x00\xff"], kind)
        assert as_text(value).to_pylist() == ["\\x00ff"]
        assert from_arrow(pa.table({"id": [1], "b": value}), THINGS)[0]["_extra"].to_pylist() == ['{"b":"\\\\x00ff"}']


def test_two_columns_of_one_name_are_not_told_apart_by_guessing():
    with pytest.raises(SourceError, match=r"several columns by one name \(id\)"):
        from_arrow(pa.table([pa.array([1]), pa.array([2])], names=["id", "id"]), THINGS)
