"""Arrays, maps and rows, with lambdas."""

from __future__ import annotations

from infra.local.athena.dialect.casts import printed
from infra.local.athena.dialect.registry import Make, Match, define
from infra.local.athena.dialect.typed import Typed, failed
from infra.local.athena.dialect.types import array


def _sorted(match: Match) -> str:
    return f"list_sort({match[0]}, 'ASC', 'NULLS LAST')"


def _reduce(match: Match) -> str:
    """DuckDB folds values of the list's own type, so state and element travel together."""
    state, element = match.args[1].type.duck, match.args[0].type.element.duck
    first = f"{{'s': CAST({match[1]} AS {state}), 'e': CAST(NULL AS {element})}}"
    rest = f"list_transform({match[0]}, lambda ℯ: {{'s': CAST(NULL AS {state}), 'e': CAST(ℯ AS {element})}})"
    head, body = match[2].removeprefix("lambda ").split(": ", 1)
    names = head.split(", ")
    moved = f"CAST(({_let(body, names, ['a_.s', 'b_.e'])}) AS {state})"
    step = f"lambda a_, b_: {{'s': {moved}, 'e': CAST(NULL AS {element})}}"
    folded = f"list_reduce(list_prepend({first}, {rest}), {step}).s"
    head, out = match[3].removeprefix("lambda ").split(": ", 1)
    return f"CASE WHEN {match[0]} IS NULL THEN NULL ELSE list_transform([{folded}], lambda {head}: {out})[1] END"


def _let(body: str, names: list[str], values: list[str]) -> str:
    """The lambda's body with its parameters (names that occur nowhere else) replaced."""
    for name, value in zip(names, values, strict=True):
        body = body.replace(name, value)
    return body


def _entries(match: Match, body: str) -> str:
    return f"list_transform(map_entries({match[0]}), lambda ℯ: {body})"


def _pair(match: Match, index: int = 1) -> str:
    head, body = match[index].removeprefix("lambda ").split(": ", 1)
    return _let(body, head.split(", "), ["ℯ.key", "ℯ.value"])


def _zip_with(match: Match) -> str:
    head, body = match[2].removeprefix("lambda ").split(": ", 1)
    made = _let(body, head.split(", "), ["ℯ.a", "ℯ.b"])
    paired = f"trino_zip({match[0]}, {match[1]})"
    return f"list_transform({paired}, lambda ℯ: {made})"


def _matching(kind: str) -> Make:
    """any_match and its kin in three-valued logic."""

    def make(match: Match) -> str:
        head, body = match[1].removeprefix("lambda ").split(": ", 1)
        found = f"list_transform({match[0]}, lambda {head}: {body})"
        return f"trino_{kind}_match({found})"

    return make


def _slice(match: Match) -> str:
    return f"trino_slice({match[0]}, {match[1]}, {match[2]})"


def _most(match: Match, word: str) -> str:
    """NULL where an element is; a NaN counts only where there is nothing else."""
    list_, made = match[0], f"list_{word}({match[0]})"
    if match.type.base in ("double", "real"):
        made = f"coalesce(list_{word}(list_filter({list_}, lambda ℯ: NOT isnan(ℯ))), {made})"
    return f"CASE WHEN trino_nulls({list_}) THEN NULL ELSE {made} END"


def _join(match: Match) -> str:
    """Elements as CAST(.. AS varchar) prints them; NULL ones are left out or replaced."""
    element = match.args[0].type.element
    if element.inner or element.base in ("json", "varbinary", "unknown"):
        raise failed(
            "NOT_SUPPORTED", match.where, f"array_join of {match.args[0].type} is not supported by this engine"
        )
    shown = printed(Typed("ℯ", element))
    item = f"coalesce({shown}, {match[2]})" if len(match.args) > 2 else shown
    nulls = " OR ".join(f"{a.sql} IS NULL" for a in match.args)
    items = f"list_transform({match[0]}, lambda ℯ: {item})"
    return f"CASE WHEN {nulls} THEN NULL ELSE coalesce(array_to_string({items}, {match[1]}), '') END"


def _map_concat(match: Match) -> str:
    nulls = " OR ".join(f"{a.sql} IS NULL" for a in match.args)
    return f"CASE WHEN {nulls} THEN NULL ELSE map_concat({', '.join(a.sql for a in match.args)}) END"


def _sequence(match: Match) -> str:
    step = f", {match[2]}" if len(match.args) > 2 else f", CASE WHEN {match[1]} >= {match[0]} THEN 1 ELSE -1 END"
    return f"trino_sequence({match[0]}, {match[1]}{step})"


def _date_sequence(match: Match) -> str:
    kind, target = match.args[0].type, match.args[0].type.duck
    start, end = (f"CAST({match[i]} AS TIMESTAMP)" for i in (0, 1))
    if len(match.args) == 2:
        step = f"CASE WHEN {match[1]} >= {match[0]} THEN INTERVAL 1 DAY ELSE INTERVAL (-1) DAY END"
    elif match.args[2].type.base == "interval year to month":
        return f"CAST(trino_month_series({start}, {end}, {match[2]}) AS {target}[])"
    else:
        step = f"to_milliseconds({match[2]})"
        if kind.base == "date" and isinstance(match.args[2].const, int) and match.args[2].const % 86400000:
            raise failed(
                "INVALID_FUNCTION_ARGUMENT",
                match.where,
                "sequence step must be a day interval if start and end values are dates",
            )
    return f"CAST(trino_checked_series(generate_series({start}, {end}, {step})) AS {target}[])"


define("cardinality(map(K, V)) => bigint", "CAST(cardinality({0}) AS BIGINT)")


