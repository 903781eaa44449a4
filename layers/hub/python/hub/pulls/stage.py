"""A batch of pieces to what is stored of it: staged rows, quarantined rows, and the counts of both and of the rest."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.config import DataSet, key_columns
from hub.config.entities import reference_column
from hub.pulls.across import check_across
from hub.pulls.drift import kinds_of, refuse
from hub.pulls.ledger import Counts
from hub.pulls.memory import Memory
from hub.pulls.models import Pull
from hub.pulls.repeats import hashes_again, prefixes, rising
from hub.pulls.schema import key_columns_of_records, references, staging_columns, stored_type
from hub.pulls.tally import Tally
from hub.pulls.undone import put_back
from hub.quality import EXTRA, Refined, as_text, record_hashes, refine, seed, tokens, with_attributes
from hub.sources import Piece, json_text
from hub.sources.tables import MARKS, ORIGIN, in_python, origins


@dataclass(frozen=True, slots=True)
class Plan:
    """What stays the same for all batches of a pull.

    key: the hub's token key. country: for telephone numbers without one. erased: record keys that must not come back.
    undone: fixes that are not made again, see `undoing`.
    """

    source: str
    name: str
    rules: DataSet
    key: bytes = field(repr=False)
    country: str
    erased: frozenset[str]
    undone: frozenset[str] = frozenset()

    @property
    def key_schema(self) -> pa.Schema:
        """The columns by which a record is remembered, as they are staged."""
        types = staging_columns(self.rules)
        return pa.schema([(name, stored_type(types[name])) for name in key_columns_of_records(self.rules)])


@dataclass(frozen=True, slots=True)
class Seen:
    """The records of one part of the data set in a batch, whatever became of their rows.

    keys: the columns of `Plan.key_schema`, each record once. unread: rows whose key could not be read.
    """

    part: str
    version: str
    keys: pa.Table
    unread: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One batch after its rules: the rows to stage, the lines for quarantine and of fixes, and where every row went."""

    staged: pa.Table
    quarantined: list[dict[str, Any]]
    counts: Counts
    fixes: list[dict[str, Any]]
    tally: Tally
    seen: list[Seen]


def settle_batch(plan: Plan, pull: Pull, batch: int, pieces: Sequence[Piece], memory: Memory, received: int) -> Outcome:
    """Put every row of a batch in its one place.

    memory: of earlier batches of this pull. received: rows before this batch.
    """
    raw = _joined([piece.rows for piece in pieces])
    started = datetime.fromisoformat(pull.started_at)
    refined = refine(raw, plan.rules, plan.country, started.date())
    keyed = _with_tokens(plan, refined.rows, _origin(plan, pull, raw, received))
    keyed = put_back(refined, keyed, plan.rules, plan.country, plan.undone)
    keyed = with_attributes(keyed, plan.rules.attributes)
    _leave_out(refined, _erased(plan, keyed), "erased")
    _leave_out(refined, _superseded(raw), "superseded")
    if MARKS in raw.column_names:
        keyed = keyed.append_column(MARKS, raw[MARKS])
    refuse(raw, plan.rules, memory.kinds, refined)
    check_across(plan.rules, keyed, refined, memory)
    hashes = record_hashes([keyed[name] for name in plan.rules.columns], seed(plan.key))
    keyed = keyed.append_column("_record_hash", hashes)
    keyed = keyed.append_column("_row", pa.arange(1, len(keyed) + 1).cast(pa.int32()))
    passing = _passing(keyed, refined)
    before = len(passing)
    repeated = Counter[str]()
    if plan.rules.keys.business:
        passing, repeated = _without_repeats(passing, memory)
    quarantined = [*_quarantined(plan, raw, refined, pieces), *_unreadable(pieces, len(raw))]
    filtered = Counter(f"filtered: {rule}" for rule in refined.filtered.values())
    broken = Counter(f"{each['column']}: {each['rule']}" for line in quarantined for each in line["failures"])
    counts = Counts(
        received=sum(len(piece.rows) + len(piece.unreadable) for piece in pieces),
        staged=len(passing),
        duplicate=before - len(passing),
        quarantined=len(quarantined),
        filtered=len(refined.filtered),
    )
    staged = _as_stored(plan, passing, pull, batch, started)
    seen_records = _seen(plan, keyed, refined, pieces)
    fixes = _fixes(refined, passing)
    tally = Tally(
        judged=len(raw) - len(refined.filtered),
        warned=refined.warned,
        rules=filtered + broken,
        fixed=Counter(f"{each['column']}: {each['rule']}" for each in fixes if _mended(each)),
        repeated=repeated,
        measured=refined.measured,
        related=refined.related,
        kinds={name: kind for name, kind in kinds_of(raw, plan.rules).items() if refined.measured[name]["filled"]},
    )
    return Outcome(staged, quarantined, counts, fixes, tally, seen_records)


