import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.quality import standard

EMAILS = [
    ("Asha@Example.COM", "asha@example.com", "lower case"),
    ("  asha@example.com ", "asha@example.com", "trimmed"),
    ("a.b+tag@ex-ample.co.in", "a.b+tag@ex-ample.co.in", "a tag is part of the address"),
    ("asha@example", None, "no top level"),
    ("asha@@example.com", None, "two at signs"),
    ("asha.@example.com", None, "a dot before the at sign"),
    ("a..b@example.com", None, "two dots"),
    ("asha@-example.com", None, "a label begins with a hyphen"),
    ("asha example@example.com", None, "white space within"),
    ("asha@example.com, b@example.com", None, "two addresses"),
    ("आशा@उदाहरण.भारत", None, "vowel signs are not letters of a label; written xn-- in practice"),
    ("asha@xn--p1b6ci4b4b3a.xn--h2brj9c", "asha@xn--p1b6ci4b4b3a.xn--h2brj9c", "a name in another script, as sent"),
    ("a" * 65 + "@example.com", None, "longer than a mailbox may be"),
    (None, None, "nothing"),
]
PHONES = [
    ("IN", "98765 43210", "+919876543210", "as spoken"),
    ("IN", "+91-98765-43210", "+919876543210", "with country"),
    ("IN", "09876543210", "+919876543210", "with trunk zero"),
    ("IN", "0091 98765 43210", "+919876543210", "as dialled abroad"),
    ("IN", "+49 30 123456", "+4930123456", "a foreign number"),
    ("IN", "022 2778 1234", "+912227781234", "a land line"),
    ("IN", "12345", None, "too short"),
    ("IN", "98765 4321x", None, "a letter"),
    ("IN", "call me", None, "no number"),
    ("DE", "030 123456", "+4930123456", "the check's own country"),
    ("US", "(650) 253-0000", "+16502530000", "brackets"),
    ("IN", None, None, "nothing"),
]
NAMES = [
    ("  Asha   Rao ", "asha rao", "white space"),
    ("O'Brien", "obrien", "an apostrophe"),
    ("José Müller-Lüdenscheidt", "jose muller ludenscheidt", "accents and a hyphen"),
    ("आशा राव", "आशा राव", "vowel signs of Devanagari stay"),
    ("A. P. J. Abdul Kalam", "a p j abdul kalam", "initials"),
    ("ＡＳＨＡ", "asha", "full width letters"),
    ("...", None, "nothing but punctuation"),
    (None, None, "nothing"),
]


@pytest.mark.parametrize(("text", "expected", "why"), EMAILS)
def test_email(text, expected, why):
    assert standard.email(pa.array([text], pa.string())).to_pylist() == [expected], why


PARTS = st.text(alphabet="aZ1.-_+ é@\u0130आ", max_size=6)
ADDRESSES = st.builds("{}@{}.{}".format, st.one_of(PARTS, st.just("a" * 64), st.just("b" * 65)), PARTS, PARTS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), ADDRESSES, st.just("asha@example.com")), max_size=5))
def test_the_quick_way_takes_no_address_that_the_long_one_refuses(values):
    """Whole columns, so that sure and doubtful addresses stand beside each other."""

    low = pc.utf8_lower(pc.utf8_trim_whitespace(pa.array(values, pa.string())))
    sound = pc.and_(pc.match_substring_regex(low, standard.EMAIL), pc.less_equal(pc.utf8_length(low), 254))
    sound = pc.and_(sound, pc.match_substring_regex(low, "^[^@]{1,64}@"))
    slowly = pc.if_else(sound, low, pa.scalar(None, pa.string()))
    assert standard.email(pa.array(values, pa.string())).to_pylist() == slowly.to_pylist()


@pytest.mark.parametrize(("country", "text", "expected", "why"), PHONES)
def test_phone(country, text, expected, why):
    assert standard.phone(pa.array([text, "junk"], pa.string()), country).to_pylist() == [expected, None], why


def test_certain_spellings_agree_with_the_numbering_plans():
    """What is standardised without them must be what they would say, or be no number to them at all."""
    import phonenumbers

    for number in ("9876543210", "6000000000", "+917012345678", "08888888888"):
        made = standard.phone(pa.array([number]), "IN").to_pylist()[0]
        parsed = phonenumbers.parse(number, "IN")
        assert made == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(("text", "expected", "why"), NAMES)
def test_name(text, expected, why):
    assert standard.name(pa.array([text], pa.string())).to_pylist() == [expected], why


def test_latin_is_there_where_a_name_has_other_letters():
    given = pa.array(["Anna", None, "अमित शर्मा", "José", "😀"], pa.string())
    assert standard.latin(given).to_pylist() == [None, None, "amit sharma", "Jose", None]
    assert standard.latin(pa.array(["Anna", None], pa.string())).null_count == 2
