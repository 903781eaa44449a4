"""The model is stored, read again, shown and explains a pair."""

from pathlib import Path

import pytest

from hub.identity import Model, learning, read

KNOWN = read(Path(__file__).parents[3] / "sql/identity").of(["given", "family", "born", "city", "postcode"])


@pytest.fixture(scope="module")
def model() -> Model:
    person = learning.usual(KNOWN)
    strangers = {name: [1 / len(levels)] * len(levels) for name, levels in person.items()}
    return learning.model(KNOWN, person, strangers, strangers)


def test_it_comes_back_as_it_was(model):
    assert Model.from_json(model.to_json()) == model


def test_it_shows_every_level_in_words(model):
    lines = model.shown(KNOWN.compared)
    assert len(lines) == 1 + sum(len(field.labels) for field in KNOWN.compared.values())
    assert any(line.startswith("born") and "day and month" in line for line in lines)
    assert any(line.startswith("city_within") for line in lines)


def test_it_says_why_and_the_heaviest_first(model):
    levels = {"given": 6, "family": 0, "born": -1, "city": -1, "postcode": 2}
    told = model.explain(levels, {"given": 80}, KNOWN.compared)
    assert [(field, words) for field, words, _ in told] == [
        ("given", "equal"),
        ("family", "different"),
        ("postcode", "typo"),
    ]
    assert told[0][2] == pytest.approx(10 - 0.281, abs=0.001)  # ten bits of rarity, 0.84 * 0.98 of the persons
    assert told[1][2] < 0


def test_weights_are_whole_numbers(model):
    assert all(isinstance(weight, int) for levels in model.person.values() for weight in levels.values())
