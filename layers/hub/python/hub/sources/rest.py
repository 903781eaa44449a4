"""Pages of a REST API."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hub.aws import client
from hub.config import RestDataSet, RestSource
from hub.sources import json_text
from hub.sources.http import Http
from hub.sources.piece import Piece, Position, SourceError, Unreadable
from hub.sources.tables import from_records

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


class Rest:
    """One data set of an API. Cursor of a pull: {"changed": ISO moment}; position: page or next cursor, rows so far."""

    def __init__(self, source: RestSource, data_set: RestDataSet) -> None:
        self._data_set, self._fetch, connection = data_set, data_set.fetch, source.connection
        headers = dict(connection.headers)
        if connection.authentication:
            headers["Authorization"] = f"Bearer {secret(connection.authentication.secret)}"
        timeout = connection.timeout.total_seconds()
        self._http = Http(connection.base_url, headers, timeout, self._fetch.rate_limit)

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        place = dict(position or {"page": 1, "next": None, "received": 0, "print": "", "high": None})
        place = {"mark": None, "asked": 0, **place}
        if place.get("ended"):
            return
        since = self._since(cursor)
        while True:
            body, answer = self._http.get(self._fetch.path, self._query(since, place))
            records = self._records(answer)
            fingerprint = _fingerprint(records)
            self._refuse_repeat(records, place, fingerprint)
            declared = _count(_at(answer, self._fetch.total)) if self._fetch.total else None
            objects = [record for record in records if isinstance(record, dict)]
            rows, new_fields = from_records(objects, self._data_set)
            place = self._next(place, answer, records, declared, fingerprint)
            yield Piece(
                rows=rows,
                raw=body,
                kind="json",
                position=dict(place),
                cursor={"changed": place["high"]} if place["high"] else dict(cursor or {}),
                declared=declared,
                unreadable=tuple(
                    Unreadable(repr(each)[:4000], "is no object") for each in records if not isinstance(each, dict)
                ),
                new_fields=new_fields,
                last=bool(place["ended"]),
            )
            if place["ended"]:
                return

    def _since(self, cursor: Position | None) -> str | None:
        changed = self._fetch.changed_since
        if not changed or not cursor or not cursor.get("changed"):
            return None
        before = datetime.fromisoformat(cursor["changed"])
        return _iso(before - min(changed.overlap, before - EARLIEST))

    def _query(self, since: str | None, place: dict[str, Any]) -> dict[str, str]:
        paging = self._fetch.paging
        query = dict(self._fetch.query)
        if since and self._fetch.changed_since and self._fetch.changed_since.parameter:
            query[self._fetch.changed_since.parameter] = since
        if paging.kind != "none":
            query[paging.size_parameter] = str(paging.size)
        if paging.kind == "page":
            query[str(paging.parameter)] = str(place["page"])
        if paging.kind == "cursor" and place["next"] is not None:
            query[str(paging.parameter)] = str(place["next"])
        return query

    def _records(self, answer: object) -> list[Any]:
        records = _at(answer, self._fetch.records)
        if not isinstance(records, list):
            raise SourceError(f"GET {self._fetch.path}: no list at {self._fetch.records} of the answer")
        return records

    def _refuse_repeat(self, records: list[Any], place: dict[str, Any], fingerprint: str) -> None:
        if records and self._fetch.paging.kind != "none" and fingerprint == place["print"]:
            raise SourceError(
                f"GET {self._fetch.path}: repeats a page after {place['received']} rows; its paging is stuck"
            )

    def _next(
        self, place: dict[str, Any], answer: object, records: list[Any], declared: int | None, fingerprint: str
    ) -> dict[str, Any]:
        paging = self._fetch.paging
        received = place["received"] + len(records)
        following = _at(answer, paging.next) if paging.next else None
        if paging.kind == "cursor":
            ended = following is None or following is False or following == ""  # 0 may be a place
            if not ended and (isinstance(following, bool) or not isinstance(following, str | int | float)):
                raise SourceError(f"GET {self._fetch.path}: the next cursor at {paging.next} is no text or number")
            if not ended and str(following) == str(place["next"]):
                raise SourceError(f"GET {self._fetch.path}: names a page as the page after itself; its paging is stuck")
        elif paging.kind == "page":
            # A source may give fewer rows per page than asked; where it tells a total, that decides.
            # A full page may have one behind it, whatever the total says.
            enough = declared is None or received >= declared
            ended = not records or (enough and len(records) < paging.size)
        else:
            ended = True
        mark = "" if ended else str(following if paging.kind == "cursor" else fingerprint)
        return {
            **self._marked(place, mark),
            "page": place["page"] + 1,
            "next": following if paging.kind == "cursor" else None,
            "received": received,
            "print": fingerprint,
            "high": self._highest(records, place["high"]),
            "ended": ended,
        }

    def _marked(self, place: dict[str, Any], mark: str) -> dict[str, Any]:
        """Refuse pages that go round in a circle: each is compared with one that is moved on ever more seldom."""
        mark, asked = mark and hashlib.sha256(mark.encode()).hexdigest(), place["asked"] + 1
        if mark and mark == place["mark"]:
            raise SourceError(
                f"GET {self._fetch.path}: goes round in a circle after {place['received']} rows; its paging is stuck"
            )
        return {"mark": mark if asked & (asked - 1) == 0 else place["mark"], "asked": asked}

    def _highest(self, records: list[Any], high: str | None) -> str | None:
        """The latest change seen; a date in the future would hide all later changes, so now is the latest possible."""
        changed = self._fetch.changed_since
        if not changed:
            return None
        field = self._data_set.columns[changed.column].source_name or changed.column
        moments = [moment for record in records if isinstance(record, dict) and (moment := _moment(record.get(field)))]
        if high:
            moments.append(datetime.fromisoformat(high))
        return _iso(min(max(moments), datetime.now(UTC))) if moments else None


def secret(name: str) -> str:
    """A secret's value from SSM; SourceError naming the secret that is not there."""
    ssm = client("ssm")
    try:
        return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound as error:
        raise SourceError(f"the secret {name} is not set; `make secret NAME={name}`") from error


def _fingerprint(records: list[Any]) -> str:
    """Of the first and the last records, by which a page is known again; an answer may hold the time of day besides."""
    ends = json_text.dumps([len(records), records[:8], records[-8:]])
    return hashlib.sha256(ends.encode()).hexdigest()


def _at(answer: object, path: str) -> Any:
    """The value at a path such as `$.meta.total`, None where there is none."""
    for part in path.split(".")[1:]:
        answer = answer.get(part) if isinstance(answer, dict) else None
    return answer


def _count(total: object) -> int | None:
    """A total as a number, whether the source writes 30, 30.0 or "30"; None for anything else."""
    if isinstance(total, str) and total.strip().isdecimal():
        return int(total)
    if isinstance(total, float):
        return int(total) if total.is_integer() else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment and (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
