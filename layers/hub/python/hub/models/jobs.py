"""What job titles mean (`sql/jobs/titles.yaml`), as rows of `control.job_word`."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from hub.models.clauses import Rows

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "part": "varchar",
        "word": "varchar",
        "says": "varchar",
        "level": "varchar",
        "buying_role": "varchar",
        "otherwise": "varchar",
        "alone": "boolean",
        "rank": "integer",
    }
)
SHORT = 4  # letters of a word that people write with dots between them: C.E.O.


@cache
def read(home: Path) -> Rows:
    """What was shipped under `home`; nothing where nothing was."""
    compiled = home / "sql/jobs/titles.json"
    return rows(json.loads(compiled.read_text("utf-8"))) if compiled.is_file() else ()


def rows(told: Mapping[str, Any]) -> Rows:
    return tuple(_rows(told))


def _rows(told: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    """A row for each word, also for one that is spelt with dots."""
    for part, plural in (("position", "positions"), ("area", "areas")):
        for rank, (says, about) in enumerate(told[plural].items()):
            for word in about["words"]:
                dotted = [" ".join(word)] if 1 < len(word) <= SHORT and word.isalpha() else []
                for spelt in (word, *dotted):
                    yield {
                        "part": part,
                        "word": spelt,
                        "says": says,
                        "level": about.get("level"),
                        "buying_role": about.get("role"),
                        "otherwise": about.get("otherwise"),
                        "alone": "true" if about.get("alone") else "false",
                        "rank": str(rank),
                    }
