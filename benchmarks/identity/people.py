"""Made-up customers with known truth: `python people.py <rows> <seed> <mix> <file>`, in the peers' environment.

Households, twins, shared e-mail addresses and telephones, people who moved, nicknames, typing errors, crossed names.
The parameters are crm.yaml's. Names and streets are Faker's, of several countries, the usual ones first.
"""

import csv
import json
import random
import sys
from bisect import bisect
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from faker.providers.address.en_US import Provider as Address
from faker.providers.person import de_DE, en_GB, en_US, es_ES, fr_FR, it_IT, pl_PL

COLUMNS = (
    "id",
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "phone",
    "street",
    "city",
    "postcode",
    "person",
    "household",
)
DOMAINS = {
    "gmail.com": 40,
    "yahoo.com": 15,
    "hotmail.com": 13,
    "outlook.com": 12,
    "icloud.com": 8,
    "aol.com": 5,
    "comcast.net": 4,
    "example.org": 3,
}
NICKNAMES = {
    "Robert": "Bob", "William": "Bill", "Richard": "Dick", "James": "Jim", "Michael": "Mike", "Elizabeth": "Liz",
    "Katherine": "Kate", "Thomas": "Tom", "Joseph": "Joe", "Christopher": "Chris", "Jennifer": "Jen", "Patricia": "Pat",
    "Margaret": "Peggy", "Daniel": "Dan", "Matthew": "Matt", "Anthony": "Tony", "Steven": "Steve", "Andrew": "Andy",
    "Edward": "Ed", "Samuel": "Sam",
}  # fmt: skip
BESIDE = {  # the keys around a key
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "o",
    "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil", "l": "ko",
    "z": "ax", "x": "zsc", "c": "xdv", "v": "cfb", "b": "vgn", "n": "bhm", "m": "nj",
}  # fmt: skip


