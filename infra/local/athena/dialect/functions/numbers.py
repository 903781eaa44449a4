"""Arithmetic functions."""

from __future__ import annotations

from typing import Any

from infra.local.athena.dialect.registry import Match, define
from infra.local.athena.dialect.typed import fail, text
from infra.local.athena.dialect.types import Type, decimal

_INTEGERS = ("tinyint", "smallint", "integer", "bigint")


def _whole(kinds: list[Type]) -> Type:
    """round, ceiling and floor of a decimal: no scale, a digit more where one may carry."""
    kind = kinds[0]
    return decimal((kind.size or 0) - kind.scale + min(1, kind.scale), 0)


def _round_decimal(match: Match) -> str:
    return f"CAST({match[0]} AS {match.type.duck})"


def _round_places(match: Match) -> str:
    kind, places = match.args[0].type, match.args[1].const
    if isinstance(places, int) and places >= kind.scale:
        return f"CAST({match[0]} AS {match.type.duck})"
    return f"CAST(trino_round_text(CAST({match[0]} AS VARCHAR), {match[1]}) AS {match.type.duck})"


def _truncate_places(match: Match) -> str:
    return f"CAST(trino_truncate_text(CAST({match[0]} AS VARCHAR), {match[1]}) AS {match.type.duck})"


def _toward(word: str) -> Any:
    return lambda match: f"CAST({word}({match[0]}) AS {match.type.duck})"


def _overflow(match: Match) -> str:
    kind = match.type.duck
    return f"CAST(abs(CAST({match[0]} AS HUGEINT)) AS {kind})"


def _domain(native: str, test: str, otherwise: str) -> str:
    """A function that Java answers where DuckDB raises."""
    return f"CASE WHEN {test} THEN {otherwise} ELSE {native} END"


for _kind in _INTEGERS:
    define(f"abs({_kind}) => {_kind}", _overflow)
    define(f"sign({_kind}) => {_kind}", f"CAST(sign({{0}}) AS {Type(_kind).duck})")
    define(
        f"ceiling({_kind}) => {_kind}\nceil({_kind}) => {_kind}\nfloor({_kind}) => {_kind}\nround({_kind}) => {_kind}",
        "{0}",
    )
    define(
        f"round({_kind}, integer) => {_kind}",
        f"CAST(trino_round_text(CAST({{0}} AS VARCHAR), {{1}}) AS {Type(_kind).duck})",
    )
    define(f"mod({_kind}, {_kind}) => {_kind}", lambda m: remainder(m[0], m[1], m.type))
for _kind in ("double", "real"):
    define(f"abs({_kind}) => {_kind}", "abs({0})")
    define(
        f"sign({_kind}) => {_kind}",
        f"CAST(CASE WHEN isnan({{0}}) THEN {{0}} WHEN {{0}} = 0 THEN {{0}} ELSE sign({{0}}) END AS {Type(_kind).duck})",
    )
    define(f"ceiling({_kind}) => {_kind}\nceil({_kind}) => {_kind}", "ceil({0})")
    define(f"floor({_kind}) => {_kind}", "floor({0})")
    define(f"round({_kind}) => {_kind}", "round({0})")
    define(
        f"round({_kind}, integer) => {_kind}",
        "trino_round_places({0}, {1})" if _kind == "double" else "CAST(trino_round_real({0}, {1}) AS FLOAT)",
    )
    define(f"truncate({_kind}) => {_kind}", "trunc({0})")
define("mod(double, double) => double", "({0} % {1})")
define("abs(decimal) => $0", "abs({0})")
define("sign(decimal) => decimal(1,0)", "CAST(sign({0}) AS DECIMAL(1,0))")
define("ceiling(decimal) => decimal\nceil(decimal) => decimal", _toward("ceil"), returns=_whole)
define("floor(decimal) => decimal", _toward("floor"), returns=_whole)
define("round(decimal) => decimal", _round_decimal, returns=_whole)
define("round(decimal, integer) => decimal", _round_places, returns=lambda k: decimal((k[0].size or 0) + 1, k[0].scale))
define(
    "truncate(decimal) => decimal",
    _toward("trunc"),
    returns=lambda k: decimal(max(1, (k[0].size or 0) - k[0].scale), 0),
)
define("truncate(decimal, integer) => $0", _truncate_places)

