"""What tests of the pulls tell the engine instead of its environment."""

from hub.settings import PullSettings

SETTINGS = PullSettings(
    stage="test",
    control_table="control",
    vault_bucket="vault-bucket",
    event_bus="hub-bus",
    token_key_parameter="/hub/token-key",
)
