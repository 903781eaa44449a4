"""The list of job titles: each word leads to one position or area, and says what the API promises."""

from collections import Counter
from pathlib import Path

import yaml

from hub.models import jobs

TOLD = yaml.safe_load((Path(__file__).parents[3] / "sql/jobs/titles.yaml").read_text())
ROWS = jobs.rows(TOLD)
ROLES = {"decision_maker", "approver", "buyer", "evaluator", "influencer", "gatekeeper", "user"}


def test_a_word_means_one_thing():
    often = Counter((row["part"], row["word"]) for row in ROWS)
    assert [each for each, count in often.items() if count > 1] == []


def test_words_are_as_titles_are_folded():
    """In small Latin letters with one space between: any other word would never be found."""
    assert [
        row["word"] for row in ROWS if not all(part.isalnum() and part.isascii() for part in row["word"].split(" "))
    ] == []
    assert all(row["word"] == row["word"].lower() for row in ROWS)


def test_every_position_has_a_level_and_leads_to_a_role():
    assert {row["level"] for row in ROWS if row["part"] == "position"} == {
        "executive", "head", "manager", "specialist", "staff",
    }  # fmt: skip
    assert {row["buying_role"] or row["otherwise"] for row in ROWS} == ROLES


def test_short_words_are_also_spelt_with_dots():
    assert {row["word"] for row in ROWS if row["says"] == "Chief Financial Officer"} >= {"cfo", "c f o"}


def test_nothing_was_shipped(tmp_path):
    assert jobs.read(tmp_path) == ()
