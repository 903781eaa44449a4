"""What a customer is found by. Only an HMAC of each value becomes a key, so that the keys tell nothing."""

import hmac
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from hub import aws

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
    """All that a profile is found by; names, emails, phones and source_keys are lists of texts."""
    found: set[Words] = set()
    for name in _texts(profile, "names"):
        found |= {("name", word) for word in name_words(name)}
    found |= {("email", email.lower()) for email in _texts(profile, "emails")}
    found |= {("phone", digits) for number in _texts(profile, "phones") if (digits := phone_digits(number))}
    found |= {("key", key.partition(":")[2].lower()) for key in _texts(profile, "source_keys")}
    return found


def asked(query: str) -> Iterator[list[Words]]:
    """What a person may mean by a query, the likeliest first; each meaning is words that must all fit."""
    text = query.strip()
    if "@" in text:
        yield [("email", text.lower())]
        return
    if (digits := phone_digits(text)) and not re.search(r"[^\d\s()+./-]", text):
        yield [("phone", digits)]
    if text and not re.search(r"\s", text):
        yield [("key", text.lower())]
        yield [("order", text.lower())]
    if any(sign.isalpha() for sign in text) and (words := name_words(text)):
        yield [("name", word) for word in words]


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
