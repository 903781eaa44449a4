"""Postal addresses: in parts, written in one way by their country and judged by it; from when to when they hold."""

import pytest

from hub.campaigns.points import place_problem
from hub.config.postcodes import FORMS
from hub.customers.store import ProfileStore
from hub.quality import repairs, writings
from tests.functions.contacts.conftest import KEY, PROFILE, WHO

PARTS = ("address", "city", "region", "postcode", "country")
# as a source writes it, the street as the hub writes it, whether nothing lacks, what is wrong, why
FIXTURES = [
    (("12,MG Rd.", "Pune", "MH", "411 001", "IN"), "12, MG Road", True, None, "India: of the town and the state"),
    (("12 MG Rd", "Poona", "Maharashtra", "411001", "IN"), "12 MG Road", True, None, "an old name of the town"),
    (("12 MG Rd", "Pune", "KA", "411001", "IN"), "12 MG Road", True, "not one of its region", "of another state"),
    (("12 MG Rd", "Mumbai", "MH", "411001", "IN"), "12 MG Road", True, "not one of its city", "of another town"),
    (("12 MG Rd", "Pune", "MH", "011001", "IN"), "12 MG Road", True, "not one of IN", "none begins with 0"),
    (("12 MG Rd", "Kirkee Village", "", "411003", "IN"), "12 MG Road", True, None, "a village that nobody lists"),
    (("12 MG Rd", "Pune", "MH", "411001", None), "12 MG Road", True, None, "without a country it is the hub's own"),
    (("12 MG Rd", "Pune", "MH", "", "IN"), "12 MG Road", False, "lacks postcode", "no letter comes so"),
    ((None, "", "MH", "411001", "IN"), None, False, "lacks address, city", "a region and a code"),
    (("1 Main Ave", "Springfield", "IL", "62701-1234", "US"), "1 Main Avenue", True, None, "United States"),
    (("1 Main Ave", "Springfield", "IL", "6270", "US"), "1 Main Avenue", True, "not one of US", "a digit too few"),
    (("10 Downing Str", "London", "", "sw1a 2aa", "GB"), None, True, None, "Great Britain, small letters"),
    (("10 Downing Street", "London", "", "12345", "GB"), None, True, "not one of GB", "digits alone"),
    (("Haupt Str. 5", "Berlin", "", "10115", "DE"), "Haupt Straße 5", True, None, "Germany"),
    (("Haupt Str. 5", "Berlin", "", "00115", "DE"), "Haupt Straße 5", True, "not one of DE", "none begins with 00"),
    (("1 Rue de Paris", "Lyon", "", "69001", "FR"), None, True, None, "France"),
    (("Damrak 1", "Amsterdam", "", "1012 LG", "NL"), None, True, None, "the Netherlands"),
    (("1 Bay St", "Toronto", "ON", "M5J 2N8", "CA"), None, True, None, "Canada"),
    (("1 Bay St", "Toronto", "ON", "D5J 2N8", "CA"), None, True, "not one of CA", "a letter that is not in use"),
    (("5 George Street", "Sydney", "NSW", "2000", "AU"), None, True, None, "Australia"),
    (("1-1 Chiyoda", "Tokyo", "", "100-0001", "JP"), None, True, None, "Japan"),
    (("1 Main Street", "Hong Kong", "", "", "HK"), None, True, None, "a place without postcodes"),
    (("1 Main Street", "Atlantis", "", "what", "ZZ"), None, True, None, "a country that nobody knows is not judged"),
]


@pytest.mark.parametrize(("given", "street", "complete", "wrong", "why"), FIXTURES, ids=[row[-1] for row in FIXTURES])
def test_an_address_is_standardised_and_judged_by_its_country(given, street, complete, wrong, why):
    parts = dict(zip(PARTS, given, strict=True))
    if parts["address"]:
        parts["address"] = writings.writer("address", parts["country"], "IN")(parts["address"])[0]
        assert street in (None, parts["address"]), why
    if parts["postcode"] and wrong is None and parts["country"] in FORMS:
        parts["postcode"] = repairs._postcode(parts["postcode"])[0]  # as the pull mends it
    found = place_problem(parts, "IN")
    assert found[0] == complete, why
    assert (found[1] is None) if wrong is None else (found[1] or "").endswith(wrong), found


def told(contacts, role="service"):
    items = contacts("GET", f"/v1/contacts/{WHO}/points", role=role).body["items"]
    return next((each for each in items if each["kind"] == "address"), None)


def test_an_address_holds_from_a_day_until_a_letter_comes_back_and_the_next_begins_anew(contacts):
    assert told(contacts) is None, "he has none"
    pune = {"address": "1 MG Road", "city": "Pune", "region": "MH", "postcode": "411001", "country": "IN"}
    profiles = ProfileStore("profiles", KEY)
    origin = '{"address": {"record_key": "r1", "at": "2026-01-01T08:00:00Z"}}'
    profiles.put_profiles([PROFILE | pune | {"provenance": origin}], "r2")
    first = told(contacts)
    assert (first["status"], first["since"], first["until"]) == ("unverified", "2026-01-01T08:00:00Z", None)
    assert first["value"] == "1 MG Road, Pune, MH, 411001, IN"

    reach = f"/v1/contacts/{WHO}/points/{first['point_id']}/reach"
    back = contacts("PUT", reach, {"state": "undeliverable", "basis": "a letter came back"}, role="service")
    assert (back.body["status"], back.body["since"]) == ("undeliverable", "2026-01-01T08:00:00Z")
    assert back.body["until"]
    again = contacts("PUT", reach, {"state": "deliverable", "basis": "the courier found it"}, role="service").body
    assert (again["status"], again["until"]) == ("unverified", None)
    contacts("PUT", reach, {"state": "undeliverable", "basis": "another letter"}, role="service")

    moved = PROFILE | pune | {"address": "2 MG Road", "provenance": origin.replace("-01T", "-09T")}
    profiles.put_profiles([moved], "r3")
    new = told(contacts)
    assert (new["status"], new["since"], new["until"]) == ("unverified", "2026-01-09T08:00:00Z", None)
    profiles.put_profiles([PROFILE | pune | {"postcode": "560001"}], "r4")
    assert (told(contacts)["status"], told(contacts)["problem"]) == (
        "invalid",
        "has a postcode that is not one of its region",
    )
    assert contacts("PUT", reach, {"state": "gone", "basis": "no such word"}, role="service").status == 422
