"""The Athena API on a real Trino."""

from collections.abc import Iterator

import pytest

from tests.laboratory import ENGINE, Laboratory, laboratory


@pytest.fixture(scope="session")
def trino(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """The shared one where it is a Trino, one of its own otherwise."""
    if ENGINE == "trino":
        yield request.getfixturevalue("shared_laboratory")
        return
    with laboratory(tmp_path_factory.mktemp("trino"), "trino") as one:
        yield one
