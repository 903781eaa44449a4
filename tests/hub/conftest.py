"""Servers that several modules read."""

import pytest

from tests import servers


@pytest.fixture(scope="session")
def postgresql():
    with servers.postgresql() as server:
        if server is None:
            pytest.skip("PostgreSQL is not installed: neither on PATH nor under /usr/lib/postgresql")
        yield server


@pytest.fixture(scope="session")
def mariadb():
    with servers.mariadb() as server:
        if server is None:
            pytest.skip("MariaDB is not installed: no mariadbd on PATH or in /usr/sbin")
        yield server
