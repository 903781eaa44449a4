"""Made-up Indian customers with known truth: `python india.py <rows> <seed> <parameters> <file>`, beside people.py.

Latin letters and Devanagari, several spellings of one name, titles, initials, families under one roof. Names and
parameters are those of india.yaml.
"""

import csv
import json
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from people import typo

COLUMNS = (
    "id",
    "name_1",
    "name_2",
    "born",
    "phone",
    "email",
    "house",
    "locality",
    "city",
    "pin",
    "person",
    "household",
)
TITLES = {"latin": ("Shri ", "Smt. ", "Mr ", "Dr. "), "devanagari": ("श्री ", "श्रीमती ", "डॉ. ")}
DIGITS = str.maketrans("0123456789", "०१२३४५६७८९")


def usual(names: Sequence[str], by: random.Random) -> str:
    """The names that stand first are the usual ones."""
    return names[min(int(by.paretovariate(0.6)) - 1, len(names) - 1)]


class Maker:
    """People and their records."""

    def __init__(self, told: dict[str, Any], by: random.Random) -> None:
        self.told, self.by = told, by
        self.given, self.family = list(told["given"]), list(told["family"])
        by.shuffle(self.given)
        by.shuffle(self.family)
        self.places, self.cities = list(told["places"]), list(told["cities"])

    def address(self) -> dict[str, str]:
        by, city = self.by, self.by.choice(self.cities)
        pin = f"{self.told['cities'][city][1]}{by.randrange(1, 60):03d}"
        house = f"{by.randrange(1, 400)}" + by.choice(("", "", "/A", "-B", f"/{by.randrange(1, 20)}"))
        return {"house": house, "locality": by.choice(self.places), "city": city, "pin": pin}

    def phone(self) -> str:
        return f"+91{self.by.choice('6789')}{self.by.randrange(10**9):09d}"

    def people(self, count: int) -> Iterator[dict[str, Any]]:
        by, told = self.by, self.told["people"]
        before: dict[str, Any] = {}
        household = 0
        for number in range(count):
            given, family = (
                by.choice(self.given),
                usual(self.family, by) if by.random() < 0.5 else by.choice(self.family),
            )
            address, phone = self.address(), self.phone()
            if before and by.random() < told["lives_with_previous"]:
                address = before["address"]
                family = before["family"] if by.random() < told["same_family"] else family
                phone = before["phone"] if by.random() < told["shared_phone"] else phone
            else:
                household += 1
            latin = self.told["given"][given][0].lower()
            before = {
                "number": number, "household": household, "given": given, "family": family, "address": address,
                "phone": phone, "born": date(1940, 1, 1) + timedelta(days=by.randrange(24_000)),
                "email": f"{latin}{by.randrange(1, 9999)}@{by.choice(('gmail.com', 'yahoo.co.in', 'rediffmail.com'))}",
                "has_phone": by.random() < told["has_phone"], "has_email": by.random() < told["has_email"],
                "has_born": by.random() < told["has_born"], "repeated": by.random() < told["repeated"],
            }  # fmt: skip
            yield before

    def record(self, person: dict[str, Any], again: bool) -> dict[str, str]:
        by, mix = self.by, self.told["records"]

        def happens(what: str) -> bool:
            return again and by.random() < mix[what]

        script = "devanagari" if by.random() < mix["devanagari"] else "latin"
        address = self.address() if happens("moved") else dict(person["address"])
        if script == "latin":
            address["locality"] = self.told["places"][address["locality"]]
            address["city"] = self.told["cities"][address["city"]][0]
        names = [self._name(person, part, script, again) for part in ("given", "family")]
        if happens("initial"):
            names[0] = names[0][0] + ("." if script == "latin" else "")
        if by.random() < mix["title"]:
            names[0] = by.choice(TITLES[script]) + names[0]
        if happens("crossed"):
            names.reverse()
        born = person["born"].strftime("%d/%m/%Y") if person["has_born"] and not happens("born_missing") else ""
        if born and happens("born_typo"):
            born = born[:4] + str(by.randrange(10)) + born[5:]
        phone = self.phone() if happens("phone_changed") else person["phone"] if person["has_phone"] else ""
        if script == "devanagari" and by.random() < 0.3:
            born, phone = born.translate(DIGITS), phone.translate(DIGITS)
        if happens("address_typo"):
            address["locality"] = typo(address["locality"], by)
        return {
            "name_1": names[0], "name_2": names[1], "born": born,
            "phone": "" if happens("phone_missing") else phone,
            "email": person["email"] if person["has_email"] and not happens("email_missing") else "",
            **address, **({"locality": ""} if happens("locality_missing") else {}),
            "person": str(person["number"]), "household": str(person["household"]),
        }  # fmt: skip

    def _name(self, person: dict[str, Any], part: str, script: str, again: bool) -> str:
        by, mix, written = self.by, self.told["records"], person[part]
        if script == "latin":
            ways = self.told[part][written]
            written = by.choice(ways) if by.random() < mix["another_spelling"] else ways[0]
        return typo(written, by) if again and by.random() < mix["typo"] else written


def records(rows: int, told: dict[str, Any], seed: int) -> list[dict[str, str]]:
    by = random.Random(seed)
    maker = Maker(told, by)
    people = list(maker.people(int(rows * (1 - told["people"]["duplicates"]))))
    made = [maker.record(person, again=False) for person in people]
    repeated = [person for person in people if person["repeated"]]
    made += [maker.record(person, again=True) for person in by.choices(repeated, k=rows - len(made))]
    by.shuffle(made)
    return [{"id": f"i{number:08d}", **record} for number, record in enumerate(made)]


def main(arguments: Sequence[str]) -> None:
    rows, seed, told, file = arguments
    with Path(file).open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(records(int(rows), json.loads(told), int(seed)))


if __name__ == "__main__":
    main(sys.argv[1:])
