"""What a reasoning model thinks aloud before it answers: never shown, never learned."""

PAIRS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
)
_CLOSING = dict(PAIRS)
_MARKS = tuple(mark for pair in PAIRS for mark in pair)


class ThoughtFilter:
    """Feed it a reply piece by piece; `text` is what of it may be shown.

    A closing mark without an opening one ends thoughts that began with the reply, so that `text` may shrink.
    """

    def __init__(self) -> None:
        self.text = ""
        self._held = ""  # may be the beginning of a mark
        self._awaited = ""  # the mark that ends the thoughts under way
        self._answered = True  # false right after thoughts, until the answer's first word

    def push(self, piece: str) -> str:
        """What has become certain of the answer; "" while nothing has."""
        rest, said = self._held + piece, ""
        while rest:
            rest, shown = self._after_thoughts(rest) if self._awaited else self._up_to_a_mark(rest)
            said += shown
            if self._held:
                break
        return said

    def finish(self) -> str:
        """The rest that was held back: it was no mark."""
        rest, self._held = self._held, ""
        return "" if self._awaited else self._show(rest)

    def _after_thoughts(self, text: str) -> tuple[str, str]:
        thoughts, closed, rest = text.partition(self._awaited)
        if closed:
            self._awaited, self._held, self._answered = "", "", False
        else:
            self._held = thoughts[len(thoughts) - _overlap(thoughts, (self._awaited,)) :]
        return rest, ""

    def _up_to_a_mark(self, text: str) -> tuple[str, str]:
        found = [(place, mark) for mark in _MARKS if (place := text.find(mark)) >= 0]
        if not found:
            certain = len(text) - _overlap(text, _MARKS)
            self._held = text[certain:]
            return "", self._show(text[:certain])
        place, mark = min(found)
        self._held = ""
        if mark in _CLOSING:
            shown, self._awaited = self._show(text[:place]), _CLOSING[mark]
        else:
            shown, self.text, self._answered = "", "", False
        return text[place + len(mark) :], shown

    def _show(self, text: str) -> str:
        if not self._answered:
            text = text.lstrip()
            self._answered = bool(text)
        self.text += text
        return text


def without_thoughts(text: str) -> str:
    """A whole reply without what was thought aloud in it; thoughts that never end reach to its end."""
    filtered = ThoughtFilter()
    filtered.push(text)
    filtered.finish()
    return filtered.text


def closing_thoughts(prompt: str) -> str:
    """What ends the thoughts that a template opens at the prompt's end, so that the reply is the answer alone."""
    return next((f"\n{closing}\n\n" for opening, closing in PAIRS if prompt.rstrip().endswith(opening)), "")


def _overlap(text: str, marks: tuple[str, ...]) -> int:
    """How many characters at the end of `text` could be the beginning of one of `marks`."""
    longest = max(map(len, marks)) - 1
    tails = (text[-length:] for length in range(min(len(text), longest), 0, -1))
    return next((len(tail) for tail in tails if any(mark.startswith(tail) for mark in marks)), 0)
