"""The hub's own engine, whole: lease, ledger, landing, checks, hashes, staging. Arguments: manifest, rows.

The environment names the stores (AWS_ENDPOINT_URL) and the deployment folder is where the manifest lies.
"""

import sys
from pathlib import Path

from hub import config
from hub.pulls import PullTask
from hub.pulls.engine import Engine
from hub.settings import PullSettings

SETTINGS = PullSettings(
    stage="bench",
    control_table="control",
    vault_bucket="vault-bucket",
    event_bus="hub-bus",
    token_key_parameter="/hub/token-key",
)


def main(folder: str, rows: str) -> None:
    engine = Engine(config.read(Path(folder)), SETTINGS, b"k" * 64)
    pull = engine.carry_on(PullTask(source="erp", data_set="orders", asked_by="bench"), lambda: 3_000_000)
    if pull is None or (pull.state, pull.staged) != ("complete", int(rows)):
        sys.exit(f"the pull is {pull}")


if __name__ == "__main__":
    main(*sys.argv[1:])
