"""What `on_failure: fix` makes of values: repaired where only one thing can be meant, null where not."""

import pytest

from tests.hub.quality.test_refine import refined

COUNTRIES = {"one_of": ["India", "Indonesia", "Germany", "United Kingdom"]}
CASES = [
    ("tidy", "  Asha \t Rao ", "Asha Rao", 1.0, "blanks around and within"),
    ("tidy", "Asha\u00a0Rao", "Asha Rao", 1.0, "a blank that does not break"),
    (COUNTRIES, "INDIA ", "India", 1.0, "capitals and a blank"),
    (COUNTRIES, "Germny", "Germany", 0.92, "a letter is missing"),
    (COUNTRIES, "Indiaa", "India", 0.91, "a letter too many"),
    (COUNTRIES, "Indonasia", "Indonesia", 0.89, "another letter"),
    (COUNTRIES, "France", None, None, "near to nothing"),
    ({"one_of": ["north", "forth"]}, "worth", None, None, "as near to one as to the other"),
    ({"one_of": ["M", "m"]}, " M ", None, None, "the list itself knows two"),
    ("title", "mister", "Mr", 1.0, "a word for it"),
    ("title", "DR.", "Dr", 1.0, "capitals and a full stop"),
    ("title", "श्रीमती", "Smt", 1.0, "in Devanagari"),
    ("title", "Captain", None, None, "not on the list: not rewritten"),
    ("gender", "F", "female", 1.0, "a letter"),
    ("gender", " Man", "male", 1.0, "a word"),
    ("gender", "7", None, None, "no spelling of any"),
    ("salutation", "dear sir/madam", "Dear Sir or Madam", 1.0, "both"),
    ("email", "mailto:Asha@Example.com", "Asha@Example.com", 0.9, "as a browser copies it"),
    ("email", "Asha Rao <asha@example.com>", "asha@example.com", 0.9, "with its owner's name"),
    ("email", "asha @ example.com.", "asha@example.com", 0.9, "blanks and a full stop"),
    ("email", "a@b.in, c@d.in", None, None, "two addresses: which one?"),
    ("email", "asha at example", None, None, "not an address"),
    ("phone", "9876O432I0", "9876043210", 0.9, "letters that look like digits"),
    ("phone", "9876543210 / 9123456789", None, None, "two numbers: which one?"),
    ({"postcode": "IN"}, "560-001", "560001", 1.0, "a hyphen"),
    ({"postcode": "IN"}, "56OO01", "560001", 0.9, "letters that look like zeros"),
    ({"postcode": "GB"}, "sw1a1aa", "SW1A1AA", 1.0, "small letters"),
    ({"postcode": "IN"}, "5600", None, None, "a digit is nobody's to guess"),
    ({"length": [1, 5]}, " ab  cd ", "ab cd", 1.0, "short enough without blanks"),
    ({"length": [1, 3]}, "abcdef", "abc", 0.5, "cut"),
    ("country", "Bharat", "IN", 1.0, "a name of its own"),
    ("country", "U.S.A.", "US", 1.0, "with full stops"),
    ("country", "deu", "DE", 1.0, "three letters"),
    ("country", "भारत", "IN", 1.0, "in Devanagari"),
    ("country", "Atlantis", None, None, "no country"),
    ("currency", "₹", "INR", 1.0, "a sign"),
    ("currency", "Euros", "EUR", 1.0, "in words"),
    ("currency", "US$", "USD", 1.0, "a sign that is one country's"),
    ("currency", "$", None, None, "a sign that many share"),
    ("currency", "kr", None, None, "a word that many share"),
    ("company", "Acme  Pvt. Ltd.", "Acme Private Limited", 0.9, "India, the hub's country"),
    ("company", "ACME (P) LTD", "ACME Private Limited", 0.9, "the name itself stays as it is"),
    ({"company": "DE"}, "Müller G.m.b.H.", "Müller GmbH", 0.9, "Germany"),
    ({"company": "DE"}, "Maier GmbH und Co. KG", "Maier GmbH & Co. KG", 0.9, "the longest form first"),
    ({"company": "GB"}, "Tea Limited.", "Tea Limited", 0.9, "a full stop"),
    ({"company": "US"}, "Foo, Incorporated", "Foo Inc.", 0.9, "the United States"),
    ({"company": "AU"}, "Foo Pty. Limited", "Foo Pty Ltd", 0.9, "Australia"),
    ("address", "12,MG Rd.,  opp. Post Office", "12, MG Road, Opposite Post Office", 0.9, "short words, commas"),
    ({"address": "US"}, "1 Main Ave Apt 3", "1 Main Avenue Apartment 3", 0.9, "the United States"),
    ({"address": "DE"}, "Haupt Str. 5", "Haupt Straße 5", 0.9, "Germany"),
    ("name", "ASHA RAO", "Asha Rao", 0.9, "shouted"),
    ("name", "Mr. asha o'neil-rao", "Asha O'Neil-Rao", 0.9, "a title is no name"),
    ("name", "JAN VAN DER BERG", "Jan van der Berg", 0.9, "small words"),
    ("name", "call after 5", None, None, "no name"),
    ({"pattern": "^[A-Z]{3}$"}, " INR ", "INR", 1.0, "blanks alone"),
]


