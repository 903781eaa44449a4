"""What every DuckDB connection needs once: settings, macros and Python functions with Trino's meaning."""

from __future__ import annotations

import duckdb

from infra.local.athena.dialect.udfs import UDFS

_FAIL = "CAST(trino_fail('INVALID_FUNCTION_ARGUMENT', '{}') AS BIGINT)"
_BLANKS = [*range(9, 14), *range(28, 33), 0x1680, *range(0x2000, 0x2007), *range(0x2008, 0x200B), 0x2028, 0x2029,
           0x205F, 0x3000]  # fmt: skip

_SETTINGS = """
SET TimeZone = 'UTC';
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET default_null_order = 'NULLS_LAST';
SET preserve_insertion_order = true;
"""

_MACROS = f"""
CREATE MACRO trino_blanks() AS '{"".join(map(chr, _BLANKS))}';
CREATE MACRO trino_tz(local_, zone_) AS
    CASE WHEN local_ IS NULL OR zone_ IS NULL THEN NULL ELSE {{'t': CAST(local_ AS TIMESTAMP), 'z': zone_}} END;
CREATE MACRO trino_shift_of(zone_) AS CASE WHEN zone_[1] = '-' THEN -1 ELSE 1 END
    * (60 * CAST(zone_[2:3] AS BIGINT) + CAST(zone_[5:6] AS BIGINT));
CREATE MACRO trino_local(value_) AS CASE WHEN value_ IS NULL THEN NULL WHEN value_.z = 'UTC' THEN value_.t
    WHEN value_.z[1] IN ('+', '-') THEN value_.t + to_minutes(trino_shift_of(value_.z))
    ELSE timezone(value_.z, timezone('UTC', value_.t)) END;
CREATE MACRO trino_at_zone(local_, zone_) AS trino_tz(CASE WHEN zone_ = 'UTC' THEN local_
    WHEN zone_[1] IN ('+', '-') THEN local_ - to_minutes(trino_shift_of(zone_))
    ELSE timezone('UTC', timezone(zone_, local_)) END, zone_);
CREATE MACRO trino_now() AS trino_tz(timezone('UTC', date_trunc('milliseconds', now())), 'UTC');

CREATE MACRO trino_finite(value_) AS CASE WHEN isfinite(value_) THEN value_ END;
CREATE MACRO trino_percentile(list_, share_) AS CASE WHEN share_ < 0 OR share_ > 1
    THEN list_[{_FAIL.format("Percentile must be between 0 and 1")}]
    ELSE list_[least(CAST(floor(share_ * len(list_)) AS BIGINT) + 1, len(list_))] END;
CREATE MACRO trino_nulls(list_) AS len(list_filter(list_, lambda q_: q_ IS NULL)) > 0;
CREATE MACRO trino_element_at(list_, index_) AS CASE WHEN list_ IS NULL THEN NULL
    WHEN index_ = 0 THEN list_[{_FAIL.format("SQL array indices start at 1")}] ELSE list_[index_] END;
CREATE MACRO trino_subscript(list_, index_) AS CASE WHEN list_ IS NULL OR index_ IS NULL THEN NULL
    WHEN index_ <= 0 THEN list_[{_FAIL.format("SQL array indices start at 1")}]
    WHEN index_ > len(list_) THEN list_[{_FAIL.format("Array subscript must be less than or equal to array length")}]
    ELSE list_[index_] END;
CREATE MACRO trino_map_get(map_, key_) AS CASE WHEN map_ IS NULL OR key_ IS NULL THEN NULL
    WHEN map_contains(map_, key_) THEN map_[key_]
    ELSE map_values(map_)[{_FAIL.format("Key not present in map")}] END;
CREATE MACRO trino_distinct(list_) AS list_filter(list_, lambda q_, i_: CASE
    WHEN q_ IS NULL THEN len(list_filter(list_[1:i_], lambda r_: r_ IS NULL)) = 1
    ELSE list_position(list_, q_) = i_ END);
CREATE MACRO trino_intersect(left_, right_) AS list_filter(left_, lambda q_: CASE
    WHEN q_ IS NULL THEN trino_nulls(right_) ELSE list_contains(right_, q_) END);
CREATE MACRO trino_except(left_, right_) AS list_filter(left_, lambda q_: CASE
    WHEN q_ IS NULL THEN NOT trino_nulls(right_) ELSE NOT list_contains(right_, q_) END);
CREATE MACRO trino_overlap(left_, right_) AS CASE WHEN left_ IS NULL OR right_ IS NULL THEN NULL
    WHEN len(list_filter(left_, lambda q_: q_ IS NOT NULL AND list_contains(right_, q_))) > 0 THEN true
    WHEN len(left_) > 0 AND len(right_) > 0 AND (trino_nulls(left_) OR trino_nulls(right_)) THEN NULL ELSE false END;
CREATE MACRO trino_flatten(list_) AS flatten(list_);
CREATE MACRO trino_slice(list_, start_, size_) AS CASE WHEN list_ IS NULL OR start_ IS NULL OR size_ IS NULL THEN NULL
    WHEN start_ = 0 THEN list_[1:{_FAIL.format("SQL array indices start at 1")}]
    WHEN size_ < 0 THEN list_[1:{_FAIL.format("length must be greater than or equal to 0")}]
    WHEN size_ = 0 OR -start_ > len(list_) THEN list_[2:1]
    WHEN start_ > 0 THEN list_[start_:start_ + size_ - 1]
    ELSE list_[len(list_) + start_ + 1:len(list_) + start_ + size_] END;
CREATE MACRO trino_trim_array(list_, size_) AS CASE WHEN list_ IS NULL THEN NULL
    WHEN size_ < 0 THEN list_[1:{_FAIL.format("size must not be negative")}]
    WHEN size_ > len(list_) THEN list_[1:{_FAIL.format("size must not exceed array cardinality")}]
    WHEN size_ = len(list_) THEN list_[2:1] ELSE list_[1:len(list_) - size_] END;
CREATE MACRO trino_repeat(value_, size_) AS list_transform(range(CASE 
    WHEN size_ < 0 THEN {_FAIL.format("count argument of repeat function must be greater than or equal to 0")}
    WHEN size_ > 10000 THEN {_FAIL.format("count argument of repeat function must be less than or equal to 10000")}
    ELSE size_ END), lambda q_: value_);
CREATE MACRO trino_sequence(start_, end_, step_) AS generate_series(start_, end_, CASE
    WHEN step_ = 0 THEN {_FAIL.format("step must not be zero")}
    WHEN (step_ > 0) <> (end_ >= start_) AND end_ <> start_
        THEN {_FAIL.format("sequence end value does not lie in the direction of the step")}
    WHEN (end_ - start_) // step_ >= 10000
        THEN {_FAIL.format("result of sequence function must not have more than 10000 entries")}
    ELSE step_ END);
CREATE MACRO trino_checked_series(list_) AS CASE WHEN len(list_) > 10000
    THEN list_[1:{_FAIL.format("result of sequence function must not have more than 10000 entries")}] ELSE list_ END;
CREATE MACRO trino_month_series(start_, end_, step_) AS CASE
    WHEN start_ IS NULL OR end_ IS NULL OR step_ IS NULL THEN NULL
    WHEN step_ = 0 OR (step_ > 0) <> (end_ >= start_) AND end_ <> start_
        THEN [start_][1:{_FAIL.format("sequence end value does not lie in the direction of the step")}]
    ELSE trino_checked_series(list_filter(list_transform(range(0, 1 + datediff('month', start_, end_) // step_),
        lambda q_: start_ + to_months(CAST(step_ * q_ AS INTEGER))),
        lambda q_: CASE WHEN step_ > 0 THEN q_ <= end_ ELSE q_ >= end_ END)) END;
CREATE MACRO trino_zip(left_, right_) AS CASE WHEN left_ IS NULL OR right_ IS NULL THEN NULL ELSE
    list_transform(range(1, greatest(len(left_), len(right_)) + 1), lambda q_: {{'a': left_[q_], 'b': right_[q_]}}) END;
CREATE MACRO trino_any_match(list_) AS CASE WHEN list_ IS NULL THEN NULL WHEN list_contains(list_, true) THEN true
    WHEN trino_nulls(list_) THEN NULL ELSE false END;
CREATE MACRO trino_all_match(list_) AS CASE WHEN list_ IS NULL THEN NULL WHEN list_contains(list_, false) THEN false
    WHEN trino_nulls(list_) THEN NULL ELSE true END;
CREATE MACRO trino_none_match(list_) AS NOT trino_any_match(list_);
CREATE MACRO trino_map(keys_, values_) AS CASE WHEN keys_ IS NULL OR values_ IS NULL THEN NULL
    WHEN len(keys_) <> len(values_)
        THEN map(keys_, values_[1:{_FAIL.format("Key and value arrays must be the same length")}])
    WHEN trino_nulls(keys_) THEN map(keys_[1:{_FAIL.format("map key cannot be null")}], values_)
    WHEN len(list_distinct(keys_)) <> len(keys_)
        THEN map(keys_[1:{_FAIL.format("Duplicate map keys are not allowed")}], values_)
    ELSE map(keys_, values_) END;
CREATE MACRO trino_histogram(list_) AS CASE WHEN list_ IS NULL OR len(list_filter(list_, lambda q_: q_ IS NOT NULL)) = 0
    THEN NULL ELSE map(trino_distinct(list_filter(list_, lambda q_: q_ IS NOT NULL)),
    list_transform(trino_distinct(list_filter(list_, lambda q_: q_ IS NOT NULL)),
        lambda k_: CAST(len(list_filter(list_, lambda q_: q_ = k_)) AS BIGINT))) END;
CREATE MACRO trino_map_agg(pairs_) AS CASE WHEN pairs_ IS NULL THEN NULL ELSE map_from_entries(list_filter(
    pairs_, lambda p_, i_: list_position(list_transform(pairs_, lambda k_: k_.key), p_.key) = i_)) END;
CREATE MACRO trino_multimap_agg(pairs_) AS CASE WHEN pairs_ IS NULL THEN NULL ELSE map(
    trino_distinct(list_transform(pairs_, lambda p_: p_.key)),
    list_transform(trino_distinct(list_transform(pairs_, lambda p_: p_.key)), lambda k_:
        list_transform(list_filter(pairs_, lambda p_: p_.key = k_), lambda p_: p_.value))) END;
"""


def _keeping_nan(name: str, arity: int) -> str:
    """DuckDB takes the NaN of a Python function for NULL; only a NULL argument gives NULL."""
    given = [f"x{i}_" for i in range(arity)]
    nulls, call = " OR ".join(f"{g} IS NULL" for g in given), f"{name}_({', '.join(given)})"
    return (
        f"CREATE MACRO {name}({', '.join(given)}) AS "
        f"CASE WHEN {nulls} THEN NULL ELSE coalesce({call}, CAST('NaN' AS DOUBLE)) END"
    )


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Sets up a database; its cursors share everything."""
    connection.execute(_SETTINGS)
    for known in UDFS:
        name = f"{known.name}_" if known.returns == "DOUBLE" else known.name
        connection.create_function(  # type: ignore[call-overload]  # takes types by their names as well
            name, known.call, known.parameters, known.returns, null_handling="special", type="native"
        )
        if known.returns == "DOUBLE":
            connection.execute(_keeping_nan(known.name, len(known.parameters)))
    connection.execute(_MACROS)
