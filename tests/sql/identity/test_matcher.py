"""The whole matcher over small tables: what must not depend on anything, what stewards say, and hostile input."""

import random
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.identity import Model
from tests.sql.identity.conftest import persons

GIVEN = [
    "anna",
    "bert",
    "clara",
    "david",
    "emma",
    "felix",
    "greta",
    "hans",
    "ida",
    "jakob",
    "karla",
    "leon",
    "maria",
    "noah",
    "olga",
    "paul",
    "rosa",
    "simon",
    "tina",
    "ute",
]
FAMILY = [
    "adler",
    "bauer",
    "conrad",
    "dietz",
    "ebert",
    "fischer",
    "graf",
    "huber",
    "iller",
    "jung",
    "keller",
    "lang",
    "maurer",
    "nagel",
    "otto",
    "peters",
    "roth",
]
STREETS = ["oak", "elm", "main", "mill", "church", "station", "high", "park", "lake", "hill"]


def people(count: int, seed: int = 1, repeated: float = 0.4) -> list[dict[str, Any]]:
    """People with keys `p7a` and, where they are there twice, `p7b` with something misspelt, missing or changed."""
    by = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        row = {
            "key": f"p{number}a",
            "given": by.choice(GIVEN) + by.choice(("", "lena", "sofie")),
            "family": by.choice(FAMILY) + by.choice(("", "mann", "stein", "berg")),
            "born": f"{by.randrange(1940, 2005)}-{by.randrange(1, 13):02}-{by.randrange(1, 28):02}",
            "email": f"{by.choice(FAMILY)}{by.randrange(10**6)}@example.org",
            "phone": f"+49 30 {by.randrange(10**6, 10**7)}",
            "street": f"{by.randrange(1, 200)} {by.choice(STREETS)} street",
            "postcode": f"{by.randrange(10_000, 10_300)}",
        }
        rows.append(row)
        if by.random() < repeated:
            again = {**row, "key": f"p{number}b", by.choice(("email", "phone", "street")): None}
            again["family"] = again["family"][:-1] if by.random() < 0.3 else again["family"]
            rows.append(again)
    return rows


def truth(rows: list[dict[str, Any]]) -> set[frozenset[str]]:
    keys = {row["key"] for row in rows}
    return {frozenset({key, key[:-1] + "a"}) for key in keys if key.endswith("b")}


ROWS = people(250)


@pytest.fixture
def usual(match):
    return match(ROWS)


def test_people_who_are_there_twice_are_found(usual):
    outcome, engine = usual
    found = persons(outcome, engine)
    assert len(found ^ truth(ROWS)) <= 2
    assert outcome.model.learned_from["records"] == len(ROWS)


def test_the_order_of_rows_says_nothing(usual, match):
    outcome, engine = usual
    for seed in (1, 2):
        shuffled = random.Random(seed).sample(ROWS, len(ROWS))
        again, other = match(shuffled)
        assert again.model == outcome.model
        text = "select source_key, person, household, held from {} order by source_key"
        assert other.query(text.format(again.clusters)) == engine.query(text.format(outcome.clusters))


def test_once_more_with_the_stored_model_is_the_same(usual, match):
    outcome, engine = usual
    again, other = match(ROWS, model=Model.from_json(outcome.model.to_json()))
    assert persons(again, other) == persons(outcome, engine)
    assert again.model == outcome.model
    assert not any("m_levels_sample" in each for each in again.statements), "something was learned"


def test_what_stewards_decide_stands(match):
    pair = next(iter(sorted(truth(ROWS), key=sorted)))
    apart = sorted(pair)
    decisions = [(*apart, 0), ("p3a", "p9a", 1), ("p9a", "p20a", 1)]
    outcome, engine = match(ROWS, decisions)
    found = persons(outcome, engine)
    assert pair not in found
    assert any({"p3a", "p9a", "p20a"} <= each for each in found)
    assert outcome.conflicts == []


def test_apart_also_where_others_hold_them_together(match):
    """a and c are put together with b, and kept apart from each other: told, not hidden."""
    outcome, _ = match(ROWS, [("p3a", "p9a", 1), ("p9a", "p20a", 1), ("p3a", "p20a", 0)])
    assert outcome.conflicts == [("p20a", "p3a")]


