"""Splink on a truth set, in its own environment: `python with_splink.py <in.parquet> <out.csv>`.

Its library's own comparison for each field, its documented training, and the threshold of its notebook of 50,000.
"""

import sys
from collections.abc import Sequence

import duckdb
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

THRESHOLD = 0.95
BLOCKS = (
    ("id_number",), ("email",), ("phone",), ("given", "family"), ("born", "family"), ("born", "given"),
    ("postcode", "family"), ("postcode", "given"), ("born", "postcode"), ("street", "given"), ("street", "house"),
    ("city", "given", "family"), ("company",),
)  # fmt: skip
LESSONS = (("given", "family"), ("born",), ("postcode", "family"), ("email",), ("id_number",), ("company",))


def comparison(field: str) -> object:
    match field:
        case "given" | "family" | "middle":
            made = cl.NameComparison(field)
        case "born":
            return cl.DateOfBirthComparison(field, input_is_string=True, datetime_format="%Y%m%d")
        case "email":
            made = cl.EmailComparison(field)
        case "phone" | "phone_2" | "id_number" | "postcode" | "house":
            made = cl.LevenshteinAtThresholds(field, [1, 2])
        case "state" | "country" | "sex":
            made = cl.ExactMatch(field)
        case _:
            made = cl.JaroWinklerAtThresholds(field, [0.9, 0.7])
    return made.configure(term_frequency_adjustments=True)


def match(source: str, out: str) -> None:
    connection = duckdb.connect()
    connection.execute("set threads = 2").fetchall()
    connection.execute(f"create table people as select * from read_parquet('{source}')").fetchall()
    fields = [str(row[0]) for row in connection.execute("describe people").fetchall()][1:]
    there = set(fields)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="key",
        comparisons=[comparison(field) for field in fields],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in BLOCKS if there >= set(rule)],
        retain_matching_columns=False,
    )
    linker = Linker(DuckDBAPI(connection=connection).register("people"), settings)
    certain = [
        block_on(*rule)
        for rule in (("email",), ("id_number",), ("given", "family", "born"), ("company", "postcode"))
        if there >= set(rule)
    ]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in [rule for rule in LESSONS if there >= set(rule)][:3]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    pairs = linker.inference.predict(threshold_match_probability=THRESHOLD)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=THRESHOLD)
    rows = f"select key, cluster_id as person from {found.physical_name}"
    connection.execute(f"copy ({rows}) to '{out}' (header)").fetchall()


def main(arguments: Sequence[str]) -> None:
    match(arguments[0], arguments[1])


if __name__ == "__main__":
    main(sys.argv[1:])
