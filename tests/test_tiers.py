"""A tier's second try: an accident is told apart from a failure, and nothing that is broken passes by it."""

import pytest

from tests.tiers import SECOND_TRY, Tier, run

ONCE = """
import pathlib
def test_busy():
    mark = pathlib.Path(__file__).with_name("tried")
    tried = mark.exists()
    mark.touch()
    assert tried
"""
CASES = [
    ("steady", "def test_a(): pass", (0, 1, 0, 0), "nothing is tried again"),
    ("accident", ONCE + "def test_a(): pass", (0, 2, 0, 1), "it passes alone, and the report says so"),
    ("broken", ONCE + "def test_a(): assert 0", (1, 1, 1, 1), "what fails twice fails the tier"),
    (
        "many",
        f"import pytest\n@pytest.mark.parametrize('n', range({SECOND_TRY + 1}))\ndef test_a(n): assert 0",
        (1, 0, SECOND_TRY + 1, 0),
        "so many are no accident",
    ),
    (
        "spaced",
        "import pathlib, pytest\n"
        f"@pytest.mark.parametrize('n', ['row ' + str(n) for n in range({SECOND_TRY + 1})])\n"
        "def test_a(n):\n    mark = pathlib.Path(__file__).with_name(n)\n    tried = mark.exists()\n    mark.touch()\n"
        "    assert tried",
        (1, 0, SECOND_TRY + 1, 0),
        "names that differ behind a space are so many too",
    ),
    (
        "shared",
        "import pathlib, pytest\n@pytest.fixture(scope='module')\ndef busy():\n"
        "    mark = pathlib.Path(__file__).with_name('tried')\n    tried = mark.exists()\n    mark.touch()\n"
        f"    assert tried\n@pytest.mark.parametrize('n', range({SECOND_TRY + 1}))\ndef test_a(n, busy): pass",
        (0, SECOND_TRY + 1, 0, SECOND_TRY + 1),
        "a set-up that all of them share is one accident",
    ),
    ("torn", "import no_such_module", (2, 0, 0, 0), "a file that cannot be read ran no test: no second try"),
]


@pytest.mark.parametrize(("name", "text", "expected", "reason"), CASES)
def test_second_tries(name, text, expected, reason, tmp_path):
    (tmp_path / f"test_{name}.py").write_text(text)
    outcome = run(Tier(name, reason, (str(tmp_path),), 60, workers=1))
    counts = outcome.counts.get("passed", 0), outcome.counts.get("failed", 0)
    assert (outcome.code, *counts, outcome.unsteady) == expected, reason
