import pytest

from tests.hub.pulls.conftest import (  # noqa: F401 - the pulls' own bench
    bench,
    cloud,
    deployment,
    own_clients,
    shop,
)
from tests.hub.pulls.test_deletions import orders  # noqa: F401 - the same
from tests.storm.pulls import clouds, nursery, runs


@pytest.fixture(scope="module")
def sky():
    """A place where it can storm."""
    with runs.sky() as made:
        yield made


@pytest.fixture(scope="module")
def workers():
    """The parent of workers that live in whatever AWS a test makes."""
    with clouds.serving(clouds.Clouds()) as address, nursery.nursery(address) as parent:
        yield parent
