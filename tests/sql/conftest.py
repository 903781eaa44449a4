from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub import aws
from hub.config import Deployment
from tests.laboratory import Laboratory
from tests.sql.lake import ROOT, Lake, entity_hub, home_of


@pytest.fixture
def make_lake(athena: Laboratory, tmp_path: Path) -> Iterator[Callable[..., Lake]]:
    """A hub with the shipped models, or with those of other folders."""

    def make(deployment: Deployment | None = None, *roots: Path, tables: set[str] | None = None) -> Lake:
        home = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        return Lake(deployment or entity_hub(), home_of(home, roots or (ROOT / "sql",), tables))

    aws.reset()
    yield make
    aws.reset()
