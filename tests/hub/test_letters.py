import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.letters import latin

NAMES = [
    ("Anna Meier", "Anna Meier", "plain already"),
    ("José Müller", "Jose Muller", "accents"),
    ("Łukasz Øster Ђорђевић", "Lukasz Oster Djordjevic", "letters of their own, Latin and Cyrillic"),
    ("Владимир", "Vladimir", "Cyrillic"),
    ("Γιώργος", "Giorgos", "Greek"),
    ("अमित शर्मा", "amit sharma", "a vowel sign is spoken, the last bare consonant has none"),
    ("कृष्ण मिश्र", "krishna mishra", "behind two consonants the last vowel is spoken"),
    ("राजकुमार मनमोहन", "rajkumar manmohan", "an unspoken vowel between two syllables"),
    ("नरेंद्र चतुर्वेदी", "narendra chaturvedi", "a dot that is an n"),
    ("राव यादव", "rao yadav", "a v behind a long vowel ends a name as an o"),
    ("अंबा संपत", "amba sampat", "before lips the dot is an m"),
    ("ज़ैनब ख़ान", "zainab khan", "letters with a dot below"),
    ("ज्ञानेश्वर लक्ष्मी", "gyaneshvar lakshmi", "ligatures"),
    ("বিশ্বজিৎ মুখোপাধ্যায়", "bishbajit mukhopadhyay", "Bengali"),
    ("ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ", "guraprit singh", "Gurmukhi"),
    ("પટેલ", "patel", "Gujarati"),
    ("రామకృష్ణ ಲಕ್ಷ್ಮಣ முருகன்", "ramakrishna lakshmana murukan", "in the south every vowel is spoken"),
    ("മോഹൻലാൽ", "mohanlal", "Malayalam's letters without a vowel"),
    ("王小明", "wang xiaoming", "the family name first, then the rest as one word"),
    ("欧阳修", "ouyang xiu", "a family name of two syllables"),
    ("김민수", "kim minsu", "as Koreans write it"),
    ("さくら", "sakura", "Japanese syllables"),
    ("Anna 😀", "Anna", "a picture is no letter"),
    ("", "", "nothing"),
]


@pytest.mark.parametrize(("text", "expected", "why"), NAMES, ids=[why for _, _, why in NAMES])
def test_latin(text, expected, why):
    assert latin(text) == expected


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x80), max_size=30) | st.text(max_size=400))
def test_whatever_comes_is_ascii_and_stays_as_it_is_the_second_time(text):
    once = latin(text)
    assert once.isascii() and latin(once) == once
