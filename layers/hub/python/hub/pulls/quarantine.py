"""The quarantine of a pull in S3: its lines, which of them a replay took up, and what people corrected in them.

No line is ever changed. What became of it stands in an object beside it, to which the pull's item in the ledger points.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub import aws
from hub.config import DataSet
from hub.pulls.lines import Place, of_batches, read
from hub.pulls.models import Pull


class Settled(BaseModel):
    """What became of a line: the replay that took it up, and whether its row passed there or is in its quarantine."""

    by: str
    fate: Literal["passed", "quarantined"]


class Quarantined(BaseModel):
    """A refused row. record: what the source gave, by its own names; text: where it could not be taken apart.

    was: where the row stood when it was first pulled, if a replay refused it again.
    """

    pull_id: str
    batch: int
    row: int
    failures: list[dict[str, str]]
    record: dict[str, Any] | None = None
    text: str | None = None
    was: dict[str, Any] | None = None
    origin: str | None = Field(default=None, exclude=True)
    part: str = Field(default="", exclude=True)
    settled: Settled | None = None

    @property
    def place(self) -> Place:
        return self.batch, self.row


class Correction(BaseModel):
    """What a person says about one line: the fields that are other than the source gave them; null empties one."""

    model_config = ConfigDict(extra="forbid")

    batch: int = Field(ge=1)
    row: int = Field(ge=1)
    values: dict[str, str | None] = {}


class Asked(BaseModel):
    """A replay as it was asked for. corrections: None for every line that is open, as it stands."""

    corrections: list[Correction] | None = None

    def chosen(self) -> dict[Place, Correction] | None:
        return None if self.corrections is None else {(each.batch, each.row): each for each in self.corrections}


class Quarantine:
    """The refused rows of the pulls of one stage."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def lines(self, pull: Pull, batches: Iterable[dict[str, Any]], from_batch: int = 0) -> Iterator[Quarantined]:
        """The lines of a pull in the order in which they came. batches: its items in the ledger."""
        settled = self.settled(pull)
        for number, line in of_batches(self._bucket, batches, "quarantine", from_batch):
            place = (number, line["row"])
            yield Quarantined(pull_id=pull.pull_id, batch=number, **line, settled=settled.get(place))

    def settled(self, pull: Pull) -> dict[Place, Settled]:
        """What became of the lines that replays took up."""
        if not pull.settled:
            return {}
        found = json.loads(read(self._bucket, pull.settled))
        return {(batch, row): Settled(by=by, fate=fate) for batch, row, by, fate in found}

    def put_settled(self, pull: Pull, by: Pull, settled: dict[Place, Settled]) -> str:
        """Write what became of the lines; it counts from the moment at which the ledger points to it."""
        rows = [[*place, each.by, each.fate] for place, each in sorted(settled.items())]
        return self._put(pull, f"settled-{by.pull_id}.json.gz", rows)

    def put_fates(self, pull: Pull, batch: int, fates: list[tuple[int, int, str]]) -> str:
        """Write what became of the lines of one batch of a replay."""
        return self._put(pull, f"batch-{batch:05d}.replayed.json.gz", fates)

    def fates(self, key: str) -> list[tuple[int, int, Literal["passed", "quarantined"]]]:
        return [(batch, row, fate) for batch, row, fate in json.loads(read(self._bucket, key))]

    def ask(self, pull: Pull, asked: Asked) -> str:
        """Keep what a person asked; its number, the same for the same question about the same open lines."""
        told = [each.model_dump() for each in asked.corrections] if asked.corrections is not None else None
        question = json.dumps([pull.pull_id, pull.settled, told], sort_keys=True)
        number = f"{pull.pull_seq:08d}-{hashlib.sha256(question.encode()).hexdigest()[:24]}"
        self._put(pull, f"replay-{number}.json.gz", asked.model_dump())
        return number

    def asked(self, pull: Pull, number: str) -> Asked:
        return Asked.model_validate_json(read(self._bucket, f"{_folder(pull)}replay-{number}.json.gz"))

    def _put(self, pull: Pull, name: str, content: Any) -> str:
        key = f"{_folder(pull)}{name}"
        body = gzip.compress(json.dumps(content).encode(), mtime=0)
        aws.client("s3").put_object(Bucket=self._bucket, Key=key, Body=body)
        return key


def _folder(pull: Pull) -> str:
    return f"quarantine/{pull.source}/{pull.data_set}/{pull.pull_id}/"


def corrected(line: Quarantined, correction: Correction | None, rules: DataSet) -> dict[str, Any] | None:
    """The record of a line with what a person corrected; None for a text that nobody took apart."""
    values = correction.values if correction else {}
    if line.record is None and not values:
        return None
    theirs = fields(rules)
    record = dict(line.record or {})
    for name, value in values.items():
        record.pop(theirs[name], None)
        if value is not None:
            record[theirs[name]] = value
    return record


def fields(rules: DataSet) -> dict[str, str]:
    """The names by which a correction may call a field -> the source's own: its own, else the column's."""
    own = {column.source_name or name: column.source_name or name for name, column in rules.columns.items()}
    return {name: column.source_name or name for name, column in rules.columns.items()} | own
