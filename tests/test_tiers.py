"""A tier's second try: an accident is told apart from a failure, and nothing that is broken passes by it."""

import re
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.e2e.conftest import ON_THE_LAPTOP, OneLaptop
from tests.tiers import SECOND_TRY, Outcome, Tier, main, run_abreast

ROOT = Path(__file__).parents[1]
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
    ((_, outcome, _),) = run_abreast([Tier(name, reason, (str(tmp_path),), 60, workers=1)])
    counts = outcome.counts.get("passed", 0), outcome.counts.get("failed", 0)
    assert (outcome.code, *counts, outcome.unsteady) == expected, reason


WAITS = """
import pathlib, time
def test_meets():
    here = pathlib.Path(__file__)
    here.with_suffix(".here").touch()
    until = time.monotonic() + 60
    while not here.with_name("{other}").exists():
        assert time.monotonic() < until, "the other tier does not run"
"""
LATE = """
import pathlib
def test_a(): pass
def test_fails_until_all_have_ended():
    assert pathlib.Path(__file__).with_name("ended").exists()
"""
ENDS = """
import pathlib, time
def test_ends_last():
    until = time.monotonic() + 60
    while not list(pathlib.Path(__file__).parents[1].glob("kept/quick/v/cache/lastfailed")):
        assert time.monotonic() < until, "the other tier does not end"
    pathlib.Path(__file__).with_name("ended").touch()
"""


def tier(folder, name, text, budget):
    file = folder / f"test_{name}.py"
    file.write_text(text)
    return Tier(name, f"what {name} is", (str(file),), budget, workers=1)


def test_tiers_run_beside_each_other_and_are_heard_in_turn(tmp_path, capsys):
    """Each waits for the other one to run; what the shorter one says comes after the longer one has ended."""
    short = tier(tmp_path, "short", WAITS.format(other="test_long.here"), 1)
    long = tier(tmp_path, "long", WAITS.format(other="test_short.here"), 2)
    outcomes = run_abreast([short, long])
    assert [(one.name, outcome.code) for one, outcome, _ in outcomes] == [("long", 0), ("short", 0)]
    said = capsys.readouterr().out
    places = [said.index(text) for text in ("what long is", "1 passed", "what short is")]
    assert places == sorted(places) and said.count("1 passed") == 2


def test_a_second_try_is_alone(tmp_path, monkeypatch, capsys):
    """It passes where it is made after the other tier has ended, not beside it."""
    (tmp_path / "kept").mkdir()
    monkeypatch.setattr("tests.tiers.tempfile.TemporaryDirectory", lambda: nullcontext(tmp_path / "kept"))
    (tmp_path / "tests").mkdir()
    quick, slow = (tier(tmp_path / "tests", *each) for each in (("quick", LATE, 1), ("slow", ENDS, 2)))
    outcomes = {one.name: outcome for one, outcome, _ in run_abreast([quick, slow])}
    assert outcomes == {
        "slow": Outcome(0, {"passed": 1}),
        "quick": Outcome(0, {"passed": 2, "failed": 0, "error": 0}, 1),
    }
    assert capsys.readouterr().out.count("tried once more, alone") == 1


def test_a_tier_that_fails_fails_all(tmp_path, monkeypatch, capsys):
    broken, sound = (
        tier(tmp_path, "broken", "def test_a(): assert 0", 1),
        tier(tmp_path, "sound", "def test_a(): pass", 2),
    )
    monkeypatch.setattr("tests.tiers.TIERS", (broken, sound))
    assert (main(["sound"]), main(["default"])) == (0, 1)
    assert "1 passed, 1 failed, 0 skipped" in capsys.readouterr().out


def test_one_worker_has_all_tests_of_the_laptop():
    """A file that has `running` and goes to another worker would start a laptop of its own."""
    files = [path.relative_to(ROOT) for path in sorted((ROOT / "tests/e2e").glob("test_*.py"))]
    of_the_laptop = [str(file) for file in files if re.search(r"def \w+\(running\b", (ROOT / file).read_text())]
    assert of_the_laptop == list(ON_THE_LAPTOP)
    scopes = {OneLaptop._split_scope(None, f"{file}::test_a") for file in files}
    assert scopes == {"laptop"} | {str(file) for file in files} - set(ON_THE_LAPTOP)
