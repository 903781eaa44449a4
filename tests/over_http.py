"""moto's AWS of this process over HTTP: for workers that are processes of their own, and clients that are not boto3."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from moto.core.models import botocore_stubber

REGION = "eu-west-1"


class AwsOverHttp:
    """Serves at `url` until it is closed, one request at a time."""

    def __init__(self) -> None:
        one_at_a_time = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                service = self.headers["authorization"].split("/")[3]
                url = f"https://{service}.{REGION}.amazonaws.com{self.path}"
                request = AWSPreparedRequest(self.command, url, dict(self.headers), body, stream_output=False)
                with one_at_a_time:
                    status, headers, content = botocore_stubber.process_request(request)
                content = content.encode() if isinstance(content, str) else content
                told = {name.lower(): str(value) for name, value in headers.items()}
                if self.command != "HEAD":
                    told["content-length"] = str(len(content))
                self.send_response(status)
                for name, value in told.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
