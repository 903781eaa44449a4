"""The text of the statements: Athena's, with functions that give the same on both engines, and the same every time."""

import re

import sqlglot
from sqlglot import exp

from hub.identity import Matcher, Settings, statements
from hub.identity.model import Model
from hub.models.functions import ALLOWED
from hub.models.text import calls

# Beside what models may use. An edit distance is the same where both texts are ASCII, which the standard forms are.
BESIDE = {"levenshtein_distance"}
EVERYTHING = {}


class Deaf:
    """An engine that keeps what it is told and answers as if there were nothing."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def create(self, table: str, select: str) -> None:
        self.heard.append(select)

    def drop(self, table: str) -> None:
        pass

    def query(self, select: str) -> list[tuple[int, ...]]:
        self.heard.append(select)
        if "source_key) - count(distinct" in select:
            return [(0, 0)]
        if " as same" in select and "before" in select:
            return [(0, 0, 0)]
        return [(0,)] if "count(*) from" in select and "group by" not in select else []


def heard(known) -> list[str]:
    engine = Deaf()
    Matcher(engine, known, {name: name for name in known.fields}, Settings()).run("records")
    return engine.heard


def test_every_statement_is_one_query_for_athena(known):
    for text in heard(known):
        trees = sqlglot.parse(text, dialect="athena")
        assert len(trees) == 1 and isinstance(trees[0], exp.Query), text[:200]


def test_only_functions_that_are_the_same_on_both_engines(known):
    used = {name for text in heard(known) for name, _ in calls(text)} - {"values", "nicknames"}
    assert used - ALLOWED - BESIDE == set()


def test_no_statement_is_near_athenas_limit(known):
    assert max(len(text.encode()) for text in heard(known)) < 262_144 / 2


def test_fractions_are_doubles(known):
    """3.5 is a decimal on Trino and another one on DuckDB; 3.5e0 is the same."""
    for text in heard(known):
        bare = re.sub(r"'[^']*'|--[^\n]*", "", text)
        assert not re.search(r"(?<![\w.])\d+\.\d+(?!\d*e)", bare), text[:300]


def test_the_same_text_every_time(known):
    assert heard(known) == heard(known)


def test_a_column_may_be_called_anything():
    assert statements.name('say "hi"; drop') == '"say ""hi""; drop"'
    assert statements.quoted("O'Brien") == "'O''Brien'"


def test_every_step_says_what_it_does(known):
    for name, text in known.texts.items():
        assert text.startswith("-- "), name


def test_scores_are_whole_numbers(known):
    chosen = known.of(["given", "family"])
    weights = {name: dict.fromkeys(range(len(field.labels)), 7) for name, field in chosen.compared.items()}
    model = Model(weights, weights, dict.fromkeys(weights, 3), dict.fromkeys(weights), {})
    text = statements.scores(chosen, model, "m_levels")
    assert "3 + 125 * given_rarity" in text
    assert "e0" not in text
