"""Learning from counts: against arithmetic by hand, and against counts whose truth is known."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest

from hub.identity import learning, read, statements

KNOWN = read(Path(__file__).parents[3] / "sql/identity")
TWO = KNOWN.of(["id_number", "sex"])  # one key; it makes id_number alike, so its pairs teach sex alone


def test_chances_by_hand():
    """Levels by lot with half a pair more each; equal values from how often each is there: 3 of a, 1 of b."""
    counted = [("sex", 0, 90), ("sex", 1, 10)]
    agreed = [("sex", 3 * 3 + 1 * 1, 4), ("id_number", 4, 4)]
    found = learning.chances(TWO, counted, agreed)
    assert found["sex"][0] == pytest.approx(90.5 / 101)
    assert found["sex"][1] == pytest.approx((10 - 4) / (4 * 3))  # 6 of 12 ordered pairs are aa
    assert found["id_number"][3] == pytest.approx(1 / 12)  # nobody shares one: less than one pair


def test_one_round_by_hand():
    """60 pairs with the same sex and 40 with another, three in ten of them thought to be one person's."""
    strangers = {"id_number": [0.97, 0.01, 0.01, 0.01], "sex": [0.5, 0.5]}
    lesson = learning._Lesson(TWO, [(1, 1, 3, 60), (1, 0, 3, 40)], strangers, 1e6)
    lesson.round()
    same = 0.3 * 0.93 / (0.3 * 0.93 + 0.7 * 0.5)
    other = 0.3 * 0.07 / (0.3 * 0.07 + 0.7 * 0.5)
    persons = (60 * same + learning.LEAN * 0.93, 40 * other + learning.LEAN * 0.07)
    assert lesson.told(lesson.person)["sex"] == pytest.approx([persons[1] / sum(persons), persons[0] / sum(persons)])
    home = [0.05 * 0.5 / (0.3 * share + 0.7 * 0.5) for share in (0.93, 0.07)]  # of sex a household knows no more
    assert lesson.sessions[0].shares == pytest.approx(
        ((60 * same + 40 * other) / 100, (60 * home[0] + 40 * home[1]) / 100)
    )
    assert lesson.told(lesson.person)["id_number"] == pytest.approx(
        [0.03, 0.01, 0.06, 0.9]
    )  # nothing was learned of it


def test_what_is_known_is_learned():
    """Counts made of known shares for three classes: what is learned is near them, and the classes are told apart."""
    known = KNOWN.of(["family", "company", "given", "phone", "street"])
    by_chance = {"given": [0.99, 0, 0, 0, 0, 0, 0.01], "phone": [0.9997, 0.0001, 0.0001, 0.0001]}
    classes = (
        (6000, {"given": [0.05, 0, 0, 0, 0, 0, 0.95], "phone": [0.3, 0, 0, 0.7], "street": [0.2, 0, 0.1, 0.7]}),
        (3000, {**by_chance, "phone": [0.6, 0, 0, 0.4], "street": [0.1, 0, 0.1, 0.8]}),
        (1000, {**by_chance, "street": [0.98, 0.01, 0.005, 0.005]}),
    )
    key = next(key.number for key in known.keys if key.name == "company and names")
    rows = []
    for levels in itertools.product(range(7), range(4), range(4)):
        chosen = dict(zip(("given", "phone", "street"), levels, strict=True))
        pairs = sum(n * math.prod(truth[name][level] for name, level in chosen.items()) for n, truth in classes)
        rows.append((key, *(chosen.get(name, -1) for name in known.compared), pairs))
    strangers = {name: [1 / len(field.labels)] * len(field.labels) for name, field in known.compared.items()}
    strangers |= {**classes[2][1], "given": [0.98, 0.002, 0.002, 0.002, 0.002, 0.002, 0.01, 0.002]}
    person, household, _ = learning.learn(known, rows, strangers, 1e6)
    assert person["given"][6] == pytest.approx(0.95, abs=0.05)
    assert person["phone"][3] == pytest.approx(0.7, abs=0.02)
    assert person["street"][3] == pytest.approx(0.7, abs=0.02)
    assert household["phone"][3] == pytest.approx(0.4, abs=0.05)
    assert household["street"][3] == pytest.approx(0.8, abs=0.05)
    assert household["given"] == strangers["given"]  # two of a household share a first name by chance


def test_rows_in_another_order_teach_the_same():
    strangers = {"id_number": [0.97, 0.01, 0.01, 0.01], "sex": [0.5, 0.5]}
    rows = [(1, 1, 3, 60), (1, 0, 3, 40), (1, 1, 2, 7)]
    assert learning.learn(TWO, rows, strangers, 1e6) == learning.learn(TWO, reversed(rows), strangers, 1e6)


