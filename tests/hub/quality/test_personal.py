"""Personal data planted in columns that are called like nothing, and what only looks like some."""

import pyarrow as pa
import pytest

from hub.quality import profile
from hub.sources.tables import column_of

PLANTED = [
    # values, class, why
    (["asha@example.com", "ravi@example.in", None], "email", "addresses"),
    (["+91 98123 45678", "+49 30 1234567"], "phone", "numbers as people write them"),
    ([9812345678, 9812345679], "phone", "numbers as numbers"),
    (["Asha Rao", "Ravi Iyer", "Thomas Müller", "Zhang Wei"], "name", "names"),
    (["Rao, Asha", "Iyer, R. Mohan"], "name", "family name first"),
    (["आशा राव", "मोहन"], "name", "another script"),
    (["12 MG Road, Pune", "Flat 4, Park Street", "7 Rue Cler"], "address", "streets with numbers"),
    (["Hauptstraße 7", "Am Weg 3", "Schulstr. 12"], "address", "German ones"),
    (["ABCPD1234E", "XYZPK9876A"], "id", "Indian tax numbers"),
    (["123-45-6789", "987-65-4321"], "id", "social security"),
    (["4111 1111 1111 1111", "5500-0000-0000-0004"], "id", "cards by Luhn"),
    ([4111111111111111, 5500000000000004], "id", "cards as numbers"),
    (["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"], "id", "accounts by their check digits"),
    (["2341 2341 2346", "234123412346"], "id", "Aadhaar by Verhoeff"),
    (["10.0.0.1", "192.168.1.20"], "id", "addresses of machines"),
    ([f"{year}-03-0{1 + year % 9}" for year in range(1951, 2001, 4)], "birth_date", "days a generation apart"),
]
HARMLESS = [
    (["AB-1", "CD-22"], "codes"),
    (["New Delhi", "Pune", "San Jose", "Victoria", "Mumbai", "Berlin", "Nagpur"], "towns, some of them first names"),
    (["Chai", "Alice Mutton", "Queso Cabrales", "Tofu", "Konbu", "Ikura"], "products"),
    (["4111111111111112", "4111111111111113"], "no card: the check digit is wrong"),
    (["234123412345", "234123412347"], "no Aadhaar: the check digit is wrong"),
    (["2026-01-05", "2026-02-07", "2025-12-31"] * 4, "days of orders"),
    ([f"{year}-01-01" for year in range(2005, 2026)], "days of hire: not all grown up"),
    (["1.2.3", "2.0.1"], "versions"),
    (["paid", "shipped"], "states"),
    ([1, 2, 3], "numbers"),
    ([None, ""], "nothing"),
]


def found(values):
    (each,) = profile.columns(pa.table({"field_7": column_of(values)}))
    return each


@pytest.mark.parametrize(("values", "kind", "why"), PLANTED, ids=[row[2] for row in PLANTED])
def test_planted_persons_are_found_whatever_the_column_is_called(values, kind, why):
    one = found(values)
    assert one.personal == kind, why
    assert (one.shapes, one.least, one.most, one.mentions) == ((), None, None, {}), "and nothing of them is told"


@pytest.mark.parametrize(("values", "why"), HARMLESS, ids=[row[1] for row in HARMLESS])
def test_what_only_looks_like_persons(values, why):
    assert found(values).personal in ("none", "phone"), why
    assert found(values).personal == "none" or "check digit" in why, "a long number may still be a telephone's"


def test_persons_among_other_words():
    told = ["Asked to write to asha@example.com", "call +91 98123 45678 or 98123 45679", "nothing", "order 4711", None]
    one = found(told)
    assert (one.personal, one.mentions) == ("none", {"email": 1, "phone": 1})
    assert "asha" not in str(one.shapes)