def _without_repeats(rows: pa.Table, memory: Memory) -> tuple[pa.Table, Counter[str]]:
    """The rows that are not staged yet, and how many of which kind come again."""
    values = _one(rows[memory.key]) if memory.key else None
    known, above = memory.staged.repeats(_one(rows["_record_hash"]), values)
    repeated = pc.or_(known, above)
    rest = rows.filter(pc.invert(repeated)) if pc.any(repeated).as_py() else rows
    kinds = Counter(
        {
            "in an earlier batch": pc.sum(known).as_py() or 0,
            "in the same batch": pc.sum(pc.and_not(above, known)).as_py() or 0,
            **memory.versions(rest),
        }
    )
    return rest, +kinds


def tombstones(plan: Plan, pull: Pull, batch: int, before: int, gone: pa.Table) -> pa.Table:
    """Staging rows that say of records that they are gone: their keys, and no other value but what orders them.

    gone: the columns of `Plan.key_schema`. before: tombstones of this pull that are written already.
    """
    count, types = len(gone), staging_columns(plan.rules)
    constant = _constant(pull, batch, datetime.fromisoformat(pull.started_at), count)
    given = constant | {
        "_row": pa.arange(before + 1, before + count + 1).cast(pa.int32()),
        "_deleted": pa.repeat(pa.scalar(True), count),
        **{name: gone[name] for name in gone.column_names},
    }
    return _typed({name: given.get(name, pa.nulls(count)) for name in types}, plan)


def distinct(records: pa.Table) -> pa.Table:
    """Each row once; where there are repeats, in the order of the keys."""
    keys = _one(records["_record_key"])
    if not pc.any(hashes_again(keys, prefixes(keys))).as_py():
        return records
    return (
        records.group_by(records.column_names)
        .aggregate([])
        .sort_by([(name, "ascending") for name in records.column_names])
    )


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """The pieces' rows as one table; a column whose type differs from piece to piece is read as text."""
    columns = {}
    for name in tables[0].column_names:
        parts = [table[name] for table in tables]
        if len({part.type for part in parts}) > 1:
            parts = [pa.chunked_array([_written(chunk) for chunk in part.chunks], pa.string()) for part in parts]
        columns[name] = pa.chunked_array(
            [chunk for part in parts for chunk in part.chunks], parts[0].type
        ).combine_chunks()
    return pa.table(columns)


def _written(column: pa.Array) -> pa.Array:
    """A column as text. A moment without a zone stays without one: the column's own is still to be applied."""
    kind = column.type
    return column.cast(pa.string()) if pa.types.is_timestamp(kind) and kind.tz is None else as_text(column)


def _origin(plan: Plan, pull: Pull, raw: pa.Table, received: int) -> pa.Array | None:
    """What stands for a key where rows have none: object and row number, else this pull and the row's number in it."""
    if plan.rules.keys.business:
        return None
    return raw[ORIGIN] if ORIGIN in raw.column_names else origins(pull.pull_id, received + 1, len(raw))


def _with_tokens(plan: Plan, rows: pa.Table, origin: Any) -> pa.Table:
    entities = list(plan.rules.entity)
    for at, entity in enumerate(entities or [plan.name]):
        parts = [origin] if origin is not None else [rows[name] for name in _key_of(plan.rules, entity)]
        column = "_record_key" if at == 0 else f"_record_key_{entity}"
        rows = rows.append_column(column, tokens(plan.key, plan.source, entity, [_one(part) for part in parts]))
    for column, (entity, expression) in references(plan.rules).items():
        parts = [_one(rows[name]) for name in key_columns(expression) or []]
        rows = rows.append_column(reference_column(column), tokens(plan.key, plan.source, entity, parts))
    return rows


