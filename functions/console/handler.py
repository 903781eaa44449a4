"""The console's files: plain ES modules on $default, at the API's own address.

The page is asked for anew each time; what it loads lies under the version of all files together and never changes.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.api.replies import Reply, to_gateway
from hub.settings import ConsoleSettings

FILES = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "static").iterdir())}
VERSION = hashlib.sha256(b"".join(name.encode() + body for name, body in FILES.items())).hexdigest()[:16]
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {uploads}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
UNVERSIONED = {"/": "index.html", "/index.html": "index.html", "/style.css": "style.css", "/favicon.ico": "icon.svg"}
TRACKER = "tracker.js"  # on other sites' pages under an address that stays
settings = cache(ConsoleSettings.read)
PACKED = {name: gzip.compress(body.replace(b"{version}", VERSION.encode()), mtime=0) for name, body in FILES.items()}


def find(path: str) -> tuple[str | None, str]:
    """The file at a path, and how long it may be kept."""
    version, _, name = path.removeprefix("/static/").partition("/")
    if path.startswith("/static/") and version == VERSION and name in FILES:
        return name, "public, max-age=31536000, immutable"
    if path == f"/{TRACKER}":
        return TRACKER, "public, max-age=3600, stale-while-revalidate=86400"
    return UNVERSIONED.get(path), "no-cache"


def answer(method: str, path: str, headers: dict[str, str]) -> Reply:
    name, keep = find(path)
    if name is None or method not in ("GET", "HEAD"):
        message = "There is nothing at this path"
        return Reply(404, {"error": {"code": "not_found", "message": message, "details": None}})
    tag = f'"{VERSION}-{name}"'
    policy = POLICY.format(uploads=settings().upload_origin)
    about = {"cache-control": keep, "etag": tag, "content-security-policy": policy, "vary": "accept-encoding"}
    if tag in headers.get("if-none-match", "").replace("W/", ""):
        return Reply(304, b"", headers=about)
    packed = "gzip" in headers.get("accept-encoding", "")
    body = PACKED[name] if packed else gzip.decompress(PACKED[name])
    about |= {"content-encoding": "gzip"} if packed else {}
    return Reply(200, body, f"{TYPES[Path(name).suffix]}; charset=utf-8", about)


def handler(event: dict, context: LambdaContext) -> dict:
    http = event["requestContext"]["http"]
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return to_gateway(answer(http["method"], event["rawPath"], headers))
