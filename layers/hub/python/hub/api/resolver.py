"""From the gateway's event to a function and back. Who may call is settled before anything of the request is parsed."""

import base64
import binascii
import hashlib
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from types import FunctionType
from typing import Any, Final, TypeVar, cast
from urllib.parse import parse_qsl

from aws_lambda_powertools import Logger

from hub.access import ROLES, Principal, principal_from
from hub.access.principal import REFUSED
from hub.access.quotas import Quotas
from hub.access.store import Repeats, Revocations, RoleStore, Uses
from hub.api.replies import Reply, dump, jsonable, reply_of, to_gateway
from hub.api.routes import Call, Route, route
from hub.errors import (
    BadRequest,
    Conflict,
    HubError,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    SettingsError,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
)
from hub.settings import ApiSettings

LARGEST_BODY: Final = 1024 * 1024
LARGEST_KEPT: Final = 200_000
"""Characters of an answer that still fit, with all else, into one item of the access table."""
LONGEST_KEY: Final = 255
Function = TypeVar("Function", bound=Callable[..., Any])
logger = Logger(service="api")


class Api:
    """The routes of one function of the API."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[Route] = []

    def get(
        self, path: str, permission: str | None = None, public: bool = False, any_query: bool = False
    ) -> Callable[[Function], Function]:
        return self._add("GET", path, permission, public, any_query)

    def post(
        self, path: str, permission: str | None = None, public: bool = False, any_query: bool = False
    ) -> Callable[[Function], Function]:
        return self._add("POST", path, permission, public, any_query)

    def put(self, path: str, permission: str | None = None, public: bool = False) -> Callable[[Function], Function]:
        return self._add("PUT", path, permission, public)

    def patch(self, path: str, permission: str | None = None, public: bool = False) -> Callable[[Function], Function]:
        return self._add("PATCH", path, permission, public)

    def delete(self, path: str, permission: str | None = None, public: bool = False) -> Callable[[Function], Function]:
        return self._add("DELETE", path, permission, public)

    def _add(
        self, method: str, path: str, permission: str | None, public: bool, any_query: bool = False
    ) -> Callable[[Function], Function]:
        """any_query: the caller chooses the query's parameters, which the function reads from its Call."""

        def remember(function: Function) -> Function:
            self.routes.append(route(method, path, permission, public, cast(FunctionType, function), any_query))
            return function

        return remember

    def resolve(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Answer one event of the HTTP API (payload format 2.0)."""
        logger.set_correlation_id(event.get("requestContext", {}).get("requestId"))
        logger.append_keys(principal=None)
        try:
            return to_gateway(self._answer(event))
        except Exception as error:  # noqa: BLE001 - the caller gets one shape and never a trace
            if not isinstance(error, HubError) or error.status >= 500:
                _log(error)
            return to_gateway(error_reply(error))

    def _answer(self, event: dict[str, Any]) -> Reply:
        found = self._find(event["requestContext"]["http"]["method"], event["rawPath"])
        principal = None if found.public else self._principal(event, found)
        call = _call(event)
        key = call.headers.get("idempotency-key")
        if found.method == "POST" and principal and key is not None:
            return self._once(found, call, principal, key)
        return reply_of(found.function(**found.arguments(call, principal)))

    def _find(self, method: str, path: str) -> Route:
        """The route of a path; one with fewer parameters goes before one with more."""
        fitting = [route for route in self.routes if route.pattern.fullmatch(path)]
        if not fitting:
            raise NotFound("There is nothing at this path")
        for candidate in sorted(fitting, key=lambda route: len(route.path_parameters)):
            if candidate.method == method:
                return candidate
        allowed = sorted({route.method for route in fitting})
        raise MethodNotAllowed(f"This path takes {', '.join(allowed)}", {"allowed": allowed})

    def _principal(self, event: dict[str, Any], found: Route) -> Principal:
        claims = event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims")
        if not isinstance(claims, dict):
            raise Unauthenticated(REFUSED)
        principal = principal_from(claims, self._settings.user_pool_client_id, time.time(), self._machines)
        if principal.issued_at <= self._revocations.not_before(principal.id):
            raise Unauthenticated(REFUSED)
        if custom := principal.roles - ROLES.keys():
            principal = replace(principal, granted=self._roles.granted(custom))
        principal.require(found.permission or "")
        self._quotas.count(principal.id, self._settings.quotas.of(principal))
        self._uses.note(principal.id, found.permission or "")
        logger.append_keys(principal=principal.id)
        return principal

    def _once(self, found: Route, call: Call, principal: Principal, key: str) -> Reply:
        """Run a creating request unless its key was used before; then give the answer of that time."""
        if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
            raise BadRequest(f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters")
        arguments = found.arguments(call, principal)
        fingerprint = hashlib.sha256(b"\n".join([call.path.encode(), repr(call.query).encode(), call.body])).hexdigest()
        kept = self._repeats.claim(principal.id, key, fingerprint)
        if kept and kept.fingerprint != fingerprint:
            raise InvalidInput("This Idempotency-Key was used for another request; take a new one")
        if kept and kept.answer is None:
            raise Conflict("The first request with this Idempotency-Key is still under way")
        if kept and kept.answer is not None:
            return Reply(**kept.answer)
        try:
            reply = reply_of(found.function(**arguments))
        except HubError:
            self._repeats.release(principal.id, key)
            raise
        answer = {"status": reply.status, "body": jsonable(reply.body), "headers": reply.headers}
        if len(dump(answer)) <= LARGEST_KEPT:
            self._repeats.answer(principal.id, key, answer)
        return reply

    @cached_property
    def _settings(self) -> ApiSettings:
        return ApiSettings.read()

    @cached_property
    def _machines(self) -> dict[str, str]:
        return {client.id: client.name for client in self._settings.machine_clients}

    @cached_property
    def _revocations(self) -> Revocations:
        return Revocations(self._settings.access_table)

    @cached_property
    def _quotas(self) -> Quotas:
        return Quotas(self._settings.access_table)

    @cached_property
    def _uses(self) -> Uses:
        return Uses(self._settings.access_table)

    @cached_property
    def _roles(self) -> RoleStore:
        return RoleStore(self._settings.access_table)

    @cached_property
    def _repeats(self) -> Repeats:
        return Repeats(self._settings.access_table)


def _call(event: dict[str, Any]) -> Call:
    http = event["requestContext"]["http"]
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return Call(
        method=http["method"],
        path=event["rawPath"],
        query=query,
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
        cookies=_cookies(event.get("cookies", [])),
        source_ip=http.get("sourceIp", ""),
        body=_body(event),
    )


def _cookies(given: list[str]) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    for text in given:
        try:
            jar.load(text)
        except CookieError:
            continue
    return {name: morsel.value for name, morsel in jar.items()}


def _body(event: dict[str, Any]) -> bytes:
    text = event.get("body") or ""
    if len(text) > LARGEST_BODY * 4 // 3 + 4:
        raise TooLarge("A body has at most 1 MB; larger things go through an upload")
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except binascii.Error as error:
        raise BadRequest("The body cannot be read") from error
    if len(body) > LARGEST_BODY:
        raise TooLarge("A body has at most 1 MB; larger things go through an upload")
    return body


def error_reply(error: Exception) -> Reply:
    """The one error shape. What is the hub's own fault says nothing but that."""
    if not isinstance(error, HubError) or error.status == 500:
        error = HubError("Something went wrong inside the hub; the operator's log has it")
    headers = {}
    if isinstance(error, MethodNotAllowed) and isinstance(error.details, dict):
        headers["allow"] = ", ".join(error.details["allowed"])
    if isinstance(error, TooManyRequests) and isinstance(error.details, dict):
        headers["retry-after"] = str(error.details["retry_after"])
    body = {"code": error.code, "message": error.message, "details": error.details}
    return Reply(error.status, {"error": body}, headers=headers)


def _log(error: Exception) -> None:
    """Where it went wrong, without what was said: an error's text may hold a person's data."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    response = getattr(error, "response", None)
    service_code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    missing = str(error) if isinstance(error, SettingsError) else None
    logger.error(
        "request failed", error=type(error).__name__, service_code=service_code, missing=missing, frames=frames
    )