def test_apart_takes_away_the_weakest_edge(match):
    """Three records that are one person by all that is known: the two that are kept apart are in two persons."""
    base = {**ROWS[0], "email": "same@example.org"}
    three = [{**base, "key": f"q{number}"} for number in range(3)]
    together, engine = match(ROWS[1:] + three)
    assert any({"q0", "q1", "q2"} <= each for each in persons(together, engine))
    outcome, engine = match(ROWS[1:] + three, [("q0", "q2", 0)])
    assert not any({"q0", "q2"} <= each for each in persons(outcome, engine))
    assert outcome.conflicts == []


@pytest.mark.parametrize("rows", [[{**ROWS[0]}, {**ROWS[1], "key": ROWS[0]["key"]}], [{**ROWS[0], "key": None}]])
def test_every_record_needs_its_own_key(match, rows):
    with pytest.raises(ConfigError, match="each record needs its own"):
        match(rows)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_hardly_anybody(match, count):
    outcome, engine = match(people(count, repeated=0))
    assert persons(outcome, engine) == set()
    assert len(engine.query(f"select 1 from {outcome.clusters}")) == count


NOBODY: dict[str, Any] = dict.fromkeys(ROWS[0])


def strangers(count: int, **same: Any) -> list[dict[str, Any]]:
    """People who have nothing to do with each other, but for what they share."""
    return [{**people(1, seed=n + 1000)[0], "key": f"x{n}", **same} for n in range(count)]


def crowd(number: int) -> dict[str, Any]:
    name = {"given": f"g{number * 7919 % 997}", "family": f"f{number * 104729 % 991}"}
    return {**NOBODY, "key": f"x{number}", **name, "street": "1 camp road", "postcode": "10001"}


def odd(number: int) -> dict[str, Any]:
    name = {"given": "\N{GRINNING FACE}" * (number % 5 + 1), "family": chr(0x4E00 + number * 37) * 5000}
    return {**NOBODY, "key": f"x{number}", **name, "email": "x" * 9000 + f"{number}@a.org"}


HOSTILE = [
    ("records without anything", [{**NOBODY, "key": f"x{n}"} for n in range(300)]),
    ("more at one address than the cap allows", [crowd(n) for n in range(400)]),
    ("one telephone for a call centre", strangers(200, phone="+49 30 5555555")),
    ("many of test@test.com", strangers(200, email="test@test.com")),
    ("pictures and long names", [odd(n) for n in range(150)]),
    ("quotation marks, backslashes, ends of lines", strangers(60, given="';--\\\n\t\"", street="%_$x")),
]


@pytest.mark.parametrize(("why", "rows"), HOSTILE, ids=[why for why, _ in HOSTILE])
def test_hostile_records_cost_themselves_only(match, why, rows):
    outcome, engine = match(ROWS + rows)
    found = {frozenset(key for key in each if key.startswith("p")) for each in persons(outcome, engine)}
    found = {each for each in found if len(each) > 1}
    right = len(found & truth(ROWS))
    assert right / len(truth(ROWS)) > 0.97, why
    assert len(found - truth(ROWS)) <= 2, why
    sizes = engine.query(f"select max(n) from (select count(*) as n from {outcome.clusters} group by person) as sizes")
    assert sizes[0][0] <= 20, why
    assert outcome.pairs < 30_000, why


def test_those_with_a_name_alone_make_nobody_rarer(match):
    """Ten of them to each other record: what is learned, and how many pairs there are, stays theirs who tell more."""
    rubbish = [
        {**NOBODY, "key": f"x{n}", "email": "test@test.com", "given": each["given"], "family": each["family"]}
        for n, each in enumerate(people(2000, seed=11, repeated=0))
    ]
    alone, _ = match(ROWS[:200])
    outcome, engine = match(ROWS[:200] + rubbish)
    found = {frozenset(key for key in each if key.startswith("p")) for each in persons(outcome, engine)}
    assert {each for each in found if len(each) > 1} == truth(ROWS[:200])
    assert outcome.model.learned_from["telling"] == 200
    assert abs(outcome.model.person_prior - alone.model.person_prior) < 2000, "two bits of the seven"
    assert outcome.model.thin < -6000 and alone.model.thin == 0


