"""What each function is told by its environment. The only reader of os.environ under functions/ and layers/."""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.errors import SettingsError


class Settings(BaseModel):
    """Base of a function's settings: the field `control_table` is the variable CONTROL_TABLE."""

    model_config = ConfigDict(frozen=True)

    stage: str
    hub_home: Path = Path("/opt/hub")

    @classmethod
    def read(cls) -> Self:
        """The settings from the environment; SettingsError names each variable that is missing or wrong."""
        given = {name: os.environ[name.upper()] for name in cls.model_fields if name.upper() in os.environ}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = ", ".join(sorted(str(problem["loc"][0]).upper() for problem in error.errors()))
            raise SettingsError(f"{cls.__name__} needs these environment variables: {wrong}") from error
