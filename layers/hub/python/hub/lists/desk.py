"""Upload lists, ask for a merge, look at its report and fetch its files: what the API does."""

import csv
import io
import json
import uuid

from hub import aws, config
from hub.access import Principal, audit
from hub.errors import Conflict, InvalidInput
from hub.lists.columns import columns, comparable, of_data_set
from hub.lists.models import Link, ListOf, MergePurge, MergeRequest, Part, Upload, UploadedList
from hub.lists.store import LINK_LIFE, ListStore, now
from hub.settings import ListsSettings


class Lists:
    def __init__(self, settings: ListsSettings) -> None:
        self._settings = settings
        self._store = ListStore(settings.control_table, settings.vault_bucket)
        self._deployment = config.read(settings.hub_home)

    def upload(self, principal: Principal, name: str, given: Upload) -> UploadedList:
        """Keep a list under this name, in the place of an earlier one. InvalidInput for what is no CSV."""
        audit.record(principal, "lists.upload", name)
        header, rows = _read(given.csv)
        told = UploadedList(
            name=name,
            description=given.description,
            basis=given.basis,
            rows=rows,
            columns=header,
            uploaded_by=principal.id,
            uploaded_at=now(),
        )
        self._store.put_list(told, given.csv)
        return told

    def lists(self, after: str | None, limit: int) -> tuple[list[UploadedList], str | None]:
        return self._store.lists(after, limit)

    def ask(self, principal: Principal, request: MergeRequest) -> MergePurge:
        """Queue a merge; InvalidInput or NotFound for lists that are not there or cannot be compared."""
        given = [*request.lists, *request.suppress]
        names = [self._columns(each) for each in given]
        for each, found in zip(given, names, strict=True):
            if not comparable(columns(each, found, self._data_set(each)), request.match):
                raise InvalidInput(
                    f"{each.name} has nothing to be compared by {' or '.join(request.match)}; say under `columns` "
                    "which of its columns is which"
                )
        known = {name for found in names for name in found}
        for rule in request.drop:
            if rule.column not in known:
                raise InvalidInput(f"The rule {rule.rule} names {rule.column!r}, which no list has")
        job = MergePurge(
            merge_id=f"{now().translate(str.maketrans('', '', '-:TZ'))}-{uuid.uuid4().hex[:8]}",
            title=request.title,
            state="queued",
            request=request,
            asked_by=principal.id,
            asked_at=now(),
        )
        audit.record(principal, "lists.merge", job.merge_id, lists=len(request.lists))
        self._store.add(job)
        payload = json.dumps({"merge_id": job.merge_id}).encode()
        aws.client("lambda").invoke(FunctionName=self._settings.merge_function, InvocationType="Event", Payload=payload)
        return job

    def jobs(self, after: str | None, limit: int) -> tuple[list[MergePurge], str | None]:
        return self._store.jobs(after, limit)

    def job(self, merge_id: str) -> MergePurge:
        return self._store.job(merge_id)

    def download(self, principal: Principal, merge_id: str, part: Part) -> Link:
        """A link to who was kept, or to the fate of every row; Conflict before the job is done."""
        job = self._store.job(merge_id)
        if job.state != "complete":
            raise Conflict(f"The merge is {job.state}; there is nothing to fetch")
        audit.record(principal, "lists.download", merge_id, part=part)
        return Link(url=self._store.link(merge_id, part), expires_in=LINK_LIFE)

    def _columns(self, each: ListOf) -> list[str]:
        data_set = self._data_set(each)
        return list(data_set.columns) if data_set else self._store.uploaded(each.name).columns

    def _data_set(self, each: ListOf) -> config.DataSet | None:
        return of_data_set(self._deployment, each) if each.data_set else None


def _read(text: str) -> tuple[list[str], int]:
    """The header and the number of rows; InvalidInput for what is no CSV with a header. No value is repeated."""
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise InvalidInput("The list is no CSV: a quote is not closed, or a line holds what no cell can") from error
    header = [name.strip() for name in lines[0]] if lines else []
    if not header or not all(header) or len(set(header)) < len(header):
        raise InvalidInput("The first line of a list names its columns, each with a name of its own")
    rows = [line for line in lines[1:] if line]
    for number, line in enumerate(rows, 1):
        if len(line) != len(header):
            raise InvalidInput(f"Row {number} has {len(line)} cells, the header has {len(header)}")
    if not rows:
        raise InvalidInput("The list has no rows")
    return header, len(rows)
