"""JSON. A JSON value is its canonical text; paths are checked when they are literals."""

from __future__ import annotations

from typing import Any

from infra.local.athena.dialect.registry import Match, define
from infra.local.athena.dialect.typed import failed, text
from infra.local.athena.dialect.udfs import documents


def _path(function: str) -> Any:
    def make(match: Match) -> str:
        path = match.args[1].const
        if not isinstance(path, str):
            raise failed(
                "NOT_SUPPORTED",
                match.where,
                f"{match.function.name} with a computed path is not supported by this engine",
            )
        try:
            documents.steps(path)
        except ValueError:
            raise failed("INVALID_FUNCTION_ARGUMENT", match.where, f"Invalid JSON path: '{path}'") from None
        return f"{function}({match[0]}, {text(path)})"

    return make


for _kind, _scalar in (("json", "varchar"), ("varchar", "$0")):
    define(f"json_extract({_kind}, varchar) => json", _path("trino_json_extract"))
    define(f"json_extract_scalar({_kind}, varchar) => {_scalar}", _path("trino_json_scalar"))
    define(f"json_size({_kind}, varchar) => bigint", _path("trino_json_size"))
    define(f"json_array_length({_kind}) => bigint", "trino_json_length({0})")
    define(f"is_json_scalar({_kind}) => boolean", "trino_json_is_scalar({0})")
    for _value in ("boolean", "bigint", "double", "varchar"):
        _shown = "{1}" if _value == "varchar" else "CAST({1} AS VARCHAR)"
        define(
            f"json_array_contains({_kind}, {_value}) => boolean", f"trino_json_contains({{0}}, {_shown}, '{_value}')"
        )
define("json_parse(varchar) => json", "trino_json_parse({0})")
define("json_format(json) => varchar", "{0}")
