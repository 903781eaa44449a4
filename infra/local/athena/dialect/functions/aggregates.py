"""Aggregates. `match.aggregate` adds DISTINCT, ORDER BY, FILTER and OVER to one DuckDB aggregate."""

from __future__ import annotations

from infra.local.athena.dialect.registry import Make, Match, define
from infra.local.athena.dialect.typed import failed
from infra.local.athena.dialect.types import decimal


def agg(template: str, outside: str = "{}") -> Make:
    """One DuckDB aggregate, with a conversion around its result."""
    return lambda match: outside.format(match.aggregate(template.format(*[a.sql for a in match.args])))


def _sum_integer(match: Match) -> str:
    return f"CAST({match.aggregate(f'sum({match[0]})')} AS BIGINT)"


def _average_decimal(match: Match) -> str:
    kind = match.args[0].type
    total, count = match.aggregate(f"sum({match[0]})"), match.aggregate(f"count({match[0]})")
    return f"CAST(trino_divide(CAST({total} AS VARCHAR), CAST({count} AS VARCHAR), {kind.scale}) AS {kind.duck})"


def _percentile(match: Match) -> str:
    """Trino's digest of few values: the one at floor(n * share), and never one that no row has."""
    values = match.aggregate(f"list({match[0]})")
    return f"trino_percentile(list_sort(list_filter({values}, lambda v_: v_ IS NOT NULL)), {match[1]})"


for _kind in ("tinyint", "smallint", "integer", "bigint"):
    define(f"sum({_kind}) => bigint", _sum_integer, kind="aggregate")
    define(f"avg({_kind}) => double", agg("avg({0})"), kind="aggregate")
define("sum(double) => double", agg("sum({0})"), kind="aggregate")
define("sum(real) => real", agg("sum({0})", "CAST({} AS FLOAT)"), kind="aggregate")
define("sum(decimal) => decimal", agg("sum({0})"), kind="aggregate", returns=lambda k: decimal(38, k[0].scale))
define("avg(double) => double", agg("avg({0})"), kind="aggregate")
define("avg(real) => real", agg("avg({0})", "CAST({} AS FLOAT)"), kind="aggregate")
define("avg(decimal) => $0", _average_decimal, kind="aggregate")
define("count(T) => bigint", agg("count({0})"), kind="aggregate")
define("count_if(boolean) => bigint", agg("count_if({0})", "CAST({} AS BIGINT)"), kind="aggregate")
define("min(T) => T", lambda m: _extreme(m, "min"), kind="aggregate")
define("max(T) => T", lambda m: _extreme(m, "max"), kind="aggregate")
define("bool_and(boolean) => boolean\nevery(boolean) => boolean", agg("bool_and({0})"), kind="aggregate")
define("bool_or(boolean) => boolean", agg("bool_or({0})"), kind="aggregate")
define("arbitrary(T) => T\nany_value(T) => T", agg("any_value({0})"), kind="aggregate")
define("max_by(T, U) => T", agg("arg_max_null({0}, {1})"), kind="aggregate")
define("min_by(T, U) => T", agg("arg_min_null({0}, {1})"), kind="aggregate")
define("array_agg(T) => array(T)", agg("list({0})"), kind="aggregate")
define("listagg(varchar) => varchar", agg("string_agg({0}, '')"), kind="aggregate")
define("listagg(varchar, varchar) => varchar", agg("string_agg({0}, {1})"), kind="aggregate")
define("approx_distinct(T) => bigint", agg("count(DISTINCT {0})"), kind="aggregate")
for _kind in ("bigint", "double", "real"):
    define(f"approx_percentile({_kind}, double) => {_kind}", _percentile, kind="aggregate")
for _name in ("stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop"):
    define(f"{_name}(double) => double", agg(f"{_name}({{0}})"), kind="aggregate")
for _name in ("corr", "covar_samp", "covar_pop", "regr_slope", "regr_intercept"):
    define(
        f"{_name}(real, real) => real",
        agg(f"{_name}({{0}}, {{1}})", "CAST(trino_finite({}) AS FLOAT)"),
        kind="aggregate",
    )
    define(f"{_name}(double, double) => double", agg(f"{_name}({{0}}, {{1}})", "trino_finite({})"), kind="aggregate")
define("geometric_mean(double) => double", agg("avg(ln({0}))", "exp({})"), kind="aggregate")
define("skewness(double) => double", lambda m: _moments(m, 3), kind="aggregate")
define("bitwise_and_agg(bigint) => bigint", agg("bit_and({0})"), kind="aggregate")
define("bitwise_or_agg(bigint) => bigint", agg("bit_or({0})"), kind="aggregate")
define("bitwise_xor_agg(bigint) => bigint", agg("bit_xor({0})"), kind="aggregate")
define("histogram(T) => map(T, bigint)", lambda m: f"trino_histogram({m.aggregate(f'list({m[0]})')})", kind="aggregate")
define("map_agg(K, V) => map(K, V)", lambda m: _pairs(m, "trino_map_agg"), kind="aggregate")
define("multimap_agg(K, V) => map(K, array(V))", lambda m: _pairs(m, "trino_multimap_agg"), kind="aggregate")


def _extreme(match: Match, word: str) -> str:
    """min or max; a NaN counts only where there is nothing else."""
    kind = match.args[0].type
    if kind.inner or kind.base in ("json", "unknown"):
        raise failed("NOT_SUPPORTED", match.where, f"{word} of {kind} is not supported by this engine")
    if kind.base not in ("double", "real"):
        return match.aggregate(f"{word}({match[0]})")
    number = f"CASE WHEN isnan({match[0]}) THEN NULL ELSE {match[0]} END"
    return f"coalesce({match.aggregate(f'{word}({number})')}, {match.aggregate(f'{word}({match[0]})')})"


def _moments(match: Match, least: int) -> str:
    """Skewness as Trino has it: of the population, NULL below three values."""
    x = match[0]
    n, mean = match.aggregate(f"count({x})"), match.aggregate(f"list({x})")
    return f"CASE WHEN {n} < {least} THEN NULL ELSE trino_skewness({mean}) END"


def _pairs(match: Match, macro: str) -> str:
    """Entries with a key, gathered before the macro puts them together."""
    pair = f"{{'key': {match[0]}, 'value': {match[1]}}}"
    made = match.aggregate(f"list(CASE WHEN {match[0]} IS NULL THEN NULL ELSE {pair} END)")
    return f"{macro}(list_filter({made}, lambda p_: p_ IS NOT NULL))"
