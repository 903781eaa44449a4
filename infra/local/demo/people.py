"""The true people behind the demo organisation's records, and how applications get them wrong."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from infra.local.demo import names

PEOPLE = 420


@dataclass(frozen=True)
class Address:
    house: int
    street: int  # index into names.STREETS
    city: int  # index into names.CITIES
    pin: str

    def line(self, devanagari: bool = False) -> str:
        return f"{self.house}, {names.STREETS[self.street][1 if devanagari else 0]}"

    def town(self, devanagari: bool = False) -> str:
        return names.CITIES[self.city][3 if devanagari else 0]

    @property
    def state(self) -> str:
        return names.CITIES[self.city][1]


@dataclass(frozen=True)
class Person:
    """One human being; `person_id` is the truth that matching is measured against."""

    person_id: str
    female: bool
    given: tuple[Any, ...]  # an entry of names.WOMEN or names.MEN
    family: tuple[Any, ...]
    email: str | None
    phone: str  # ten digits; members of a household may share it
    born: date
    address: Address
    moved_to: Address | None  # applications that heard of the move later still have the old one
    hindi: bool
    wants_mail: bool


def make_people(chance: random.Random) -> list[Person]:
    people: list[Person] = []
    for number in range(1, PEOPLE + 1):
        household = people[-1] if people and chance.random() < 0.12 else None
        people.append(make_person(number, household, chance))
    return people


def make_person(number: int, household: Person | None, chance: random.Random) -> Person:
    female = chance.random() < 0.5
    given = chance.choice(names.WOMEN if female else names.MEN)
    family = household.family if household else chance.choice(names.FAMILIES)
    mailbox = f"{given[0]}.{family[0]}{number}".lower()
    return Person(
        person_id=f"P{number:04d}",
        female=female,
        given=given,
        family=family,
        email=f"{mailbox}@example.{chance.choice(['com', 'org', 'net'])}" if chance.random() < 0.85 else None,
        phone=household.phone if household else f"98{chance.randrange(20, 99)}{chance.randrange(10**6):06d}",
        born=date(1945, 1, 1) + timedelta(days=chance.randrange(60 * 365)),
        address=household.address if household else make_address(chance),
        moved_to=make_address(chance) if chance.random() < 0.1 else None,
        hindi=chance.random() < 0.25,
        wants_mail=chance.random() < 0.8,
    )


def make_address(chance: random.Random) -> Address:
    city = chance.randrange(len(names.CITIES))
    return Address(
        chance.randrange(1, 250),
        chance.randrange(len(names.STREETS)),
        city,
        f"{names.CITIES[city][2]}{chance.randrange(1, 100):03d}",
    )


def typed_name(spellings: tuple[str, list[str], Any], chance: random.Random) -> str:
    """A name as somebody heard it: mostly right, at times another spelling or a slip."""
    right, others, _ = spellings
    roll = chance.random()
    if roll < 0.82:
        return right
    if roll < 0.94:
        return chance.choice(others)
    at = chance.randrange(1, len(right) - 1)
    return right[:at] + right[at + 1] + right[at] + right[at + 2 :]


def typed_phone(digits: str, chance: random.Random) -> str:
    """An Indian mobile number as people write it down."""
    forms = [
        digits,
        "0" + digits,
        "+91" + digits,
        f"+91 {digits[:5]} {digits[5:]}",
        f"{digits[:5]}-{digits[5:]}",
        f"91{digits}",
    ]
    return chance.choice(forms)


def typed_email(email: str | None, chance: random.Random) -> str | None:
    """An address as people type it: capitals, a space at the end, seldom without its at sign."""
    if email is None:
        return None
    roll = chance.random()
    if roll < 0.75:
        return email
    if roll < 0.9:
        return email.title()
    if roll < 0.98:
        return email + " "
    return email.replace("@", " at ")
