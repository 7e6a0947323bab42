"""Names of people and places as a model may read them: one line, in any script, with nothing in it but a name."""

import re
import unicodedata

from bot.prompt.graphemes import graphemes

LENGTH = 32  # characters
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_JOINERS = "\u200c\u200d"  # of scripts and of emoji
_PUNCTUATION = " .'’-"
_ROLE = re.compile(r"\b(?:system|user|assistant)\b", re.IGNORECASE)


def plain_name(name: str) -> str:
    """Letters with their marks, digits and emoji of `name`; no markup, control or direction characters, no role.

    "someone" where nothing is left.
    """
    spoken = "".join(letter if _belongs(letter) else " " for letter in name)
    words = " ".join(_ROLE.sub("", spoken).split())
    kept = ""
    for cluster in graphemes(words):
        if len(kept) + len(cluster) > LENGTH:
            break
        kept += cluster
    return kept.strip(f" {_JOINERS}") or "someone"


def visible_name(name: str) -> str:
    """A name as members may see it: one line, no control or direction characters."""
    return " ".join(_INVISIBLE.sub(" ", name).split())


def _belongs(letter: str) -> bool:
    kind = unicodedata.category(letter)
    return kind[0] in "LMN" or (kind in ("So", "Sk") and letter not in "`^") or letter in _PUNCTUATION + _JOINERS
