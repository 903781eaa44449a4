"""docs/coverage.md names a test for each row that is done, and each of them exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = re.findall(r"^\| (A\d-\d+) \|.*\| `(\S+)::(\w+)` \|$", (ROOT / "docs/coverage.md").read_text(), re.MULTILINE)


def test_no_row_stands_twice() -> None:
    names = [row for row, _, _ in ROWS]
    assert names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("row", "file", "test"), ROWS, ids=[row for row, _, _ in ROWS])
def test_a_row_that_is_done_has_its_test(row: str, file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, row
