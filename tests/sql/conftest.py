from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub import aws
from hub.config import Deployment
from tests.laboratory import Laboratory
from tests.sql.lake import ROOT, Lake, entity_hub, home_of

MakeLake = Callable[..., Lake]


@contextmanager
def lakes(folder: Path) -> Iterator[MakeLake]:
    """Makes hubs with the shipped models, or with those of other folders."""

    def make(deployment: Deployment | None = None, *roots: Path, tables: set[str] | None = None) -> Lake:
        home = folder / f"home{len(list(folder.iterdir()))}"
        home.mkdir()
        return Lake(deployment or entity_hub(), home_of(home, roots or (ROOT / "sql",), tables))

    aws.reset()
    yield make
    aws.reset()


@pytest.fixture
def make_lake(athena: Laboratory, tmp_path: Path) -> Iterator[MakeLake]:
    with lakes(tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def make_shared_lake(shared_laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeLake]:
    """For hubs that the tests of a module share."""
    with pytest.MonkeyPatch.context() as patch, lakes(tmp_path_factory.mktemp("lakes")) as make:
        shared_laboratory.enter(patch)
        yield make
