"""Columns of Python values: a value is written as text in one way, whatever stands beside it."""

import pytest

from hub.quality import as_text
from hub.sources.tables import column_of

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
