"""The front door: one port that serves the deployed HTTP API at /, as its own domain does on AWS.

It calls MiniStack's data plane directly, so that MiniStack's own paths (/health, /v2 ...) do not hide the API's, and
mends what differs from AWS: cookies arrive as `cookies`, a function's error stays inside, bodies over Lambda's limit
are refused.
"""

import asyncio
import logging
import urllib.parse

import hypercorn.asyncio
from ministack import app as ministack
from ministack.services import apigateway, lambda_svc

JSON = {"content-type": "application/json"}
BODY_LIMIT = 6 * 2**20  # bytes; Lambda's payload limit, which MiniStack does not have
PATIENCE = 30  # seconds; the HTTP API's integration time-out
AT_ONCE = 8  # requests; more wait, instead of starting a process each
OWN_FAULT = '{"message":"Internal Server Error"}'
INTERNAL = {"statusCode": 500, "headers": JSON, "body": OWN_FAULT}

logger = logging.getLogger("laptop")


class TooLarge(Exception):
    pass


class Gone(Exception):
    """The caller hung up before its request was complete."""


def api_id() -> str | None:
    """The id of the HTTP API, of which the hub has one; None before it is deployed."""
    return next((key[-1] for key in apigateway._apis.to_dict()), None)


def request_headers(scope: dict, port: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_key, raw_value in scope["headers"]:
        key, value = raw_key.decode("latin-1"), raw_value.decode("latin-1")
        joint = "; " if key == "cookie" else ","
        headers[key] = headers[key] + joint + value if key in headers else value
    return headers | {"x-forwarded-for": scope["client"][0], "x-forwarded-proto": "http", "x-forwarded-port": str(port)}


async def request_body(receive, as_text: bool) -> bytes:
    """The whole body; binary ones travel as base64 and so weigh a third more."""
    body, more = bytearray(), True
    while more:
        part = await receive()
        if part["type"] == "http.disconnect":
            raise Gone
        body += part.get("body", b"")
        more = part.get("more_body", False)
        if len(body) * (1 if as_text else 4 / 3) > BODY_LIMIT:
            raise TooLarge
    return bytes(body)


def front_door(emulator, port: int):
    """An ASGI application: requests on `port` go to the API, all others to the emulator."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def execute(api: str, scope: dict, headers: dict, body: bytes):
        query = scope["query_string"].decode("latin-1")
        path = apigateway.decode_http_api_path(scope["raw_path"].decode("ascii"))
        values = urllib.parse.parse_qs(query, keep_blank_values=True)
        async with gate:
            return await apigateway.handle_execute(api, "$default", path, scope["method"], headers, body, values, query)

    async def answer(scope: dict, receive) -> tuple[int, dict, bytes]:
        headers = request_headers(scope, port)
        if headers.get("host") != f"127.0.0.1:{port}":  # sessions belong to one address; and no page elsewhere gets in
            target = f"http://127.0.0.1:{port}{scope['raw_path'].decode('ascii')}"
            return 307, JSON | {"location": target}, b'{"message":"The hub is at its own address"}'
        body = await request_body(receive, apigateway._v2_request_body_is_text(headers.get("content-type")))
        if (api := api_id()) is None:
            return 503, dict(JSON), b'{"message":"The hub is not deployed yet"}'
        call = asyncio.ensure_future(execute(api, scope, headers, body))
        # wait, not wait_for: MiniStack puts a cancellation off until the function ends
        done, _ = await asyncio.wait({call}, timeout=PATIENCE)
        reply = call.result() if done else (503, dict(JSON), b'{"message":"Service Unavailable"}')
        if len(reply[2]) > BODY_LIMIT:
            raise TooLarge(f"{scope['method']} {scope['path']} answered {len(reply[2])} bytes")
        return reply

    async def asgi(scope: dict, receive, send) -> None:
        if scope["type"] != "http" or scope["server"][1] != port:
            return await emulator(scope, receive, send)
        try:
            reply = await answer(scope, receive)
        except Gone:
            return None
        except TooLarge as error:
            reply = (
                (500, dict(JSON), OWN_FAULT.encode())
                if error.args
                else (413, dict(JSON), b'{"message":"Request Entity Too Large"}')
            )
        except Exception:  # a status or header that the function got wrong; AWS answers the same
            logger.exception("%s %s", scope["method"], scope["path"])
            reply = 500, dict(JSON), OWN_FAULT.encode()
        await ministack._send_response(ministack._with_date_header(send), *reply)

    return asgi


def like_aws() -> None:
    """Payload 2.0 carries `cookies` and no cookie header; a function's error is a 500 without its message."""
    execute = lambda_svc._execute_function_with_config_scope
    shape = lambda_svc.lambda_execute_result_to_api_proxy_response

    def with_cookies(function: dict, event, *rest, **named):
        if isinstance(event, dict) and event.get("version") == "2.0":
            jar = (event.get("headers") or {}).pop("cookie", None)
            if jar:
                event["cookies"] = jar.split("; ")
        return execute(function, event, *rest, **named)

    def without_traces(result: dict):
        if result.get("error") and not result.get("throttle"):
            logger.error("a function failed: %s", result.get("body"))
            return dict(INTERNAL), None
        return shape(result)

    lambda_svc._execute_function_with_config_scope = with_cookies
    lambda_svc.lambda_execute_result_to_api_proxy_response = without_traces


def install(port: int) -> None:
    """Let MiniStack's server listen on `port` too and answer there as the deployed API."""
    serve = hypercorn.asyncio.serve  # ministack.app.main() imports it when called

    async def both(app, config):
        config.bind.append(f"127.0.0.1:{port}")
        config.graceful_timeout = 1
        await serve(front_door(app, port), config)

    hypercorn.asyncio.serve = both
    like_aws()
