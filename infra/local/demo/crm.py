"""The demo organisation's CRM: a REST API with a bearer token, and a route to get it into trouble.

    python -m infra.local.demo.crm --port 4570 --data <folder> --token <file holding the token>

GET  /contacts?size&cursor&updated_since     {"items", "next_cursor", "total"}, ordered by updated_at, contact_id
GET  /activities?page&size&updated_since     {"items", "total"}, pages from 1
POST /admin/trouble   {"kind": one of TROUBLES or null, "path": "/contacts", "after": requests to answer well first,
                       "times": how many to spoil, without: all}
PUT  /admin/contacts  a contact: added, or changed where its id is known; likewise /admin/activities
GET  /admin/seen      {"requests": answered so far}
/admin needs no token: this application only listens on loopback.
"""

import argparse
import base64
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from infra.local.demo.generate import generate

LARGEST_PAGE = 500
SLOW = 5  # seconds
KEYS = {"contacts": "contact_id", "activities": "activity_id"}
TROUBLES = {
    "down": "503 without a body",
    "slow": f"each answer takes {SLOW} s",
    "html": "a login page with status 200",
    "truncated": "the JSON breaks off in the middle",
    "short": "the last row of the page is missing, while total still counts it",
    "repeated": "the first page again and again",
    "changed_type": "mobile or subject is a number",
    "added_column": "each row has a field that the manifest does not know",
}
Row = dict[str, Any]


class Refused(Exception):
    """A request that the CRM does not accept: (status, message)."""


class Crm:
    """The rows, and the trouble that the application is in. Changes are kept in `data`/crm.json."""

    def __init__(self, data: Path) -> None:
        self._file = data / "crm.json"
        self._lock = threading.Lock()
        self.trouble: Row = {}
        self.requests = 0
        if self._file.exists():
            self._rows = json.loads(self._file.read_text())
        else:
            demo = generate()
            self._rows = {"contacts": demo.contacts, "activities": demo.activities}

    def put(self, kind: str, row: Row) -> None:
        key = KEYS[kind]
        with self._lock:
            self._rows[kind] = [other for other in self._rows[kind] if other[key] != row[key]] + [row]
            unfinished = self._file.with_suffix(".tmp")
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(self._rows))
            unfinished.replace(self._file)

    def since(self, kind: str, updated_since: str | None) -> list[Row]:
        rows = [row for row in self._rows[kind] if updated_since is None or row["updated_at"] >= updated_since]
        return sorted(rows, key=lambda row: (row["updated_at"], row[KEYS[kind]]))

    def contacts(self, query: dict[str, str]) -> Row:
        rows, size = self.since("contacts", query.get("updated_since")), page_size(query)
        last = decode(query["cursor"]) if query.get("cursor") else ["", ""]
        rest = [row for row in rows if [row["updated_at"], row["contact_id"]] > last]
        page = rest[:size]
        more = encode([page[-1]["updated_at"], page[-1]["contact_id"]]) if len(rest) > size else None
        return {"items": page, "next_cursor": more, "total": len(rows)}

    def activities(self, query: dict[str, str]) -> Row:
        rows, size = self.since("activities", query.get("updated_since")), page_size(query)
        page = query.get("page", "1")
        if not page.isdigit() or page == "0":
            raise Refused(400, f"page {page}: pages are numbers from 1")
        first = (int(page) - 1) * size
        return {"items": rows[first : first + size], "total": len(rows)}

    def spoil(self, path: str) -> str | None:
        """The trouble that this request gets, counting it; None when all is well."""
        with self._lock:
            self.requests += 1
            trouble = self.trouble
            if trouble.get("path") not in (None, path) or not trouble.get("kind"):
                return None
            if trouble.get("after", 0) > 0:
                trouble["after"] -= 1
                return None
            if "times" in trouble:
                if trouble["times"] <= 0:
                    return None
                trouble["times"] -= 1
            return str(trouble["kind"])


def page_size(query: dict[str, str]) -> int:
    size = query.get("size", "100")
    if not size.isdigit() or not 1 <= int(size) <= LARGEST_PAGE:
        raise Refused(400, f"size {size}: from 1 to {LARGEST_PAGE}")
    return int(size)


def encode(position: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def decode(cursor: str) -> list[str]:
    try:
        return list(json.loads(base64.urlsafe_b64decode(cursor)))
    except ValueError:
        raise Refused(400, "the cursor is not one of ours") from None


def change(answer: Row, trouble: str) -> Row:
    """An answer whose content the trouble changes."""
    rows = [dict(row) for row in answer["items"]]
    if trouble == "short":
        rows = rows[:-1]
    for row in rows:
        if trouble == "changed_type":
            row["mobile" if "mobile" in row else "subject"] = {"number": 12345}
        elif trouble == "added_column":
            row["loyalty_points"] = 7
    return answer | {"items": rows}


class Handler(BaseHTTPRequestHandler):
    """Answers for the CRM that `handler` gave it."""

    protocol_version = "HTTP/1.1"
    crm: Crm
    token: str

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path, _, text = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(text))
        if path == "/admin/seen":
            return self.reply(200, {"requests": self.crm.requests})
        if path == "/health":
            return self.reply(200, {"status": "ok"})
        if self.headers.get("authorization") != f"Bearer {self.token}":
            return self.reply(401, {"error": "a bearer token is needed"})
        answers = {"/contacts": self.crm.contacts, "/activities": self.crm.activities}
        if path not in answers:
            return self.reply(404, {"error": f"{path}: there are {', '.join(answers)}"})
        trouble = self.crm.spoil(path)
        if trouble == "repeated":
            query = {k: v for k, v in query.items() if k != "cursor"} | ({"page": "1"} if "page" in query else {})
        try:
            self.answer(answers[path](query), trouble)
        except Refused as refusal:
            self.reply(refusal.args[0], {"error": refusal.args[1]})

    def do_POST(self) -> None:
        if self.path != "/admin/trouble":
            return self.reply(404, {"error": "not found"})
        trouble = self.body()
        if trouble.get("kind") is not None and trouble["kind"] not in TROUBLES:
            return self.reply(400, {"error": f"kind: one of {', '.join(TROUBLES)}"})
        self.crm.trouble = trouble
        self.reply(200, trouble)

    def do_PUT(self) -> None:
        kind = self.path.removeprefix("/admin/")
        if kind not in KEYS:
            return self.reply(404, {"error": "not found"})
        self.crm.put(kind, self.body())
        self.reply(200, {})

    def body(self) -> Row:
        return dict(json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}"))

    def answer(self, answer: Row, trouble: str | None) -> None:
        if trouble == "down":
            return self.send(503, b"", "text/plain")
        if trouble == "html":
            return self.send(200, b"<html><body>Please sign in</body></html>", "text/html")
        if trouble == "slow":
            time.sleep(SLOW)
        if trouble == "truncated":
            whole = json.dumps(answer).encode()
            return self.send(200, whole[: len(whole) // 2], "application/json")
        self.reply(200, change(answer, trouble) if trouble else answer)

    def reply(self, status: int, answer: Row) -> None:
        self.send(status, json.dumps(answer, ensure_ascii=False).encode(), "application/json; charset=utf-8")

    def send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def handler(crm: Crm, token: str) -> type[BaseHTTPRequestHandler]:
    return type("CrmHandler", (Handler,), {"crm": crm, "token": token})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--token", type=Path, required=True)
    given = parser.parse_args()
    crm = Crm(given.data)
    ThreadingHTTPServer(("127.0.0.1", given.port), handler(crm, given.token.read_text().strip())).serve_forever()


if __name__ == "__main__":
    main()