def _key_of(rules: DataSet, entity: str) -> Sequence[str]:
    mapping = rules.entity.get(entity)
    return (key_columns(mapping["source_key"]) if mapping else None) or rules.keys.business


def _one(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _seen(plan: Plan, rows: pa.Table, refined: Refined, pieces: Sequence[Piece]) -> list[Seen]:
    """The records by part. A row that a filter leaves out is not to be in the hub, so its record counts as gone.

    A quarantined row's record is still there. But where a row is known by its place alone, another row may have been
    at that place before, and what was there is gone.
    """
    if plan.rules.replaces is None:
        return []
    keyed = bool(plan.rules.keys.business)
    records = rows.select(plan.key_schema.names).cast(plan.key_schema, safe=False)
    out = [*refined.filtered, *(() if keyed else refined.rejected)]
    wanted = _mask(len(rows), out, value=False) if out else None
    found: dict[tuple[str, str], list[pa.Table]] = {}
    unread = Counter[tuple[str, str]]()
    start = 0
    for piece in pieces:
        own = records.slice(start, len(piece.rows))
        own = own if wanted is None else own.filter(wanted.slice(start, len(piece.rows)))
        readable = own.filter(pc.is_valid(own["_record_key"])) if own["_record_key"].null_count else own
        found.setdefault((piece.part, piece.version), []).append(readable)
        if keyed:
            unread[piece.part, piece.version] += len(own) - len(readable) + len(piece.unreadable)
        start += len(piece.rows)
    all_new = keyed and rising(_one(rows[plan.rules.keys.business[0]]))
    joined = {part: pa.concat_tables(tables) for part, tables in found.items()}
    return [Seen(*part, each if all_new else distinct(each), unread[part]) for part, each in joined.items()]


def _erased(plan: Plan, rows: pa.Table) -> list[int]:
    if not plan.erased:
        return []
    erased = pa.array(sorted(plan.erased), pa.string())
    keys = [name for name in rows.column_names if name.startswith("_record_key")]
    return sorted({at for name in keys for at in pc.indices_nonzero(pc.is_in(rows[name], erased)).to_pylist()})


def _leave_out(refined: Refined, positions: Sequence[int], rule: str) -> None:
    for at in positions:
        refined.rejected.pop(at, None)
        refined.filtered.setdefault(at, rule)


def _superseded(raw: pa.Table) -> list[int]:
    """Replayed rows of what a later pull has read again."""
    return [at for at, marks in enumerate(_marks(raw)) if "superseded" in marks]


def _marks(rows: pa.Table) -> list[dict[str, Any]]:
    """What is known of each replayed row; empty for the rows of a fetch."""
    texts = rows[MARKS].to_pylist() if MARKS in rows.column_names else []
    return [json_text.loads(text.encode()) for text in texts]


def _parts(pieces: Sequence[Piece], positions: Sequence[int]) -> list[str]:
    """The parts of the source that the rows at these positions are of; empty texts where it has none."""
    ends = list(accumulate(len(piece.rows) for piece in pieces))
    return [pieces[bisect_right(ends, at)].part for at in positions]


def _passing(rows: pa.Table, refined: Refined) -> pa.Table:
    out = [*refined.rejected, *refined.filtered]
    return rows.filter(_mask(len(rows), out, value=False)) if out else rows


def _mask(length: int, positions: Sequence[int], *, value: bool) -> pa.Array:
    """`value` at the positions, its opposite elsewhere."""
    member = pc.is_in(pa.arange(0, length), pa.array(positions, pa.int64()))
    return member if value else pc.invert(member)


def _quarantined(plan: Plan, raw: pa.Table, refined: Refined, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """A line per rejected row: its number, the rules that it breaks, the record as the source wrote it, its place."""
    positions = sorted(refined.rejected)
    if not positions:
        return []
    names = {name: column.source_name or name for name, column in plan.rules.columns.items()}
    rows = raw.take(pa.array(positions, pa.int64()))
    marks = _marks(rows) or [{"part": part} for part in _parts(pieces, positions)]
    lines = []
    for at, record, mark in zip(positions, in_python(rows), marks, strict=True):
        if record.get(ORIGIN) and not plan.rules.keys.business:
            mark["origin"] = record[ORIGIN]
        failures = [{"column": each.column, "rule": each.rule, "reason": each.reason} for each in refined.rejected[at]]
        given = {theirs: record[name] for name, theirs in names.items() if record[name] is not None}
        lines.append(
            {
                "row": at + 1,
                "failures": failures,
                "record": {**given, **json_text.loads((record[EXTRA] or "{}").encode())},
                **_kept(mark),
            }
        )
    return lines


def _fixes(refined: Refined, staged: pa.Table) -> list[dict[str, Any]]:
    """A line per value of a staged row that is not as the source wrote it: undone by putting `before` in its place."""
    numbers = _one(staged["_row"])
    lines = []
    for fixed in refined.fixed:
        rows = pc.add(fixed.at.cast(pa.int32()), 1)
        at = pc.index_in(rows, value_set=numbers)
        kept = pc.is_valid(at)
        columns = {
            "row": rows,
            "record_key": pc.take(staged["_record_key"], at),
            "before": fixed.before,
            "after": fixed.after,
            "certainty": fixed.certainty,
        }
        found = pa.table(columns).filter(kept).to_pylist()
        about = {"column": fixed.column, "rule": fixed.rule, "applied": fixed.applied}
        lines += [{**about, **line} for line in found]
    return lines


def _mended(line: Mapping[str, Any]) -> bool:
    return line["applied"] and line["after"] is not None


def _unreadable(pieces: Sequence[Piece], rows: int) -> list[dict[str, Any]]:
    found = [(each, each.marks or {"part": piece.part}) for piece in pieces for each in piece.unreadable]
    return [
        {
            "row": rows + at,
            "failures": [{"column": "", "rule": "unreadable", "reason": each.reason}],
            "text": each.text,
            **_kept(marks),
        }
        for at, (each, marks) in enumerate(found, 1)
    ]


def _kept(marks: Mapping[str, Any]) -> dict[str, Any]:
    """What a replay of the line will need: where the row first stood, its place as a key, the object it is part of."""
    return {name: marks[name] for name in ("was", "origin", "part") if marks.get(name)}


def _as_stored(plan: Plan, rows: pa.Table, pull: Pull, batch: int, started: datetime) -> pa.Table:
    """The columns of the staging table, in its order and with its types."""
    count, deleted = len(rows), plan.rules.keys.deleted
    constant = _constant(pull, batch, started, count) | {
        "_deleted": pc.fill_null(rows[deleted], False) if deleted else pa.repeat(pa.scalar(False), count)
    }
    if MARKS in rows.column_names:
        constant |= _first_places([marks["was"] for marks in _marks(rows)])
    names = staging_columns(plan.rules)
    return _typed({name: constant[name] if name in constant else rows[name] for name in names}, plan)


def _first_places(places: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What orders replayed rows among the versions of their records: where they stood when they were first pulled."""
    moments = [datetime.fromisoformat(each["pulled_at"]).replace(tzinfo=None) for each in places]
    return {
        "_pull_seq": pa.array([each["pull_seq"] for each in places], pa.int64()),
        "_pulled_at": pa.array(moments, pa.timestamp("ms")),
        "_batch": pa.array([each["batch"] for each in places], pa.int32()),
        "_row": pa.array([each["row"] for each in places], pa.int32()),
    }


def _constant(pull: Pull, batch: int, started: datetime, count: int) -> dict[str, Any]:
    """The columns that are alike in all rows of a batch."""
    pulled_at = pa.scalar(started.replace(tzinfo=None), pa.timestamp("ms"))
    return {
        "_pull_seq": pa.repeat(pa.scalar(pull.pull_seq, pa.int64()), count),
        "_pulled_at": pa.repeat(pulled_at, count),
        "_batch": pa.repeat(pa.scalar(batch, pa.int32()), count),
    }


def _typed(columns: Mapping[str, Any], plan: Plan) -> pa.Table:
    table = pa.table(dict(columns))
    fields = [pa.field(name, stored_type(hive)) for name, hive in staging_columns(plan.rules).items()]
    # Hive's timestamps have milliseconds; what is finer is cut for every engine alike.
    return table.cast(pa.schema(fields), safe=False)
