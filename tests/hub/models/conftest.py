from collections.abc import Callable
from pathlib import Path

import pytest

from hub.models import loader
from hub.models.table import Table


@pytest.fixture
def models(tmp_path) -> Callable[..., dict[str, Table]]:
    """Models written as folders: name -> (table.yaml, model.sql, checks.sql or None)."""

    def write(files: dict[str, tuple[str, ...]]) -> dict[str, Table]:
        root = tmp_path / "sql"
        for name, (table, sql, *checks) in files.items():
            folder: Path = root / name.replace(".", "/")
            folder.mkdir(parents=True)
            (folder / "table.yaml").write_text(table)
            (folder / "model.sql").write_text(sql)
            for text in checks:
                (folder / "checks.sql").write_text(text)
        return loader.load(root)

    return write
