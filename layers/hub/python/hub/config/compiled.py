"""The compiled form: JSON that synthesis wrote from the checked folder, so that functions need no YAML."""

from functools import cache
from pathlib import Path

from hub.config.connections import Deployment
from hub.errors import SettingsError

FILE = "deployment.json"


@cache
def read(home: Path) -> Deployment:
    """The deployment that was shipped under `home`; SettingsError if it was not."""
    path = home / FILE
    try:
        return Deployment.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise SettingsError(f"{path} is missing: the function was deployed without its configuration layer") from error
