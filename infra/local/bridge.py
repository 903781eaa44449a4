"""MiniStack's Athena is ours: calls go to the Athena API's process, and so do CloudFormation's work groups."""

import asyncio
import http.client
import json
import time

from ministack import app as ministack
from ministack.services import athena
from ministack.services.cloudformation import provisioners

JSON = {"content-type": "application/x-amz-json-1.1"}
PATIENCE = 60  # seconds
NEW_START = 20  # seconds in which a killed Athena API is back


def call(port: int, target: str, body: bytes) -> tuple[int, dict, bytes]:
    """Send one call on. A process that is just being started again is waited for; 503 when it stays away."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connect(connection)
        connection.request("POST", "/", body, {"x-amz-target": target, **JSON})
        reply = connection.getresponse()
        return reply.status, dict(JSON), reply.read()
    except OSError as error:
        problem = {"__type": "ServiceUnavailableException", "message": f"the Athena API does not answer: {error}"}
        return 503, dict(JSON), json.dumps(problem).encode()
    finally:
        connection.close()


def connect(connection: http.client.HTTPConnection) -> None:
    """ConnectionRefusedError when nothing listens for as long as a new start takes."""
    deadline = time.monotonic() + NEW_START
    while True:
        try:
            return connection.connect()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def must(port: int, operation: str, request: dict) -> None:
    """Raise ValueError, which fails the CloudFormation resource, when the Athena API refuses."""
    status, _, body = call(port, f"AmazonAthena.{operation}", json.dumps(request, default=str).encode())
    if status != 200:
        raise ValueError(f"Athena {operation}: {body.decode()}")


def install(port: int) -> None:
    apply, delete = provisioners._athena_workgroup_apply, athena._delete_workgroup

    async def forward(method, path, headers, body, query_params):
        return await asyncio.to_thread(call, port, headers.get("x-amz-target", ""), body)

    def apply_there_too(name, props):
        apply(name, props)
        group = athena._workgroups[name]
        must(port, "PutWorkGroup", {k: group[k] for k in ("Name", "Description", "State", "Configuration")})

    def delete_there_too(request):
        must(port, "DeleteWorkGroup", request | {"RecursiveDeleteOption": True})
        return delete(request)

    ministack.SERVICE_HANDLERS["athena"] = forward
    provisioners._athena_workgroup_apply = apply_there_too
    athena._delete_workgroup = delete_there_too
