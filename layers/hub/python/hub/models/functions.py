"""Functions that give the same on Athena, Trino and DuckDB, and what to write instead of those that do not.

Each allowed function has its rows in tests/sql/functions.yaml.
"""

ALLOWED = frozenset(
    """
    abs array_agg array_distinct array_join array_sort avg bool_and bool_or cardinality cast ceil coalesce concat count
    contains chr date date_add date_diff date_format date_parse date_trunc day day_of_week dense_rank element_at
    first_value floor from_iso8601_timestamp from_unixtime greatest hour if json_extract_scalar lag last_value lead
    least length lower lpad ln max max_by md5 min min_by minute mod month nullif percent_rank power rank
    regexp_extract regexp_like regexp_replace replace reverse round row_number rpad second sha256 split sqrt
    starts_with strpos substr sum to_hex to_unixtime to_utf8 translate truncate try try_cast unnest upper year
    """.split()  # noqa: SIM905 - words are easier to read than a list
)

INSTEAD = {
    "trim": "regexp_replace(s, '^[ \\t\\n\\r]+|[ \\t\\n\\r]+$', ''): trim keeps tabs and line ends on one engine",
    "ltrim": "regexp_replace(s, '^[ \\t\\n\\r]+', '')",
    "rtrim": "regexp_replace(s, '[ \\t\\n\\r]+$', '')",
    "split_part": "element_at(split(s, '.'), n)",
    "levenshtein_distance": "a spelling in ASCII computed at the pull",
    "format": "concat and lpad",
    "sha1": "sha256(to_utf8(s))",
    "sha512": "sha256(to_utf8(s))",
    "json_value": "try(json_extract_scalar(j, '$.path'))",
    "json_query": "try(json_extract_scalar(j, '$.path'))",
    "json_exists": "try(json_extract_scalar(j, '$.path')) is not null",
    "json_extract": "try(json_extract_scalar(j, '$.path'))",
    "json_format": "the columns themselves: JSON text differs between engines",
    "slice": "element_at for each place",
    "extract": "year(d), month(d), day(d), day_of_week(d)",
    "parse_datetime": "date_parse(s, '%Y-%m-%d %H:%i:%s')",
    "format_datetime": "date_format(t, '%Y-%m-%d')",
    "approx_percentile": "an exact rank by row_number()",
    "current_date": "cast(started_at as date) of control.run",
    "current_timestamp": "started_at of control.run",
    "localtimestamp": "started_at of control.run",
    "now": "started_at of control.run",
    "random": "an order by columns",
    "rand": "an order by columns",
    "uuid": "a key derived by sha256(to_utf8(...))",
    "url_encode": "a value encoded at the pull",
    "array_position": "contains",
    "array_max": "max over the rows",
    "array_min": "min over the rows",
}
