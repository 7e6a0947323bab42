"""Turns token ids into text that can be shown: whole characters only, and nothing of a stop string."""

from collections.abc import Sequence
from typing import Any

UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # what a decoder shows for bytes that are no whole character yet
# A character is at most four bytes; longer runs of odd bytes will not become one.
MOST_PENDING = 8


class TextStream:
    """Feed it token ids one at a time; it hands out the text that is certain.

    Tokens are decoded together with the ones before, because a token's text can depend on its neighbours.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._stop = tuple(text for text in stop if text)
        self._ids: list[int] = []
        self._context = 0  # where decoding starts
        self._decoded = 0  # up to where the text is in `_held` or was handed out
        self._held = ""
        self.text = ""  # everything handed out
        self.stopped = False

    def push(self, token: int) -> str:
        """The text that has become certain; "" while none has. After a stop string, `stopped` is true."""
        self._ids.append(token)
        known = self._decode(self._context, self._decoded)
        whole = self._decode(self._context, len(self._ids))
        pending = len(self._ids) - self._decoded
        if len(whole) <= len(known) or (whole.endswith(UNFINISHED) and pending < MOST_PENDING):
            return ""
        self._context, self._decoded = self._decoded, len(self._ids)
        return self._release(whole[len(known) :])

    def preview(self, token: int) -> tuple[str, str]:
        """All the text that could be shown after this token, and all there would be if the reply ended with it."""
        known = self._decode(self._context, self._decoded)
        ids = [*self._ids[self._context :], token]
        whole = str(self._tokenizer.decode(ids, skip_special_tokens=True))
        text = self.text + self._held + whole[len(known) :].rstrip(UNFINISHED)
        found = [place for stop in self._stop if (place := text.find(stop)) >= 0]
        text = text[: min(found)] if found else text
        return text[: len(text) - self._withheld(text)], text

    def finish(self, *, by_model: bool = False) -> str:  # noqa: ARG002 — the plain text is the same, however it ends
        """The rest that was held back, without an unfinished character at its end."""
        if self.stopped:
            return ""
        known = self._decode(self._context, self._decoded)
        whole = self._decode(self._context, len(self._ids))
        released = self._release(whole[len(known) :].rstrip(UNFINISHED))
        if self.stopped:
            return released
        rest, self._held = self._held, ""
        self.text += rest
        return released + rest

    def _release(self, delta: str) -> str:
        """Hand out what cannot be part of a stop string any more."""
        text = self._held + delta
        found = [place for stop in self._stop if (place := text.find(stop)) >= 0]
        if found:
            text, self._held, self.stopped = text[: min(found)], "", True
        else:
            keep = self._withheld(text)
            text, self._held = text[: len(text) - keep], text[len(text) - keep :]
        self.text += text
        return text

    def _withheld(self, text: str) -> int:
        """How many characters at the end could be the beginning of a stop string."""
        return max((_overlap(text, stop) for stop in self._stop), default=0)

    def _decode(self, start: int, end: int) -> str:
        return str(self._tokenizer.decode(self._ids[start:end], skip_special_tokens=True)) if end > start else ""


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of `text` could be the beginning of `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