class Lot:
    """Draws values as often as they are usual."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.values, self.sums = list(weights), list(accumulate(weights.values()))

    def draw(self, by: random.Random) -> str:
        return self.values[bisect(self.sums, by.random() * self.sums[-1])]


def first_names() -> Lot:
    return Lot({**en_US.Provider.first_names_male, **en_US.Provider.first_names_female})


def last_names() -> Lot:
    """The usual ones of the United States, and behind them those of other countries, ever rarer."""
    found: dict[str, float] = dict(en_US.Provider.last_names)
    least = min(found.values())
    for provider in (en_GB, de_DE, fr_FR, es_ES, it_IT, pl_PL):
        for place, each in enumerate(dict.fromkeys(provider.Provider.last_names)):
            found.setdefault(each, least / (1 + place / 500))
    return Lot(found)


def typo(text: str, by: random.Random) -> str:
    if len(text) < 3:
        return text
    at, kind = by.randrange(1, len(text)), by.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + by.choice(BESIDE.get(text[at].lower(), "e")) + text[at + 1 :]
    if kind == 2 and at < len(text) - 1:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at] + text[at:]


class World:
    """Streets, towns and the people in them."""

    def __init__(self, rows: int, told: dict[str, Any], by: random.Random) -> None:
        self.by, self.told = by, told
        self.first, self.last, self.domains = first_names(), last_names(), Lot(DOMAINS)
        self.streets = [f"{self.last.draw(by)} {by.choice(Address.street_suffixes)}" for _ in range(20_000)]
        codes = by.sample(range(1000, 99_999), 30_000)
        self.places = [(f"{code:05d}", self.last.draw(by) + by.choice(("ville", "ville", " City"))) for code in codes]
        self.place_sums = list(accumulate(by.paretovariate(1.5) - 0.8 for _ in codes))
        self.people = list(self._people(int(rows * (1 - told["duplicates"]))))

    def address(self) -> tuple[str, str, str]:
        code, town = self.places[bisect(self.place_sums, self.by.random() * self.place_sums[-1])]
        return f"{self.by.randrange(1, 999)} {self.by.choice(self.streets)}", town, code

    def phone(self) -> str:
        return f"+1{self.by.randrange(201, 989)}{self.by.randrange(2_000_000, 9_999_999):07d}"

    def email(self, given: str, family: str) -> str:
        number = self.by.randrange(1, 9999)
        forms = (
            f"{given}.{family}{number}",
            f"{given[0]}{family}{number}",
            f"{family}{given}{number % 100}",
            f"{given}{number}",
        )
        return self.by.choice(forms).lower().replace(" ", "") + "@" + self.domains.draw(self.by)

    def _people(self, count: int) -> Any:
        by, told = self.by, self.told
        before: dict[str, Any] = {}
        household = 0
        for number in range(count):
            given, family = self.first.draw(by), self.last.draw(by)
            born = date(1935, 1, 1) + timedelta(days=by.randrange(26_000))
            address, phone, email = self.address(), self.phone(), ""
            if before and by.random() < told["lives_with_previous"]:
                address = before["address"]
                if by.random() < told["same_family"]:
                    family = before["family"]
                if by.random() < told["twins"]:
                    family, born = before["family"], before["born"]
                if by.random() < told["shared_email"]:
                    email = before["email"]
                if by.random() < told["shared_phone"]:
                    phone = before["phone"]
            else:
                household += 1
            before = {
                "number": number, "household": household, "given": given, "family": family, "born": born,
                "address": address, "phone": phone, "email": email or self.email(given, family),
                "has_email": by.random() < told["has_email"], "has_phone": by.random() < told["has_phone"],
                "repeated": by.random() < told["repeated"],
            }  # fmt: skip
            yield before

    def first_record(self, person: dict[str, Any]) -> dict[str, str]:
        street, city, postcode = person["address"]
        by, told = self.by, self.told
        return {
            "first_name": person["given"], "last_name": person["family"],
            "birth_date": person["born"].isoformat() if by.random() < told["has_born"] else "",
            "email": person["email"] if person["has_email"] else "",
            "phone": person["phone"] if person["has_phone"] else "",
            "street": street if by.random() < told["has_street"] else "", "city": city, "postcode": postcode,
        }  # fmt: skip

    def repeat(self, person: dict[str, Any], mix: dict[str, Any]) -> dict[str, str]:
        """The same person once more, as somebody else wrote her down."""
        by = self.by
        street, city, postcode = person["address"]
        record = {
            "first_name": person["given"], "last_name": person["family"], "birth_date": person["born"].isoformat(),
            "email": person["email"] if person["has_email"] else "",
            "phone": person["phone"] if person["has_phone"] else "",
            "street": street, "city": city, "postcode": postcode,
        }  # fmt: skip
        self._names(record, mix)
        match _lot(by, mix["born"]):
            case "typo":
                digits = typo(record["birth_date"].replace("-", ""), by)[:8]
                record["birth_date"] = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
            case "missing":
                record["birth_date"] = ""
        match _lot(by, mix["email"]):
            case "typo":
                record["email"] = record["email"] and typo(record["email"], by)
            case "changed":
                record["email"] = f"{record['first_name']}{by.randrange(1, 9999)}@{self.domains.draw(by)}".lower()
            case "missing":
                record["email"] = ""
        match _lot(by, mix["phone"]):
            case "changed":
                record["phone"] = self.phone()
            case "missing":
                record["phone"] = ""
        match _lot(by, mix["address"]):
            case "moved":
                record["street"], record["city"], record["postcode"] = self.address()
            case "typo":
                record["street"] = typo(record["street"], by)
            case "missing":
                record["street"] = ""
        if by.random() < mix["crossed"]:
            record["first_name"], record["last_name"] = record["last_name"], record["first_name"]
        return record

    def _names(self, record: dict[str, str], mix: dict[str, Any]) -> None:
        by, given = self.by, record["first_name"]
        match _lot(by, mix["given"]):
            case "typo":
                record["first_name"] = typo(given, by)
            case "nickname":
                record["first_name"] = NICKNAMES.get(given, given[0])
        match _lot(by, mix["family"]):
            case "typo":
                record["last_name"] = typo(record["last_name"], by)
            case "changed":
                record["last_name"] = self.last.draw(by)


def _lot(by: random.Random, shares: dict[str, float]) -> str:
    """One of the kinds of error, or none."""
    drawn = by.random()
    for kind, share in shares.items():
        if drawn < share:
            return kind
        drawn -= share
    return ""


def records(rows: int, told: dict[str, Any], mix: dict[str, Any], seed: int) -> list[dict[str, str]]:
    """In no order; one in three in capital letters, every other telephone with brackets."""
    by = random.Random(seed)
    world = World(rows, told, by)
    again = [person for person in world.people if person["repeated"]]
    made = [(person, world.first_record(person)) for person in world.people]
    made += [(person, world.repeat(person, mix)) for person in by.choices(again, k=rows - len(made))]
    found = []
    for person, record in made:
        if by.random() < 0.3:
            record["first_name"], record["last_name"] = record["first_name"].upper(), record["last_name"].upper()
        if record["phone"] and by.random() < 0.5:
            phone = record["phone"]
            record["phone"] = f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
        found.append({**record, "person": str(person["number"]), "household": str(person["household"])})
    by.shuffle(found)
    return [{"id": f"r{number:08d}", **record} for number, record in enumerate(found)]


def main(arguments: Sequence[str]) -> None:
    rows, seed, told, file = arguments
    parameters = json.loads(told)
    with Path(file).open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(records(int(rows), parameters["people"], parameters["mix"], int(seed)))


if __name__ == "__main__":
    main(sys.argv[1:])
