"""The twin in Python says of each record and each pair what the statements say on an engine."""

import random

import pytest

from hub.identity import Knowledge
from hub.identity.distance import levenshtein
from hub.identity.expressions import Unreadable, expression
from hub.identity.twin import Twin, probability
from tests.sql.identity.conftest import Match

NASTY = [
    "Räo", "O'Brien", "  ", "n/a", "Mr. Bob", "आशा", "Анна", "李", "test@test.com", "1970-02-03", "03/02/1970",
    "19700203", "+91 98450 12345", "98450-12345", "a" * 500, "😀 Kim", "x", "ab+c@GMAIL.com", "12 Main Rd.", 
    "Flat 3, 12 Main Road", "Elizabeth", "Liz", "O\\d", "100%", "", None, "Straße", "ẞ", "ﬁn", "0800 1111",
]  # fmt: skip
FIELDS = (
    "given",
    "family",
    "born",
    "email",
    "phone",
    "street",
    "city",
    "postcode",
    "state",
    "sex",
    "company",
    "middle",
    "generation",
)


def made(seed: int, number: int) -> list[dict[str, str | None]]:
    """Records of few people with slips, so that levels of all kinds are met, and some that are nonsense."""
    chance = random.Random(seed)
    rows = []
    for at in range(number):
        if at % 6 == 5:
            row = {name: chance.choice(NASTY) for name in FIELDS}
        else:
            who = random.Random(seed * 1000 + chance.randrange(number // 3))
            row = {
                "given": who.choice(["Asha", "Elizabeth", "Jon", "Ravi"]),
                "family": who.choice(["Rao", "Kumar", "Smith"]),
                "born": f"19{who.randrange(60, 99)}-{who.randrange(1, 13):02d}-{who.randrange(1, 28):02d}",
                "email": f"{who.choice('abcd')}{who.randrange(99)}@x.in", "phone": f"+9198{who.randrange(10**8):08d}",
                "street": f"{who.randrange(99)} {who.choice(['Main', 'Park', 'MG'])} Road",
                "city": who.choice(["Pune", "Thane"]),
                "postcode": f"4110{who.randrange(99):02d}", "state": "MH", "sex": who.choice("mf"), "company": None,
                "middle": who.choice(["K", "Kiran", None]), "generation": who.choice(["Jr", "Sr", None]),
            }  # fmt: skip
            for name in chance.sample(FIELDS, 3):
                row[name] = slip(chance, row[name])
        rows.append({"key": f"k{at:04d}", **row})
    return rows


def slip(chance: random.Random, text: str | None) -> str | None:
    if not text:
        return text
    at = chance.randrange(len(text))
    kinds = [None, text[:at] + text[at + 1 :], text[:at] + "e" + text[at:], text.upper(), text[::-1], "Liz", text[:3]]
    return chance.choice(kinds)


def test_forms_levels_keys_and_scores_are_those_of_the_engine(match: Match, known: Knowledge) -> None:
    rows = made(7, 150)
    outcome, engine = match(rows)
    twin = Twin(known.of(FIELDS))
    names = list(twin.known.fields)
    forms, features = {}, {}
    for number, *values in engine.query(f"select record, {', '.join(names)} from m_standard"):
        key = engine.query(f"select source_key from m_standard where record = {number}")[0][0]
        forms[number] = twin.standard({name: rows[int(key[1:])][name] for name in names})
        assert forms[number] == dict(zip(names, values, strict=True)), key
    rarities = [f"{name}_rarity" for name in names if twin.known.fields[name].rare]
    for number, *values in engine.query(f"select record, {', '.join(rarities)} from m_features"):
        rare = {name.removesuffix("_rarity"): value for name, value in zip(rarities, values, strict=True)}
        features[number] = twin.features(forms[number], rare)
    columns = [each[0] for each in engine.connection.execute("select * from m_features limit 0").description]
    for number, *values in engine.query(f"select {', '.join(columns)} from m_features"):
        expected = dict(zip(columns[1:], values, strict=True))
        assert {name: features[number][name] for name in expected} == expected
    compared = list(twin.known.compared)
    pairs = engine.query(f"select l, r, {', '.join(compared)} from {outcome.levels}")
    scores = {
        (a, b): (p, h) for a, b, p, h in engine.query(f"select l, r, person, household from {outcome.posteriors}")
    }
    met = set()
    for left, right, *levels in pairs:
        found = twin.compare(features[left], features[right])
        assert found.levels == dict(zip(compared, levels, strict=True)), (left, right)
        met |= set(found.levels.items())
        assert twin.score(outcome.model, found) == pytest.approx(scores[left, right], abs=1e-3)
        assert twin.keys(features[left]) & twin.keys(features[right]), "what found them here finds them there"
    assert len(pairs) > 300
    assert len(met) > 40, "most levels were met"


@pytest.mark.parametrize("seed", range(3))
def test_distances(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(300):
        one, other = ("".join(chance.choices("abcd", k=chance.randrange(70))) for _ in range(2))
        before = list(range(len(other) + 1))
        for i, a in enumerate(one, 1):
            now = [i]
            for j, b in enumerate(other, 1):
                now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (a != b)))
            before = now
        assert levenshtein(one, other) == before[-1], (one, other)


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("null or true", True, "three values"),
        ("null and false", False, "three values"),
        ("null and true", None, "three values"),
        ("'a' = null", None, "nothing equals nothing"),
        ("case when null then 1 else 2 end", 2, "what is not known is not so"),
        ("case 3 when 2 then 'a' when 3 then 'b' end", "b", "a case of a value"),
        ("substr('abc', -2)", "bc", "from the end"),
        ("substr('abc', 9)", "", "behind it"),
        ("translate('abca', 'ab', 'x')", "xcx", "letters without another go"),
        ("regexp_replace('a1b2', '([0-9])', '<$1>')", "a<1>b<2>", "groups"),
        ("cast(2.5e0 as integer)", 3, "half away from zero"),
        ("cast(-2.5e0 as integer)", -3, "half away from zero"),
        ("lpad('7', 3, '0')", "007", "shorter"),
        ("'x' not in ('a', 'b')", True, "a list"),
        ("least(2, null)", None, "least of nothing"),
        ("7 / 2", 3, "whole numbers"),
    ],
)
def test_words(text: str, value: object, why: str) -> None:
    assert expression(text)({}) == value, why


def test_what_it_does_not_know_is_named() -> None:
    with pytest.raises(Unreadable, match="ArrayAgg"):
        expression("array_agg(x)")


def test_bits_are_odds() -> None:
    assert [round(probability(bits), 3) for bits in (-500, 0, 1, 500)] == [0.0, 0.5, 0.667, 1.0]
