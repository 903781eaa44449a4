"""A sample of `make storm`, another one each day; and engines that are broken on purpose, caught by the same runs."""

import os
from datetime import date

import pytest

from hub.pulls import steps
from tests.storm.pulls import broken, runs

SEEDS = [int(seed) for seed in os.environ.get("SEEDS", f"{date.today():%Y%m%d}").split(",")]
SAMPLE = 11  # one of each kind of application
SEED = 7  # of the runs that meet the broken engines
WITHIN = 44  # runs, from the first one that is likely to meet what an engine does wrong
# Engines that few runs meet, from the run that is likely to: minutes, so they are tried with KILLS=all only.
RARE = {"fence": 7, "overwritten": 29, "page 1": 20, "staged twice": 20, "first version": 17, "deletions": 7}
TRIED = [name for name in broken.ENGINES if name not in RARE or os.environ.get("KILLS") == "all"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sample_of_the_storm(sky, seed):
    """A run that fails is made again by `make storm RUNS=1 FIRST=<number> SEED=<seed>`."""
    for number in range(SAMPLE):
        try:
            runs.run(sky, seed, number)
        except AssertionError as broken_law:
            raise AssertionError(f"run {number} of seed {seed}: {broken_law}") from broken_law
    assert sky.kills.total() > SAMPLE and sky.kills.keys() <= set(steps.STEPS)


@pytest.mark.parametrize("name", TRIED)
def test_a_broken_engine_is_caught(sky, name):
    first = RARE.get(name, 0)
    for number in range(first, first + WITHIN):
        try:
            runs.run(sky, SEED, number, broken=name)
        except AssertionError as caught:
            assert "a worker died of" not in str(caught), "the engine breaks down instead of its law"
            return
    pytest.fail(f"{WITHIN} runs do not notice that {broken.ENGINES[name].law} no more")
