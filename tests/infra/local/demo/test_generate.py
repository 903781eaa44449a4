import csv
import io
import sqlite3
from collections import Counter

import pytest

from infra.local.demo.generate import BAD_MINUTES, BAD_STAGES, generate, write_shop


@pytest.fixture(scope="module")
def demo():
    return generate()


def rows(content: bytes, encoding: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding)), delimiter=";"))


def in_devanagari(text: str) -> bool:
    return any("ऀ" <= letter <= "ॿ" for letter in text)


def test_the_same_seed_gives_the_same_organisation(demo):
    assert generate() == demo
    assert generate(seed=1) != demo


def test_the_firm_is_as_large_as_the_tutorial_says(demo):
    sizes = {name: len(table) for name, table in demo.shop.items()}
    assert (len(demo.contacts), len(demo.activities)) == (300, 700)
    assert sizes["customers"] == 200 and sizes["products"] == 60 and sizes["orders"] == 800
    assert 1800 < sizes["order_lines"] < 2300


def test_the_truth_names_each_record_and_the_applications_share_people(demo):
    assert set(demo.truth["crm"]) == {c["contact_id"] for c in demo.contacts}
    assert set(demo.truth["shop"]) == {str(c["customer_id"]) for c in demo.shop["customers"]}
    crm, shop, calls = (set(demo.truth[name].values()) for name in ("crm", "shop", "calls"))
    assert len(crm & shop) > 100 and len(crm & calls) > 70 and len(crm & shop & calls) > 30
    assert len(demo.truth["crm"]) - len(crm) == 10, "ten contacts are somebody who is there already"


@pytest.mark.parametrize(
    ("found", "at_least", "why"),
    [
        (lambda d: [c for c in d.contacts if in_devanagari(c["full_name"])], 20, "names in Devanagari"),
        (lambda d: [c for c in d.contacts if in_devanagari(c["address"])], 20, "addresses too"),
        (lambda d: [c for c in d.contacts if c["email"] and "@" not in c["email"]], 1, "addresses that are none"),
        (lambda d: [c for c in d.contacts if not c["marketing_consent"]], 20, "people who unsubscribed"),
        (lambda d: [c for c in d.contacts if c["stage"] == "unknwon"], BAD_STAGES, "rows for quarantine"),
    ],
)
def test_the_data_has_what_makes_real_data_hard(demo, found, at_least, why):
    assert len(found(demo)) >= at_least, why


def test_households_share_a_phone(demo):
    digits = Counter("".join(c for c in contact["phone"] if c.isdigit())[-10:] for contact in demo.shop["customers"])
    assert sum(1 for count in digits.values() if count > 1) >= 3


def test_an_orders_total_is_the_sum_of_its_lines(demo):
    totals: Counter = Counter()
    for line in demo.shop["order_lines"]:
        totals[line["order_id"]] += line["line_amount"]
    assert all(abs(totals[order["order_id"]] - order["total_amount"]) < 0.005 for order in demo.shop["orders"])


def test_the_call_centres_files_are_read_with_their_own_encoding(demo):
    calls = [row for name, content in demo.drops.items() if name.startswith("calls-") for row in rows(content, "utf-8")]
    assert len(calls) == 600
    assert sum(1 for call in calls if not call["minutes"].isdigit()) == BAD_MINUTES
    (partner,) = (content for name, content in demo.drops.items() if name.startswith("partner-"))
    with pytest.raises(UnicodeDecodeError):
        partner.decode("utf-8")
    assert any("José" in row["subject"] for row in rows(partner, "windows-1252"))


def test_the_shops_database_holds_the_rows(demo, tmp_path):
    file = tmp_path / "deep/shop.sqlite"
    write_shop(file, demo.shop)
    database = sqlite3.connect(file)
    try:
        for table, expected in demo.shop.items():
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (len(expected),)
        assert database.execute("SELECT sum(line_amount) FROM order_lines").fetchone()[0] == pytest.approx(
            sum(line["line_amount"] for line in demo.shop["order_lines"])
        )
    finally:
        database.close()
