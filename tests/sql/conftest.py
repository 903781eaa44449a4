import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.config import Deployment
from tests.sql.lake import ROOT, Lake, cloud, entity_hub, home_of


@pytest.fixture(scope="session")
def aws_endpoint(tmp_path_factory) -> Iterator[str]:
    with cloud(tmp_path_factory.mktemp("cloud"), os.environ.get("ENGINE", "duckdb")) as endpoint:
        yield endpoint


@pytest.fixture
def make_lake(aws_endpoint, tmp_path) -> Callable[..., Lake]:
    """A hub with the shipped models, or with those of other folders."""

    def make(deployment: Deployment | None = None, *roots: Path, tables: set[str] | None = None) -> Lake:
        home = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        return Lake(deployment or entity_hub(), home_of(home, roots or (ROOT / "sql",), tables))

    return make
