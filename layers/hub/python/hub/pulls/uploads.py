"""Files that people and applications upload: by links straight into the drop folder, then the pull that reads them."""

import fnmatch
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub import config
from hub.config import FilesDataSet, FilesSource
from hub.config.names import drop, mark
from hub.errors import Conflict, InvalidInput, NotFound
from hub.pulls.entry_forms import FormField, form_of
from hub.pulls.models import Pull, PullTask
from hub.pulls.store import PullStore, iso
from hub.pulls.sweep import enqueue
from hub.pulls.upload_store import UploadStore
from hub.settings import UploadsSettings

LARGEST: Final = 5 * 1024**3
WHOLE: Final = 100 * 1024**2
"""Bytes up to which a file is sent in one request."""
PART: Final = 32 * 1024**2
GIVEN_UP: Final = timedelta(days=1)
LOOKED_THROUGH: Final = 50  # pulls
ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "csv": (".csv", ".txt"),
    "tsv": (".tsv", ".tab", ".txt"),
    "fixed": (".txt", ".dat", ".fix"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "xml": (".xml",),
    "xlsx": (".xlsx",),
    "parquet": (".parquet",),
}
PACKED: Final = (".gz", ".zip")
UploadId = Annotated[str, StringConstraints(pattern=r"^\d{13}-[0-9a-f]{12}$")]


class UploadRequest(BaseModel):
    """sha256: of the content, in hex; S3 refuses anything else. For files up to 100 MB."""

    model_config = ConfigDict(extra="forbid")

    source: str
    data_set: str
    file_name: str = Field(min_length=1, max_length=200)
    size: int = Field(ge=1)
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class UploadPart(BaseModel):
    """A stretch of the file, and where it is sent to by PUT with these headers."""

    number: int
    offset: int
    size: int
    url: str
    headers: dict[str, str]


class UploadView(BaseModel):
    """pull: the one that read the file, or that is about to. parts: only where they are still to be sent."""

    upload_id: str
    source: str
    data_set: str
    file_name: str
    size: int
    state: Literal["waiting", "complete", "given up"]
    asked_by: str
    created_at: str
    completed_at: str | None = None
    parts: list[UploadPart] = []
    pull: Pull | None = None


class UploadTarget(BaseModel):
    """A data set that takes uploads, and how its files' names may end. form: of entries that are written by hand."""

    source: str
    data_set: str
    description: str
    endings: list[str]
    form: list[FormField] | None = None


