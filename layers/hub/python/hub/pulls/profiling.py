"""Making the profile of a data set from what a pull has staged; by the puller, for it reads Parquet."""

import pyarrow as pa
import pyarrow.parquet as pq

from hub import aws
from hub.config import DataSet
from hub.pulls.ledger import told_fields
from hub.pulls.models import Pull
from hub.pulls.profiles import ColumnProfile, DataSetProfile, Profiles, Shape
from hub.pulls.store import PullStore
from hub.quality import profile
from hub.quality.profile import Profile
from hub.settings import PullSettings
from hub.sources import json_text
from hub.sources.tables import EXTRA, column_of

SAMPLE = 2000  # rows
ENOUGH = 100  # rows that may take the place of an older day's sample, however large that was


def keep(settings: PullSettings, pull: Pull, rules: DataSet) -> None:
    """Make the profile anew where a complete pull has more to tell than what is kept; replays tell of odd rows only."""
    profiles = Profiles(settings.control_table)
    if pull.replay_of or not pull.staged or not _is_due(profiles.get(pull.source, pull.data_set), pull, rules):
        return
    batches = PullStore(settings.control_table).batches(pull.pull_id)
    key = next((each["staging"]["key"] for each in batches if each.get("staging")), None)
    if key is None:
        return
    rows, undeclared = _sample(settings.vault_bucket, key, rules)
    profiles.put(_told(pull, rules, rows, undeclared))


def _is_due(kept: DataSetProfile | None, pull: Pull, rules: DataSet) -> bool:
    if kept is None or {each.name for each in kept.columns if each.declared} != set(rules.columns):
        return True
    larger = kept.rows < min(pull.staged, SAMPLE)
    return larger or (kept.day < pull.started_at[:10] and pull.staged >= ENOUGH)


def _sample(bucket: str, key: str, rules: DataSet) -> tuple[pa.Table, pa.Table]:
    """The first staged rows: declared columns, and the fields that nobody declared."""
    body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    file = pq.ParquetFile(pa.BufferReader(body))
    batch = next(file.iter_batches(SAMPLE, columns=[*rules.columns, EXTRA]))
    rows = pa.Table.from_batches([batch])
    extra = [json_text.loads((text or "{}").encode()) for text in rows[EXTRA].to_pylist()]
    seen = {name for each in extra for name in each} - rules.columns.keys()
    names = [name for name in told_fields(seen) if name in seen]  # it also counts what is no name
    fields = {name: column_of([each.get(name) for each in extra]) for name in names}
    return rows.select(list(rules.columns)), pa.table(fields)


def _told(pull: Pull, rules: DataSet, rows: pa.Table, undeclared: pa.Table) -> DataSetProfile:
    found = profile.columns(rows, {name: column.personal for name, column in rules.columns.items()})
    keys = profile.keys(rows, found, pull.data_set)
    newest = profile.newest(rows, found, keys.change)
    return DataSetProfile(
        source=pull.source,
        data_set=pull.data_set,
        pull_id=pull.pull_id,
        day=pull.started_at[:10],
        rows=len(rows),
        keys=list(keys.business),
        change=keys.change,
        deleted=keys.deleted,
        newest=f"{newest:%Y-%m-%d}" if newest else None,
        columns=[_column(each, declared=True) for each in found]
        + [_column(each, declared=False) for each in profile.columns(undeclared)],
    )


def _column(found: Profile, *, declared: bool) -> ColumnProfile:
    return ColumnProfile(
        name=found.name,
        declared=declared,
        type=found.type,
        format=found.format,
        filled=found.filled,
        distinct=found.distinct,
        personal=found.personal,
        shapes=[Shape(form=form, rows=rows) for form, rows in found.shapes],
        least=found.least,
        most=found.most,
        mentions=dict(found.mentions),
    )
