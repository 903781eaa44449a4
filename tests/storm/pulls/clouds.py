"""The AWS of a storm: moto in the world's process, reached by workers over a socket, watched, and made to misbehave."""

import copy
import json
import os
import random
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber
from moto.dynamodb.models.dynamo_type import LimitedSizeDict
from moto.dynamodb.models.table import Table

from tests.storm.pulls.stores import Stores

THROTTLED = {
    "s3": (503, b"<Error><Code>SlowDown</Code><Message>slow down</Message></Error>"),
    "dynamodb": (400, b'{"__type": "ProvisionedThroughputExceededException", "message": "slow down"}'),
    "glue": (400, b'{"__type": "ThrottlingException", "Message": "slow down"}'),
    "events": (400, b'{"__type": "ThrottlingException", "Message": "slow down"}'),
    "ssm": (400, b'{"__type": "ThrottlingException", "Message": "slow down"}'),
}
FAULTS = ("throttled", "failing", "lost")


class Clouds:
    """unruly: the share of requests that go wrong, drawn by `chance`. seen: how often each way did.

    stores: what answers for DynamoDB and S3 instead of moto.
    """

    def __init__(self, stores: Stores | None = None) -> None:
        self.stores, self.unruly, self.chance = stores, 0.0, random.Random(0)
        self.seen = Counter[str]()
        self.begin(lambda service, request: None)

    def begin(self, watch: Callable[[str, AWSPreparedRequest], None]) -> None:
        """A new AWS. watch: is shown every request that was carried out."""
        self._watch, self._answered = watch, dict[str, tuple[int, dict[str, str], bytes]]()

    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Any:
        """What the worker gets; None for an answer that is lost on its way."""
        service = headers["Authorization"].split("/")[3]
        fault = self.chance.choice(FAULTS) if self.chance.random() < self.unruly else None
        if fault:
            self.seen[f"AWS: a request is {fault}"] += 1
        if fault == "throttled":
            return THROTTLED[service][0], {}, THROTTLED[service][1]
        if fault == "failing":
            return 500, {}, b""
        answer = self._carried_out(service, AWSPreparedRequest(method, url, headers, body, stream_output=False))
        return None if fault == "lost" else answer

    def _carried_out(self, service: str, request: AWSPreparedRequest) -> tuple[int, dict[str, str], bytes]:
        """Once only for each token of a client, as DynamoDB does it and moto does not."""
        token = json.loads(request.body).get("ClientRequestToken") if service == "dynamodb" else None
        if token in self._answered:
            return self._answered[token]
        answer = self._stored(service, request) or self._moto(request)
        if token and answer[0] == 200:
            self._answered[token] = answer
        if answer[0] < 300:
            self._watch(service, request)
        return answer

    def _stored(self, service: str, request: AWSPreparedRequest) -> tuple[int, dict[str, str], bytes] | None:
        if self.stores is None:
            return None
        return self.stores.answer(service, request.method, request.url, request.headers, request.body)

    def _moto(self, request: AWSPreparedRequest) -> tuple[int, dict[str, str], bytes]:
        status, headers, content = botocore_stubber.process_request(request)
        content = content.encode() if isinstance(content, str) else content
        return status, {name.lower(): str(value) for name, value in headers.items()}, content


@contextmanager
def serving(clouds: Clouds) -> Iterator[str]:
    """Answer workers, one request at a time, until the end; the socket's address."""
    one_at_a_time = threading.Lock()
    Table.__deepcopy__ = _copied

    def talk(connection: Connection) -> None:
        with suppress(EOFError, ConnectionError), connection:  # a worker was killed
            while True:
                request = connection.recv()
                with one_at_a_time:
                    answer = clouds.answer(*request)
                connection.send(answer)

    def accept() -> None:
        with suppress(OSError):  # closed
            while True:
                threading.Thread(target=talk, args=(listener.accept(),), daemon=True).start()

    with tempfile.TemporaryDirectory() as folder, Listener(f"{folder}/clouds", "AF_UNIX", backlog=64) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"{folder}/clouds"


def _copied(table: Table, memo: Any) -> Table:
    """What moto goes back to if a transaction fails: it changes items, and nothing else of a table."""
    twin = copy.copy(table)
    twin.items = defaultdict(dict)
    for key, rows in table.items.items():
        for sort_key, item in rows.items():
            twin.items[key][sort_key] = other = copy.copy(item)
            other.attrs = LimitedSizeDict()
            dict.update(other.attrs, item.attrs)  # its own update weighs each value
    return twin


def forward_to(address: str) -> None:
    """From here on all clients of this process, and of those that it forks, ask the clouds at the address."""
    lines: dict[tuple[int, int], Connection] = {}
    RequestSigner.handler = _named
    UserAgentString.to_string = lambda self: "storm"

    def forward(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        here = os.getpid(), threading.get_ident()
        if here not in lines:
            lines[here] = Client(address, "AF_UNIX")
        line = lines[here]
        body = request.body if isinstance(request.body, bytes | str | None) else request.body.read()
        headers = {name: _text(value) for name, value in request.headers.items()}
        line.send((request.method, request.url, headers, body.encode() if isinstance(body, str) else body or b""))
        answer = line.recv()
        if answer is None:
            raise ConnectionClosedError(endpoint_url=request.url)
        status, told, content = answer
        return AWSResponse(request.url, status, told, MockRawResponse(content))

    handlers.BUILTIN_HANDLERS.append(("before-send", forward))


def _named(self: RequestSigner, operation_name: str, request: Any, **_: Any) -> None:
    """Says whom a request is for, where a signature would; nobody here looks at one."""
    request.headers["Authorization"] = f"///{self._signing_name}/"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