@pytest.mark.parametrize(("check", "given", "expected", "certainty", "why"), CASES)
def test_repairs(check, given, expected, certainty, why):
    found = refined({"type": "varchar", "check": check, "on_failure": "fix"}, ["", given])
    assert found.rows["value"].to_pylist() == [None, expected], why
    (fixed,) = found.fixed
    assert (fixed.at.to_pylist(), fixed.before.to_pylist(), fixed.after.to_pylist()) == ([1], [given], [expected])
    assert fixed.certainty.to_pylist() == [certainty or 0.0]
    assert found.warned == ({} if expected else {f"value: {fixed.rule}": 1}), "what is not repaired is told"
    assert not found.rejected


DATES = [
    ({"type": "date"}, "2024-31-01", "2024-01-31", "no month 31: day and month are exchanged"),
    ({"type": "date"}, "2024-31-31", None, "neither"),
    ({"type": "date", "format": "%d/%m/%Y"}, "01/31/2024", "2024-01-31", "as Americans write it"),
    ({"type": "date", "format": ["%d/%m/%Y", "%d.%m.%y"]}, "12.31.24", "2024-12-31", "by the second format"),
    ({"type": "timestamp"}, "2024-31-01T10:00:00Z", "2024-01-31 10:00:00", "a moment"),
    ({"type": "date", "check": "plausible_date"}, "2026-12-06", "2026-06-12", "in the future, but not when exchanged"),
    ({"type": "date", "check": "plausible_date"}, "2027-02-03", None, "in the future either way"),
    ({"type": "date", "check": "plausible_date"}, "2026-07-31", None, "no month 31"),
    ({"type": "date", "format": "%d/%m/%Y"}, "03/04/2024", "2024-04-03", "both are days: as declared, not touched"),
]


@pytest.mark.parametrize(("column", "given", "expected", "why"), DATES)
def test_day_and_month_exchanged(column, given, expected, why):
    found = refined({**column, "on_failure": "fix"}, [given])
    (value,) = found.rows["value"].to_pylist()
    assert (str(value) if value else None) == expected, why
    touched = "not touched" not in why
    assert bool(found.fixed) is touched
    assert found.rows["_extra"].to_pylist() == ([f'{{"value":"{given}"}}'] if touched else [None]), "evidence"


def test_a_repaired_address_has_its_standard_form():
    found = refined({"type": "varchar", "check": "email", "on_failure": "fix"}, ["mailto:A@B.in", "c@d.in"])
    assert found.rows["value_standard"].to_pylist() == ["a@b.in", "c@d.in"]