define("power(double, double) => double\npow(double, double) => double", "trino_power({0}, {1})")
define("sqrt(double) => double", _domain("sqrt({0})", "{0} < 0", "CAST('NaN' AS DOUBLE)"))
define("cbrt(double) => double", "trino_cbrt({0})")
define("exp(double) => double", "exp({0})")
_inf = "CASE WHEN {0} = 0 THEN CAST('-Infinity' AS DOUBLE) ELSE CAST('NaN' AS DOUBLE) END"
for _log, _native in (("ln", "ln({0})"), ("log2", "ln({0}) / 0.6931471805599453e0"), ("log10", "trino_log10({0})")):
    define(f"{_log}(double) => double", _domain(_native, "{0} <= 0", _inf))
define("log(double, double) => double", "trino_log({0}, {1})")
define("degrees(double) => double", "({0} * 57.29577951308232e0)")
define("radians(double) => double", "({0} * 0.017453292519943295e0)")
define("e() => double", "CAST(2.718281828459045 AS DOUBLE)")
define("pi() => double", "pi()")
define("nan() => double", "CAST('NaN' AS DOUBLE)")
define("infinity() => double", "CAST('Infinity' AS DOUBLE)")
define("is_nan(double) => boolean", "isnan({0})")
define("is_finite(double) => boolean", "isfinite({0})")
define("is_infinite(double) => boolean", "isinf({0})")
define("width_bucket(double, double, double, bigint) => bigint", "trino_width_bucket({0}, {1}, {2}, {3})")
define("random() => double\nrand() => double", "random()")
for _kind in ("integer", "bigint"):
    define(
        f"random({_kind}) => {_kind}\nrand({_kind}) => {_kind}", f"CAST(floor(random() * {{0}}) AS {Type(_kind).duck})"
    )

for _name, _op in (("and", "&"), ("or", "|")):
    define(f"bitwise_{_name}(bigint, bigint) => bigint", f"({{0}} {_op} {{1}})")
define("bitwise_xor(bigint, bigint) => bigint", "xor({0}, {1})")
define("bitwise_not(bigint) => bigint", "(-{0} - 1)")
for _kind in ("integer", "bigint"):
    define(
        f"bitwise_left_shift({_kind}, bigint) => {_kind}",
        f"CAST(trino_shift({{0}}, {{1}}, {(Type(_kind).duck == 'INTEGER' and 32) or 64}, 'left') AS "
        f"{Type(_kind).duck})",
    )
    define(
        f"bitwise_right_shift({_kind}, bigint) => {_kind}",
        f"CAST(trino_shift({{0}}, {{1}}, {(Type(_kind).duck == 'INTEGER' and 32) or 64}, 'right') AS "
        f"{Type(_kind).duck})",
    )
    define(
        f"bitwise_right_shift_arithmetic({_kind}, bigint) => {_kind}",
        f"CAST(trino_shift({{0}}, {{1}}, {(Type(_kind).duck == 'INTEGER' and 32) or 64}, 'arithmetic') AS "
        f"{Type(_kind).duck})",
    )
define("bit_count(bigint, bigint) => bigint", "trino_bit_count({0}, {1})")
define("to_base(bigint, bigint) => varchar(64)", "trino_to_base({0}, {1})")
define("from_base(varchar, bigint) => bigint", "trino_from_base({0}, {1})")


def remainder(left: str, right: str, kind: Type) -> str:
    zero = fail("DIVISION_BY_ZERO", text("Division by zero"), kind)
    rest = f"CAST({left} % {right} AS {kind.duck})"
    return f"CASE WHEN {left} IS NULL THEN NULL WHEN {right} = 0 THEN {zero} ELSE {rest} END"


define(
    "mod(decimal, decimal) => decimal", lambda m: remainder(m[0], m[1], m.type), returns=lambda k: remainder_type(*k)
)


def remainder_type(left: Type, right: Type) -> Type:
    scale = max(left.scale, right.scale)
    return decimal(min((left.size or 0) - left.scale, (right.size or 0) - right.scale) + scale, scale)
