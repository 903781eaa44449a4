"""JSON of sources that Python's usual readers bend or refuse."""

import pytest

from hub.sources import json_text

EXACT = [
    (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}, "beyond 64 bits"),
    (b'{"a": 12345678901234567.891}', {"a": "12345678901234567.891"}, "more digits than a double holds"),
    (b'{"a": 0.30000000000000004}', {"a": 0.30000000000000004}, "just as many"),
    (b'{"a": NaN, "b": -Infinity, "c": 1e400}', {"a": "NaN", "b": "-Infinity", "c": "1e400"}, "no numbers, no loss"),
    (b'{"a": "x\\ud800y"}', {"a": "x\ufffdy"}, "half a character"),
    (b"\xef\xbb\xbf[1]", [1], "a mark at the start"),
]


@pytest.mark.parametrize(("data", "value", "why"), EXACT, ids=[row[2] for row in EXACT])
def test_nothing_is_bent(data, value, why):
    assert json_text.loads(data) == value


@pytest.mark.parametrize("before", range(8))
def test_a_long_number_is_seen_wherever_it_begins(before):
    around = b'{"a":"%b", "b": %%b, "c": 12:34:56}' % (b"x" * before)
    assert json_text.has_long_numbers(around % b"12345678901.23456")
    assert not json_text.has_long_numbers(around % b"1234567890.12345")


BROKEN = [b"", b'{"a": 1', b'["\xff"]', b"[" * 100_000, b"[" + b"1" * 5000 + b"]", b"{} {}"]


@pytest.mark.parametrize("data", BROKEN, ids=["empty", "cut", "not UTF-8", "deep", "long", "two"])
def test_what_is_no_json_is_refused_without_its_words(data):
    with pytest.raises(json_text.NotJson) as told:
        json_text.loads(data)
    assert len(str(told.value)) < 60


def test_anything_can_be_written():
    nested: list = []
    for _ in range(300):
        nested = [nested]
    assert json_text.dumps({"b": 2**70, "a": 1}) == '{"a":1,"b":1180591620717411303424}'
    assert json_text.loads(json_text.dumps(nested).encode()) == nested
