"""Characters as readers see them: a letter with its marks, a flag, a family of emoji."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped]

# Unicode's own rule, \X, looks back over a whole row of flags at each of them. Flags are paired from the first one on,
# and so each pair may be taken as it comes.
_GRAPHEME = regex.compile(
    r"[\U0001F1E6-\U0001F1FF]{2}[\p{Grapheme_Extend}\p{Emoji_Modifier}\p{Spacing_Mark}\u200d]*|\X"
)


def graphemes(text: str) -> Iterator[str]:
    return (match[0] for match in _GRAPHEME.finditer(text))
