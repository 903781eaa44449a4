"""One form for each e-mail address, telephone number and name, so that two sources' spellings can be compared."""

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

LABEL = r"[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?"
LOCAL = r"[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*"
EMAIL = rf"^{LOCAL}@({LABEL}\.)+[\p{{L}}][\p{{L}}\p{{N}}-]*[\p{{L}}\p{{N}}]$"
NOTHING = pa.scalar(None, pa.string())

# Spellings that are certain without the numbering plans: pattern and what it becomes. Everything else is doubted.
CERTAIN = {"IN": (r"^(?:\+91|0091|91|0)?([6-9][0-9]{9})$", r"+91\1")}
SEPARATORS = r"[\s().\-/\x{00A0}]"


def email(values: pa.Array) -> pa.Array:
    """Trimmed and in lower case; null where it is no address."""
    low = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    sound = pc.and_(pc.match_substring_regex(low, EMAIL), pc.less_equal(pc.utf8_length(low), 254))
    short_local = pc.match_substring_regex(low, r"^[^@]{1,64}@")
    return pc.if_else(pc.and_(sound, short_local), low, NOTHING)


def phone(values: pa.Array, country: str) -> pa.Array:
    """E.164, read as dialled in `country`; null where the numbering plans know no such number."""
    distinct = values.dictionary_encode()
    numbers = distinct.dictionary
    plain = pc.replace_substring_regex(numbers, SEPARATORS, "")
    pattern, form = CERTAIN.get(country, (r"^\b$", ""))
    certain = pc.match_substring_regex(plain, pattern)
    standard = pc.if_else(certain, pc.replace_substring_regex(plain, pattern, form), NOTHING)
    doubtful = pc.invert(certain)
    read = pa.array([_e164(number, country) for number in numbers.filter(doubtful).to_pylist()], pa.string())
    return pc.take(pc.replace_with_mask(standard, doubtful, read), distinct.indices)


def _e164(number: str, country: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def name(values: pa.Array) -> pa.Array:
    """Lower case, without Latin accents and punctuation, single spaces; other scripts keep their vowel signs."""
    low = pc.utf8_lower(pc.utf8_normalize(values, form="NFKD"))
    bare = pc.utf8_normalize(pc.replace_substring_regex(low, r"[\x{0300}-\x{036F}'’`.]", ""), form="NFC")
    spaced = pc.utf8_trim_whitespace(pc.replace_substring_regex(bare, r"[^\p{L}\p{M}\p{N}]+", " "))
    return pc.if_else(pc.equal(spaced, ""), NOTHING, spaced)
