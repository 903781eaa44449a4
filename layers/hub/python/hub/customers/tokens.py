"""What a customer is found by. Only an HMAC of each value becomes a key, so that the keys tell nothing."""

import hmac
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from hub import aws
from hub.customers.spelling import forms, sound
from hub.letters import latin

PHONE_DIGITS = 9  # compared from the end, so that a number with and without its country prefix is one
TOKEN_CHARACTERS = 32

Words = tuple[str, str]  # field and value in comparable form


@cache
def token_key(parameter: str) -> bytes:
    value: str = aws.client("ssm").get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    return value.encode()


def token(key: bytes, field: str, value: str) -> str:
    return hmac.digest(key, f"search|{field}|{value}".encode(), "sha256").hex()[:TOKEN_CHARACTERS]


def words_of(profile: Mapping[str, object]) -> set[Words]:
    """All that a profile is found by: the values that hold, and all of names, emails, phones and source_keys."""
    found: set[Words] = set()
    for name in (*_texts(profile, "names"), *_text(profile, "full_name")):
        found |= {("name", word) for spelt in (name, latin(name)) for word in name_words(spelt)}
    found |= {("email", plain(email)) for email in (*_texts(profile, "emails"), *_text(profile, "email"))}
    numbers = (*_texts(profile, "phones"), *_text(profile, "phone"))
    found |= {("phone", digits) for number in numbers if (digits := phone_digits(number))}
    found |= _together(profile)
    found |= {each for word in latin_words(profile, ends=True) for each in near_words(word)}
    found |= {("key", plain(key.partition(":")[2])) for key in _texts(profile, "source_keys")}
    return found


def _together(profile: Mapping[str, object]) -> set[Words]:
    """What few people share: both names, a birth date with initials, a postcode with a name. In either order."""
    found: set[Words] = set()
    born, post = str(profile.get("birth_date") or ""), re.sub(r"\W", "", str(profile.get("postcode") or "").lower())
    for name in (*_texts(profile, "names"), *_text(profile, "full_name")):
        words = name_words(latin(name))
        if not words:
            continue
        ends = sorted({words[0], words[-1]})
        if len(ends) == 2:
            found.add(("both", " ".join(ends)))
        if born:
            found.add(("born", born + "".join(each[0] for each in ends)))
        if post:
            found |= {("post", f"{post} {each}") for each in ends}
    return found


def latin_words(profile: Mapping[str, object], *, ends: bool = False) -> set[str]:
    """The words of all names; ends: of each the first and the last alone."""
    names = (name_words(latin(name)) for name in (*_texts(profile, "names"), *_text(profile, "full_name")))
    return {word for words in names for word in ((*words[:1], *words[-1:]) if ends else words)}


def near_words(word: str) -> set[Words]:
    """What a name in Latin letters is found by although it is misspelt."""
    heard = {("sound", sound(word))} if sound(word) else set()
    return heard | {("near", form) for form in forms(word)}


def misspelt(query: str) -> list[str]:
    """The words of a query that may be a name with a slip; none where it cannot be one."""
    words = name_words(latin(query)) if re.fullmatch(r"[^\d@]+", query) else []
    return words if all(near_words(word) for word in words) else []


def asked(query: str) -> Iterator[list[Words]]:
    """What a person may mean by a query, the likeliest first; each meaning is words that must all fit."""
    text = query.strip()
    if "@" in text:
        yield [("email", plain(text))]
        return
    if (digits := phone_digits(text)) and not re.search(r"[^\d\s()+./-]", text):
        yield [("phone", digits)]
    if text and not re.search(r"\s", text):
        yield [("key", plain(text))]
        yield [("order", plain(text))]
    if any(sign.isalpha() for sign in text) and (words := name_words(text)):
        yield [("name", word) for word in words]
        if (spelt := name_words(latin(text))) and spelt != words:
            yield [("name", word) for word in spelt]


def plain(text: str) -> str:
    """One text for whatever case and form of accents it is written in, as different keyboards give them."""
    return unicodedata.normalize("NFC", text).strip().lower()


def name_words(name: str) -> list[str]:
    """The words of a name in lower case without Latin accents, in any script, each once."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name.lower()) if not "\u0300" <= sign <= "\u036f")
    plain = re.sub(r"['’`.]", "", unicodedata.normalize("NFC", bare))
    spaced = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in plain)
    return list(dict.fromkeys(spaced.split()))


def phone_digits(number: str) -> str | None:
    digits = re.sub(r"\D", "", number)
    return digits[-PHONE_DIGITS:] if len(digits) >= 5 else None


def _texts(profile: Mapping[str, object], field: str) -> Iterable[str]:
    value = profile.get(field) or ()
    return [str(text) for text in value] if isinstance(value, list | tuple) else ()


def _text(profile: Mapping[str, object], field: str) -> Iterable[str]:
    return [str(value)] if (value := profile.get(field)) else ()
