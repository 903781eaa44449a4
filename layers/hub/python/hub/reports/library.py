"""What a report is: checked when it is saved, so that a reader never meets a report that cannot run."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import InvalidInput
from hub.guard.parameters import Kind, Parameter, Value, read

SAMPLES: Final[dict[Kind, Value]] = {
    "text": Value("text", ("",)),
    "list": Value("list", ("",)),
    "integer": Value("integer", ("1",)),
    "decimal": Value("decimal", ("1",)),
    "date": Value("date", ("2000-01-01",)),
    "timestamp": Value("timestamp", ("2000-01-01 00:00:00",)),
}


class Draft(BaseModel):
    """What a writer gives: a SELECT over reporting.* with `:name` where a parameter goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]$")
    description: str = Field("", max_length=2000)
    sql: str = Field(min_length=1, max_length=60_000)
    parameters: list[Parameter] = Field(default_factory=list, max_length=40)


class Report(Draft):
    """A saved report. A shipped one comes with the deployment and has no owner; `version` counts its changes."""

    report_id: str
    shipped: bool = False
    owner: str | None = None
    version: int = 1
    updated_at: str | None = None


def samples(parameters: list[Parameter]) -> dict[str, Value]:
    """A value of each parameter's type, to judge SQL before anybody has given one."""
    return {parameter.name: SAMPLES[parameter.type] for parameter in parameters}


def check_parameters(parameters: list[Parameter]) -> None:
    """InvalidInput where a name is there twice or a default is not of its own type."""
    names = [parameter.name for parameter in parameters]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"parameters.{name}: is declared twice")
    with_default = [parameter for parameter in parameters if parameter.default is not None]
    read(with_default, {})


@cache
def shipped(home: Path) -> Mapping[str, Report]:
    """The reports of the deployment by id: `<home>/reports/<id>.json`."""
    found = {}
    for file in sorted((home / "reports").glob("*.json")):
        content = json.loads(file.read_text("utf-8"))
        found[file.stem] = Report(report_id=file.stem, shipped=True, **content)
    return found
