"""The OpenAPI 3.1 document of a set of routes."""

import inspect
import re
import types
from collections.abc import Iterable
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError

from hub.api.replies import Accepted, Created, Page, Reply
from hub.api.routes import Parameter, Route

REFS: Final = "#/components/schemas/{model}"
ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "details": {}},
        }
    },
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """All routes in the order of path and method; the schemas that they name once, under components."""
    schemas: dict[str, Any] = {"Error": ERROR}
    paths: dict[str, Any] = {}
    for route in sorted(routes, key=lambda route: (route.path, route.method)):
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Customer Data Hub",
            "version": "1",
            "description": "Each operation names the permission that it needs as `x-permission`; `null` is public.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    parameters = [_parameter(found, "path", schemas) for found in route.path_parameters]
    parameters += [_parameter(found, "query", schemas) for found in route.query_parameters]
    status, answer = _answer(route.returns, schemas)
    problem = {"content": {"application/json": {"schema": {"$ref": REFS.format(model="Error")}}}}
    operation: dict[str, Any] = {
        "operationId": route.function.__name__,
        "summary": (inspect.getdoc(route.function) or _spoken(route.function.__name__)).split("\n")[0],
        "x-permission": route.permission,
        "security": [] if route.public else [{"access_token": []}],
        "responses": {status: answer, "default": {"description": "Refused; see error.code"} | problem},
    }
    if route.method == "POST" and not route.public:
        key = {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": 255},
        }
        parameters.append(key)
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        content = {"application/json": {"schema": _schema(route.body.type, schemas, "validation")}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(parameter: Parameter, place: str, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(parameter.type, schemas, "validation")
    if not parameter.required and parameter.default is not None:
        schema = schema | {"default": parameter.adapter.dump_python(parameter.default, mode="json")}
    return {"name": parameter.name, "in": place, "required": parameter.required, "schema": schema}


def _answer(returns: Any, schemas: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if returns is type(None):
        return "204", {"description": "Done"}
    origin = get_origin(returns)
    status = {Accepted: "202", Created: "201"}.get(origin, "200")
    described = {"200": "The answer", "201": "Made", "202": "Taken on; ask at `location` how it stands"}[status]
    inner = get_args(returns)[0] if origin in (Accepted, Created) else returns
    if returns is None or Reply in (inner, *get_args(inner)):
        return status, {"description": described}
    return status, {
        "description": described,
        "content": {"application/json": {"schema": _schema(inner, schemas, "serialization")}},
    }


def _schema(kind: Any, schemas: dict[str, Any], mode: Any) -> dict[str, Any]:
    """The schema of a type; the models in it move to `schemas`. A type without a schema may be anything."""
    try:
        made = TypeAdapter(kind).json_schema(ref_template=REFS, mode=mode)
    except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema):
        return {}
    schemas.update(made.pop("$defs", {}))
    if "properties" in made and "title" in made and get_origin(kind) not in (Annotated, Union, types.UnionType):
        name = made["title"] if get_origin(kind) is not Page else f"{_name(get_args(kind)[0])}Page"
        schemas[name] = made | {"title": name}
        return {"$ref": REFS.format(model=name)}
    return made


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and get_origin(kind) is None else "Any"


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()
