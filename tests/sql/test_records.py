"""What a run compares of a customer's record: the SQL that reads it, and the same in Python for a single person."""

import uuid

from hub.identity import read
from hub.identity.names import BEHIND, TITLES
from hub.identity.run import FIELDS
from hub.identity.twin import Twin
from hub.models.athena import Athena
from hub.stewardship.comparing import TEXTS, texts_of
from tests.sql.lake import ROOT

COLUMNS = (
    "record_key", "full_name_latin", "full_name", "given_name_latin", "given_name", "family_name_latin", "family_name",
    "birth_date", "gender", "email_standard", "phone_standard", "address", "city", "postcode", "region", "country",
    "company",
)  # fmt: skip
NAMES = [
    ({"full_name": "Anna Maria Meier"}, ("Anna", "Meier", None), "the first word and the last"),
    ({"full_name": " Anna \t Meier "}, ("Anna", "Meier", None), "blanks are no words"),
    ({"full_name": "Meier, Anna Maria"}, ("Anna Maria", "Meier", None), "a comma turns them"),
    ({"full_name": "Anna"}, ("Anna", None, None), "one word is a first name"),
    ({"full_name": "John Smith Jr."}, ("John", "Smith", "2"), "who is meant stands behind"),
    ({"full_name": "John Smith, III"}, ("John", "Smith", "3"), "behind a comma"),
    ({"full_name": "Smith Sr, John"}, ("John", "Smith", "1"), "or before one"),
    ({"full_name": "Smith, John IV"}, ("John", "Smith", "4"), "or behind all"),
    ({"full_name": "Ann Lee, M.D."}, ("Ann", "Lee", None), "a degree says nothing of who is meant"),
    ({"full_name": "Mary Senior"}, ("Mary", "Senior", "1"), "somebody may be called so"),
    ({"full_name": "Dr. Anna Meier"}, ("Anna", "Meier", None), "a title is no name"),
    ({"full_name": "DR ANNA MEIER"}, ("ANNA", "MEIER", None), "however it is written"),
    ({"given_name": "John", "family_name": "Smith Jr"}, ("John", "Smith", "2"), "behind a last name of its own"),
    ({"given_name": "John", "family_name": "Ii"}, ("John", "Ii", "2"), "a last name is not taken away"),
    ({"full_name": "John Smith II", "given_name": "John", "family_name": "Smith"}, ("John", "Smith", "2"), "in parts"),
    ({"full_name": "अन्ना", "full_name_latin": "anna meier jr"}, ("anna", "meier", "2"), "in Latin letters"),
]  # fmt: skip


def of_a_run(athena: Athena) -> dict[str, list[str | None]]:
    """Given name, family name and text of the generation as sql/identity/records.sql reads them."""
    rows = (
        ", ".join(
            f"cast({_literal(value)} as varchar)" for value in (str(at), *(told.get(name) for name in COLUMNS[1:]))
        )
        for at, (told, _, _) in enumerate(NAMES)
    )
    given = f"(values {', '.join(f'({row})' for row in rows)}) as t ({', '.join(COLUMNS)})"
    records = (ROOT / "sql/identity/records.sql").read_text().replace("vault.source_customer", given)
    asked = f"select source_key, given, family, generation from ({records}) as records"
    return {key: texts for key, *texts in (row.values() for row in athena.query(asked, uuid.uuid4().hex, 180))}


def _literal(text: str | None) -> str:
    return "null" if text is None else f"'{text}'"


def test_a_run_and_a_single_person_are_read_alike(make_lake):
    twin = Twin(read(ROOT / "sql/identity").of(["given", "family", "generation"]))
    ran = of_a_run(make_lake().athena)
    for at, (told, (given, family, generation), why) in enumerate(NAMES):
        alone = texts_of(told)
        assert (alone["given"], alone["family"]) == tuple(ran[str(at)][:2]) == (given, family), why
        both = (twin.standard({"generation": text}) for text in (alone["generation"], ran[str(at)][2]))
        assert [each["generation"] for each in both] == [generation] * 2, why


def test_each_field_of_a_run_is_one_of_a_single_person():
    assert set(FIELDS) == set(TEXTS)


def test_what_is_no_name_is_told_once():
    """SQL that is shipped as it stands holds the patterns written out."""
    records = (ROOT / "sql/identity/records.sql").read_text()
    assert (records.count(TITLES), records.count(BEHIND)) == (1, 2)
