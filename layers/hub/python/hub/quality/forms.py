"""Titles, genders, salutations, countries and currencies: the one form of each, and the spellings that mean it."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.quality.countries import COUNTRIES, CURRENCIES

TITLES = {
    "Mr": "mr, mister, herr, monsieur, m/s.mr",
    "Ms": "ms, miz",
    "Mrs": "mrs, missus, misses, frau, madame, mme",
    "Miss": "miss, mademoiselle, mlle",
    "Mx": "mx",
    "Dr": "dr, doctor, doktor, डॉ, डा",
    "Prof": "prof, professor",
    "Shri": "shri, sri, shree, sh, श्री",
    "Smt": "smt, shrimati, srimati, श्रीमती",
    "Kumari": "kumari, km, kum, कुमारी, सुश्री",
    "M/s": "m/s, messrs",
}
GENDERS = {
    "female": "female, f, woman, w, girl, महिला, स्त्री",
    "male": "male, m, man, boy, पुरुष",
    "other": "other, o, x, non-binary, nonbinary, third gender, transgender, t, diverse, d, अन्य",
    "unknown": "unknown, u, n/a, na, not stated, undisclosed, prefer not to say",
}
SALUTATIONS = {
    "Dear Sir": "dear sir, sir",
    "Dear Madam": "dear madam, madam, dear ma'am, ma'am, maam",
    "Dear Sir or Madam": "dear sir or madam, dear sir/madam, dear sir / madam, sir/madam, dear sir, madam",
    **{f"Dear {title}": f"dear {title.lower()}" for title in TITLES if title != "M/s"},
}


def _spellings(table: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({spelling: form for form, all_ in table.items() for spelling in all_.split(", ")})


# Rule -> spelling, folded and without full stops -> the one form.
SPELLINGS = MappingProxyType(
    {
        "title": _spellings(TITLES),
        "gender": _spellings(GENDERS),
        "salutation": _spellings(SALUTATIONS),
        "country": COUNTRIES,
        "currency": CURRENCIES,
    }
)


def folded(text: str) -> str:
    """Small letters, single blanks, no full stops: what a spelling is looked up by."""
    return " ".join(text.casefold().replace(".", " ").split())
