"""Pages of a REST or GraphQL API."""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from hub.config import RestDataSet, RestSource
from hub.config.connections import Busy
from hub.sources import graphql, json_text, moments, secrets
from hub.sources.authentication import signer
from hub.sources.declared import Rows, declared
from hub.sources.http import Answer, Http, Request
from hub.sources.paging import Page, Pages, Place
from hub.sources.piece import NO_OBJECT, Piece, Position, SourceError, Unreadable
from hub.sources.records import NONE, Found, Records, at, steps
from hub.sources.tables import from_records

secret = secrets.read
AGAIN = (1.0, 4.0)  # seconds before a page that was given before is asked for once more


class Rest:
    """One data set of an API. Cursor of a pull: {"changed": ISO moment}; position: a place of its paging."""

    def __init__(self, source: RestSource, data_set: RestDataSet) -> None:
        self._data_set, self._fetch, connection = data_set, data_set.fetch, source.connection
        self._told = f"{self._fetch.method} {self._fetch.path}"
        self._prefix = urlsplit(connection.base_url).path.rstrip("/")
        self._records = Records(self._fetch.records, self._fetch.parent)
        sign_in = connection.authentication
        timeout = connection.timeout.total_seconds()
        self._http = Http(
            connection.base_url,
            connection.headers,
            timeout,
            self._fetch.rate_limit,
            signer(sign_in, secret(sign_in.secret), connection.base_url, timeout) if sign_in else None,
            problem=graphql.problem if self._fetch.graphql else lambda value: None,
            decode=self._decoded,
            busy=_busy(connection.busy) if connection.busy else lambda value: False,
        )
        paging = self._fetch.paging
        if self._fetch.graphql and paging.more is None:
            paging = paging.model_copy(update={"more": graphql.more_beside(paging.next)})
        keys = list(data_set.keys.business)
        self._pages = Pages(paging, connection.base_url, self._told, sign_in.parameter if sign_in else None, keys)
        self._total = steps(self._fetch.total) if self._fetch.total else None
        path, beside = self._records.path, [*self._pages.asked, *filter(None, [self._total]), ("errors",)]
        self._declared = declared(data_set, path, beside) if path is not None else None

    def pieces(self, cursor: Position | None, position: Position | None) -> Iterator[Piece]:
        since = self._since(cursor)
        place = self._pages.resumed(position) if position else self._pages.begin(since, datetime.now(UTC))
        place.setdefault("began", moments.iso(datetime.now(UTC)))
        while not place["ended"]:
            self._keep_time(place)
            again = datetime.fromisoformat(place["since"]) if place.get("since") else since
            request = replace(self._request(again, place), name=self._pages.told(place))
            piece, place = self._piece(self._given(request, place), place, cursor)
            yield piece

    def _given(self, request: Request, place: Place) -> "_Given":
        """The page at a place. One that was given before is asked for again: it may come out of a cache."""
        given = self._read(self._http.ask(request), request, place)
        for seconds in AGAIN:
            if not self._pages.repeats(place, given.page):
                break
            time.sleep(seconds)
            given = self._read(self._http.ask(request), request, place)
        return given.nothing() if self._pages.is_over(place, given.page) else given

    def _read(self, answer: Answer, request: Request, place: Place) -> "_Given":
        """An answer's rows."""
        found = self._found(answer, self._pages.told(place))
        objects, others = found.records, tuple[Unreadable, ...]()
        if not isinstance(objects, Rows) and set(map(type, objects)) != {dict}:
            objects = [each for each in found.records if isinstance(each, dict)]
            others = tuple(
                Unreadable(repr(each)[:4000], f"{self._pages.told(place)}, record {at}: {NO_OBJECT}")
                for at, each in enumerate(found.records, 1)
                if not isinstance(each, dict)
            )
        rows, new_fields = from_records(objects, self._data_set)
        total = _count(self._told_total(answer))
        target = request.target or f"{self._prefix}{request.path}?{urlencode(request.query or {})}"
        latest, known_by, count = self._highest(rows), self._pages.print(found.outer, rows), len(found.records)
        page = Page(answer.value, answer.headers, found.outer, count, total, target, rows, latest, known_by)
        return _Given(page, answer.body, others, new_fields)

    def _piece(self, given: "_Given", place: Place, cursor: Position | None) -> tuple[Piece, Place]:
        """A page as a piece, and the place behind it."""
        page = given.page
        declared = self._pages.declared(place, page)
        self._keep_order(page.table, place)
        high = max(filter(None, [page.latest, place["high"]]), default=None)
        place = self._pages.anew({**self._pages.after(place, page), "high": high}, high)
        piece = Piece(
            rows=page.table,
            raw=given.raw,
            kind="json",
            position=place,
            cursor={"changed": place["high"]} if place["high"] else dict(cursor or {}),
            declared=declared,
            unreadable=given.unreadable,
            new_fields=given.new_fields,
            last=bool(place["ended"]),
        )
        return piece, place

    def _decoded(self, body: bytes) -> Any:
        quick = self._declared.answer(body) if self._declared else None
        return json_text.loads(body) if quick is None else quick

    def _told_total(self, answer: Answer) -> object:
        if self._fetch.total_header:
            return answer.headers.get(self._fetch.total_header)
        return at(answer.value, self._total) if self._total else None

    def _keep_order(self, rows: pa.Table, place: Place) -> None:
        """Where the source is asked anew from the last change, rows in another order would fall out."""
        changed, high = self._fetch.changed_since, place["high"]
        if self._fetch.paging.most is None or changed is None or high is None or not len(rows):
            return
        column = self._data_set.columns[changed.column]
        first = moments.of(rows[changed.column][0].as_py(), changed.format, column.time_zone)
        if first and first < datetime.fromisoformat(high) and place["seen"]:
            raise SourceError(
                f"{self._pages.told(place)}: gives its records in another order than that of {changed.column}; ask for "
                "that order, or rows behind `paging.most` would be lost"
            )

    def _found(self, answer: Answer, told: str) -> Found:
        if answer.value is None and not answer.body:  # 204: nothing has changed
            return NONE
        return self._records.of(answer.value, told)

    def _keep_time(self, place: Place) -> None:
        """A source whose pages have no end shall not be read for ever."""
        limit = self._fetch.time_limit
        if datetime.now(UTC) - datetime.fromisoformat(place["began"]) > limit:
            raise SourceError(
                f"{self._pages.told(place)}: this pull is not at its end after {limit.total_seconds() / 3600:g} hours; "
                "if it has so much to read, write a longer `fetch.time_limit`"
            )

    def _since(self, cursor: Position | None) -> datetime | None:
        changed = self._fetch.changed_since
        if not changed or not cursor or not cursor.get("changed"):
            start = changed.start if changed else None
            return datetime.combine(start, datetime.min.time(), UTC) if start else None
        return moments.less(datetime.fromisoformat(cursor["changed"]), changed.overlap)

    def _request(self, since: datetime | None, place: Place) -> Request:
        fetch = self._fetch
        target = self._pages.target(place)
        asked = self._pages.parameters(place)
        headers: dict[str, str] = {}
        if since and (changed := fetch.changed_since) and (name := changed.parameter or changed.header):
            told = moments.told(since, changed.format)
            to = asked if changed.parameter else headers
            to[name] = changed.value.replace("{since}", told) if changed.value else told
        if fetch.method == "GET" or (fetch.body is None and fetch.graphql is None):
            query = {**fetch.query, **{name: _plain(value) for name, value in asked.items()}}
            return Request(fetch.path, query if target is None else None, fetch.method, target=target, headers=headers)
        if fetch.graphql:
            body = {"query": fetch.graphql.query, "variables": _with(fetch.graphql.variables, asked)}
        else:
            body = _with(fetch.body or {}, asked)
        always = fetch.query if target is None else None
        return Request(fetch.path, always, "POST", orjson.dumps(body), target, headers=headers)

    def _highest(self, rows: pa.Table) -> str | None:
        """The latest change seen; a date in the future would hide all later changes, so now is the latest possible."""
        changed = self._fetch.changed_since
        if not changed:
            return None
        column = self._data_set.columns[changed.column]
        form = self._fetch.paging.format if self._fetch.paging.kind == "window" else changed.format
        latest = _latest(rows[changed.column], form, column.time_zone)
        return moments.iso(min(latest, datetime.now(UTC))) if latest else None


