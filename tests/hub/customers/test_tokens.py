import pytest

from hub.customers.tokens import asked, name_words, phone_digits, words_of


@pytest.mark.parametrize(
    ("name", "words", "why"),
    [
        ("Asha  RÄO", ["asha", "rao"], "accents and capitals do not matter"),
        ("आशा राव", ["आशा", "राव"], "vowel signs are letters' own"),
        ("O'Neil-Smith, J.", ["oneil", "smith", "j"], "signs part words, an apostrophe does not"),
        ("Rao Rao", ["rao"], "each word once"),
        (" . ", [], "no letter"),
    ],
)
def test_name_words(name, words, why):
    assert name_words(name) == words, why


@pytest.mark.parametrize(
    ("number", "digits", "why"),
    [
        ("+91 98450-12345", "845012345", "with the country's prefix"),
        ("098450 12345", "845012345", "as dialled at home: the same"),
        ("12-345", "12345", "a short number"),
        ("1234", None, "too short to be looked for"),
    ],
)
def test_phone_digits(number, digits, why):
    assert phone_digits(number) == digits, why


@pytest.mark.parametrize(
    ("query", "fields", "why"),
    [
        ("A@x.in", [["email"]], "an e-mail is nothing else"),
        ("098450 12345", [["phone"]], "digits with spaces"),
        ("1234567", [["phone"], ["key"], ["order"]], "one number may be any of them"),
        ("asha rao", [["name", "name"]], "two words are a name"),
        ("SO-17", [["key"], ["order"], ["name", "name"]], "one word may be a key or an order"),
        ("आशा राव", [["name", "name"], ["name", "name"]], "as it is written, then in Latin letters"),
        ("  ", [], "nothing"),
    ],
)
def test_asked(query, fields, why):
    assert [[field for field, _ in words] for words in asked(query)] == fields, why


@pytest.mark.parametrize(
    ("holds", "query"),
    [
        ({"emails": ["jos\u00e9@x.in"]}, " Jose\u0301@x.in "),
        ({"emails": ["jose\u0301@x.in"]}, "JOS\u00c9@x.in"),
        ({"source_keys": ["crm:M\u00fc-1"]}, "mu\u0308-1"),
    ],
)
def test_an_accent_is_one_however_a_keyboard_gives_it(holds, query):
    assert set(next(asked(query))) <= words_of(holds)


def test_a_profile_is_found_by_all_that_it_holds():
    profile = {"names": ["Asha Rao"], "emails": ["a@x.in"], "phones": ["+919845012345"], "source_keys": ["crm:C7"]}
    wanted = {("name", "asha"), ("name", "rao"), ("email", "a@x.in"), ("phone", "845012345"), ("key", "c7")}
    spelt = {("near", each) for each in ("asha", "sha", "aha", "asa", "ash", "rao", "ao", "ro", "ra")}
    assert words_of(profile) == wanted | spelt | {("both", "asha rao"), ("sound", "ax")}
    more = {"full_name": "Räo, Asha", "birth_date": "1990-05-01", "postcode": "411 001"}
    assert words_of(more) - words_of({"full_name": "Asha Rao"}) == {
        ("born", "1990-05-01ar"), ("post", "411001 asha"), ("post", "411001 rao"),
    }, "in either order"  # fmt: skip
    assert words_of({}) == set()
    found = words_of({"names": ["आशा राव"]})
    assert {each for each in found if each[0] not in ("near", "sound")} == {
        *(("name", word) for word in ("आशा", "राव", "asha", "rao")),
        ("both", "asha rao"),
    }
