"""Made-up firms with known truth: `python firms.py <rows> <seed> <file>`, in the peers' environment.

Legal forms written out, short or not at all, short words, misspellings, branches at other addresses, firms in one
building, sisters of one group that share its first word, telephones that changed.
"""

import csv
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from faker.providers.address.en_US import Provider as Address
from faker.providers.person import de_DE, en_GB, en_US

COLUMNS = ("id", "company", "address", "city", "postcode", "phone", "email", "firm")
TRADES = (
    "Engineering", "Logistics", "Foods", "Textiles", "Technologies", "Pharmaceuticals", "Motors", "Chemicals", "Paper",
    "Construction", "Steel", "Software", "Tools", "Plastics", "Energy", "Packaging", "Glass", "Insurance", "Travel",
    "Electronics", "Furniture", "Solutions", "Services", "Trading", "Consulting", "Printing", "Bakery", "Optics",
)  # fmt: skip
FORMS = (
    ("GmbH", "Gesellschaft mit beschränkter Haftung", "gmbh"), ("AG", "Aktiengesellschaft", "A.G."),
    ("Ltd", "Limited", "Ltd."), ("Inc", "Incorporated", "Inc."), ("LLC", "L.L.C.", "llc"),
    ("Pvt Ltd", "Private Limited", "(P) Ltd."), ("GmbH & Co. KG", "GmbH und Co KG", "GmbH & Co KG"),
)  # fmt: skip
SHORT = {"Engineering": "Engg", "Technologies": "Tech", "Services": "Svcs", "International": "Intl", "Brothers": "Bros"}


def typo(text: str, by: random.Random) -> str:
    at = by.randrange(1, len(text))
    kind = by.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + by.choice("aeinrst") + text[at + 1 :]
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def firm(number: int, names: Sequence[str], before: dict[str, str], by: random.Random) -> dict[str, str]:
    first = by.choice(names)
    middle = by.choice(("", "", "", " & Sons", " Brothers", " International", f" & {by.choice(names)}"))
    found = {
        "name": f"{first}{middle} {by.choice(TRADES)}", "form": str(by.randrange(len(FORMS))),
        "address": f"{by.randrange(1, 250)} {by.choice(names)} {by.choice(Address.street_suffixes)}",
        "city": f"{by.choice(names)}ville", "postcode": f"{by.randrange(1000, 99999):05d}",
        "phone": f"+1{by.randrange(201, 989)}{by.randrange(2_000_000, 9_999_999)}", "firm": str(number),
    }  # fmt: skip
    found["email"] = f"{by.choice(('info', 'office', 'sales'))}@{first.lower()}{number % 10_000}.example"
    place = ("address", "city", "postcode")
    if before and by.random() < 0.15:  # in the same building
        found |= {name: before[name] for name in place}
    if before and by.random() < 0.08:  # a sister of the same group, at the same switchboard
        found["name"] = f"{before['name'].rsplit(' ', 1)[0]} {by.choice(TRADES)}"
        found |= {name: before[name] for name in (*place, "phone")}
    return found


def written(one: dict[str, str], again: bool, by: random.Random) -> dict[str, str]:
    """A record of a firm; the second one is somebody else's."""
    name, form = one["name"], FORMS[int(one["form"])]
    record = {column: one.get(column, "") for column in COLUMNS[2:]}
    if again:
        if by.random() < 0.2:
            name = " ".join(SHORT.get(word, word) for word in name.split())
        if by.random() < 0.2:
            name = typo(name, by)
        if by.random() < 0.2:
            name = name.replace("&", "and")
        if by.random() < 0.15:  # a branch
            record["address"], record["city"] = f"{by.randrange(1, 250)} Station Road", one["city"][::-1].title()
            record["postcode"] = f"{by.randrange(1000, 99999):05d}"
        if by.random() < 0.2:
            record["phone"] = f"+1{by.randrange(201, 989)}{by.randrange(2_000_000, 9_999_999)}"
        if by.random() < 0.15:
            record["address"] = typo(record["address"], by)
    drawn = by.random()
    company = name if drawn < 0.2 else f"{name} {form[0] if drawn < 0.6 else form[1] if drawn < 0.8 else form[2]}"
    record["company"] = company.upper() if by.random() < 0.3 else company
    for column, share in (("phone", 0.2), ("email", 0.4), ("address", 0.1)):
        if by.random() < share:
            record[column] = ""
    return record


def records(rows: int, seed: int) -> list[dict[str, str]]:
    by = random.Random(seed)
    names = sorted({*en_US.Provider.last_names, *de_DE.Provider.last_names, *en_GB.Provider.last_names})
    firms: list[dict[str, str]] = []
    for number in range(int(rows * 0.7)):
        firms.append(firm(number, names, firms[-1] if firms else {}, by))
    found = [written(one, False, by) for one in firms]
    found += [written(one, True, by) for one in by.choices(firms[::2], k=rows - len(firms))]
    by.shuffle(found)
    return [{"id": f"f{number:07d}", **record} for number, record in enumerate(found)]


def main(arguments: Sequence[str]) -> None:
    rows, seed, file = arguments
    with Path(file).open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(records(int(rows), int(seed)))


if __name__ == "__main__":
    main(sys.argv[1:])
