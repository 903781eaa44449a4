"""One laptop for all end-to-end tests, started once."""

from collections.abc import Iterator

import pytest

from tests.e2e.harness import Running, new_laptop, texting_demo
from tests.sql.conftest import make_lake, make_shared_lake  # noqa: F401 - hubs without processes of their own

FIRST_RELEASE = 900  # seconds, on a busy machine; half a minute on a free one


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The laptop after its first release."""
    folder = tmp_path_factory.mktemp("laptop")
    one = Running(new_laptop(folder, hub=texting_demo(folder / "demo")))
    one.start()
    try:
        one.wait_for_line("is out", FIRST_RELEASE)
        yield one
    finally:
        if one.process is not None and one.process.poll() is None:
            one.stop()
