"""An application's API for tests: pages by number or cursor, and any way of failing, by the request's number."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[[BaseHTTPRequestHandler, bytes], None]


class Api:
    """rows: what it holds. faults: number of a request (from 1) -> how it fails. total: what it declares."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows
        self.faults: dict[int, Fault] = {}
        self.always: Fault | None = None
        self.total: Callable[[int], Any] = lambda count: count
        self.largest_page = 10_000
        self.asked: list[dict[str, str]] = []
        self.tokens: list[str | None] = []
        self.heads: list[Message] = []
        self.bodies: list[bytes] = []
        self.url = ""

    def answer(self, query: dict[str, str]) -> dict[str, Any]:
        since = query.get("updated_since")
        rows = [
            row for row in self.rows if not since or not isinstance(row, dict) or row.get("updated_at", "") >= since
        ]
        size = min(int(query.get("size", 500)), self.largest_page)
        start = int(query["cursor"]) if "cursor" in query else (int(query.get("page", 1)) - 1) * size
        following = str(start + size) if start + size < len(rows) else None
        return {"items": rows[start : start + size], "next_cursor": following, "total": self.total(len(rows))}

    def reply(self, request: BaseHTTPRequestHandler, query: dict[str, str], body: bytes) -> bytes:
        """The body of a whole answer; its status and headers are `request.code` and `request.extra`."""
        return json.dumps(self.answer(query)).encode()


@contextmanager
def serving(api: Api) -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # the body follows its headers at once, not 40 ms later

        def do_GET(self) -> None:
            query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            api.asked.append(query)
            api.tokens.append(self.headers.get("Authorization"))
            api.heads.append(self.headers)
            api.bodies.append(sent)
            self.code, self.extra = 200, dict[str, str]()
            body = api.reply(self, query, sent)
            (api.faults.get(len(api.asked)) or api.always or whole)(self, body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def whole(request: BaseHTTPRequestHandler, body: bytes) -> None:
    send(request, getattr(request, "code", 200), body, **getattr(request, "extra", {}))


def status(code: int, **headers: str) -> Fault:
    return lambda request, body: send(request, code, b"busy", **headers)


def html(request: BaseHTTPRequestHandler, body: bytes) -> None:
    send(request, 200, b"<!doctype html><title>Sign in</title>")


def says(text: str) -> Fault:
    return lambda request, body: send(request, 200, text.encode())


def fails(code: int, text: str) -> Fault:
    return lambda request, body: send(request, code, text.encode())


def cut_short(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Announces the whole page, sends half of it and hangs up."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body[: len(body) // 2])
    request.close_connection = True


def half_json(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Sends half a page as if it were whole."""
    send(request, 200, body[: len(body) // 2])


def reset(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.close_connection = True
    request.connection.close()
    request.wfile = open("/dev/null", "wb")  # noqa: SIM115 - the handler closes it


def silent(event: threading.Event) -> Fault:
    """Does not answer until the event is set."""

    def wait(request: BaseHTTPRequestHandler, body: bytes) -> None:
        event.wait(10)
        request.close_connection = True

    return wait


def send(request: BaseHTTPRequestHandler, code: int, body: bytes, **headers: str) -> None:
    request.send_response(code)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
