"""One laptop for all end-to-end tests, started once."""

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.e2e.harness import Running, new_laptop, texting_demo
from tests.sql.conftest import make_lake, make_shared_lake  # noqa: F401 - hubs without processes of their own

ON_THE_LAPTOP = ("tests/e2e/test_journey.py", "tests/e2e/test_laptop.py", "tests/e2e/test_push.py")
FIRST_RELEASE = 900  # seconds, on a busy machine; half a minute on a free one


class OneLaptop(LoadFileScheduling):
    """Files to workers, but those whose tests have `running` to one worker: a laptop's start takes a minute."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "laptop" if file in ON_THE_LAPTOP else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return OneLaptop(config, log)


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
