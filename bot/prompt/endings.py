"""Ends a reply that was cut off at its length limit on the last thing that was said whole."""

import re
from collections.abc import Iterator

import regex  # type: ignore[import-untyped]

FENCE = "```"
CUT = "…"
# What may follow a full stop and still belong to the sentence: closing quotes, brackets, emphasis, emoji.
_CLOSERS = r"[\"'”’»›)\]}*_~`]{0,8}+(?: ?[\p{Extended_Pictographic}\u200d\ufe0f\U0001f3fb-\U0001f3ff]{1,16}+)?"
_SENTENCE_END = regex.compile(
    rf"[.!?…]{{1,16}}+{_CLOSERS}(?=\s|$)"
    r"|[。！？｡]{1,16}[」』）】”’\"'*_]{0,8}"
    rf"|[।॥۔؟።။៕]{_CLOSERS}"
    r"|\p{Extended_Pictographic}[\u200d\ufe0f\U0001f3fb-\U0001f3ff\p{Extended_Pictographic}]{0,16}+(?=\s{1,4}\p{Lu}|$)"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:mrs?|ms|dr|prof|st|no|vs|sr|jr|capt|gen|lt|sgt|mt|fig|approx|e\.g|i\.e|cf|[a-z])|^\s*\d{1,3})\.\Z",
    re.IGNORECASE,
)
# Of a line without white space around it.
_ITEM = re.compile(r"(?:[-*+•–]|\d{1,3}[.)]|[a-zA-Z][.)])\s")
_HEADING = re.compile(r"#{1,6}\s|\*\*[^*]{1,80}\*\*:?\Z|[-*_=\s]*\Z|\d{1,3}[.)]\Z")
_SPACED, _OPENERS = '.!?…"”)*:', '"“*('
_GOES_ON = ",;:–—-(，、；："


def whole_ending(text: str) -> str:
    """The beginning of `text` up to its last whole sentence, list item, line of verse or line of code.

    A code block that is cut is closed, and so are a quotation and emphasis. Where nothing was said whole, the last
    word, of which nobody knows whether it is whole, gives way to an ellipsis. "" only when nothing was said.
    """
    text = text.rstrip()
    if text.count(FENCE) % 2:
        before, code = _parted(text)
        if code:
            return f"{before}{code}\n{FENCE}"
        text = before.rstrip()
    for end in _ends(text):
        if text.count(FENCE, 0, end) % 2:  # inside of a code block: nothing behind it is whole
            return text[: text.rindex(FENCE) + len(FENCE)]
        return _closed(text[:end].rstrip())
    return _broken_off(text)


def ends_whole(text: str) -> bool:
    """Whether the last sentence is whole: not so with lists and code that were cut, which promise more."""
    line = text[text.rfind("\n") + 1 :]
    return not text.endswith(CUT) and len(line) in _sentence_ends(line)


def unclosed(text: str) -> str:
    """What a reply goes on from: a code block that it ends with is open again, because it was cut off there."""
    return text[: -len(FENCE)] if text.endswith(f"\n{FENCE}") else text


def reopened(shown: str, before: str) -> str:
    """`shown`, the end of a reply that goes on from `before`, with its code block open where that has it open."""
    return unclosed(shown) if before.count(FENCE) % 2 else shown


def seam(before: str, after: str) -> str:
    """What must stand between a reply and what it goes on with: some models begin without the space."""
    runs_into = before[-1:] in _SPACED and (after[:1].isalnum() or after[:1] in _OPENERS)
    return " " if before and after and before.isascii() and runs_into else ""


def _parted(text: str) -> tuple[str, str]:
    """What stands before the code block that is cut, and its whole lines; "" without any that stand for themselves."""
    opening = text.rindex(FENCE)
    language, *lines = text[opening:].split("\n")
    whole = lines[:-1] if text[:opening].strip() else lines[:-1] or lines
    code = "\n".join([language, *whole]).rstrip()
    return text[:opening], code if "".join(whole).strip() else ""


def _ends(text: str) -> Iterator[int]:
    """Where something ends that was said whole, last to first."""
    end, following = len(text), ""
    for line in reversed(text.split("\n")):
        start, bare = end - len(line), line.strip()
        if bare.endswith(FENCE) or (end < len(text) and _is_whole_line(bare, following)):
            yield end
        yield from (start + place for place in _sentence_ends(line))
        end, following = start - 1, bare or following


def _is_whole_line(bare: str, following: str) -> bool:
    """Whether a line ends where it ends on purpose: an item, a row of a table, a line of verse, a paragraph."""
    if _HEADING.match(bare) or bare[-1:] in _GOES_ON:
        return False
    return bool(_ITEM.match(bare)) or not following[:1].islower()


def _sentence_ends(line: str) -> Iterator[int]:
    """Last to first. Inside of a line only what no small letter follows is the end of a sentence."""
    if _HEADING.match(line.strip()):
        return
    for match in reversed(list(_SENTENCE_END.finditer(line))):
        follows = line[match.end() : match.end() + 8].lstrip()[:1]
        if not follows.islower() and not _ABBREVIATION.search(line[max(0, match.end() - 12) : match.end()]):
            yield match.end()


def _closed(text: str) -> str:
    """`text` with the quotation and the emphasis closed that its last line leaves open."""
    line = text[text.rfind("\n") + 1 :]
    said = re.sub(r"^\s*[*+-]\s|\\.|\s\*\s|\d\"", " ", line)
    if "`" in said:
        return text
    quote = "”" if said.count("“") > said.count("”") else '"' if said.count('"') % 2 else ""
    strong = "**" if said.count("**") % 2 else ""
    emphasis = "*" if said.replace("**", "").count("*") % 2 else ""
    return text + quote + emphasis + strong


def _broken_off(text: str) -> str:
    """Nothing in `text` was said whole."""
    if not text:
        return ""
    words = text.rsplit(maxsplit=1)
    kept = words[0] if len(words) > 1 else text[: max(0, *map(text.rfind, "，、；"))] or text
    return _closed(kept.rstrip().rstrip(_GOES_ON).rstrip() or text) + CUT
