"""The stores of the hub in a process of their own: `python -m benchmarks.pull.cloud` prints their address.

Objects are taken and given by a few lines of ours, everything else by moto: a slow double would be measured with us.
`GET /-/requests` tells what was asked of it, `GET /-/staged?<folder>` writes the staged objects into a folder.
"""

import hashlib
import json
import os
import re
import threading
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest
from moto import mock_aws
from moto.core.models import botocore_stubber

from hub import aws
from tests.stores import create_bucket, create_table

REGION = "eu-west-1"
PULL = {"bucket": "vault-bucket", "table": "control", "bus": "hub-bus", "key": "/hub/token-key"}


def make_stores() -> None:
    create_table(aws.client("dynamodb"), PULL["table"], by_time=True)
    create_bucket(aws.client("s3"), PULL["bucket"])
    aws.client("glue").create_database(DatabaseInput={"Name": "bench_staging"})
    aws.client("events").create_event_bus(Name=PULL["bus"])
    aws.client("ssm").put_parameter(Name=PULL["key"], Value="k" * 64, Type="SecureString")


class Handler(BaseHTTPRequestHandler):
    """Objects by path; what is no plain GET, PUT or HEAD of one goes to moto."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}
    requests: ClassVar[Counter[str]] = Counter()
    one_at_a_time: ClassVar = threading.Lock()

    def log_message(self, *_: Any) -> None: ...

    def answer(self) -> None:
        body = self._body()
        if self.path.startswith("/-/"):
            self._say(200, {}, self._told().encode())
            return
        service = self.headers["authorization"].split("/")[3]
        self._count(service, body)
        if service == "s3" and self.command != "POST":
            self._s3(body)
            return
        request = AWSPreparedRequest(
            self.command, f"https://{service}.{REGION}.amazonaws.com{self.path}", dict(self.headers), body, False
        )
        with self.one_at_a_time:
            status, headers, content = botocore_stubber.process_request(request)
        content = content.encode() if isinstance(content, str) else content
        self._say(status, {name.lower(): str(value) for name, value in headers.items()}, content)

    def _told(self) -> str:
        """What the benchmark asks for itself."""
        if self.path == "/-/requests":
            return json.dumps(self.requests)
        folder = Path(unquote(urlsplit(self.path).query))
        staged = [content for name, content in self.objects.items() if "/staging/" in name]
        for at, content in enumerate(staged):
            (folder / f"{at}.parquet").write_bytes(content)
        return str(len(staged))

    def _count(self, service: str, body: bytes) -> None:
        """Requests by what they are paid for; a write of DynamoDB as a transaction's, by the size of its request."""
        operation = (self.headers.get("x-amz-target") or self.command).split(".")[-1]
        if service == "s3" and self.command == "GET" and "list-type=" in self.path:
            operation = "LIST"
        if service == "dynamodb":
            reads = operation in ("GetItem", "BatchGetItem", "Query", "Scan")
            operation = "read" if reads else "write"
            self.requests[f"{service} {operation}"] += 1 if reads else 2 * -(-len(body) // 1024)
        else:
            self.requests[f"{service} {operation}"] += 1

    def _body(self) -> bytes:
        if self.headers.get("expect"):
            self.send_response_only(100)
            self.end_headers()
        if "aws-chunked" not in self.headers.get("content-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _s3(self, body: bytes) -> None:
        path, query = unquote(urlsplit(self.path).path), parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            start = f"/{path.strip('/')}/{query.get('prefix', [''])[0]}"
            found = [name for name in sorted(self.objects) if name.startswith(start)]
            self._say(200, {"content-type": "application/xml"}, _listing(path.strip("/"), found, self.objects))
        else:
            self._object(path, body)

    def _object(self, path: str, body: bytes) -> None:
        if self.command == "PUT":
            self.objects[path] = body
        found = self.objects.get(path)
        if found is None:
            self._say(404, {}, b"")
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        if self.command == "GET" and asked:
            part = found[int(asked[1]) : int(asked[2]) + 1]
            place = f"bytes {asked[1]}-{int(asked[1]) + len(part) - 1}/{len(found)}"
            self._say(206, {"etag": _etag(found), "content-range": place}, part)
            return
        self._say(200, {"etag": _etag(found)}, found if self.command == "GET" else b"", len(found))

    def _say(self, status: int, headers: dict[str, str], content: bytes, length: int | None = None) -> None:
        self.send_response(status)
        size = length if self.command == "HEAD" and length is not None else len(content)
        for name, value in {**headers, "content-length": str(size)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer


def _listing(bucket: str, names: list[str], objects: dict[str, bytes]) -> bytes:
    items = "".join(
        f"<Contents><Key>{escape(name.removeprefix(f'/{bucket}/'))}</Key><Size>{len(objects[name])}</Size>"
        f"<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{_etag(objects[name])}</ETag></Contents>"
        for name in names
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>".encode()


@cache
def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def main() -> None:
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": REGION}
    with mock_aws():
        make_stores()
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