def test_nothing_to_learn_from_is_what_is_usual():
    strangers = {"id_number": [0.97, 0.01, 0.01, 0.01], "sex": [0.5, 0.5]}
    person, _, _ = learning.learn(TWO, [], strangers, 1e6)
    assert person["sex"] == pytest.approx([0.07, 0.93])


HOME = KNOWN.of(["given", "family", "street", "postcode", "born"])


@pytest.mark.parametrize(
    ("histogram", "households", "why"),
    [
        ([(400, 200, 500), (-50, 300, 400), (-300, -300, 9000)], 400, "many pairs are homes and cannot be persons"),
        ([(400, 200, 500), (-50, 300, 3), (-300, -300, 9000)], 0, "three pairs do not make a class"),
        ([(400, 300, 500), (-300, -300, 9000)], 0, "whoever is alike is one person"),
    ],
)
def test_households_are_a_class_where_they_explain_something(histogram, households, why):
    found = learning.priors(HOME, histogram, 10_000)
    assert found.households == pytest.approx(households, abs=2), why
    assert found.persons == pytest.approx(500, abs=5), why
    assert found.person == round(1000 * math.log2(found.persons / (10_000 * 9_999 / 2)))
    assert (found.household == learning.NEVER) is (households == 0)


def test_a_pair_that_shares_little_is_one_of_all():
    """Of 400 records 100 have values enough: a sixteenth of the pairs."""
    assert learning.thin(400, 100) == -4000
    assert learning.thin(400, 400) == learning.thin(400, 0) == 0


def test_who_shares_a_telephone_may_be_a_faint_household():
    """Three pairs teach nothing; of an address alone, more of it would cost those who are one person."""
    known = KNOWN.of(["given", "family", "street", "postcode", "born", "phone"])
    found = learning.priors(known, [(400, 200, 500), (-50, 300, 3), (-300, -300, 9000)], 10_000)
    assert found.faint and found.households == 0
    assert found.household == round(1000 * math.log2(learning.FAINT * found.persons / (10_000 * 9_999 / 2)))
    first = learning.usual(known)
    strangers = {name: [1 / len(levels)] * len(levels) for name, levels in first.items()}
    faint = learning.with_usual_homes(known, learning.model(known, first, strangers, strangers))
    assert faint.faint and sum(faint.met["phone"]["household"]) == pytest.approx(1)
    assert faint.met["phone"]["household"][3] == 0.7
    assert faint.met["born"]["household"][5] == pytest.approx(0.8 / 6 + 0.2 * 0.88)
    assert "phone = 3 then 0 else -60000" in statements.scores(known, faint, "levels")


def test_where_nothing_is_personal_nobody_is_told_from_his_household():
    """A class of households would be a second guess at the same pairs."""
    histogram = [(400, 200, 500), (-50, 300, 400), (-300, -300, 9000)]
    found = learning.priors(KNOWN.of(["family", "email", "phone"]), histogram, 10_000)
    assert (found.household, found.households, found.faint) == (learning.NEVER, 0, False)
    known = KNOWN.of(["email", "phone"])
    rows = counted(known, "email", [(800, {"phone": [0.1, 0, 0, 0.9]}), (200, {"phone": [1.0, 0, 0, 0]})])
    strangers = {name: [1 / len(field.labels)] * len(field.labels) for name, field in known.compared.items()}
    lesson = learning._Lesson(known, rows, strangers, 1e6)
    for _ in range(5):
        lesson.round()
    assert [session.shares[1] for session in lesson.sessions] == [0.0] * len(lesson.sessions)


def test_an_equal_contact_says_more_than_its_rarity():
    """Three records of one address and one of another: a pair in two is equal, and by chance 2^7 times fewer."""
    known = KNOWN.of(["given", "family", "email"])
    found = learning.chances(known, [], [("email", 10, 4), ("given", 10, 4)])
    assert found["email"][4] == pytest.approx(0.5 / 2**7)
    assert found["given"][known.fields["given"].kind.top] == pytest.approx(0.5)
    person = learning.usual(known)
    bare = replace(known, fields={name: replace(field, owned=0) for name, field in known.fields.items()})
    plain, owned = (learning.model(each, person, person, person) for each in (bare, known))
    assert owned.rare_person["email"] - plain.rare_person["email"] == pytest.approx(7000, abs=1)
    assert owned.rare_household["email"] - plain.rare_household["email"] == pytest.approx(7000, abs=1)
    assert owned.rare_person["given"] == plain.rare_person["given"]


def test_a_table_without_pairs_has_a_prior():
    found = learning.priors(HOME, [], 1)
    assert found.persons == 1
    assert found.household == learning.NEVER


