"""Files that applications drop, in S3 or on an SFTP server: each new or changed one is read once, from any place on."""

import fnmatch
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from hub.config import FilesDataSet, FilesSource
from hub.config.names import drop, mark
from hub.sources.containers import Member, members
from hub.sources.folder import Folder, Found, Vanished
from hub.sources.formats import KINDS, Part, reader
from hub.sources.piece import Piece, Position, SourceError
from hub.sources.tables import ORIGIN, from_arrow, from_records, origins, require_columns

MOST_FILES = 4_000  # the cursor knows each, and has to fit into an item of the ledger
NOWHERE = {"object": None, "version": None, "member": "", "place": None, "row": 0}
NOTHING = Member("", "", io.BytesIO)


@dataclass(slots=True)
class _Reached:
    """What the pull has read: before (by earlier pulls) and done (by this one), as marks of names and versions."""

    before: Mapping[str, str]
    done: dict[str, str]

    def knows(self, found: Found) -> bool:
        return {**self.before, **self.done}.get(mark(found.name)) == mark(found.version)

    def note(self, found: Found) -> None:
        self.done[mark(found.name)] = mark(found.version)

    @property
    def cursor(self) -> Position:
        return {"objects": {**self.before, **self.done}}


class Files:
    """The files of one data set. Cursor: {"objects": marks of those read by now}; position: the place in one of them.

    A file that is new or has another version than when it was read is read, the oldest first: of two versions of a row
    the later is read later. One that is gone is forgotten, so that it counts as new when it comes back.
    """

    def __init__(self, source: FilesSource, data_set: FilesDataSet, vault_bucket: str) -> None:
        self._source, self._data_set, self._fetch = source, data_set, data_set.fetch
        self._read = reader(data_set.fetch.format, data_set)
        self._location = source.connection.location or f"s3://{vault_bucket}/{drop(source.name)}"

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        folder = _folder(self._location, self._source)
        try:
            yield from self._pieces(folder, cursor, dict(position or {**NOWHERE, "done": {}}))
        finally:
            folder.close()

    def _pieces(self, folder: Folder, cursor: Position | None, place: dict[str, Any]) -> Iterator[Piece]:
        listed = self._listed(folder)
        there = {mark(found.name) for found in listed}
        before = {name: version for name, version in (cursor or {}).get("objects", {}).items() if name in there}
        reached = _Reached(before, dict(place["done"]))
        waiting = [found for found in listed if not reached.knows(found)]
        for at, found in enumerate(waiting):
            resumed = place if (found.name, found.version) == (place["object"], place["version"]) else NOWHERE
            last = at == len(waiting) - 1
            try:
                yield from self._file(folder, found, resumed, reached, last)
            except Vanished:
                if resumed["place"] is not None:
                    raise
                yield self._ended(self._piece(found, NOTHING, Part([], {}), 0, reached), found, reached, last)

    def _listed(self, folder: Folder) -> list[Found]:
        """The files that fit the pattern and are ready, the oldest first."""
        everything = list(folder.listed())
        fitting = [found for found in everything if fnmatch.fnmatchcase(found.name, self._fetch.pattern)]
        if self._fetch.ready:
            marks = {found.name: found for found in everything}
            fitting = [found for found in fitting if _is_ready(found, self._fetch.ready, marks)]
        if len(fitting) > MOST_FILES:
            raise SourceError(
                f"{self._location} has {len(fitting)} files that fit {self._fetch.pattern!r}, {MOST_FILES} are "
                "allowed; move away what was read long ago, or narrow `pattern`"
            )
        return sorted(fitting, key=lambda found: (found.modified, found.name))

    def _file(
        self, folder: Folder, found: Found, resumed: Mapping[str, Any], reached: _Reached, last: bool
    ) -> Iterator[Piece]:
        """The pieces of one file. Each is held back until it is known whether another one follows."""
        waiting: Piece | None = None
        for member in members(folder.open(found), folder.told(found.name), self._fetch):
            if member.key < resumed["member"]:
                continue
            here = member.key == resumed["member"]
            row, place = (resumed["row"], resumed["place"] or {}) if here else (0, {})
            for part in self._read(member, self._fetch, place):
                if waiting:
                    yield waiting
                waiting = self._piece(found, member, part, row, reached)
                row += len(part.rows)
        yield self._ended(waiting or self._piece(found, NOTHING, Part([], {}), 0, reached), found, reached, last)

    def _piece(self, found: Found, member: Member, part: Part, row: int, reached: _Reached) -> Piece:
        if isinstance(part.rows, pa.Table):
            if part.rows.num_columns:
                require_columns(part.rows, self._data_set, member.name)
            rows, new_fields = from_arrow(part.rows, self._data_set)
        else:
            rows, new_fields = from_records(part.rows, self._data_set)  # what JSON and XML leave out is empty
        if not self._data_set.keys.business:
            of = f"{found.name}/{member.key}" if member.key else found.name
            rows = rows.append_column(ORIGIN, origins(of, row + 1, len(rows)))
        count = row + len(part.rows)
        here = {"object": found.name, "version": found.version, "member": member.key, "place": part.place, "row": count}
        return Piece(
            rows=rows,
            raw=part.raw,
            kind=KINDS.get(self._fetch.format, "csv"),
            position={**here, "done": dict(reached.done)},
            cursor=reached.cursor,
            unreadable=part.unreadable,
            new_fields=new_fields,
            part=found.name,
            version=found.version,
        )

    def _ended(self, piece: Piece, found: Found, reached: _Reached, last: bool) -> Piece:
        """The last piece of a file: behind it comes the next file."""
        reached.note(found)
        return replace(piece, position={**NOWHERE, "done": dict(reached.done)}, cursor=reached.cursor, last=last)


def _folder(location: str, source: FilesSource) -> Folder:
    if location.startswith("sftp://"):
        from hub.sources.sftp import Sftp

        return Sftp(source.connection)
    from hub.sources.bucket import Bucket

    return Bucket(location)


def _is_ready(found: Found, ready: str, marks: Mapping[str, Found]) -> bool:
    """Whether the marker is there that says that the file is whole, and is not older than the file.

    `*.done` is beside the file under its name, with or without its ending; a name without `*` is in its folder.
    """
    path = PurePosixPath(found.name)
    if "*" in ready:
        names = [ready.replace("*", str(stem), 1) for stem in (path, path.with_suffix(""))]
    else:
        names = [str(path.parent / ready)]
    return any(name in marks and marks[name].modified >= found.modified for name in names)
