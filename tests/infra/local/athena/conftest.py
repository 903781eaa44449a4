"""One Athena API for the tests of this folder, on the engine that ENGINE names."""

from collections.abc import Iterator

import pytest

from tests.laboratory import Laboratory, laboratory


@pytest.fixture(scope="package")
def _athena_laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("athena")) as one:
        yield one


@pytest.fixture
def athena(_athena_laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    """The API; while a test has it, every AWS client of the process uses it."""
    for name, value in _athena_laboratory.environment.items():
        monkeypatch.setenv(name, value)
    return _athena_laboratory


@pytest.fixture
def database(athena: Laboratory, request: pytest.FixtureRequest) -> str:
    """A database of the test's own."""
    name = "t_" + "".join(letter if letter.isalnum() else "_" for letter in request.node.name.lower())[:100]
    athena.rows(f"CREATE DATABASE {name}")
    return name
