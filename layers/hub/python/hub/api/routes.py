"""Routes: a path, the permission that it needs, and how a request becomes the arguments of a function."""

import inspect
import re
from dataclasses import dataclass, field
from types import FunctionType
from typing import Annotated, Any, Final, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hub.access import PERMISSIONS, Principal
from hub.errors import BadRequest, InvalidInput, NotFound

Limit = Annotated[int, Field(ge=1, le=200)]
"""The type of a list's `limit`; give it the default 50."""
LONGEST_SEGMENT: Final = 512
"""Bytes of one part of a path; a sort key of DynamoDB has at most 1,024."""
MISSING: Final = inspect.Parameter.empty


class Request(BaseModel):
    """Base of request bodies: a field that the route does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Call:
    """The request itself, for the few functions that need more than arguments: name a parameter's type `Call`."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    cookies: dict[str, str]
    source_ip: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Parameter:
    name: str
    type: Any
    adapter: TypeAdapter[Any]
    default: object

    @property
    def required(self) -> bool:
        return self.default is MISSING


@dataclass(frozen=True)
class Route:
    """One method and path. permission is None where the route is public: anybody may call it, without a token."""

    method: str
    path: str
    permission: str | None
    function: FunctionType = field(repr=False)
    pattern: re.Pattern[str] = field(repr=False)
    path_parameters: list[Parameter] = field(repr=False)
    query_parameters: list[Parameter] = field(repr=False)
    body: Parameter | None = field(repr=False)
    injected: dict[str, type] = field(repr=False)
    returns: Any = field(repr=False)
    any_query: bool = False

    @property
    def public(self) -> bool:
        return self.permission is None

    def arguments(self, call: Call, principal: Principal | None) -> dict[str, object]:
        """The function's arguments; BadRequest, InvalidInput or NotFound where the request does not give them."""
        values: dict[str, object] = {name: call if kind is Call else principal for name, kind in self.injected.items()}
        values |= self._from_path(call.path)
        values |= self._from_query(call.query)
        if self.body:
            values[self.body.name] = _read_body(self.body, call.body)
        return values

    def _from_path(self, path: str) -> dict[str, object]:
        match = self.pattern.fullmatch(path)
        assert match is not None
        values: dict[str, object] = {}
        for parameter in self.path_parameters:
            text = match[parameter.name]
            if len(text.encode()) > LONGEST_SEGMENT or not text.isprintable():
                raise NotFound("There is nothing at this path")
            try:
                values[parameter.name] = parameter.adapter.validate_python(text)
            except ValidationError as error:
                raise NotFound("There is nothing at this path") from error
        return values

    def _from_query(self, query: dict[str, list[str]]) -> dict[str, object]:
        known = {parameter.name: parameter for parameter in self.query_parameters}
        unknown = sorted(query.keys() - known.keys())
        if unknown and not self.any_query:
            expected = ", ".join(known) or "none"
            raise BadRequest(
                f"Unknown query parameter {unknown[0]!r}; this route takes: {expected}", {"unknown": unknown}
            )
        return {name: _read_query(parameter, query.get(name)) for name, parameter in known.items()}


def _read_query(parameter: Parameter, given: list[str] | None) -> object:
    if given is None:
        if parameter.required:
            raise BadRequest(f"The query parameter {parameter.name!r} is required")
        return parameter.default
    many = get_origin(parameter.type) is list
    if not many and len(given) > 1:
        raise BadRequest(f"The query parameter {parameter.name!r} is given {len(given)} times")
    try:
        return parameter.adapter.validate_python(given if many else given[0])
    except ValidationError as error:
        raise InvalidInput(
            f"The query parameter {parameter.name!r} is not right", problems(error, parameter.name)
        ) from error


def _read_body(parameter: Parameter, body: bytes) -> object:
    try:
        return parameter.adapter.validate_json(body, strict=True)
    except ValidationError as error:
        if any(found["type"] == "json_invalid" for found in error.errors(include_input=False, include_url=False)):
            raise BadRequest("The body is not JSON") from error
        raise InvalidInput("The request is not right: see details", problems(error)) from error


def problems(error: ValidationError, prefix: str | None = None) -> list[dict[str, str]]:
    """Each field and what is wrong with it. The value itself is never repeated: it may be a password or a person."""
    return [
        {
            "field": ".".join(str(part) for part in ([prefix] if prefix else []) + list(found["loc"])) or "body",
            "problem": found["msg"],
        }
        for found in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def route(
    method: str, path: str, permission: str | None, public: bool, function: FunctionType, any_query: bool = False
) -> Route:
    """Read a function's signature once. TypeError for a route that says neither who may call it nor that all may."""
    if public == (permission is not None):
        raise TypeError(f"{method} {path}: give either a permission or public=True")
    if permission is not None and permission not in PERMISSIONS:
        raise TypeError(f"{method} {path}: no role can have the permission {permission!r}; see hub.access.permissions")
    hints = get_type_hints(function, include_extras=True)
    in_path = re.findall(r"<(\w+)>", path)
    injected, path_parameters, query_parameters, body = {}, [], [], None
    for name, declared in inspect.signature(function).parameters.items():
        if name not in hints:
            raise TypeError(f"{method} {path}: parameter {name} has no type")
        parameter_type = hints[name]
        if parameter_type in (Principal, Call):
            injected[name] = parameter_type
            continue
        parameter = Parameter(name, parameter_type, TypeAdapter(parameter_type), declared.default)
        if name in in_path:
            path_parameters.append(parameter)
        elif name == "request":
            body = parameter
        else:
            query_parameters.append(parameter)
    if missing := set(in_path) - {parameter.name for parameter in path_parameters}:
        raise TypeError(f"{method} {path}: the function does not take {', '.join(sorted(missing))}")
    if public and Principal in injected.values():
        raise TypeError(f"{method} {path}: a public route has no principal")
    pattern = re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", re.sub(r"[.]", r"\\.", path)))
    return Route(
        method,
        path,
        permission,
        function,
        pattern,
        path_parameters,
        query_parameters,
        body,
        injected,
        hints.get("return"),
        any_query,
    )
