"""An application that pages in every way, and a connector on it."""

import json
from typing import Any
from urllib.parse import urlencode

from hub.config import RestSource
from hub.sources.rest import Rest
from tests.hub.sources import double

KINDS = {
    "page from 1": {"kind": "page", "parameter": "page"},
    "page from 0": {"kind": "page", "parameter": "page", "first": 0},
    "page with has_more": {"kind": "page", "parameter": "page", "more": "$.has_more"},
    "offset": {"kind": "offset", "parameter": "offset"},
    "offset with has_more": {"kind": "offset", "parameter": "offset", "more": "$.has_more"},
    "cursor": {"kind": "cursor", "parameter": "cursor", "next": "$.next"},
    "cursor with has_more": {"kind": "cursor", "parameter": "cursor", "next": "$.last", "more": "$.has_more"},
    "link": {"kind": "link"},
    "next_url": {"kind": "next_url", "next": "$['@odata.nextLink']"},
}
WINDOW = {"kind": "window", "from_parameter": "from", "to_parameter": "to", "start": "2024-01-01"}


def row(number: int) -> dict[str, Any]:
    return {"id": number, "at": f"2024-{number % 12 + 1:02d}-01T00:00:00.000000Z"}


class Paged(double.Api):
    """paging: as in the manifest. largest_page: rows it gives at most, whatever is asked. link: how it writes a link.

    closed: whether a window holds both its ends.
    """

    def __init__(self, rows: list[Any], paging: dict[str, Any]) -> None:
        super().__init__(rows)
        self.paging, self.closed, self.tells_total = paging, False, False
        self.link = "{url}/api/rows?{query}"

    def reply(self, request: Any, query: dict[str, str], body: bytes) -> bytes:
        paging, rows = self.paging, self.rows
        if paging["kind"] == "window":
            ends = query["from"], query["to"]
            inside = [row for row in rows if ends[0] <= row["at"] < ends[1] or (self.closed and row["at"] == ends[1])]
            paging, rows = paging.get("inside") or {"kind": "none"}, inside
        size = min(int(query.get("size", len(rows) or 1)), self.largest_page)
        if paging["kind"] == "none":
            size = len(rows) or 1
        start = int(str(query.get(paging.get("parameter", "start"), 0)).lstrip("c"))
        if paging["kind"] == "page":
            start = (start - paging.get("first", 1)) * size
        page, end = rows[start : start + size], start + size
        more = end < len(rows)
        link = self.link.format(url=self.url, query=urlencode({**query, "start": end}))
        if more and paging["kind"] == "link":
            request.extra["Link"] = f'<{self.url}/first>; rel="first", <{link}>; title="a, b"; rel="last next"'
        answer = {
            "items": page,
            "has_more": more,
            "next": f"c{end}" if more else None,
            "last": f"c{end}",
            "@odata.nextLink": link if more else None,
        }
        return json.dumps({**answer, "total": len(rows)} if self.tells_total else answer).encode()


def connector(
    url: str,
    paging: dict[str, Any],
    authentication: dict[str, Any] | None = None,
    time_zone: str | None = None,
    **fetch: Any,
) -> Rest:
    columns = {"id": {"type": "bigint", "required": True}, "at": {"type": "timestamp", "time_zone": time_zone}}
    columns |= {name: {"type": "varchar"} for name in fetch.get("parent", {})}
    data_set = {
        "description": "Rows.",
        "fetch": {"path": "/rows", "records": "$.items", "paging": paging, **fetch},
        "frequency": {"class": "on-demand"},
        "keys": {"business": ["id"]},
        "columns": columns,
    }
    source = RestSource.model_validate(
        {
            "name": "app",
            "description": "An application.",
            "owner": "tests@example.org",
            "trust": 50,
            "connector": "rest",
            "connection": {"base_url": f"{url}/api", "authentication": authentication, "timeout": 5},
            "data_sets": {"rows": data_set},
        }
    )
    return Rest(source, source.data_sets["rows"])


def ids(pieces: Any) -> list[Any]:
    return [each for piece in pieces for each in piece.rows["id"].to_pylist()]
