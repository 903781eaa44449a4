"""A database of its own for each test of this folder."""

import pytest

from tests.laboratory import Laboratory


@pytest.fixture
def database(athena: Laboratory, request: pytest.FixtureRequest) -> str:
    """A database of the test's own."""
    name = "t_" + "".join(letter if letter.isalnum() else "_" for letter in request.node.name.lower())[:100]
    athena.rows(f"CREATE DATABASE {name}")
    return name
