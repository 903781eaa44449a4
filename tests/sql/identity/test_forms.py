"""Standard forms and levels, value by value."""

import pytest

from hub.identity import statements

FORMS = [
    ("given", "Jürgen", "jurgen", "accents go"),
    ("given", "JU\u0308RGEN", "jurgen", "also where they are written apart"),
    ("given", " Dr. Anna-Maria ", "annamaria", "titles, blanks and hyphens go"),
    ("family", "O’Neill", "oneill", "quotation marks go"),
    ("family", "Łukasiewicz", "lukasiewicz", "letters that have no accent to lose"),
    ("family", "Петров", "petrov", "Cyrillic"),
    ("family", "Παππάς", "pappas", "Greek"),
    ("given", "राम", "ram", "Devanagari: a consonant at the end speaks no a"),
    ("given", "लक्ष्मी", "lakshmi", "Devanagari: consonants without a between them"),
    ("given", "कृष्णा", "krishna", "Devanagari: a vowel's sign of two letters"),
    ("family", "सिंह", "sinh", "Devanagari: a nasal"),
    ("given", "Raj कुमार", "rajkumar", "Devanagari beside Latin letters"),
    ("born", "०३/०२/१९७०", "19700203", "digits of Devanagari"),
    ("family", "王", "e78e8b", "letters of no table are told by their bytes"),
    ("given", "n/a", None, "words for nothing are nothing"),
    ("given", "   ", None, "blanks are nothing"),
    ("given", "😀", "f09f9880", "a picture is a value like any other"),
    ("given", "x" * 10_000, "x" * 40, "what is too long is cut"),
    ("born", "1970-02-03", "19700203", "as ISO writes it"),
    ("born", "19700203", "19700203", "digits"),
    ("born", "03021970", "19700203", "digits, the year last"),
    ("born", "20031219", "20031219", "digits that could be read either way have the year first"),
    ("born", "20131970", "19701320", "digits that are no day either way keep what can be compared"),
    ("born", "3.2.1970", "19700203", "the day first"),
    ("born", "03/02/1970 00:00", "19700203", "with a time behind"),
    ("born", "1970-2-3T10:00:00Z", "19700203", "without leading noughts, with a time"),
    ("born", "soon", None, "no date"),
    ("born", "3/2/70", "19700203", "a year of two digits"),
    ("born", "3/2/12", "20120203", "a year of two digits of this century"),
    ("born", "3 Feb 1970", "19700203", "a month's name"),
    ("born", "February 3, 1970", "19700203", "a month's name before the day"),
    ("born", "24-May-11", "20110524", "a month's name, a year of two digits"),
    ("phone", "+49 (0)30 123456-7", "301234567", "the last nine digits"),
    ("phone", "030 1234567", "301234567", "the same number as it is dialled at home"),
    ("phone", "123", None, "too short to be anybody's"),
    ("email", " Anna.Meier+news@Example.ORG ", "anna.meier@example.org", "what is behind a plus is no other person"),
    ("email", "none", None, "no address"),
    ("email", "@example.org", None, "nobody's address"),
    ("street", "12,  Main   Street.", "12 main street", "single blanks"),
    ("postcode", "ab1 2cd", "ab12cd", "no blanks"),
    ("generation", "JR.", "2", "a column of its own"),
    ("generation", "John Smith, Jr.", "2", "behind a name"),
    ("generation", "Smith III, John", "3", "before a comma"),
    ("generation", "John Smith Sr", "1", "the father"),
    ("generation", "Sr. Juan Pérez", None, "a title in Spanish"),
    ("generation", "John Smith", None, "nothing is said"),
    ("generation", "Ivy Junior-Smith", None, "a part of a name"),
    ("sex", "F", "f", "small letters"),
    ("sex", "Female", "f", "a word"),
    ("sex", "männlich", "m", "a word of another language"),
    ("sex", "Unknown", None, "nothing is said"),
    ("sex", "U", None, "nothing is said"),
    ("sex", "divers", "divers", "what is neither is compared as it is"),
    ("company", "Weber & Söhne Engg. GmbH & Co. KG", "weber sohne engineering", "the form at law is no name"),
    ("company", "WEBER AND SOHNE ENGINEERING (P) Ltd.", "weber sohne engineering", "another form, short words"),
    ("company", "The Company Ltd", "the company ltd", "a name of these alone stays"),
]


def test_standard_forms(engine, known):
    columns = sorted({field for field, *_ in FORMS})
    engine.connection.execute(
        f"create table given_rows (source_key varchar, {', '.join(f'{each} varchar' for each in columns)})"
    ).fetchall()
    for number, (field, value, _, _) in enumerate(FORMS):
        engine.connection.execute(f"insert into given_rows (source_key, {field}) values ('{number:03}', ?)", [value])
    chosen = known.of(columns)
    engine.create("m_standard", statements.standard(chosen, "given_rows", {each: each for each in columns}, False))
    rows = {
        int(row[0]): dict(zip(columns, row[1:], strict=True))
        for row in engine.query(f"select source_key, {', '.join(columns)} from m_standard")
    }
    found = [(field, value, rows[number][field], why) for number, (field, value, _, why) in enumerate(FORMS)]
    assert found == FORMS


def test_the_month_first(engine, known):
    engine.connection.execute("create table given_rows as select '1' as source_key, '02/03/1970' as born").fetchall()
    chosen = known.of(["born", "given"])
    engine.create("m_standard", statements.standard(chosen, "given_rows", {"born": "born", "given": "null"}, True))
    assert engine.query("select born from m_standard") == [("19700203",)]