def counted(known, key, classes):
    """Rows of one key for (pairs, {field: shares by level}) classes; a field that no class names is not there."""
    number = next(each.number for each in known.keys if each.name == key)
    names = list(classes[0][1])
    rows = []
    for levels in itertools.product(*(range(len(known.compared[name].labels)) for name in names)):
        chosen = dict(zip(names, levels, strict=True))
        pairs = sum(n * math.prod(of[name][level] for name, level in chosen.items()) for n, of in classes)
        rows.append((number, *(chosen.get(name, -1) for name in known.compared), pairs))
    return rows


def test_who_has_moved_is_known_by_his_names():
    """Of 1,000 pairs with both names alike 300 differ in all of the address. By chance 25 of them are strangers: the
    others have moved, though each of the three fields is a reason against it."""
    known = KNOWN.of(["given", "family", "street", "city", "postcode"])
    far, near = ([1.0, 0, 0, 0], [0, 0, 0, 1.0])
    place = ("street", "city", "postcode")
    rows = counted(known, "both names", [(700, dict.fromkeys(place, near)), (300, dict.fromkeys(place, far))])
    strangers = {name: [1 / len(field.labels)] * len(field.labels) for name, field in known.compared.items()}
    strangers |= {name: [0.97, 0.01, 0.01, 0.01] for name in place}
    strangers |= {"given": [0.94, *[0.01] * 5, 0.005, 0.0], "family": [0.95, *[0.01] * 4, 0.005]}
    person, _, _ = learning.learn(known, rows, strangers, everything=1e6)
    assert person["postcode"][0] == pytest.approx(0.28, abs=0.03)
    person, _, _ = learning.learn(known, rows, strangers, everything=1e9)  # here a thousand strangers share both names
    assert person["postcode"][0] < 0.02


def test_whom_an_address_finds_says_nothing_of_moving():
    """Ten thousand pairs of one street: found by postcodes they do not teach that nobody moves, by births they do."""
    known = KNOWN.of(["given", "born", "street", "postcode"])
    strangers = {name: [1 / len(field.labels)] * len(field.labels) for name, field in known.compared.items()}
    strangers |= {"given": [0.95, *[0.01] * 5, 0.0], "street": [0.97, 0.01, 0.01, 0.01]}
    alike = {"given": [0, 0, 0, 0, 0, 0, 1.0], "street": [0, 0, 0, 1.0]}
    learned = {}
    for key, fields in (("postcode and given", ["street"]), ("birth and postcode", ["given", "street"])):
        rows = counted(known, key, [(10_000, {name: alike[name] for name in fields})])
        learned[key] = learning.learn(known, rows, strangers, everything=1e8)[0]["street"]
    assert learned["postcode and given"] == pytest.approx(learning.usual(known)["street"])
    rows = counted(known, "birth and given", [(10_000, {"street": alike["street"]})])
    assert learning.learn(known, rows, strangers, everything=1e8)[0]["street"][3] > 0.9
    assert learned["birth and postcode"] == pytest.approx(learning.usual(known)["street"])


@pytest.mark.parametrize(
    ("fields", "alike", "why"),
    [
        (["family", "given", "postcode", "street", "phone"], True, "a home has one street, however it is written"),
        (["company", "postcode", "street", "phone"], False, "a household of firms is a quarter of a town"),
    ],
)
def test_a_home_has_one_street(fields, alike, why):
    """Pairs that share a telephone; half of those with one postcode have another street."""
    known = KNOWN.of(fields)
    key = next(key.number for key in known.keys if key.name == "phone")
    rows = []
    for name, level, pairs in (("given", 7, 500), ("given", 0, 300)):
        for street in (0, 3):
            told = {name: level, "company": 4 if level else 0, "postcode": 3, "street_within": street}
            rows.append((key, *(told.get(each, -1) for each in known.compared), pairs if street else pairs / 30))
    strangers = {name: [1 / len(field.labels)] * len(field.labels) for name, field in known.compared.items()}
    person, household, _ = learning.learn(known, rows, strangers, 1e6)
    assert (person["street_within"] == household["street_within"]) is alike, why


def test_father_and_son_are_not_learned():
    """All else is alike, and nine in ten pairs of father and son would be taken for one person's."""
    known = KNOWN.of(["family", "given", "street", "generation"])
    key = next(key.number for key in known.keys if key.name == "both names")
    rows = [(key, *({"street": 3, "generation": 0}.get(each, -1) for each in known.compared), 1000)]
    strangers = {name: [1 / len(field.labels)] * len(field.labels) for name, field in known.compared.items()}
    person, _, _ = learning.learn(known, rows, strangers, 1e6)
    assert person["generation"] == learning.usual(known)["generation"]
