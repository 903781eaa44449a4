"""How a Python function becomes a DuckDB one: NULL in, NULL out; errors carry Trino's name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class TrinoError(ValueError):
    """Raised by a function: DuckDB passes the text on, and the engine reads the name out of it again."""

    MARK = "\x02"

    def __init__(self, name: str, message: str):
        super().__init__(f"{self.MARK}{name}{self.MARK}{message}{self.MARK}")


def invalid(message: str) -> TrinoError:
    return TrinoError("INVALID_FUNCTION_ARGUMENT", message)


@dataclass(frozen=True)
class Udf:
    name: str
    parameters: list[str]
    returns: str
    call: Callable[..., Any]


UDFS: list[Udf] = []
Plain = Callable[..., Any]


def udf(name: str, signature: str) -> Callable[[Plain], Plain]:
    """Registers a function of DuckDB types, written "VARCHAR, BIGINT -> VARCHAR"."""
    inputs, _, returns = signature.partition(" -> ")
    parameters = [p.strip() for p in re.split(r", (?![^(]*\))", inputs) if p.strip()]

    def add(function: Plain) -> Plain:
        UDFS.append(Udf(name, parameters, returns, _null_safe(function, len(parameters))))
        return function

    return add


def _null_safe(function: Plain, arity: int) -> Plain:
    """NULL for a NULL argument. DuckDB reads the number of parameters off the function, hence one shape for each."""
    n = None
    shapes: dict[int, Plain] = {
        1: lambda a: n if a is n else function(a),
        2: lambda a, b: n if a is n or b is n else function(a, b),
        3: lambda a, b, c: n if a is n or b is n or c is n else function(a, b, c),
        4: lambda a, b, c, d: n if a is n or b is n or c is n or d is n else function(a, b, c, d),
        5: lambda a, b, c, d, e: n if None in (a, b, c, d, e) else function(a, b, c, d, e),
    }
    return shapes[arity]
