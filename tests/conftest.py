"""What tests of several rooms share."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import settings

if TYPE_CHECKING:
    from tests.laboratory import Laboratory

ROOT = Path(__file__).parents[1]

settings.register_profile("hub", deadline=None)  # how long a machine takes proves nothing
settings.load_profile("hub")


@pytest.fixture(scope="session", autouse=True)
def _service_models_are_read_once() -> Iterator[None]:
    """moto makes a session for each test, and each would read the same megabytes of JSON: half of a test's time."""
    with pytest.MonkeyPatch.context() as patch:
        read = functools.cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))
        patch.setattr(JSONFileLoader, "load_file", lambda loader, path: read(path))
        yield


@pytest.fixture(scope="session")
def hub_data() -> Path:
    """The folder of the real data sets; a test that needs it is skipped with the reason where there is none."""
    folder = Path(os.environ.get("HUB_DATA", ROOT.parent / "shared" / "data")).resolve()
    if not folder.exists():
        pytest.skip(f"the real data sets are not at {folder}; set HUB_DATA")
    return folder


@pytest.fixture(scope="session")
def shared_laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """One Athena API for all tests of a process, on the engine that ENGINE names."""
    from tests.laboratory import laboratory

    with laboratory(tmp_path_factory.mktemp("laboratory")) as one:
        yield one


@pytest.fixture
def athena(shared_laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    """The API; while a test has it, every AWS client that the test makes uses it."""
    shared_laboratory.enter(monkeypatch)
    return shared_laboratory
