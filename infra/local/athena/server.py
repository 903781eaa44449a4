"""The Athena API on a port: AWS's JSON protocol, one operation per request."""

from __future__ import annotations

import json
import sys
import traceback
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.local.athena.api_errors import ApiError
from infra.local.athena.service import Service

PREFIX = "AmazonAthena."


class Server(ThreadingHTTPServer):
    """Serves one Service on 127.0.0.1. GET /health answers 200."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, service: Service, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.service = service

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        status = 200 if self.path == "/health" else 404
        self._answer(status, {"status": "ok"} if status == 200 else {"message": "not found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target") or ""
        if not target.startswith(PREFIX):
            self._fail(ApiError("UnknownOperationException", f"this is Athena, not {target or 'anything'}", 400))
            return
        try:
            request = json.loads(body or b"{}")
        except ValueError as error:
            self._fail(ApiError("SerializationException", f"the body is not JSON: {error}"))
            return
        try:
            self._answer(200, self.server.service.call(target.removeprefix(PREFIX), request))
        except ApiError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  a fault of ours is an answer, not a closed connection
            traceback.print_exc(file=sys.stderr)
            self._fail(ApiError("InternalServerException", f"{type(error).__name__}: {error}", 500))

    def _fail(self, error: ApiError) -> None:
        shape = {"__type": error.code, "message": error.message, "Message": error.message}
        if error.code == "InvalidRequestException":
            shape["AthenaErrorCode"] = error.athena_code
        self._answer(error.status, shape)

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (TimeoutError, BrokenPipeError):
            self.close_connection = True

    def log_message(self, format: str, *values: object) -> None:
        """Requests are not logged: statements hold what people typed."""
