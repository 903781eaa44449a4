from pathlib import Path

import pytest

from infra.matching.engine import DuckDB


@pytest.fixture
def engine(tmp_path: Path) -> DuckDB:
    return DuckDB(tmp_path, threads=1)
