"""How firms, addresses and names are written in one way, by tables for each country; what is doubtful stays."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

# The legal form as it is written -> how else it is written at the end of a firm's name, whatever points and capitals.
_FORMS = {
    "IN": {
        "Private Limited": "pvt ltd, private ltd, pvt limited, p ltd, (p) ltd, (pvt) ltd, pvt, प्राइवेट लिमिटेड, प्रा लि",
        "Limited": "ltd, limited, लिमिटेड",
        "LLP": "llp, limited liability partnership",
        "OPC Private Limited": "opc pvt ltd, (opc) pvt ltd, (opc) private limited",
    },
    "GB": {"Limited": "ltd, limited", "plc": "plc, public limited company", "LLP": "llp"},
    "US": {
        "Inc.": "inc, incorporated",
        "LLC": "llc, l l c, limited liability company",
        "Corp.": "corp, corporation",
        "Co.": "co, company",
        "LLP": "llp",
    },
    "DE": {
        "GmbH": "gmbh, g m b h, gesellschaft mit beschränkter haftung, gesellschaft mbh, ges mbh",
        "GmbH & Co. KG": "gmbh & co kg, gmbh und co kg, gmbh + co kg, gmbh co kg",
        "AG": "ag, aktiengesellschaft",
        "UG (haftungsbeschränkt)": "ug, ug (haftungsbeschränkt), ug haftungsbeschränkt",
        "e.K.": "e k, ek",
        "KG": "kg, kommanditgesellschaft",
        "OHG": "ohg",
    },
    "FR": {"SARL": "sarl, s a r l", "SAS": "sas, s a s", "SA": "sa, s a"},
    "AU": {"Pty Ltd": "pty ltd, pty limited, proprietary limited", "Ltd": "ltd, limited"},
    "SG": {"Pte. Ltd.": "pte ltd, pte limited, private limited"},
    "NL": {"B.V.": "bv, b v", "N.V.": "nv, n v"},
    "IT": {"S.r.l.": "srl, s r l", "S.p.A.": "spa, s p a"},
    "ES": {"S.L.": "sl, s l", "S.A.": "sa, s a"},
}
# A word of an address -> its short forms: whole words, and none that means two things (St is a street and a saint).
_WORDS = {
    "IN": {
        "Road": "rd",
        "Street": "str",
        "Nagar": "ngr",
        "Floor": "flr, fl",
        "Near": "nr",
        "Opposite": "opp",
        "Apartment": "apt, appt",
        "Building": "bldg",
        "Number": "no",
        "Society": "soc, socy",
        "Colony": "col, clny",
        "Sector": "sec, sect",
        "Post Office": "p o",
        "District": "dist, distt",
        "Taluka": "tal, tq",
        "Village": "vill",
        "Cross": "crs",
        "Layout": "lyt",
        "Behind": "bh",
    },
    "GB": {"Road": "rd", "Avenue": "ave, av", "Lane": "ln", "Flat": "flt", "Square": "sq", "Crescent": "cres"},
    "US": {
        "Road": "rd",
        "Avenue": "ave, av",
        "Boulevard": "blvd",
        "Drive": "dr",
        "Lane": "ln",
        "Apartment": "apt",
        "Suite": "ste",
        "Highway": "hwy",
        "Parkway": "pkwy",
        "Floor": "fl",
    },
    "DE": {"Straße": "str, strasse", "Platz": "pl"},
}
PLAIN_TITLES = re.compile(r"^(mr|mrs|ms|miss|dr|prof|shri|sri|smt|kumari|श्री|श्रीमती)\b\.?\s+", re.IGNORECASE)
PARTICLES = ("van", "von", "der", "den", "de", "da", "di", "la", "le", "bin", "binti", "al", "el", "zu", "ter")
Spellings = Mapping[str, str]


def _turned(table: Mapping[str, Mapping[str, str]]) -> Mapping[str, Spellings]:
    """Country -> what is written, folded -> how it is written here."""
    return MappingProxyType(
        {
            country: {written: form for form, all_ in forms.items() for written in [_bare(form), *all_.split(", ")]}
            for country, forms in table.items()
        }
    )


def _bare(text: str) -> str:
    return " ".join(text.casefold().replace(".", " ").split())


FORMS, WORDS = _turned(_FORMS), _turned(_WORDS)


@cache
def _endings(country: str) -> tuple[re.Pattern[str], Spellings]:
    """Finds a legal form at the end of a name, the longest first."""
    spellings = FORMS[country]
    listed = sorted(spellings, key=len, reverse=True)
    parts = "|".join(r"[.\s]+".join(map(re.escape, each.split())) for each in listed)
    return re.compile(rf"[\s,]+({parts})[.\s]*$", re.IGNORECASE), spellings


@cache
def _shorts(country: str) -> tuple[re.Pattern[str], Spellings]:
    shorts = {short: form for short, form in WORDS[country].items() if short != _bare(form)}
    parts = "|".join(r"\.?\s*".join(map(re.escape, each.split())) for each in sorted(shorts, key=len, reverse=True))
    return re.compile(rf"(?<![\w.])({parts})(?!\w)\.?", re.IGNORECASE), shorts


RULES = ("name", "company", "address")
ELSEWHERE = "GB"  # whose ways are taken for a country that has no table
LIKELY, GUESSED = 0.9, 0.8


def writer(rule: str, of: Any, country: str) -> Callable[[str], tuple[str | None, float]]:
    """What writes a text as the rule wants it, with how sure that is. of: the check's argument."""
    if rule == "name":
        known = Known(of) if isinstance(of, list | tuple) else None
        return lambda text: _name(text, known)
    write, tables = (company, FORMS) if rule == "company" else (address, WORDS)
    where = of or country
    return lambda text: (write(text, where if where in tables else ELSEWHERE), LIKELY)