def test_what_the_cap_drops_is_told(match):
    outcome, _ = match(ROWS + strangers(120, phone="+49 30 5555555"))
    assert {
        "key": "phone",
        "cap": 100,
        "values": 1,
        "records": 120,
        "pairs": 120 * 119 // 2,
        "largest": 120,
    } in outcome.dropped


def test_a_person_of_too_many_records_is_held(match):
    """Sixty records of the same person: found, and held until somebody has looked."""
    same = [{**ROWS[0], "key": f"x{n}"} for n in range(60)]
    outcome, engine = match(ROWS[2:] + same)
    held = engine.query(f"select count(*), count(distinct person) from {outcome.clusters} where held = 1")
    assert held == [(60, 1)]


def test_a_held_person_is_believed_once_somebody_said_so(match):
    """A decision of one of his records with itself lets him pass; a decision about two of his records does not."""
    same = [{**ROWS[0], "key": f"x{n}"} for n in range(60)]
    for decision, still in ((("x7", "x7", 1), 0), (("x7", "x8", 1), 60), (("x7", "x7", 0), 60)):
        outcome, engine = match(ROWS[2:] + same, [decision])
        held = engine.query(f"select count(*) from {outcome.clusters} where held = 1")
        assert held == [(still,)], decision
        assert engine.query(f"select count(distinct person) from {outcome.clusters} where source_key like 'x%'") == [
            (1,)
        ]


def test_a_home(match):
    """Four people of one address and name are four persons and one household; their neighbours are another."""
    homes = []
    for number, row in enumerate(people(160, seed=3, repeated=0.3)):
        homes.append(row)
        if number % 2 == 0:
            home = {"family": row["family"], "street": row["street"] or "1 x", "postcode": row["postcode"]}
            homes.append({**people(1, seed=5_000 + number)[0], **home, "key": f"{row['key']}h"})
    outcome, engine = match(homes)
    pairs = engine.query(
        f"select count(*), sum(case when a.person = b.person then 1 else 0 end), "
        f"sum(case when a.household = b.household then 1 else 0 end) "
        f"from {outcome.clusters} as a inner join {outcome.clusters} as b on b.source_key = a.source_key || 'h'"
    )
    together, merged, home = (int(each) for each in pairs[0])
    assert merged <= 2
    assert home >= together - 8


@pytest.mark.parametrize(
    ("shared", "homes", "why"),
    [
        ({"family": "lindqvist"}, 30, "one last name among thirty of a dormitory"),
        ({"family": "lindqvist", "phone": "+49 30 5550007"}, 1, "a family in a tower, who share their telephone too"),
    ],
)
def test_a_crowd_is_no_home(match, shared, homes, why):
    """Who share an address with a crowd share no household for that."""
    rows = []
    for number, row in enumerate(people(160, seed=3, repeated=0.3)):
        rows.append(row)
        home = {"family": row["family"], "street": row["street"] or "1 x", "postcode": row["postcode"]}
        if number % 2 == 0:
            rows.append({**people(1, seed=5_000 + number)[0], **home, "key": f"{row['key']}h"})
    for number in range(30):
        address = {"street": "1 dormitory", "postcode": "99999"}
        name = {"given": f"{chr(97 + number % 26) * 3}{number}o"}
        rows.append({**people(1, seed=7_000 + number)[0], **address, **name, **shared, "key": f"crowd{number}"})
    outcome, engine = match(rows)
    found = f"select count(distinct household) from {outcome.clusters} where source_key like 'crowd%'"
    assert engine.query(found) == [(homes,)], why


