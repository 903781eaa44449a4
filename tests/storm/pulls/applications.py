"""The applications of a storm: REST in every paging, a database and files, each with rows that are broken on purpose.

An application changes between pulls as its `seed` says, the same in every run; what it does to a worker beside that is
the run's affair. `held` is what the hub must hold of it when all is over.
"""

import csv
import gzip
import io
import json
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hub import config
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import HUB
from tests.hub.sources import double
from tests.storm.pulls.stores import Bucket

NOW = 1_800_000_000.0
BEGUN = datetime.fromtimestamp(NOW, UTC) - timedelta(days=1)
KEYS, OPEN = "    keys:", "    gate: {max_quarantined_percent: 100}\n    keys:"
OPEN_TO_DELETIONS = OPEN.replace("100}", "100, max_deleted_percent: 100}")
PAGINGS = {
    "cursor": "cursor, parameter: cursor, next: $.next",
    "more": "cursor, parameter: cursor, next: $.last, more: $.has_more",
    "page": "page, parameter: page",
    "offset": "offset, parameter: offset",
    "link": "link",
    "next_url": "next_url, next: $.url",
    "window": "window, from_parameter: from, to_parameter: to, start: 2027-01-14, span: 12 hours",
}
KINDS = (*PAGINGS, "table", "table by change", "csv", "jsonl")
SIZE = 10


