from tests.hub.pulls.conftest import (  # noqa: F401 - the pulls' own bench
    bench,
    cloud,
    deployment,
    over_http,
    own_clients,
    shop,
)
from tests.hub.pulls.test_deletions import orders  # noqa: F401 - the same
