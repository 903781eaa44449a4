"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def hub_data() -> Path:
    """The folder of the real data sets; a test that needs it is skipped with the reason where there is none."""
    folder = Path(os.environ.get("HUB_DATA", ROOT.parent / "shared" / "data")).resolve()
    if not folder.exists():
        pytest.skip(f"the real data sets are not at {folder}; set HUB_DATA")
    return folder