class Clock:
    """The application's own time; each change has a later one."""

    def __init__(self) -> None:
        self.at = BEGUN

    def tick(self, minutes: int = 1) -> str:
        self.at += timedelta(minutes=minutes)
        return self.told()

    def told(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"


class Rest(double.Api):
    """A CRM. repeats: give some rows of the page before again. shuffle: the order within a page, by each request."""

    name, windowed = "crm.contacts", False

    def __init__(self, kind: str, seed: int, folder: Path) -> None:
        self.chance, self.clock = random.Random(f"{kind} {seed}"), Clock()
        super().__init__(self._first())
        self.kind, self._folder = kind, folder
        self.repeats, self.shuffle = False, random.Random(0)
        self.answers: list[bytes] = []
        self._window = ""
        self.overlaps = kind in ("cursor", "more", "page", "link", "next_url")

    def _first(self) -> list[Any]:
        chance, count = self.chance, self.chance.randrange(26, 46)
        rows: list[Any] = []
        for number in range(count):
            if number % 4 == 0:
                self.clock.tick(20)
            rows.append(manifests.contact(number, updated_at=self.clock.told()))
        broken = [{"age": 999}, {"stage": "nonsense"}, {"contact_id": None}, {"updated_at": "yesterday"}]
        for number, change in zip(chance.sample(range(count), 4), broken, strict=True):
            rows[number] = {**rows[number], **change}
        rows.insert(chance.randrange(count), dict(rows[chance.randrange(count)]))
        rows.insert(chance.randrange(count), "no object")
        rows.insert(chance.randrange(count), manifests.contact(900, stage="test", updated_at=self.clock.told()))
        rows.append(manifests.contact(6, full_name="Änderung क", updated_at=self.clock.tick()))
        return rows

    def deployment(self) -> config.Deployment:
        text = manifests.crm(self.url, PAGINGS[self.kind]).replace(KEYS, OPEN)
        if self.kind == "window":
            text = text.replace(", size: 10", "").replace("parameter: updated_since, ", "")
        return loaded(self._folder, "crm", text)

    def change(self) -> None:
        """What happens between two pulls: new rows, changed ones, one at the very moment of the last, a late one."""
        edge, number = self.clock.told(), 1000 + len(self.rows)
        late = f"{self.clock.at - timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"
        self.rows += [manifests.contact(number, updated_at=edge), manifests.contact(number + 1, updated_at=late)]
        self.rows += [manifests.contact(number + n, updated_at=self.clock.tick(3)) for n in range(2, 14)]
        for row in self.chance.sample(self._whole(), 5):
            row |= {"full_name": f"Changed {number}", "updated_at": self.clock.tick()}
        self.rows.append(manifests.contact(number + 20, age=-1, updated_at=self.clock.tick()))

    def stir(self, chance: random.Random) -> None:
        """Change while it is read."""
        if chance.random() < 0.5:
            self.rows.append(manifests.contact(5000 + len(self.rows), updated_at=self.clock.tick()))
        chance.choice(self._whole()).update(full_name=f"Stirred {len(self.rows)}", updated_at=self.clock.tick())

    def settle(self) -> None:
        """Nothing is to be done before the last pull."""

    def _whole(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if isinstance(row, dict) and valid(row)]

    def held(self) -> dict[Any, Any]:
        last: dict[str, dict[str, Any]] = {}
        for row in sorted(self._whole(), key=lambda row: row["updated_at"]):
            last[row["contact_id"]] = row
        return {key: (row["full_name"], row["updated_at"]) for key, row in last.items()}

    def reply(self, request: Any, query: dict[str, str], body: bytes) -> bytes:
        if self._begins(query):
            self.answers.clear()
        self.answers.append(self._page(request, query))
        return self.answers[-1]

    def _begins(self, query: dict[str, str]) -> bool:
        """Whether a first page is asked for; what it gives again is of the same pages, not of an earlier pull."""
        if self.kind == "window":
            begin, self._window = self._window, query["from"]
            return query["from"] < begin
        return query.get("page", "1") == "1" and query.get("offset", "0") == "0" and "cursor" not in query

    def _page(self, request: Any, query: dict[str, str]) -> bytes:
        since = query.get("updated_since", "")
        kept = [(at, row) for at, row in enumerate(self.rows) if not isinstance(row, dict) or changed(row) >= since]
        if self.kind == "window":
            rows = [row for row in self.rows if _inside(row, query)]
            return json.dumps({"items": rows, "total": self.total(len(rows))}).encode()
        if self.kind in ("page", "offset"):
            start = (int(query.get("page", 1)) - 1) * SIZE if self.kind == "page" else int(query.get("offset", 0))
            page, behind = kept[start : start + SIZE], kept[start + SIZE :]
            before = kept[max(start - 3, 0) : start]
        else:  # by the place in all rows, which none of them ever leaves
            place = int(query.get("cursor", "c0")[1:])
            page, behind = (rest := [each for each in kept if each[0] >= place])[:SIZE], rest[SIZE:]
            before = [each for each in kept if each[0] < place][-3:]
        rows = [row for _, row in ([*before, *page] if self.repeats and self.overlaps else page)]
        self.shuffle.shuffle(rows)
        after = f"c{page[-1][0] + 1 if page else len(self.rows)}"
        link = f"{self.url}/contacts?{urlencode({**query, 'cursor': after})}"
        if behind and self.kind == "link":
            request.extra["Link"] = f'<{link}>; rel="next"'
        answer = {"items": rows, "total": self.total(len(kept)), "has_more": bool(behind), "last": after}
        return json.dumps({**answer, "next": after if behind else None, "url": link if behind else None}).encode()


def changed(row: dict[str, Any]) -> str:
    return str(row["updated_at"])


def valid(row: dict[str, Any]) -> bool:
    fine = row["stage"] == "lead" and 0 <= row["age"] <= 130
    return bool(fine and row["contact_id"] and row["updated_at"] != "yesterday")


def _inside(row: Any, query: dict[str, str]) -> bool:
    if not isinstance(row, dict) or row["updated_at"] == "yesterday":
        return query["from"] <= "2027-01-14T00:00:00.000000Z"
    moment = row["updated_at"].replace("Z", ".000000Z")
    return query["from"] <= moment <= query["to"]


class Table:
    """A shop's orders in SQLite: read whole, so that what vanishes is gone, or by the moment of change."""

    name = "shop.orders"

    def __init__(self, kind: str, seed: int, folder: Path) -> None:
        self.chance, self.clock = random.Random(f"{kind} {seed}"), Clock()
        self.kind, self._folder, self.path = kind, folder, folder / "shop.sqlite"
        self.whole = kind == "table"
        self._run("pragma journal_mode = wal; create table orders (order_id, customer_id, total, updated_at);")
        for number in range(self.chance.randrange(13, 20)):
            self._put(number, self.clock.tick(5))
        for number in (2, 7):
            self._run(f"update orders set total = 'much' where order_id = {number}")
        self._run(f"insert into orders values ('no number', 1, 1, '{self.clock.told()}')")

    def deployment(self) -> config.Deployment:
        more = "" if self.whole else ", changed_since: {column: updated_at, overlap: 1 hour}"
        text = manifests.shop(f"sqlite:///{self.path}", more).replace(KEYS, OPEN_TO_DELETIONS if self.whole else OPEN)
        return loaded(self._folder, "shop", text)

    def change(self) -> None:
        edge, number = self.clock.told(), 100 + len(self._rows())
        self._put(number, edge)
        for n in range(1, 7):
            self._put(number + n, self.clock.tick(3))
        self._alter(self.chance)
        if self.whole:
            gone = self.chance.sample(list(self.held()), 3)
            self._run(f"delete from orders where order_id in ({', '.join(map(str, gone))})")

    def stir(self, chance: random.Random) -> None:
        self._alter(chance)
        if chance.random() < 0.5:
            self._put(5000 + len(self._rows()), self.clock.tick())
        if self.whole and chance.random() < 0.5:
            gone = chance.choice(list(self.held()))
            self._run(f"delete from orders where order_id = {gone}")

    def settle(self) -> None:
        """A row whose key cannot be read withholds deletions; it goes before the last pull."""
        self._run("delete from orders where order_id = 'no number'")

    def held(self) -> dict[Any, Any]:
        return {key: (total, moment) for key, total, moment in self._rows() if isinstance(key, int) and total != "much"}

    def _alter(self, chance: random.Random) -> None:
        order = chance.choice(list(self.held()))
        total, moment = chance.randrange(1000), self.clock.tick()
        self._run(f"update orders set total = {total}, updated_at = '{moment}' where order_id = {order}")

    def _put(self, order: int, moment: str) -> None:
        self._run(f"insert into orders values ({order}, 1, {order * 3}, '{moment}')")

    def _rows(self) -> list[tuple[Any, Any, str]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute("select order_id, total, updated_at from orders order by 1").fetchall()

    def _run(self, script: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(script)


class Files:
    """Calls in files in S3: new ones, and ones that are replaced by others with other rows."""

    name = "calls.calls"

    def __init__(self, kind: str, seed: int, folder: Path, bucket: Bucket) -> None:
        self.chance, self._folder, self.kind = random.Random(f"{kind} {seed}"), folder, kind
        self._bucket = bucket
        self.files: dict[str, list[tuple[str, str]]] = {}
        for letter in "abcd":
            self._replace(letter, self.chance)

    def deployment(self) -> config.Deployment:
        text = manifests.calls().replace('"*.csv", format: csv', f'"*", format: {self.kind}')
        return loaded(self._folder, "calls", text.replace(KEYS, OPEN_TO_DELETIONS))

    def change(self) -> None:
        self._replace("b", self.chance)
        self._replace("e", self.chance)
        self._replace("f", self.chance)

    def stir(self, chance: random.Random) -> None:
        self._replace(chance.choice([*self.files, f"n{len(self.files)}"]), chance)

    def settle(self) -> None:
        """Nothing is to be done before the last pull."""

    def held(self) -> dict[Any, Any]:
        rows = [row for rows in self.files.values() for row in rows]
        return {call: (int(minutes),) for call, minutes in rows if minutes.isdigit()}

    def _replace(self, letter: str, chance: random.Random) -> None:
        """Another state of a file; some of its calls stay, some are gone, one is broken for good, one stands twice."""
        numbers = sorted(chance.sample(range(9), 6))
        rows = [(f"{letter}{number}", str(chance.randrange(1000))) for number in numbers]
        self.files[letter] = [*rows, rows[0], (f"{letter}-broken", "long")]
        self._store(letter)

    def _store(self, letter: str) -> None:
        rows = [dict(zip(("call_id", "minutes"), row, strict=True)) for row in self.files[letter]]
        if self.kind == "csv":
            text = io.StringIO()
            writer = csv.DictWriter(text, ("call_id", "minutes"), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            body = text.getvalue().encode()
        else:
            body = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)
        self._bucket.put(f"drop/calls/{letter}.{self.kind}", body)


def loaded(folder: Path, source: str, manifest: str) -> config.Deployment:
    """The deployment of one source."""
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "hub.yaml").write_text(HUB)
    (folder / f"sources/{source}.yaml").write_text(manifest)
    return config.load(folder)