@dataclass(frozen=True, slots=True)
class _Given:
    """A page with the bytes that it came in."""

    page: Page
    raw: bytes
    unreadable: tuple[Unreadable, ...]
    new_fields: frozenset[str]

    def nothing(self) -> "_Given":
        """The same as the page behind the last one."""
        return _Given(replace(self.page, outer=[], rows=0, table=self.page.table.slice(0, 0)), b"", (), frozenset())


def _latest(column: Any, form: str, zone: str | None) -> datetime | None:
    """The latest moment of a column, without reading each where their texts sort as they do: as long, and all UTC."""
    if pa.types.is_string(column.type) and len(column) > column.null_count:
        lengths = pc.min_max(pc.binary_length(column))
        if lengths["min"] == lengths["max"] and pc.all(pc.ends_with(column, "Z")).as_py():
            latest = moments.of(pc.max(column).as_py(), form, zone)
            if latest:
                return latest
    found = (moments.of(value, form, zone) for value in column.to_pylist())
    return max(filter(None, found), default=None)


def _count(total: object) -> int | None:
    """A total as a number, whether the source writes 30, 30.0 or "30"; None for anything else."""
    if isinstance(total, str) and total.strip().isdecimal():
        return int(total)
    if isinstance(total, float):
        return int(total) if total.is_integer() else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _plain(value: Any) -> str:
    """A parameter's value in a query."""
    return value if isinstance(value, str) else orjson.dumps(value).decode() if isinstance(value, list) else str(value)


def _with(body: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """A body with the parameters in it; `page.after` stands in `page`, `filters.0.value` in a list's first."""
    body = copy.deepcopy(body)
    for name, value in asked.items():
        *around, last = name.split(".")
        place: Any = body
        for part in around:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[last] = value
    return body


def _busy(rules: Busy) -> Callable[[Any], bool]:
    """Whether the body of a refusal says that the allowance is used up."""
    path, first = steps(rules.path.replace("[0]", "")), rules.path.startswith("$[0]")
    codes = {str(each) for each in rules.values}

    def said(body: Any) -> bool:
        body = body[0] if first and isinstance(body, list) and body else body
        return str(at(body, path)) in codes

    return said
