"""One reply's text under a persona's rules: which tokens may come next, what can be shown, how it ends.

What is shown keeps the rules at every moment; whatever ends the reply, the whole of it does.
"""

from bot.engine.ruled_ending import can_close, certain_part, close
from bot.engine.text import TextStream
from bot.personas.rules import Rules, count_sentences

# A reply that must end with a mark, as "?", goes on beyond the model's own end until it does, this far.
MOST_SENTENCES = 4


class RuledText:
    """A TextStream that keeps rules. Ask `allows` before a token is pushed, `may_end` before the reply ends."""

    def __init__(self, inner: TextStream, rules: Rules) -> None:
        self._inner = inner
        self._rules = rules
        self._draft = ""  # all that the model has said, shown or not
        self.text = ""
        self.stopped = False

    def allows(self, token: int) -> bool:
        """Whether nothing forbidden arises, now or if the reply were to end next.

        A token beyond a limit is allowed once there is something to say: it ends the reply and is not shown.
        """
        showable, whole = self._inner.preview(token)
        if not (self._rules.permit(showable) and self._rules.permit(whole)):
            return False
        return bool(self._draft.strip()) or self._rules.leave_room_for(whole)

    def may_end(self) -> bool:
        """Whether the model's own end is the reply's: not while another sentence may bring the mark that is due."""
        rules, draft = self._rules, self._draft.rstrip()
        if rules.end(draft) or any(ending[0].isalnum() for ending in rules.endings):
            return True
        return count_sentences(draft) >= (rules.max_sentences or MOST_SENTENCES)

    def push(self, token: int) -> str:
        """The text that has become certain; "" while none has. `stopped` is true after a limit or a stop string."""
        _, whole = self._inner.preview(token)
        if not self._rules.leave_room_for(whole):
            self._draft += " " * whole[len(self._draft) :][:1].isspace()  # its last word is a whole one
            self.stopped = True
            return ""
        self._inner.push(token)
        self._draft = whole
        self.stopped = self._inner.stopped
        return self._show(self._certain())

    def finish(self, *, by_model: bool = False) -> str:
        """The rest of the reply, closed so that it keeps the rules. `by_model`: the model ended its turn here."""
        if not self._rules.shapes_the_end:
            return self._show(self._draft)
        complete = self._inner.stopped or (by_model and not self.stopped)
        return self._show(close(self._draft, self.text, self._rules, complete=complete))

    def _certain(self) -> str:
        if not self._rules.shapes_the_end:
            return self._inner.text
        certain = certain_part(self._draft)
        return certain if can_close(certain, self._rules) else self.text

    def _show(self, text: str) -> str:
        """What `text` adds to the shown."""
        added, self.text = text[len(self.text) :], text if len(text) > len(self.text) else self.text
        return added
