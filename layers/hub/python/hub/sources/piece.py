"""What a connector gives: pieces of rows with the place to go on after each, and the errors that it may meet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from hub.errors import HubError

Position = Mapping[str, Any]
NO_OBJECT = "is no object; correct `records`, or have the source send objects"


class SourceError(HubError):
    """The source did not give what it should; the message says what it did. The pull keeps what it has."""

    code, status = "source", 502


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be taken apart, as the source wrote it. marks: what a replay knows of it."""

    text: str
    reason: str
    marks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows: a page of an API, a slice of a query or of a file.

    rows: declared columns under the hub's names, of any type, `_extra`, and `_origin` (object and row number) where
        the source knows it.
    raw: the bytes as they came, empty where an earlier piece brought them; kind: json, csv, arrow or bin.
    position: where to go on, if this is the last that was committed. cursor: where the next pull starts, should this
        be the last piece of the pull. declared: rows that the source says this pull has, None where it does not tell.
    part, version: the object that the rows are of, and which state of it; empty where a source has no such parts.
    """

    rows: pa.Table
    raw: bytes
    kind: str
    position: Position
    cursor: Position
    declared: int | None = None
    unreadable: tuple[Unreadable, ...] = ()
    new_fields: frozenset[str] = field(default_factory=frozenset)
    last: bool = False
    part: str = ""
    version: str = ""


class Connector(Protocol):
    """One data set of one source."""

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        """The rows since `cursor`, from `position` on; SourceError when the source fails.

        cursor: of the last complete pull, None for all rows. position: of the last committed piece of this pull.
        """
