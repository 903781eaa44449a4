"""What stewards and others see of quality: scores by day, and the fixes of a pull one by one."""

from collections.abc import Iterator
from itertools import groupby, islice

from pydantic import BaseModel

from hub import config
from hub.errors import NotFound
from hub.pulls.lines import of_batches, place
from hub.pulls.models import Pull
from hub.pulls.scores import Quality, by_day
from hub.pulls.store import PullStore
from hub.settings import QualitySettings

MOST_PULLS = 200  # of a data set


class Fix(BaseModel):
    """A value that is not as the source wrote it. after: None where no better one is known; certainty: 0 to 1.
    applied: false where `after` is a suggestion and the value stays.

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


class Review:
    def __init__(self, settings: QualitySettings) -> None:
        self._deployment, self._settings = config.read(settings.hub_home), settings
        self._store = PullStore(settings.control_table)

    def quality(self, source: str, data_set: str | None) -> list[Quality]:
        """The scores of a source's data sets, or of one; NotFound."""
        manifest = self._deployment.sources.get(source)
        found = manifest.data_sets if manifest else {}
        if not found or (data_set and data_set not in found):
            raise NotFound(f"There is no data set {data_set or 'at all'} of a source {source}")
        names = [data_set] if data_set else list(found)
        return [
            day
            for name in names
            for day in by_day(self._store.newest_first(source, name, None, MOST_PULLS), found[name])
        ]

    def fixes(self, asked: str, after: tuple[str, ...] | None, limit: int) -> list[Fix]:
        """Up to `limit` fixes behind (batch, number), in the order of their rows."""
        last = place(after)
        found = self._fixes(self._store.get(asked), last[0])
        return list(islice((fix for fix in found if (fix.batch, fix.number) > last), limit))

    def _fixes(self, pull: Pull, from_batch: int) -> Iterator[Fix]:
        batches = self._store.batches(pull.pull_id)
        lines = of_batches(self._settings.vault_bucket, batches, "fixes", from_batch)
        for batch, of_batch in groupby(lines, key=lambda each: each[0]):
            for number, (_, line) in enumerate(of_batch, 1):
                yield Fix(pull_id=pull.pull_id, batch=batch, number=number, **line)