def _searched(template: str, nowhere: str) -> Make:
    """A search for an element by =, by which NaN is nowhere; DuckDB's own functions find it."""

    def make(match: Match) -> str:
        found = template.format(*[a.sql for a in match.args])
        if match.args[1].type.base not in ("double", "real"):
            return found
        return f"CASE WHEN isnan({match[1]}) THEN {nowhere.format(*[a.sql for a in match.args])} ELSE {found} END"

    return make


define("cardinality(array(T)) => bigint", "len({0})")
define("element_at(array(T), bigint) => T", "trino_element_at({0}, {1})")
define("element_at(map(K, V), K) => V", "{0}[{1}]")
define(
    "contains(array(T), T) => boolean",
    _searched(
        "CASE WHEN {1} IS NULL OR {0} IS NULL THEN NULL WHEN list_contains({0}, {1}) THEN true WHEN "
        "len(list_filter({0}, lambda ℯ: ℯ IS NULL)) > 0 THEN NULL ELSE false END",
        "CASE WHEN {0} IS NULL OR trino_nulls({0}) THEN NULL ELSE false END",
    ),
)
define(
    "array_position(array(T), T) => bigint",
    _searched(
        "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE CAST(coalesce(list_position({0}, {1}), 0) AS BIGINT) END",
        "CASE WHEN {0} IS NULL THEN NULL ELSE CAST(0 AS BIGINT) END",
    ),
)
define("array_distinct(array(T)) => array(T)", "trino_distinct({0})")
define("array_sort(array(T)) => array(T)", _sorted)
define("array_max(array(T)) => T", lambda m: _most(m, "max"))
define("array_min(array(T)) => T", lambda m: _most(m, "min"))
define(
    "array_union(array(T), array(T)) => array(T)",
    "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE trino_distinct(list_concat({0}, {1})) END",
)
define("array_intersect(array(T), array(T)) => array(T)", "trino_distinct(trino_intersect({0}, {1}))")
define("array_except(array(T), array(T)) => array(T)", "trino_distinct(trino_except({0}, {1}))")
define(
    "array_remove(array(T), T) => array(T)",
    _searched("CASE WHEN {1} IS NULL THEN NULL ELSE list_filter({0}, lambda ℯ: ℯ IS DISTINCT FROM {1}) END", "{0}"),
)
define("arrays_overlap(array(T), array(T)) => boolean", "trino_overlap({0}, {1})")
define("array_join(array(T), varchar) => varchar", _join)
define("array_join(array(T), varchar, varchar) => varchar", _join)
define("flatten(array(array(T))) => array(T)", "trino_flatten({0})")
define("reverse(array(T)) => array(T)", "list_reverse({0})")
define("slice(array(T), bigint, bigint) => array(T)", _slice)
define("trim_array(array(T), bigint) => array(T)", "trino_trim_array({0}, {1})")
define("repeat(T, bigint) => array(T)", "trino_repeat({0}, {1})")
define("sequence(bigint, bigint) => array(bigint)\nsequence(bigint, bigint, bigint) => array(bigint)", _sequence)
for _kind in ("date", "timestamp"):
    define(f"sequence({_kind}, {_kind}) => array", _date_sequence, returns=lambda k: array(k[0]))
    define(
        f"sequence({_kind}, {_kind}, interval day to second) => array", _date_sequence, returns=lambda k: array(k[0])
    )
    define(
        f"sequence({_kind}, {_kind}, interval year to month) => array", _date_sequence, returns=lambda k: array(k[0])
    )
define("filter(array(T), T->boolean) => array(T)", "list_filter({0}, {1})")
define("transform(array(T), T->U) => array(U)", "list_transform({0}, {1})")
define("reduce(array(T), S, (S, T)->S, S->R) => R", _reduce)
define("any_match(array(T), T->boolean) => boolean", _matching("any"))
define("all_match(array(T), T->boolean) => boolean", _matching("all"))
define("none_match(array(T), T->boolean) => boolean", _matching("none"))
define("zip_with(array(T), array(U), (T, U)->R) => array(R)", _zip_with)

define("map() => map(unknown, unknown)", "map([], [])")
define("map(array(K), array(V)) => map(K, V)", "trino_map({0}, {1})")
define("map_keys(map(K, V)) => array(K)", "map_keys({0})")
define("map_values(map(K, V)) => array(V)", "map_values({0})")
define("map_concat(map(K, V), map(K, V)...) => map(K, V)", _map_concat)
define(
    "map_entries(map(K, V)) => array(row(K, V))",
    "list_transform(map_entries({0}), lambda ℯ: {{'_0': ℯ.key, '_1': ℯ.value}})",
)
define(
    "zip(array(T), array(U)) => array(row(T, U))",
    "list_transform(trino_zip({0}, {1}), lambda ℯ: {{'_0': ℯ.a, '_1': ℯ.b}})",
)
define(
    "map_filter(map(K, V), (K, V)->boolean) => map(K, V)",
    lambda m: f"map_from_entries(list_filter(map_entries({m[0]}), lambda ℯ: {_pair(m)}))",
)
define(
    "transform_values(map(K, V), (K, V)->R) => map(K, R)",
    lambda m: f"map_from_entries({_entries(m, _key_value('ℯ.key', _pair(m)))})",
)
define(
    "transform_keys(map(K, V), (K, V)->R) => map(R, V)",
    lambda m: f"map_from_entries({_entries(m, _key_value(_pair(m), 'ℯ.value'))})",
)


def _key_value(key: str, value: str) -> str:
    return f"{{'key': {key}, 'value': {value}}}"
