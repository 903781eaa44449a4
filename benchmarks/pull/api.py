"""An API whose pages are made before it is ready: `python -m benchmarks.pull.api <rows> [flat]` prints its port.

`flat` makes the pages from one: the numbers of its records are put in when it is asked, so ten million fit anywhere.
"""

import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.pull.records import PAGE, pages

MARK = b"@@@@@"  # stands for the page in the numbers of its records


def flat(rows: int) -> Callable[[int], bytes | None]:
    """Whole pages that differ by the numbers of their records."""
    (page,) = pages(PAGE)
    for at in range(PAGE):
        page = page.replace(b'"id":%d,' % at, b'"id":%b%03d,' % (MARK, at))
        page = page.replace(b'"SO-%08d"' % at, b'"SO-%b%03d"' % (MARK, at))
    head, items = page.split(b"[", 1)
    body = head.replace(b"%d" % PAGE, b"%d" % rows) + b"[" + items
    # From 10,000 on, so that no number begins with a zero.
    return lambda number: body.replace(MARK, b"%d" % (9_999 + number)) if (number - 1) * PAGE < rows else None


def made(rows: int) -> Callable[[int], bytes | None]:
    bodies = list(pages(rows))
    return lambda number: bodies[number - 1] if number <= len(bodies) else None


def main(rows: int, kind: str = "rest") -> None:
    page = flat(rows) if kind == "flat" else made(rows)
    nothing = b'{"total":%d,"items":[]}' % rows

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            body = page(int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])) or nothing
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