STAY = [
    ("name", "Asha Rao", "as names are"),
    ("name", "आशा राव", "in another script"),
    ("name", "McDonald", "capitals within"),
    ("company", "Tata & Sons", "no legal form at all"),
    ("company", "Limited Editions", "the word stands elsewhere"),
    ("address", "St. Mary's Road", "Saint, not Street"),
    ({"company": "IN"}, "Acme Private Limited", "as it is written"),
    ("country", "IN", "the code"),
    ("currency", "INR", "the code"),
]


@pytest.mark.parametrize(("check", "given", "why"), STAY)
def test_what_is_written_well_stays(check, given, why):
    found = refined({"type": "varchar", "check": check, "on_failure": "fix"}, [given])
    assert (found.rows["value"].to_pylist(), found.fixed) == ([given], []), why


@pytest.mark.parametrize(("check", "given", "expected"), [row[:3] for row in CASES if row[2]])
def test_a_repair_is_its_own_repair(check, given, expected):
    found = refined({"type": "varchar", "check": check, "on_failure": "fix"}, [expected])
    assert (found.rows["value"].to_pylist(), found.fixed) == ([expected], [])


NAMES = {"name": ["Rajesh", "Ramesh", "Priya", "Asha", "Usha"]}
SUGGESTIONS = [
    ("title", "mister", "Mr", 1.0, "a title"),
    ("gender", "F", "female", 1.0, "a gender"),
    ("salutation", "dear sir/madam", "Dear Sir or Madam", 1.0, "a salutation"),
    (NAMES, "Rajseh Rao", "Rajesh Rao", 0.8, "two letters changed places"),
    (NAMES, "Priyaa", "Priya", 0.8, "a letter too many"),
    (NAMES, "PRIYA", "Priya", 0.9, "shouted"),
    (NAMES, "Rajesh", None, None, "spelt right"),
    (NAMES, "Isha", None, None, "near to two: a name of its own"),
    (NAMES, "Rakesh", None, None, "near to two: a name of its own"),
    (NAMES, "Venkatesh", None, None, "near to none"),
    ("title", "Captain", None, None, "nothing to suggest; it is counted"),
]


@pytest.mark.parametrize(("check", "given", "expected", "certainty", "why"), SUGGESTIONS)
def test_suggestions_rewrite_nothing(check, given, expected, certainty, why):
    found = refined({"type": "varchar", "check": check, "on_failure": "suggest"}, [None, given])
    assert found.rows["value"].to_pylist() == [None, given], why
    told = [(*each.after.to_pylist(), *each.certainty.to_pylist(), each.applied) for each in found.fixed]
    assert told in ([(expected, certainty, False)], [(False,)]) if expected or given == "Captain" else told == []
    assert not found.rejected


IMPUTED = [
    ({"type": "varchar", "default": "IN"}, [None, "", "DE"], ["IN", "IN", "DE"], 2, "nothing and empty text"),
    ({"type": "integer", "default": 0}, [None, "7"], [0, 7], 1, "a number"),
    ({"type": "integer", "default": 0, "on_failure": "warn"}, ["x", None], [None, 0], 1, "what does not fit was there"),
    ({"type": "varchar", "check": "gender", "default": "unknown", "on_failure": "fix"}, ["7", None], [None, "unknown"],
     1, "what was not repaired was there"),
    ({"type": "varchar"}, [None], [None], 0, "no default, nothing made up"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "given", "expected", "imputed", "why"), IMPUTED)
def test_a_default_is_marked(column, given, expected, imputed, why):
    found = refined(column, given)
    assert found.rows["value"].to_pylist() == expected, why
    assert found.measured["value"]["imputed"] == imputed
    assert found.measured["value"]["filled"] == sum(1 for each in given if each), "what is made up fills nothing"
    made = [each for each in found.fixed if each.rule == "default"]
    assert [at for each in made for at in each.at.to_pylist()] == [at for at, each in enumerate(given) if not each][
        :imputed
    ]
    marks = found.rows["_extra"].to_pylist()
    assert [mark == '{"value":null}' for mark in marks] == [not each and imputed > 0 for each in given]