def _name(text: str, known: "Known | None") -> tuple[str | None, float]:
    formed = name(text)
    if formed is None or known is None:
        return formed, LIKELY if formed else 0.0
    words = [(word, known.meant(word)) for word in formed.split(" ")]
    meant = " ".join(right or word for word, right in words)
    return meant, GUESSED if meant != formed else LIKELY


def company(text: str, country: str) -> str:
    """A firm's name with single blanks and its legal form in the one way of its country."""
    tidy = " ".join(text.split())
    pattern, spellings = _endings(country)
    if not (found := pattern.search(tidy)):
        return tidy
    return f"{tidy[: found.start()]} {spellings[_bare(found[1])]}"


def address(text: str, country: str) -> str:
    """An address with single blanks, one comma at a time and its short words written out; the rest as it is."""
    tidy = re.sub(r"\s*,[\s,]*", ", ", " ".join(text.split())).strip(", ")
    pattern, shorts = _shorts(country)
    return pattern.sub(lambda found: shorts[_bare(found[1])], tidy)


def name(text: str) -> str | None:
    """A person's name without a title, in capitals as names have them; None where something in it is no name."""
    bare = PLAIN_TITLES.sub("", " ".join(text.split()))
    if not bare or re.search(r"[\d@_/\\|<>{}\[\]#$%^*+=~?!:;]", bare):
        return None
    if bare.isascii() and (bare.isupper() or bare.islower()) and len(bare) > 3:
        return " ".join(_capital(word) for word in bare.split(" "))
    return bare


def _capital(word: str) -> str:
    low = word.lower()
    if low in PARTICLES:
        return low
    return re.sub(r"(^|[-'’.])(\w)", lambda found: found[1] + found[2].upper(), low)


class Known:
    """Names that are spelt right, and what is one letter away from exactly one of them.

    A letter is missing, too many, another, or has changed places with its neighbour; never the first.
    """

    def __init__(self, listed: Iterable[str]) -> None:
        self._right = {each.casefold(): each for each in listed}
        self._near: dict[str, set[str]] = {}
        for low in self._right:
            for each in _holes(low):
                self._near.setdefault(each, set()).add(low)

    def meant(self, word: str) -> str | None:
        """The listed name that a word is a misspelling of; None where it is one itself, or near to none or several."""
        low = word.casefold()
        if low in self._right or len(low) < 4:  # of a short name too much is one letter away
            return None
        near = {name for each in _holes(low) for name in self._near.get(each, ()) if _one_off(low, name)}
        return self._right[near.pop()] if len(near) == 1 else None


def _holes(low: str) -> list[str]:
    """The word and what is left of it without one of its letters; two words with one in common are nearly alike."""
    return [low, *{low[:at] + low[at + 1 :] for at in range(1, len(low))}]


def _one_off(one: str, other: str) -> bool:
    if len(one) != len(other):
        return abs(len(one) - len(other)) == 1
    wrong = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    if len(wrong) == 1:
        return True
    first = wrong[0] if wrong else 0
    return wrong == [first, first + 1] and one[first : first + 2] == other[first + 1] + other[first]
