from tests.hub.pulls.conftest import bench, cloud, deployment, own_clients, shop  # noqa: F401 - the pulls' own bench
from tests.hub.pulls.test_deletions import orders  # noqa: F401 - the same
from tests.hub.pulls.test_kills import over_http  # noqa: F401 - the same