NOT_ONE = [
    ("twins", {"given": "usha", "email": None}, "another first name, and no e-mail address"),
    ("twins with an e-mail address each", {"given": "vidya", "email": "vidya@example.org"}, "one birth date"),
    ("twins who share all", {"given": "conor"}, "but a first name"),
    ("a couple", {"given": "ravi", "born": "1986-11-23"}, "one e-mail address and one telephone"),
    ("a couple of two names", {"given": "ravi", "family": "silva", "born": "1986-11-23"}, "who share all else"),
    ("a couple without birth date", {"given": "ravi", "born": None}, "one e-mail address and one telephone"),
    ("a shared telephone", {"given": "olga", "family": "petrov", "born": "1971-08-09", "email": None, "street": None,
                            "postcode": None}, "of an office"),
    ("a namesake", {"born": "1939-12-03", "email": None, "phone": "+49 89 1112223", "street": None,
                    "postcode": "80331"}, "the name alone"),
]  # fmt: skip
PARENTS = ("two of one name", {"born": "1934-02-17", "email": "a.k@example.org", "phone": None}, "parent and child")


def _homes() -> list[dict[str, Any]]:
    """Somebody else of the home of every third."""
    shared = ("family", "street", "postcode", "phone", "email")
    return [
        {**people(1, seed=9_000 + number)[0], **{name: row[name] for name in shared}, "key": f"h{number}a"}
        for number, row in enumerate(ROWS[::3])
    ]


@pytest.mark.parametrize(
    ("rows", "cases"),
    [(ROWS + _homes(), [*NOT_ONE, PARENTS]), (ROWS, NOT_ONE), (people(20, seed=5), NOT_ONE), ([], NOT_ONE)],
    ids=["with families", "without", "few", "nobody else"],
)
def test_those_who_are_near_and_not_one_stay_apart(match, rows, cases):
    """Each case is somebody's of another home, so that none helps another."""
    near = []
    for number, ((_, more, _), home) in enumerate(zip(cases, people(len(cases), seed=77, repeated=0), strict=True)):
        near += [{**home, "key": f"n{number}a"}, {**home, **more, "key": f"n{number}b"}]
    once = people(1, seed=78, repeated=0)[0]
    near += [{**once, "key": "sa"}, {**once, "key": "sb", "email": None}]
    outcome, engine = match(rows + near)
    found = persons(outcome, engine)
    merged = [name for number, (name, _, _) in enumerate(cases) if {f"n{number}a", f"n{number}b"} in found]
    assert merged == []
    true = {*truth(rows), frozenset({"sa", "sb"})}
    assert len(found & true) / len(true) > 0.97, "and who is one person is found"


TRADES = ["steel", "paper", "logistics", "software", "textiles", "motors", "energy", "glass"]
WRITTEN = ["{} GmbH", "{} Gesellschaft mit beschränkter Haftung", "{}, Inc.", "{} (P) Ltd", "{}"]


def firms(count: int) -> list[dict[str, Any]]:
    """Firms `p7a`, every third also as `p7b` in another spelling, and its sister `p7s` at its switchboard."""
    by, rows = random.Random(5), []
    for number in range(count):
        first = by.choice(FAMILY) + by.choice(("mann", "stein", "berg", "feld", "dorf", "bach"))
        trades = by.sample(TRADES, 2)
        row = {
            "key": f"p{number}a",
            "company": by.choice(WRITTEN).format(f"{first} {trades[0]}"),
            "phone": f"+49 30 {by.randrange(10**6, 10**7)}",
            "street": f"{by.randrange(1, 200)} {by.choice(STREETS)} street",
            "postcode": f"{by.randrange(10_000, 10_300)}",
        }
        rows.append(row)
        if number % 3 == 0:
            misspelt = first[:2] + first[3:] if number % 2 else first
            again = by.choice(WRITTEN).format(f"{misspelt} {trades[0]}".upper())
            rows.append({**row, "key": f"p{number}b", "company": again, by.choice(("phone", "street")): None})
        if number % 4 == 0:
            rows.append({**row, "key": f"p{number}s", "company": f"{first} {trades[1]} GmbH"})
    return rows


def test_firms_are_told_by_their_names(match):
    """In a file without names of persons; sisters share address, telephone and the first word of their name."""
    rows = firms(240)
    found = persons(*match(rows))
    assert len(found & truth(rows)) / len(truth(rows)) > 0.95
    assert len(found - truth(rows)) <= 2
