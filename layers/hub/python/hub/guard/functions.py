"""Functions that a user's SQL may call: they compute from their arguments alone and reach nothing else.

Wider than the portable list of the models: a report runs on one engine only, and an engine that lacks one says so.
"""

from typing import Final

from hub.models.functions import ALLOWED as PORTABLE

NAMES: Final = """
    abs acos all_match any_match any_value approx_distinct approx_percentile arbitrary array array_agg array_except
    array_intersect array_join array_max array_min array_position array_remove array_sort array_union arrays_overlap
    asin at_timezone atan atan2 avg bitwise_and bitwise_or bitwise_xor bool_and bool_or cbrt ceiling char_length chr
    codepoint combinations concat_ws corr cos count_if covar_pop covar_samp cume_dist current_timestamp date_add
    date_diff date_format date_parse date_trunc day_of_month day_of_week day_of_year degrees distinct e every exp
    filter flatten format_datetime from_base from_iso8601_date from_iso8601_timestamp from_unixtime geometric_mean
    grouping hamming_distance histogram infinity is_finite is_infinite is_nan json_array_contains json_array_get
    json_array_length json_extract json_extract_scalar json_format json_parse json_size kurtosis last_day_of_month
    least length levenshtein_distance listagg localtimestamp log log10 log2 lower lpad ltrim map map_agg map_concat
    map_entries map_filter map_from_entries map_keys map_values millisecond min_by multimap_agg nan ngrams
    none_match normalize now nth_value ntile parse_datetime pi position pow quarter reduce regexp_count
    regexp_extract_all regexp_split regr_intercept regr_slope repeat reverse row row_number rtrim sequence shuffle
    sign skewness slice soundex split_part split_to_map stddev stddev_pop stddev_samp substring tan timezone_hour
    to_base to_base64 to_iso8601 transform transform_keys transform_values trim typeof url_extract_host
    url_extract_parameter url_extract_path url_extract_protocol url_extract_query var_pop var_samp variance week
    week_of_year width_bucket word_stem xxhash64 year_of_week zip zip_with
"""
ALLOWED: Final = PORTABLE | frozenset(NAMES.split())