LEVELS = [
    ({"given": "anna"}, {"given": "anna"}, {"given": "equal"}, "the same"),
    ({"given": "anna"}, {}, {"given": None}, "nothing to compare with"),
    ({"given": "meier"}, {"given": "meire"}, {"given": "typo"}, "two letters swapped"),
    ({"given": "bob"}, {"given": "robert"}, {"given": "short form"}, "a nickname"),
    ({"given": "a"}, {"given": "anna"}, {"given": "short form"}, "an initial"),
    ({"given": "jon"}, {"given": "jan"}, {"given": "sound"}, "short names are not misspelt, but sound alike"),
    ({"given": "anna"}, {"given": "peter"}, {"given": "different"}, "two names"),
    ({"family": "meier"}, {"family": "meierschmidt"}, {"family": "part"}, "a double name"),
    ({"family": "schmidt"}, {"family": "schmitt"}, {"family": "typo"}, "one letter"),
    (
        {"given": "anna", "family": "meier"},
        {"given": "meier", "family": "anna"},
        {"given": "crossed", "family": None},
        "the names in each other's place: told once",
    ),
    ({"born": "19700203"}, {"born": "19700302"}, {"born": "typo"}, "swapped digits before anything else"),
    ({"born": "19701112"}, {"born": "19701211"}, {"born": "typo"}, "so too where day and month are swapped by it"),
    ({"born": "19701205"}, {"born": "19700512"}, {"born": "day and month"}, "day and month"),
    ({"born": "19701205"}, {"born": "19700819"}, {"born": "part"}, "the year"),
    ({"email": "anna@a.org"}, {"email": "anna@b.org"}, {"email": "local part"}, "another provider"),
    ({"company": "weber steel"}, {"company": "webersteel"}, {"company": "equal"}, "blanks are no name"),
    ({"company": "weber steel"}, {"company": "webber steel"}, {"company": "typo"}, "one letter"),
    ({"company": "weber steel"}, {"company": "weber"}, {"company": "part"}, "without its trade"),
    ({"company": "weber steel"}, {"company": "weber steel works"}, {"company": "part"}, "more behind it"),
    ({"company": "katsu"}, {"company": "restaurant katsu"}, {"company": "part"}, "more before it, of a short name"),
    ({"company": "weber steel"}, {"company": "klaus weber steel"}, {"company": "part"}, "more before it"),
    ({"company": "hotel bel air"}, {"company": "bel air hotel"}, {"company": "part"}, "its first word behind"),
    ({"company": "weber paper"}, {"company": "weber optics"}, {"company": "different"}, "sisters of one group"),
    ({"phone": "123456789"}, {"phone": "123456780"}, {"phone": "typo"}, "one digit"),
    (
        {"city": "ulm", "postcode": "89073"},
        {"city": "ulm", "postcode": "89073"},
        {"city": None, "city_within": "equal", "postcode": "equal"},
        "a town within its postcode is told apart",
    ),
    (
        {"city": "ulm", "postcode": "89073"},
        {"city": "ulm", "postcode": "89081"},
        {"city": "equal", "city_within": None, "postcode": "near"},
        "and otherwise for itself",
    ),
]


@pytest.fixture
def compared(engine, known):
    """The levels of each case: all of them in one table."""
    chosen = known.of(["given", "family", "born", "email", "phone", "city", "postcode", "company"])
    columns = list(chosen.fields)
    engine.connection.execute(
        f"create table given_rows (source_key varchar, {', '.join(f'{each} varchar' for each in columns)})"
    ).fetchall()
    for number, (left, right, _, _) in enumerate(LEVELS):
        for side, row in (("a", left), ("b", right)):
            values = [f"{number:03}{side}", *(row.get(each) for each in columns)]
            engine.connection.execute(f"insert into given_rows values ({', '.join('?' * len(values))})", values)
    engine.create("m_standard", statements.standard(chosen, "given_rows", {each: each for each in columns}, False))
    engine.create("m_features", statements.features(chosen, "m_standard", 100))
    engine.create(
        "m_pairs",
        "select record as l, record + 1 as r, cast(0 as bigint) as rules from m_standard where mod(record, 2) = 1",
    )
    engine.create("m_levels", statements.levels(chosen, "m_features", "m_pairs"))
    names = list(chosen.compared)
    rows = engine.query(f"select {', '.join(names)} from m_levels order by l")
    return [
        {
            name: None if level < 0 else chosen.compared[name].labels[level]
            for name, level in zip(names, row, strict=True)
        }
        for row in rows
    ]


def test_levels(compared):
    found = [{name: levels[name] for name in told} for levels, (_, _, told, _) in zip(compared, LEVELS, strict=True)]
    assert found == [told for _, _, told, _ in LEVELS]


def test_what_too_many_have_is_nobodys(engine, known):
    """Two may share an e-mail address here, three may not; a name is shared by as many as like."""
    chosen = known.of(["given", "email"])
    rows = [("Anna", "info@firm.example")] * 3 + [("Anna", "anna@home.example")] * 2 + [("Anna", None)]
    told = ", ".join(f"('{at}', '{given}', {repr(mail) if mail else 'null'})" for at, (given, mail) in enumerate(rows))
    engine.connection.execute(
        f"create table given_rows as select * from (values {told}) as t (source_key, given, email)"
    ).fetchall()
    engine.create("m_standard", statements.standard(chosen, "given_rows", {"given": "given", "email": "email"}, False))
    engine.create("m_features", statements.features(chosen, "m_standard", 2))
    found = engine.query("select given, email, count(*) as n from m_features group by 1, 2 order by 2 nulls last")
    assert found == [("anna", "anna@home.example", 2), ("anna", None, 4)]
    assert engine.query(statements.nobodys(chosen, "m_standard", 2)) == [("email", 1, 3, 6, 3)]
