"""The Athena API on a real Trino."""

from collections.abc import Iterator

import pytest

from tests.laboratory import Laboratory, laboratory


@pytest.fixture(scope="package")
def trino(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("trino"), "trino") as one:
        yield one
