import hashlib

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.pulls.repeats import HEX, Staged


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


PREFIX = HEX // 2  # characters that are remembered
ALIKE = hashed("a")[:PREFIX]


def repeats(hashes: pa.Array, staged: Staged) -> pa.Array:
    return pc.or_(*staged.repeats(hashes))


class Batches:
    """Batches in a list; counts how often one is read again."""

    def __init__(self, *batches: list[str]) -> None:
        self.reads, self.batches = 0, batches
        self.staged = Staged(self.read)
        for number, batch in enumerate(batches):
            self.staged.add(number, *[pa.array(batch, pa.string())] * 2)

    def read(self, batch: int) -> tuple[pa.Array, pa.Array]:
        self.reads += 1
        hashes = pa.array(self.batches[batch], pa.string())
        return hashes, hashes


@pytest.mark.parametrize(
    ("before", "now", "expected", "reads", "reason"),
    [
        ([], ["a"], [False], 0, "the first row of a pull"),
        ([], [], [], 0, "a batch whose rows are all quarantined"),
        ([], ["a", "b", "a", "a"], [False, False, True, True], 0, "twice and thrice in one batch"),
        ([["a", "b"]], ["c", "a"], [False, True], 1, "in an earlier batch"),
        ([["a"], ["b"], ["c"]], ["c", "a"], [True, True], 2, "only the batches that have one are read"),
        ([["a"], ["b"]], ["x", "y"], [False, False], 0, "nothing is read where nothing is doubted"),
    ],
)
def test_repeats(before, now, expected, reads, reason):
    batches = Batches(*[[hashed(each) for each in batch] for batch in before])
    found = repeats(pa.array([hashed(each) for each in now], pa.string()), batches.staged)
    assert (found.to_pylist(), batches.reads) == (expected, reads), reason


def test_two_rows_whose_hashes_begin_alike_are_two_rows():
    batches = Batches([ALIKE + "0" * PREFIX])
    found = repeats(pa.array([ALIKE + "1" * PREFIX, ALIKE + "0" * PREFIX]), batches.staged)
    assert found.to_pylist() == [False, True]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=6))
def test_like_a_set_of_python(batches):
    """Over any batches, the rows that are no repeats are each value once, at its first place."""
    kept: list[list[str]] = []
    seen: set[str] = set()
    store = Batches()
    for number, batch in enumerate(batches):
        hashes = [hashed(each) for each in batch]
        expected = [each in seen or seen.add(each) is not None for each in hashes]
        store.batches = tuple(kept)
        assert repeats(pa.array(hashes, pa.string()), store.staged).to_pylist() == expected
        kept.append([each for each, again in zip(hashes, expected, strict=True) if not again])
        store.staged.add(number, *[pa.array(kept[-1], pa.string())] * 2)


ROWS = st.tuples(st.integers(0, 30), st.sampled_from("ab"))  # a key, and one of two versions


@pytest.mark.parametrize("kind", [pa.int64(), pa.string(), pa.float64()], ids=["numbers", "texts", "not compared"])
@given(st.data())
def test_keys_in_any_order_and_little_memory(kind, data):
    """Whatever is forgotten, repeats and versions are found as if everything were remembered."""
    batches = data.draw(st.lists(st.lists(ROWS, min_size=1, max_size=6), max_size=6))
    hashes: dict[int, tuple[pa.Array, pa.Array]] = {}
    staged, seen, keys = Staged(hashes.__getitem__), set[tuple[int, str]](), set[int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.pulls.repeats.MOST", data.draw(st.sampled_from([0, 4, 1000])))
        for number, rows in enumerate(batches):
            rows = list(dict.fromkeys(rows))
            values = pa.array([key for key, _ in rows]).cast(kind)
            found = pa.array([hashed(f"{key} {version}") for key, version in rows])
            records = pa.array([hashed(str(key)) for key, _ in rows])
            assert staged.repeats(found, values)[0].to_pylist() == [row in seen for row in rows]
            again = sum(key in keys or key in [each for each, _ in rows[:at]] for at, (key, _) in enumerate(rows))
            assert staged.versions(records, values) in (again, None)
            hashes[number] = found, records
            staged.add(number, found, records, values)
            seen, keys = seen | set(rows), keys | {key for key, _ in rows}


def test_in_the_order_of_the_keys_nothing_is_kept_or_read(monkeypatch):
    monkeypatch.setattr("hub.pulls.repeats.MOST", 10)
    batches = Batches()
    for number in range(20):
        hashes = pa.array([hashed(f"{number} {row}") for row in range(5)])
        values = pa.array(range(5 * number, 5 * number + 5))
        assert not pc.any(pc.or_(*batches.staged.repeats(hashes, values))).as_py()
        assert batches.staged.versions(hashes, values) == 0
        batches.staged.add(number, hashes, hashes, values)
    assert batches.reads == 0
    assert not batches.staged._kept()
