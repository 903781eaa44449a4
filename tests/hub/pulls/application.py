"""What the doubles of applications share: rows made of a manifest's own columns, and what changed since."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from hub.config import DataSet
from tests.hub.sources import double

FIRST = datetime(2024, 5, 1, tzinfo=UTC)
Query = Mapping[str, str]
Said = tuple[int, Any]


@dataclass
class Row:
    changed: datetime
    record: dict[str, Any]


class Application(double.Api):
    """rows: what it holds, by data set. page: rows per answer where it decides. most: rows it pages through."""

    secret = ""
    page, most = 4, 0

    def __init__(self) -> None:
        super().__init__([])
        self.holds: dict[str, list[Row]] = {}
        self.begin()

    def begin(self) -> None:
        """As if nobody had asked yet."""

    def hold(self, name: str, rules: DataSet, count: int) -> None:
        self.holds[name] = [self.row(rules, number, FIRST + timedelta(minutes=number // 5)) for number in range(count)]

    def row(self, rules: DataSet, number: int, changed: datetime) -> Row:
        return Row(changed, record(rules, number, changed, self.moment))

    def moment(self, of: datetime, declared: str) -> Any:
        """How it writes a moment or a day."""
        return of.strftime("%Y-%m-%d" if declared == "date" else "%Y-%m-%dT%H:%M:%SZ")

    def since(self, name: str, since: datetime | None) -> list[Row]:
        rows = sorted(self.holds.get(name, ()), key=lambda row: row.changed)
        return [row for row in rows if since is None or row.changed >= since]

    def reply(self, request: Any, query: dict[str, str], body: bytes) -> bytes:
        request.code, said = self.said(request, urlsplit(request.path).path, query, body)
        return b"" if said is None else json.dumps(said).encode()

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        raise NotImplementedError


def record(rules: DataSet, number: int, changed: datetime, moment: Callable[[datetime, str], Any]) -> dict[str, Any]:
    """A record that has every column of the manifest, where its source has it."""
    found: dict[str, Any] = {}
    timely = {rules.keys.change, getattr(getattr(rules.fetch, "changed_since", None), "column", None)}
    for name, column in rules.columns.items():
        value: Any = f"{name} {number}"
        if column.type in ("date", "timestamp"):
            value = moment(changed if name in timely else FIRST, column.type)
        elif name in rules.keys.business:
            value = number + 1 if column.type == "bigint" else f"K{number:05d}"
        elif column.type == "boolean":
            value = False
        elif column.type != "varchar":
            value = 1 + number % 3
        elif column.personal == "email":
            value = f"p{number}@example.com"
        elif column.personal == "phone":
            value = f"+9198{76500000 + number:08d}"
        put(found, column.source_name or name, value)
    return found


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set what a `source_name` leads to."""
    if not path.startswith("$"):
        record[path] = value
        return
    place: Any = record
    steps = re.findall(r"\.(\w+)|\[(\d+)\]|\[(\w+)=(\w+)\]", path)
    for at, (name, number, key, wanted) in enumerate(steps):
        following = steps[at + 1] if at + 1 < len(steps) else None
        inner: Any = value if following is None else [] if following[1] or following[2] else {}
        if name:
            place = place.setdefault(name, inner)
        elif number:
            place.append(inner)
            place = inner
        else:
            place.append({key: wanted})
            place = place[-1]


def moment_of(text: str, form: str = "%Y-%m-%dT%H:%M:%SZ") -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=UTC)
