"""What stewards and others see of quality: scores by day, and the fixes of a pull one by one."""

from collections.abc import Iterator
from itertools import groupby, islice

from pydantic import BaseModel, ConfigDict, Field

from hub import config
from hub.config import DataSet, key_columns
from hub.errors import Conflict, NotFound
from hub.pulls.discovery import Finding, scan
from hub.pulls.lines import of_batches, place
from hub.pulls.models import Pull
from hub.pulls.profiles import DataSetProfile, Profiles
from hub.pulls.scores import Quality, by_day
from hub.pulls.store import PullStore
from hub.pulls.targets import Standing, standings
from hub.pulls.undoing import Undone, mark
from hub.settings import QualitySettings

MOST_PULLS = 200  # of a data set


class Fix(BaseModel):
    """A value that is not as the source wrote it. after: None where no better one is known; certainty: 0 to 1.
    applied: false where `after` is a suggestion and the value stays. undone: pulls to come leave the source's value.

    number: of the fix in its batch. row: of its row in the batch.
    """

    pull_id: str
    batch: int
    number: int
    row: int
    record_key: str
    column: str
    rule: str
    before: str | None
    after: str | None
    certainty: float
    applied: bool = True
    undone: bool = False


class FixChange(BaseModel):
    """Undo a fix, or take that back. number: as the list of fixes tells it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pull_id: str
    batch: int = Field(ge=1)
    number: int = Field(ge=1)
    undone: bool = True


class Review:
    def __init__(self, settings: QualitySettings) -> None:
        self._deployment, self._settings = config.read(settings.hub_home), settings
        self._store = PullStore(settings.control_table)

    def quality(self, source: str, data_set: str | None) -> list[Quality]:
        """The scores of a source's data sets, or of one; NotFound."""
        return [
            day
            for name, rules in self._data_sets(source, data_set).items()
            for day in by_day(self._store.newest_first(source, name, None, MOST_PULLS), rules)
        ]

    def profiles(self, source: str, data_set: str | None) -> list[DataSetProfile]:
        """What is known of a source's data sets, or of one; NotFound. One that staged nothing yet has none."""
        kept = Profiles(self._settings.control_table)
        found = (kept.get(source, name) for name in self._data_sets(source, data_set))
        return [each for each in found if each]

    def targets(self) -> list[Standing]:
        """Every target of hub.yaml against what was measured last."""
        return standings(self._deployment, self._store)

    def personal(self) -> list[Finding]:
        """Where personal data are, as far as manifests and pulls say."""
        return scan(self._deployment, self._settings.control_table)

    def _data_sets(self, source: str, data_set: str | None) -> dict[str, DataSet]:
        manifest = self._deployment.sources.get(source)
        found = manifest.data_sets if manifest else {}
        if not found or (data_set and data_set not in found):
            raise NotFound(f"There is no data set {data_set or 'at all'} of a source {source}")
        return {name: found[name] for name in ([data_set] if data_set else found)}

    def fixes(self, asked: str, after: tuple[str, ...] | None, limit: int) -> list[Fix]:
        """Up to `limit` fixes behind (batch, number), in the order of their rows."""
        last = place(after)
        found = self._fixes(self._store.get(asked), last[0])
        return list(islice((fix for fix in found if (fix.batch, fix.number) > last), limit))

    def change(self, asked: FixChange) -> Fix:
        """Undo a fix or take that back, from the next pull on; Conflict for what cannot be undone."""
        place_ = (asked.batch, asked.number)
        pull = self._store.get(asked.pull_id)
        fix = next((each for each in self._fixes(pull, asked.batch) if (each.batch, each.number) == place_), None)
        if fix is None:
            raise NotFound(f"There is no fix {asked.number} in batch {asked.batch} of {asked.pull_id}")
        self._refuse(pull, fix)
        undone = Undone(self._settings.vault_bucket, pull.source, pull.data_set)
        (undone.put if asked.undone else undone.remove)(mark(fix.column, fix.record_key, fix.before))
        return fix.model_copy(update={"undone": asked.undone})

    def _refuse(self, pull: Pull, fix: Fix) -> None:
        manifest = self._deployment.sources.get(pull.source)
        rules = manifest.data_sets.get(pull.data_set) if manifest else None
        if rules is None or fix.column not in rules.columns:
            raise Conflict(f"{fix.column} is no column of {pull.source}.{pull.data_set} any more")
        if not fix.applied:
            raise Conflict("This is a suggestion; the value is as the source wrote it")
        expressions = [text for each in rules.entity.values() for to, text in each.items() if to.endswith("_key")]
        if fix.column in rules.keys.business or any(fix.column in (key_columns(text) or ()) for text in expressions):
            raise Conflict(f"{fix.column} is part of a key: undone, the record would be another one. Mend the source")
        if rules.columns[fix.column].required and fix.rule == "type":
            raise Conflict(f"{fix.column} is required and what the source wrote is no {rules.columns[fix.column].type}")

    def _fixes(self, pull: Pull, from_batch: int) -> Iterator[Fix]:
        undone = Undone(self._settings.vault_bucket, pull.source, pull.data_set).all()
        batches = self._store.batches(pull.pull_id)
        lines = of_batches(self._settings.vault_bucket, batches, "fixes", from_batch)
        for batch, of_batch in groupby(lines, key=lambda each: each[0]):
            for number, (_, line) in enumerate(of_batch, 1):
                is_undone = mark(line["column"], line["record_key"], line["before"]) in undone
                yield Fix(pull_id=pull.pull_id, batch=batch, number=number, undone=is_undone, **line)
