"""One form for each e-mail address, telephone number and name, so that two sources' spellings can be compared."""

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from hub import letters

LABEL = r"[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?"
LOCAL = r"[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*"
EMAIL = rf"^{LOCAL}@({LABEL}\.)+[\p{{L}}][\p{{L}}\p{{N}}-]*[\p{{L}}\p{{N}}]$"
# The same without letters of other scripts, which cost twenty times as much to look for: whoever fits is an address.
PLAIN_LABEL, PLAIN = LABEL.replace(r"\p{L}\p{N}", "a-z0-9"), r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
PLAIN_EMAIL = rf"^{PLAIN}(\.{PLAIN})*@({PLAIN_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]$"
MOST_LOCAL = 64  # characters before the @
NOTHING = pa.scalar(None, pa.string())

# Spellings that are certain without the numbering plans: pattern and what it becomes. Everything else is doubted.
CERTAIN = {"IN": (r"^(?:\+91|0091|91|0)?([6-9][0-9]{9})$", r"+91\1")}
SEPARATORS = r"[\s().\-/\x{00A0}]"


def email(values: pa.Array) -> pa.Array:
    """Trimmed and in lower case; null where it is no address."""
    low = lower(pc.utf8_trim_whitespace(values))
    plain = pc.match_substring_regex(low, PLAIN_EMAIL)
    longest = pc.max(pc.binary_length(low)).as_py() or 0
    if longest <= MOST_LOCAL and pc.all(plain).as_py() is not False:
        return low
    certain = pc.and_(plain, pc.less_equal(pc.binary_length(low), MOST_LOCAL))
    doubtful = pc.and_not(pc.is_valid(low), pc.fill_null(certain, False))
    asked = low.filter(doubtful)
    sound = pc.and_(pc.match_substring_regex(asked, EMAIL), pc.less_equal(pc.utf8_length(asked), 254))
    short_local = pc.match_substring_regex(asked, rf"^[^@]{{1,{MOST_LOCAL}}}@")
    return pc.replace_with_mask(low, doubtful, pc.if_else(pc.and_(sound, short_local), asked, NOTHING))


def lower(values: pa.Array) -> pa.Array:
    """In small letters; what is plain ASCII takes a tenth of the time."""
    return pc.ascii_lower(values) if pc.all(pc.string_is_ascii(values)).as_py() else pc.utf8_lower(values)


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


def latin(values: pa.Array) -> pa.Array:
    """In Latin letters, where there are others; null where the value is plain as it is."""
    plain = pc.string_is_ascii(values)
    if pc.all(plain).as_py() is not False:
        return pa.nulls(len(values), pa.string())
    distinct = pc.if_else(plain, NOTHING, values).dictionary_encode()
    spelt = pa.array([letters.latin(text) or None for text in distinct.dictionary.to_pylist()], pa.string())
    return pc.take(spelt, distinct.indices)
