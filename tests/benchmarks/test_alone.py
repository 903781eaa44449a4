"""What a command uses is its own: not what begins it has used."""

import sys

import pytest

from benchmarks import alone


def test_the_memory_of_what_begins_a_command_is_not_its_own(tmp_path):
    much = bytearray(b"\1") * (300 << 20)
    with (tmp_path / "log").open("w+b") as log:
        used = alone.run([sys.executable, "-c", "print('done')"], {}, log, tmp_path)
        log.seek(0)
        assert log.read() == b"done\n"
    assert used.code == 0
    assert 0 < used.megabytes < 100 < len(much) >> 20


@pytest.mark.parametrize(("program", "code"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)])
def test_how_a_command_ended_is_told(tmp_path, program, code):
    with (tmp_path / "log").open("wb") as log:
        assert alone.run([sys.executable, "-c", program], {}, log, tmp_path).code == code
