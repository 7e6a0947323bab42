"""When two letters count as the same: case, accents, width, ligatures and look-alikes are folded away. Pure text."""

import re
import unicodedata
from functools import lru_cache

# Letters of other scripts that look like Latin ones, and marks that Unicode does not decompose.
LOOK_ALIKES = {
    **dict(zip("АВЕЅІЈКМНОРСТУХаеѕіјорсухһѵ", "abesijkmhopctyxaesijopcyxhv", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοι", "abezhikmnoptyxoi", strict=True)),
    **dict(zip("℮ıƒ‘’ʼ“”„", "eif'''\"\"\"", strict=True)),
}
NAMED_LETTER = re.compile(
    r"(?:LATIN (?:SMALL |CAPITAL )?(?:LETTER|LIGATURE)|REGIONAL INDICATOR SYMBOL LETTER|"
    r"NEGATIVE (?:SQUARED|CIRCLED) LATIN CAPITAL LETTER)(?: SMALL CAPITAL| OPEN| REVERSED| TURNED)* ([A-Z]{1,2})\b"
)
INVISIBLE = frozenset({"Mn", "Me", "Cf"})  # combining marks and formatting: nothing is seen of them alone


def fold(text: str) -> str:
    """The plain lower-case letters that a reader sees: "Ｅ", "é", "ᴇ" and Cyrillic "е" all become "e"."""
    if text.isascii():
        return text.lower()
    return "".join(map(_fold_character, unicodedata.normalize("NFKD", text)))


def compose(text: str) -> str:
    """Lower case with accents kept, one form for each: for what is forbidden with its accent."""
    return unicodedata.normalize("NFC", text).lower()


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character.isascii():
        return character.lower()
    if unicodedata.category(character) in INVISIBLE:
        return ""
    if character in LOOK_ALIKES:
        return LOOK_ALIKES[character]
    named = NAMED_LETTER.match(unicodedata.name(character, ""))
    return named[1].lower() if named else character.casefold()
