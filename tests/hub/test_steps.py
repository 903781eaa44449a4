"""The commit steps that are named are those that the code says it has reached; their kill tests go by the names."""

import importlib
import re
from pathlib import Path

import pytest

HUB = Path(__file__).parents[2] / "layers/hub/python/hub"
ROOMS = {"pulls": ("pulls",), "models": ("models", "customers"), "campaigns": ("campaigns",)}
REACHED = re.compile(r"""\b(?:reached|step)\(\s*["'](\w+)["']""")


@pytest.mark.parametrize("room", ROOMS)
def test_every_named_step_is_reached_and_every_reached_step_is_named(room):
    named = importlib.import_module(f"hub.{room}.steps").STEPS
    files = (file for folder in ROOMS[room] for file in (HUB / folder).glob("*.py") if file.name != "steps.py")
    reached = {name for file in files for name in REACHED.findall(file.read_text())}
    assert reached == set(named)
    assert len(named) == len(set(named))
