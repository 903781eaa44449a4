"""docs/reference/sql.md names every function that a model may use and every one that has a better spelling."""

from pathlib import Path

import pytest

from hub.models.functions import ALLOWED, INSTEAD

PAGE = (Path(__file__).parents[3] / "docs/reference/sql.md").read_text()


@pytest.mark.parametrize("name", sorted(ALLOWED | set(INSTEAD)))
def test_the_page_names(name: str) -> None:
    assert f"`{name}`" in PAGE
