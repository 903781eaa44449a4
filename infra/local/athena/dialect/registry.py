"""Function signatures: how they are written down, and which one a call means."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.local.athena.dialect import types
from infra.local.athena.dialect.casts import coerce
from infra.local.athena.dialect.tree import Lambda, Node
from infra.local.athena.dialect.typed import Typed, failed
from infra.local.athena.dialect.types import Type

ELEMENT = "ℯ"  # a lambda's variable in a template; each call gets a name of its own, so that calls nest
_TAKE_CHAR = frozenset({"length", "lower", "upper", "trim", "rtrim", "substr", "substring", "concat"})
_numbers = itertools.count(1)

Make = Callable[["Match"], str]
LambdaCompiler = Callable[[Lambda, list[Type]], tuple[Typed, list[str]]]


@dataclass(frozen=True)
class Function:
    """`parameters` are type patterns; `returns` a pattern, "$n" (the type of argument n) or a callable."""

    name: str
    parameters: tuple[str, ...]
    variadic: bool
    returns: str | Callable[[list[Type]], Type]
    make: str | Make
    kind: str  # scalar | aggregate | window


@dataclass
class Match:
    """A call resolved to one signature: its coerced arguments and the types that its letters stand for."""

    function: Function
    args: list[Typed]
    where: tuple[int, int]
    letters: dict[str, Type] = field(default_factory=dict)
    aggregate: Callable[[str], str] = lambda sql: sql  # adds DISTINCT's, FILTER's and OVER's text to an aggregate

    def __getitem__(self, index: int) -> str:
        return self.args[index].sql

    @property
    def type(self) -> Type:
        returns = self.function.returns
        if callable(returns):
            return returns([a.type for a in self.args])
        if returns.startswith("$"):
            return self.args[int(returns[1:])].type
        return _resolved(returns, self.letters)

    @property
    def sql(self) -> str:
        make = self.function.make
        made = (
            make(self)
            if callable(make)
            else make.format(*[a.sql for a in self.args], args=", ".join(a.sql for a in self.args))
        )
        return made.replace(ELEMENT, f"v{next(_numbers)}_") if ELEMENT in made else made


_FUNCTIONS: dict[str, list[Function]] = {}


def define(signatures: str, make: str | Make, kind: str = "scalar", returns: Any = None) -> None:
    """Adds functions, one signature per line: "name(pattern, pattern...) -> pattern"."""
    for line in signatures.strip().splitlines():
        head, _, tail = line.strip().partition(") => ")
        name, _, inside = head.partition("(")
        parameters = [p.replace("→", "->") for p in types.split_top(inside.replace("->", "→"))]
        variadic = bool(parameters) and parameters[-1].endswith("...")
        cleaned = tuple(p.removesuffix("...").strip() for p in parameters)
        known = Function(name.strip(), cleaned, variadic, returns or tail.strip(), make, kind)
        _FUNCTIONS.setdefault(known.name, []).append(known)


def knows(name: str) -> bool:
    return name in _FUNCTIONS


def kind_of(name: str) -> str | None:
    found = _FUNCTIONS.get(name)
    return found[0].kind if found else None


def names() -> list[str]:
    return sorted(_FUNCTIONS)


def resolve(name: str, args: list[Typed | Lambda], where: tuple[int, int], lambdas: LambdaCompiler) -> Match:
    """The signature that takes these arguments with the fewest coercions. Raises QueryFailed as Trino does."""
    candidates = _FUNCTIONS.get(name)
    if candidates is None:
        raise failed("FUNCTION_NOT_FOUND", where, f"Function '{name}' not registered or not supported by this engine")
    found = [m for m in (_match(function, args, where, lambdas) for function in candidates) if m]
    if not found:
        given = ", ".join("function" if isinstance(a, Node) else str(a.type) for a in args)
        expected = ", ".join(f"{name}({', '.join(c.parameters)})" for c in candidates)
        raise failed(
            "FUNCTION_NOT_FOUND", where, f"Unexpected parameters ({given}) for function {name}. Expected: {expected}"
        )
    least = min(cost for cost, _ in found)
    best = [match for cost, match in found if cost == least]
    unknown = any(isinstance(a, Typed) and a.type.base == "unknown" for a in args)
    if unknown and len({str(match.type) for match in best}) > 1 and not all(m.type.is_number for m in best):
        raise failed("AMBIGUOUS_FUNCTION_CALL", where, f"Could not choose a best candidate for function {name}")
    return best[0]


def _match(
    function: Function, args: list[Typed | Lambda], where: tuple[int, int], lambdas: LambdaCompiler
) -> tuple[int, Match] | None:
    patterns = list(function.parameters)
    if function.variadic:
        patterns += [patterns[-1]] * (len(args) - len(patterns))
    if len(patterns) != len(args):
        return None
    letters: dict[str, Type] = {}
    while True:
        try:
            return _fitted(function, patterns, args, where, lambdas, dict(letters))
        except _Wider as wider:
            letters[wider.letter] = wider.kind


class _Wider(Exception):
    """A lambda gives more than the letter of its result stood for: the call is matched again with the wider type."""

    def __init__(self, letter: str, kind: Type):
        super().__init__(letter)
        self.letter, self.kind = letter, kind


def _fitted(
    function: Function,
    patterns: list[str],
    args: list[Typed | Lambda],
    where: tuple[int, int],
    lambdas: LambdaCompiler,
    letters: dict[str, Type],
) -> tuple[int, Match] | None:
    cost = 0
    for pattern, arg in zip(patterns, args, strict=True):
        if isinstance(arg, Lambda) != ("->" in pattern):
            return None
        if isinstance(arg, Typed):
            if pattern == "varchar" and arg.type.base == "char" and function.name not in _TAKE_CHAR:
                return None
            step = _bind(pattern, arg.type, letters)
            if step is None:
                return None
            cost += step
    done: list[Typed] = []
    for pattern, arg in zip(patterns, args, strict=True):
        made = _applied(pattern, arg, letters, lambdas)
        if made is None:
            return None
        done.append(made)
    return cost, Match(function, done, where, letters)


def _applied(pattern: str, arg: Typed | Lambda, letters: dict[str, Type], lambdas: LambdaCompiler) -> Typed | None:
    if isinstance(arg, Lambda):
        inputs, _, output = pattern.partition("->")
        kinds = [_resolved(p, letters) for p in types.split_top(_unwrapped(inputs.strip()))]
        if len(kinds) != len(arg.parameters):
            return None
        body, parameters = lambdas(arg, kinds)
        bound = letters.get(output.strip())
        if bound is None or bound.base == "unknown":
            if _bind(output.strip(), body.type, letters) is None:
                return None
        elif not types.coerces(body.type, bound):
            wider = types.common(body.type, bound)
            if wider is None:
                return None
            raise _Wider(output.strip(), wider)
        body = coerce(body, _resolved(output.strip(), letters))
        return Typed(f"lambda {', '.join(parameters)}: {body.sql}", body.type)
    wanted = _wanted(pattern, arg.type, letters)
    return coerce(arg, wanted) if wanted != arg.type else arg


def _wanted(pattern: str, given: Type, letters: dict[str, Type]) -> Type:
    """The concrete type of a parameter; lengths and precisions of the argument stay."""
    if pattern in ("varchar", "char", "timestamp", "timestamptz", "decimal", "row", "time"):
        if given.base == pattern:
            return given
        if pattern == "varchar" and given.base == "char":
            return types.varchar(given.size)
        if pattern == "decimal" and given.is_integer:
            return types.as_decimal(given)
        sizes = {"timestamp": 3, "timestamptz": given.size or 3, "varchar": 0}
        return Type(pattern, sizes.get(pattern)) if pattern != "decimal" else types.decimal(1, 0)
    return _resolved(pattern, letters)


def _resolved(pattern: str, letters: dict[str, Type]) -> Type:
    if pattern in letters:
        return letters[pattern]
    if match := re.fullmatch(r"(array|map)\((.*)\)", pattern):
        return Type(match.group(1), inner=tuple(_resolved(p, letters) for p in types.split_top(match.group(2))))
    if match := re.fullmatch(r"row\((.*)\)", pattern):
        return types.row([(None, _resolved(p, letters)) for p in types.split_top(match.group(1))])
    if re.fullmatch(r"[A-Z]", pattern):
        return types.UNKNOWN
    return types.parse(pattern)


def _bind(pattern: str, given: Type, letters: dict[str, Type]) -> int | None:
    """The cost of giving a `given` where `pattern` is wanted; None when it cannot be."""
    if re.fullmatch(r"[A-Z]", pattern):
        known = letters.get(pattern)
        both = given if known is None else types.common(known, given)
        if both is None:
            return None
        letters[pattern] = both
        return 0 if known in (None, both) and given == both else 1
    if match := re.fullmatch(r"(array|map)\((.*)\)", pattern):
        inner = types.split_top(match.group(2))
        if given.base == "unknown":
            return 1
        if given.base != match.group(1):
            return None
        costs = [_bind(p, t, letters) for p, t in zip(inner, given.inner, strict=True)]
        return None if None in costs else sum(c for c in costs if c is not None)
    if pattern == given.base or (pattern == "row" and given.base == "row"):
        return 0
    if given.base == "unknown" and pattern != "char":
        return 1
    if pattern in ("row", "json", "char"):
        return None
    if pattern == "decimal":
        return 1 if given.is_integer else None
    target = types.parse(pattern)
    if target.base == given.base:  # a bounded varchar
        return 0 if types.coerces(given, target) else None
    if target.base in ("timestamp", "timestamptz"):
        target = Type(target.base, max(given.size or 0, target.size or 0))
    return _distance(given, target) if types.coerces(given, target) else None


def _distance(given: Type, target: Type) -> int:
    order = ["tinyint", "smallint", "integer", "bigint", "decimal", "real", "double"]
    if given.base in order and target.base in order:
        return order.index(target.base) - order.index(given.base)
    return 1 if target.base != "timestamptz" or given.base == "timestamp" else 2


def _unwrapped(inputs: str) -> str:
    """(K, V) or T of a lambda's pattern, without the brackets around several."""
    return inputs[1:-1] if inputs.startswith("(") else inputs
