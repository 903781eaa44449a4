"""The worker of a merge: reads the lists, brings keys into standard form, writes who stays and what became of all."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub import config
from hub.config import DataSet
from hub.errors import Conflict, HubError
from hub.lists.columns import columns, of_data_set
from hub.lists.merging import Entry, Merged, Place, merge
from hub.lists.models import ListOf, MergeRequest
from hub.lists.store import ListStore
from hub.pulls.objects import Objects
from hub.pulls.store import PullStore
from hub.quality import as_text, standard
from hub.settings import MergeSettings

MOST_ROWS = 300_000  # of all lists of a job
MOST_PULLS = 1000
ORDER = ("_pull_seq", "_batch", "_row")
Rows = list[dict[str, str]]


class Merger:
    def __init__(self, settings: MergeSettings) -> None:
        self._deployment = config.read(settings.hub_home)
        self._store = ListStore(settings.control_table, settings.vault_bucket)
        self._pulls, self._objects = PullStore(settings.control_table), Objects(settings.vault_bucket)

    def carry_on(self, merge_id: str) -> None:
        """Do the job, any number of times; what is wrong with it stands in it afterwards."""
        job = self._store.job(merge_id)
        if job.state in ("complete", "failed"):
            return
        self._store.change(merge_id, "running")
        try:
            done, header = self._merged(job.request)
        except HubError as error:
            self._store.change(merge_id, "failed", error=error.message)
            return
        names = [each.name for each in job.request.lists]
        self._store.put_part(merge_id, "kept", _text(["list", "row", *header], _kept(done, names, header)))
        fates = ["list", "row", "fate", "reason", "into_list", "into_row"]
        self._store.put_part(merge_id, "fates", _text(fates, _fates(done, names)))
        self._store.change(merge_id, "complete", done.report(names))

    def _merged(self, request: MergeRequest) -> tuple[Merged, list[str]]:
        entries: list[Entry] = []
        header: dict[str, None] = {}
        for at, each in enumerate(request.lists):
            found = list(self._entries(at, each, request.match, MOST_ROWS - len(entries)))
            header |= dict.fromkeys(name for entry in found for name in entry.values)
            entries += found
        suppressed = {}
        for each in request.suppress:
            people = self._entries(0, each, request.match, MOST_ROWS)
            suppressed[each.name] = frozenset(key for entry in people for key in entry.keys.items())
        return merge(entries, suppressed, request), list(header)

    def _entries(self, at: int, each: ListOf, match: Sequence[str], most: int) -> Iterator[Entry]:
        data_set = of_data_set(self._deployment, each) if each.data_set else None
        rows = self._of_data_set(each, data_set) if data_set else _of_text(self._store.text(each.name))
        if len(rows) > most:
            raise Conflict(f"The lists have more than {MOST_ROWS} rows together; narrow them down")
        names = list(data_set.columns) if data_set else list(rows[0]) if rows else []
        found = columns(each, names, data_set)
        keys = _keys(rows, found, match, self._deployment.hub.country)
        changed = found.get("changed_at", "")
        for number, (row, own) in enumerate(zip(rows, keys, strict=True), 1):
            yield Entry(Place(at, number), row, own, row.get(changed, ""))

    def _of_data_set(self, each: ListOf, rules: DataSet) -> Rows:
        """The records as the last pulls left them: the newest version of each, without deleted and erased ones."""
        source, _, name = (each.data_set or "").partition(".")
        wanted = [*rules.columns, "_record_key", "_deleted", *ORDER]
        tables = []
        for pull in self._pulls.newest_first(source, name, limit=MOST_PULLS):
            if pull.state == "complete":
                staged = (item["staging"]["key"] for item in self._pulls.batches(pull.pull_id) if item.get("staging"))
                found = (self._objects.columns_if_there(key, wanted) for key in staged)
                tables += [table for table in found if table is not None]
                tables += self._objects.tombstones(pull, wanted)
        if not tables:
            raise Conflict(f"Nothing of {each.data_set} is in staging; pull it first")
        rows = pa.concat_tables(tables).sort_by([(column, "descending") for column in ORDER])
        first = rows.append_column("_at", pa.array(range(len(rows)), pa.int64()))
        newest = first.group_by("_record_key").aggregate([("_at", "min")])["_at_min"]
        rows = rows.take(newest.combine_chunks()).filter(pc.invert(rows.take(newest.combine_chunks())["_deleted"]))
        erased = pa.array(sorted(self._pulls.erased()), pa.string())
        rows = rows.filter(pc.invert(pc.is_in(rows["_record_key"], erased))).sort_by("_record_key")
        texts = {name: as_text(rows[name].combine_chunks()).fill_null("") for name in rules.columns}
        return list(pa.table(texts).to_pylist())


def _of_text(text: str) -> Rows:
    lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    header = [name.strip() for name in lines[0]]
    return [{name: cell.strip() for name, cell in zip(header, line, strict=True)} for line in lines[1:]]


def _keys(rows: Rows, found: Mapping[str, str], match: Sequence[str], country: str) -> list[dict[str, str]]:
    """What each row is compared by, in standard form; a value that has none is not compared."""

    def column(field: str) -> Any:
        texts = pa.array([row.get(found.get(field, ""), "") for row in rows], pa.string())
        return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)

    made: dict[str, list[str | None]] = {}
    if "email" in match:
        made["email"] = standard.email(column("email")).to_pylist()
    if "phone" in match:
        made["phone"] = standard.phone(column("phone"), country).to_pylist()
    if "name_postcode" in match:
        codes = pc.utf8_upper(pc.replace_substring_regex(column("postcode"), r"[\s-]+", ""))
        made["name_postcode"] = pc.binary_join_element_wise(standard.name(column("name")), codes, "|").to_pylist()
    return [
        {kind: value for kind, values in made.items() if (value := values[at]) is not None} for at in range(len(rows))
    ]


def _kept(done: Merged, names: Sequence[str], header: Sequence[str]) -> Iterator[list[Any]]:
    for place, values in sorted(done.kept.items()):
        yield [names[place.at], place.row, *(_harmless(values.get(name, "")) for name in header)]


def _fates(done: Merged, names: Sequence[str]) -> Iterator[list[Any]]:
    for each in done.fates:
        into = [names[each.into.at], each.into.row] if each.into else ["", ""]
        yield [names[each.place.at], each.place.row, each.fate, each.reason, *into]


def _harmless(text: str) -> str:
    """No formula for a spreadsheet; a telephone number keeps its sign."""
    formula = text[:1] in ("=", "@", "\t", "\r") or (text[:1] in ("+", "-") and not text[1:].strip().isdigit())
    return f"'{text}" if formula else text


def _text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return written.getvalue()
