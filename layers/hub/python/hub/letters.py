"""Names in Latin letters, whatever script they came in, so that one person's spellings can be compared.

Indic scripts are read by rule: each consonant carries an `a` unless a sign says otherwise, and languages of the north
leave it out at a word's end and between two syllables (after Ohala 1983). Chinese and Korean names get their words
apart, the family name first. All other letters are spelt by anyascii's tables.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from anyascii import anyascii

MOST = 255  # characters of a name that are read
PICTURES = ("So", "Sk", "Cs", "Co", "Cn")  # Unicode's categories of what is no letter in any script

# The blocks of India's scripts lie side by side in one order of letters; these leave out unspoken vowels.
FIRST, BLOCK = 0x0900, 0x80
UNSPOKEN = (0, 1, 2, 3, 4)  # Devanagari, Bengali, Gurmukhi, Gujarati, Odia; not Tamil, Telugu, Kannada, Malayalam


def _table(letters: str, spelt: str) -> dict[str, str]:
    return dict(zip(letters, spelt.split(), strict=True))


VOWELS = _table("अआइईउऊऋएऐओऔऍऑऎऒ", "a a i i u u ri e ai o au e o e o")
SIGNS = _table("ािीुूृेैोौॅॉॆॊ", "a i i u u ri e ai o au e o e o")
CONSONANTS = _table(
    "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहळऴऱऩ",
    "k kh g gh n ch chh j jh n t th d dh n t th d dh n p ph b bh m y r l v sh sh s h l l r n",
)
NUKTA, VIRAMA, NASAL, BREATH = "़", "्", "ंँ", "ः"
# Letters that stand for a consonant without a vowel, and Gurmukhi's signs for a nasal and a doubled consonant.
BARE = str.maketrans({"ৎ": "ত্", "ൺ": "ണ്", "ൻ": "ന്", "ർ": "ര്", "ൽ": "ല്", "ൾ": "ള്", "ൿ": "ക്", "ੰ": "ਂ", "ੱ": ""})
DOTTED = {"क": "q", "ग": "g", "ज": "z", "ड": "r", "ढ": "rh", "फ": "f", "य": "y", "व": "w"}
LIPS = "pbm"
INDIC = re.compile(r"[\u0900-\u0d7f]+")
# Family names of China with two syllables; all others have one.
DOUBLE = tuple(re.findall("..", "欧阳歐陽司马司馬诸葛諸葛上官夏侯东方東方皇甫尉迟尉遲公孙公孫慕容令狐司徒"))
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]{2,6}")
HANGUL = re.compile(r"[\uac00-\ud7a3]{2,5}")
# How Koreans write the commonest family names, where that is not how they are transcribed.
KOREAN = {"gim": "kim", "i": "lee", "bag": "park", "choe": "choi", "jeong": "jung", "im": "lim", "sin": "shin"}


@lru_cache(maxsize=65536)
def latin(text: str) -> str:
    """The text in ASCII letters, small ones where the script knows no others; what is plain already stays as it is."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFC", text[:MOST])
    plain = HANGUL.sub(lambda found: _korean(found[0]), HAN.sub(lambda found: _chinese(found[0]), plain))
    letters = "".join(sign for sign in plain if unicodedata.category(sign) not in PICTURES)
    return " ".join(anyascii(INDIC.sub(lambda found: _indic(found[0]), letters)).split())


def _chinese(word: str) -> str:
    family = 2 if word[:2] in DOUBLE and len(word) > 2 else 1
    return f" {anyascii(word[:family]).lower()} {anyascii(word[family:]).lower()} "


def _korean(word: str) -> str:
    family = anyascii(word[0]).lower()
    return f" {KOREAN.get(family, family)} {anyascii(word[1:]).lower()} "


def _indic(word: str) -> str:
    """A word of one of India's scripts; a script's own letters that Devanagari has not are left to anyascii."""
    block = (ord(word[0]) - FIRST) // BLOCK
    shifted = "".join(chr(ord(sign) - block * BLOCK) for sign in word.translate(BARE))
    syllables = _syllables(shifted)
    if block in UNSPOKEN:
        _leave_out(syllables)
    return "".join(onset + vowel.lower() + rest for onset, vowel, rest in syllables)


def _syllables(word: str) -> list[list[str]]:
    """[consonants, vowel, what follows it]; the vowel that no sign stands for is `A` until it is judged."""
    found: list[list[str]] = []
    joined = False
    for at, sign in enumerate(word):
        if sign in CONSONANTS:
            spelt = DOTTED.get(sign, CONSONANTS[sign]) if word[at + 1 : at + 2] == NUKTA else CONSONANTS[sign]
            if joined:
                found[-1][0] = re.sub("jn$", "gy", found[-1][0] + spelt)
                found[-1][1] = "A"
            else:
                found.append([spelt, "A", ""])
            joined = False
        elif sign in SIGNS and found:
            found[-1][1] = SIGNS[sign]
        elif sign == VIRAMA and found:
            found[-1][1], joined = "", True
        elif sign in VOWELS:
            found.append(["", VOWELS[sign], ""])
        elif sign in NASAL and found:
            found[-1][2] += "n"
        elif sign == BREATH and found:
            found[-1][2] += "h"
        elif sign not in NUKTA:
            found.append(["", "", anyascii(sign)])
    for before, after in pairwise(found):
        if before[2] == "n" and after[0][:1] in LIPS and after[0]:
            before[2] = "m"
    return found


def _leave_out(syllables: list[list[str]]) -> None:
    """Unspoken vowels, from the end: the last one behind a single consonant, and each between two spoken syllables."""
    last = len(syllables) - 1
    spoken = False  # whether the syllable behind begins with one consonant and has a vowel
    for at in range(last, -1, -1):
        onset, vowel, rest = syllables[at]
        single = len(re.sub("[^aeiou]h|(?<=c)hh", "x", onset)) == 1
        if at == last and at > 0 and onset == "v" and vowel == "A" and syllables[at - 1][1] == "a":
            syllables[at][:2] = "o", ""  # राव is Rao
        elif vowel == "A" and not rest:
            before = at > 0 and syllables[at - 1][1] != "" and not syllables[at - 1][2]
            if (at == last and at > 0 and single) or (at < last and spoken and single and before):
                syllables[at][1] = ""
        spoken = single and syllables[at][1] != ""
