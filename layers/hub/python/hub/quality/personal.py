"""What a column's values say of persons, whatever the column is called: shapes, check digits, known given names.

Nothing is told but the class. A value is judged by its form, so a class is a hint for whoever declares columns.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from hub.letters import latin

SURE, LIKELY = 0.8, 0.5  # of the values
LEAST_DATES = 10
GROWN, LONGEST_LIFE, YEARS_APART = 18, 110, 15
LEAST_NAMED = 0.2  # of the values have a given name that is listed

EMAIL: Final = r"[^@\s<>(),;:]+@[^@\s<>(),;:]+\.[A-Za-z]{2,}"
PHONE: Final = r"\+[0-9][0-9 ()./-]{6,18}[0-9]\b|\b[6-9][0-9]{4}[ -]?[0-9]{5}\b"
FORMS: Final = {
    "id": (
        r"^[A-Z]{5}[0-9]{4}[A-Z]$",  # PAN of India
        r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$",  # social security number of the United States
        r"^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]$",  # the British one
        r"^([0-9]{1,3}\.){3}[0-9]{1,3}$",  # IP, versions 4 and 6
        r"^([0-9a-f]{1,4}:){3,7}(:?[0-9a-f]{1,4}){1,4}$",
    ),
    "address": (
        r"(?i)\d.*\b(street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|square|court|nagar|marg|gali|chowk|"
        r"colony|sector|plot|flat|block|floor|rue|via|calle|avenida|rua)\b",
        r"(?i)(stra(ss|ß)e|str\.|weg|platz|gasse|allee)\s*\d",
        r"(?i)^(rue|via|calle|plaza|avenida|rua|sector|plot|flat)\b.*\d",
    ),
}
NAME: Final = r"^[\p{Lu}\p{Lo}][\p{L}\p{M}'’.-]*(,? [\p{Lu}\p{Lo}][\p{L}\p{M}'’.-]*){0,3}$"
# Given names that are frequent in India, Europe, the Americas and East Asia, in Latin letters.
NAMES: Final = """
    aaron abdul abhishek adam aditya agnes ahmed aisha ajay akash alan albert alejandro alessandro alex alexander alice
    ali alok amanda amar amelia amina amit amy ana anders andrea andreas andrew angela anil anita anja anjali ann anna
    anne antonio anthony arjun arun asha ashok barbara ben benjamin bernd bharat bhavna bjorn brian bruno carl carla
    carlos carol caroline catherine charles charlotte chen chitra chris christian christina christine christopher clara
    claudia daniel daniela david deepa deepak deepika deborah diana diego dieter dinesh divya dmitri donald dorothy
    edward elena elisabeth elizabeth emily emma eric erik eva farah fatima felix fernando francesca francesco francisco
    frank franz fredrik gabriel ganesh gaurav geeta george georg gerhard gita giovanni giulia gopal govind grace
    gregory gustav hans hannah hari harish harry hassan heinz helen helena helga henry hiroshi ibrahim igor imran ines
    ingrid irina isabel ivan jack jacob jacqueline jakob james jan jane janet jason javier jay jean jennifer jens
    jessica jesus jin joan johan johann john johanna jonas jonathan jorge jose joseph joshua juan julia julian julie
    jyoti kapil karen karin karl karthik kathleen kavita kenji kevin khalid kim kiran klaus krishna kumar lakshmi lars
    laura laxmi lena leo leonardo li lily linda lisa lokesh louis louise lucas lucia luigi luis lukas madhu mahesh
    maja manish manoj marco margaret maria marie mario mark markus martha martin mary matteo matthew maurice max maya
    meena meera megha mehmet michael michel michelle miguel mikhail mohammed mohan mohit monica monika muhammad mukesh
    nancy naresh natalia natasha naveen neha nicholas nicole nikhil nikita nina nisha nitin olga olivia omar oscar pablo
    pamela pankaj patricia patrick paul paula pedro peter petra philip pierre pooja prakash pradeep priya rachel radha
    rahul raj rajesh rajiv ram ramesh rani rashid ravi rebecca rekha renate ricardo richard rita ritu robert roberto
    rohan rohit roland rosa rose ruth sabine sachin samantha samir sandeep sandra sanjay sanjeev santosh sara sarah
    scott seema sergei sharon shanti shilpa shreya shyam silvia simon sita sofia sonia sophia sophie stefan stephanie
    stephen steven sunil sunita suresh susan svetlana sven tanja tanya tatiana thomas tim timothy tom tomas
    uma ursula usha uwe vanessa varun victor victoria vijay vikram vikas vinod virginia vishal vivek vladimir walter wei
    werner wilhelm william wolfgang xavier yan yasmin yolanda yuki yusuf zainab zhang zoe
    """
GIVEN: Final = frozenset(NAMES.split())


def of_values(kind: str, there: pa.Array, typed: pa.Array) -> str:
    """The class that filled values seem to have; "none" where they say nothing. kind: their narrowest type."""
    if not len(there):
        return "none"
    if kind in ("date", "timestamp"):
        return "birth_date" if _born(typed) else "none"
    if kind not in ("varchar", "bigint"):
        return "none"
    if any(_share(there, form) >= SURE for form in FORMS["id"]) or _numbered(there):
        return "id"
    if kind == "varchar" and any(_share(there, form) >= LIKELY for form in FORMS["address"]):
        return "address"
    return "name" if kind == "varchar" and _named(there) else "none"


def mentions(there: pa.Array) -> dict[str, int]:
    """How many texts have an e-mail address or a telephone number somewhere in them."""
    counted = {name: _count(there, form) for name, form in (("email", EMAIL), ("phone", PHONE))}
    return {name: count for name, count in counted.items() if count}


def _born(typed: pa.Array) -> bool:
    """Days of birth lie a generation apart, and most of them are of people who are grown up."""
    years = sorted(each for each in pc.year(typed).to_pylist() if each is not None)
    if len(years) < LEAST_DATES:
        return False
    now = datetime.now(UTC).year
    low, middle, high = (years[int(len(years) * share)] for share in (0.1, 0.5, 0.9))
    return bool(high - low >= YEARS_APART and middle <= now - GROWN and low >= now - LONGEST_LIFE)


def _numbered(there: pa.Array) -> bool:
    """Cards, bank accounts and numbers of Indian residents prove themselves by their check digits."""
    values = there.to_pylist()
    return any(_kept(values, judged) >= SURE for judged in (_card, _iban, _aadhaar))


def _kept(values: Iterable[str], judged: Callable[[str], bool]) -> float:
    found = [judged(re.sub(r"[ -]", "", value)) for value in values]
    return sum(found) / len(found)


def _card(text: str) -> bool:
    if not re.fullmatch(r"[2-6][0-9]{12,18}", text):
        return False
    doubled = [int(each) * (1 + at % 2) for at, each in enumerate(reversed(text))]
    return sum(each - 9 * (each > 9) for each in doubled) % 10 == 0


def _iban(text: str) -> bool:
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", text):
        return False
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1


def _aadhaar(text: str) -> bool:
    """Twelve digits of which the last is Verhoeff's: the dihedral group of order ten."""
    if not re.fullmatch(r"[2-9][0-9]{11}", text):
        return False
    found = 0
    for at, each in enumerate(reversed(text)):
        found = _turned(found, _moved(int(each), at % 8))
    return found == 0


def _turned(a: int, b: int) -> int:
    """The product of two elements of the dihedral group."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5


def _moved(digit: int, times: int) -> int:
    for _ in range(times):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit


def _named(there: pa.Array) -> bool:
    """Texts like names, of which some have a given name that is listed in its place."""
    if _share(there, NAME) < SURE:
        return False
    values: list[str] = there.to_pylist()
    known = sum(_given(latin(value).lower()) in GIVEN for value in values)
    return known / len(values) >= LEAST_NAMED


def _given(name: str) -> str:
    """The first word, or the first behind a comma."""
    words = name.partition(", ")[2].split() or name.split()
    return words[0]


def _count(there: pa.Array, pattern: str) -> int:
    found: Any = pc.sum(pc.match_substring_regex(there, pattern)).as_py()
    return int(found or 0)


def _share(there: pa.Array, pattern: str) -> float:
    return _count(there, pattern) / len(there)