class UploadDesk:
    def __init__(self, settings: UploadsSettings) -> None:
        self._deployment, self._queue = config.read(settings.hub_home), settings.pull_queue_url
        self._uploads = UploadStore(settings.control_table, settings.vault_bucket)
        self._pulls = PullStore(settings.control_table)

    def targets(self) -> list[UploadTarget]:
        return [
            UploadTarget(
                source=source.name,
                data_set=name,
                description=rules.description,
                endings=endings(rules),
                form=form_of(rules),
            )
            for source in self._deployment.sources.values()
            if isinstance(source, FilesSource) and source.connection.location is None
            for name, rules in source.data_sets.items()
        ]

    def start(self, request: UploadRequest, by: str) -> UploadView:
        """Links to send a file to; InvalidInput where it could not be read afterwards."""
        rules = self._rules(request)
        now = datetime.now(UTC)
        upload_id = f"{int(now.timestamp() * 1000):013d}-{uuid.uuid4().hex[:12]}"
        key = drop(request.source) + stored_name(rules.fetch.pattern, upload_id, request.file_name)
        item = {
            **request.model_dump(exclude_none=True),
            "upload_id": upload_id,
            "key": key,
            "state": "waiting",
            "asked_by": by,
            "created_at": iso(now),
        }
        if request.size > WHOLE:
            item["multipart"] = self._uploads.begin(key)
        self._uploads.add(upload_id, item)
        return self._view(item, self._missing(item, {}))

    def parts(self, upload_id: str, by: str | None) -> UploadView:
        """New links to what is still to be sent."""
        item = self._item(upload_id, by)
        if _state(item) != "waiting":
            raise Conflict(f"This upload is {_state(item)}; there is nothing to send; begin another one")
        there = self._uploads.parts(item["key"], item["multipart"]) if "multipart" in item else {}
        return self._view(item, self._missing(item, there or {}))

    def complete(self, upload_id: str, by: str | None, who: str) -> UploadView:
        """Let the file appear and ask for its pull; Conflict while it is not whole. A repeat changes nothing."""
        item = self._item(upload_id, by)
        if item["state"] != "complete":
            self._whole(item)
            data_set, now = f"{item['source']}.{item['data_set']}", datetime.now(UTC)
            self._mark_ready(item)
            self._uploads.complete(upload_id, data_set, who, iso(now))
            state = self._pulls.state(data_set)
            # Where another pull is under way or held, the sweeper asks for this one once that is over.
            if state.get("running_pull") is None and int(state.get("lease_until", 0)) < now.timestamp():
                task = PullTask(source=item["source"], data_set=item["data_set"], asked_by=who)
                enqueue(self._queue, task)
        return self.one(upload_id, by)

    def one(self, upload_id: str, by: str | None) -> UploadView:
        item = self._item(upload_id, by)
        return self._view(item, pulls=self._latest(item))

    def newest_first(self, by: str | None, after: str | None, limit: int) -> list[UploadView]:
        """The newest first. by: of one person alone."""
        items = self._uploads.newest_first(by, after, limit)
        latest = {(item["source"], item["data_set"]): self._latest(item) for item in items}
        return [self._view(item, pulls=latest[item["source"], item["data_set"]]) for item in items]

    def _rules(self, request: UploadRequest) -> FilesDataSet:
        source = self._deployment.sources.get(request.source)
        name = f"{request.source}.{request.data_set}"
        if source is None or request.data_set not in source.data_sets:
            raise InvalidInput(f"There is no data set {name}; check `source` and `data_set`")
        if not isinstance(source, FilesSource) or source.connection.location is not None:
            raise InvalidInput(f"{name} takes no uploads: it is fetched where its source keeps it; put the file there")
        rules = source.data_sets[request.data_set]
        ends = request.file_name.casefold()
        if not ends.endswith(tuple(endings(rules))):
            raise InvalidInput(f"{name} takes files that end in {', '.join(endings(rules))}; save it as one of them")
        if not request.file_name.isprintable() or set(request.file_name) & set("/\\"):
            raise InvalidInput("A file's name has no folders and no signs that cannot be seen; rename the file")
        if request.size > LARGEST:
            raise InvalidInput(f"A file has at most {LARGEST >> 30} GB; send it in several")
        if request.sha256 and request.size > WHOLE:
            raise InvalidInput(
                f"sha256 is for files up to {WHOLE >> 20} MB; larger ones are checked by their sizes; leave it out"
            )
        return rules

    def _item(self, upload_id: str, by: str | None) -> dict[str, Any]:
        item = self._uploads.get(upload_id)
        if by is not None and item["asked_by"] != by:
            raise NotFound("There is no such upload; take an id from the list of uploads")
        return item

    def _missing(self, item: dict[str, Any], there: dict[int, tuple[int, str]]) -> Sequence[dict[str, Any]]:
        size = int(item["size"])
        if "multipart" not in item:
            return [self._uploads.link(item["key"], size, item.get("sha256"))]
        missing = [part for part in cut(size) if there.get(part[0], (0, ""))[0] != part[2]]
        return self._uploads.part_links(item["key"], item["multipart"], missing)

    def _whole(self, item: dict[str, Any]) -> None:
        """Join the parts, if it came in such; Conflict where something is missing."""
        wanted = int(item["size"])
        if "multipart" in item and (there := self._uploads.parts(item["key"], item["multipart"])) is not None:
            parts = cut(wanted)
            if missing := [part for part in parts if there.get(part[0], (0, ""))[0] != part[2]]:
                raise Conflict(f"{len(missing)} of {len(parts)} parts are not there yet; send them and ask again")
            self._uploads.join(item["key"], item["multipart"], there)
        if self._uploads.size(item["key"]) != wanted:
            raise Conflict("The file is not there yet; send it and ask again")

    def _mark_ready(self, item: dict[str, Any]) -> None:
        """Put the marker beside the file that its data set waits for."""
        source = self._deployment.sources.get(item["source"])
        rules = source.data_sets.get(item["data_set"]) if isinstance(source, FilesSource) else None
        if rules is None or not rules.fetch.ready:
            return
        path = PurePosixPath(item["key"])
        ready = rules.fetch.ready
        self._uploads.mark_ready(str(path.parent / ready.replace("*", path.name, 1)))

    def _latest(self, item: dict[str, Any]) -> list[Pull]:
        return self._pulls.newest_first(item["source"], item["data_set"], limit=LOOKED_THROUGH)

    def _view(
        self, item: dict[str, Any], parts: Sequence[dict[str, Any]] = (), pulls: Sequence[Pull] = ()
    ) -> UploadView:
        given = {name: item[name] for name in UploadView.model_fields if name in item}
        links = [UploadPart.model_validate(part) for part in parts]
        pull = _pull_of(item, pulls)
        return UploadView.model_validate(given | {"state": _state(item), "parts": links, "pull": pull})


def endings(rules: FilesDataSet) -> list[str]:
    plain = ENDINGS[rules.fetch.format]
    return [*plain, *(ending + packed for ending in plain for packed in PACKED)]


def stored_name(pattern: str, upload_id: str, file_name: str) -> str:
    """A name that the data set's pattern fits, and no other upload has; the file's own may name a person."""
    tries = [pattern.replace("*", upload_id, 1).replace("*", ""), f"{upload_id}-{file_name}"]
    for name in tries:
        if upload_id in name and fnmatch.fnmatchcase(name, pattern):
            return name
    raise InvalidInput("This data set takes files of certain names only; its `pattern` needs a * for uploads")


def cut(size: int) -> Sequence[tuple[int, int, int]]:
    """The parts of a large file: number, offset, size."""
    return [(at // PART + 1, at, min(PART, size - at)) for at in range(0, size, PART)]


def _state(item: dict[str, Any]) -> str:
    if item["state"] == "waiting" and datetime.fromisoformat(item["created_at"]) < datetime.now(UTC) - GIVEN_UP:
        return "given up"
    return str(item["state"])


def _pull_of(item: dict[str, Any], pulls: Sequence[Pull]) -> Pull | None:
    """The pull that read the file: the first whose cursor knows it. Else the one that is at work since it is whole."""
    if item["state"] != "complete":
        return None
    name = mark(item["key"].removeprefix(drop(item["source"])))
    for pull in pulls:
        before, after = (((cursor or {}).get("objects") or {}) for cursor in (pull.cursor_from, pull.cursor_to))
        if name in after and name not in before:
            return pull
    newest = pulls[0] if pulls else None
    return newest if newest and newest.state != "complete" and newest.started_at >= item["completed_at"] else None
