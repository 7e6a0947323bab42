"""A model's chat template, rendered with marks in the places of contents, so that it parses nobody's words."""

import logging
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import jinja2

from bot.errors import BaseModelError
from bot.prompt.encoding import Piece
from bot.prompt.messages import Message
from bot.prompt.thoughts import closing_thoughts, without_thoughts

log = logging.getLogger(__name__)

# For base models, which have no template: headings in plain text.
PLAIN = (
    "{% for m in messages %}"
    "{% if m['role'] == 'system' %}{{ m['content'] }}\n\n"
    "{% elif m['role'] == 'user' %}### User:\n{{ m['content'] }}\n\n"
    "{% else %}### Assistant:\n{{ m['content'] }}\n\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}### Assistant:\n{% endif %}"
)
PLAIN_STOP = ("\n### User:", "\n### Assistant:")
_PLACE = re.compile("\ufdd2(\\d+)\ufdd3")
_THINKS_NOT = {"enable_thinking": False, "thinking": False}


class ChatTemplate:
    """Renders messages as pieces: the template's own text, and what was said."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._template: str | None = None
        if not getattr(tokenizer, "chat_template", None):
            self._template = PLAIN
            log.warning("%s has no chat template: a plain one is used", tokenizer.name_or_path)
        self._system_role = self._takes_system_role()

    @property
    def stop(self) -> tuple[str, ...]:
        """Texts at which a reply ends, for a model that was never taught to end its turn."""
        return PLAIN_STOP if self._template == PLAIN else ()

    def opened(self, messages: Sequence[Message]) -> list[Piece]:
        """The messages and the opening of the persona's turn, with thinking switched off."""
        pieces = self._pieces(messages, open_turn=True)
        if thoughts_end := closing_thoughts(pieces[-1].text):
            pieces[-1] = Piece(pieces[-1].text.rstrip() + thoughts_end, False)
        return pieces

    @cached_property
    def closing(self) -> str:
        """What follows the persona's words when its turn ends."""
        *_, said, closing = self._pieces([Message("user", "u"), Message("assistant", "a")], open_turn=False)
        if said.text != "a":
            raise self._refused("renders a finished turn without its words")
        return closing.text

    @cached_property
    def turns(self) -> tuple[str, ...]:
        """The template's own text around and between turns."""
        system = [Message("system", "s")] if self._system_role else []
        turns = [Message("user", "u"), Message("assistant", "a"), Message("user", "u")]
        return tuple(piece.text for piece in self._pieces([*system, *turns], open_turn=True) if not piece.said)

    def _pieces(self, messages: Sequence[Message], *, open_turn: bool) -> list[Piece]:
        """Pieces by turns: the template's (perhaps empty), what was said, the template's, … the template's."""
        turns = [_without_thoughts(message) for message in self._without_system(messages)]
        try:
            parts = _PLACE.split(self._rendered(turns, open_turn=open_turn))
        except jinja2.exceptions.TemplateError as error:
            raise self._refused(f"does not take this conversation ({error})") from error
        spoken = {place for place, turn in enumerate(turns) if turn.content.strip()}
        if spoken != set(map(int, parts[1::2])):
            raise self._refused("leaves out what was said")
        return [
            Piece(turns[int(part)].content.strip(), True) if index % 2 else Piece(part, False)
            for index, part in enumerate(parts)
        ]

    def _rendered(self, turns: Sequence[Message], *, open_turn: bool) -> str:
        rows = [{"role": turn.role, "content": _marked(place, turn.content)} for place, turn in enumerate(turns)]
        return str(
            self._tokenizer.apply_chat_template(
                rows,
                tokenize=False,
                add_generation_prompt=open_turn,
                **({"chat_template": self._template} if self._template else {}),
                **_THINKS_NOT,
            )
        )

    def _without_system(self, messages: Sequence[Message]) -> list[Message]:
        """For templates that do not take a system role (Gemma): its text opens the first user turn instead."""
        if self._system_role or not messages or messages[0].role != "system":
            return list(messages)
        system, *rest = messages
        if not rest or rest[0].role != "user":
            return [Message("user", system.content), *rest]
        return [Message("user", f"{system.content}\n\n{rest[0].content}"), *rest[1:]]

    def _takes_system_role(self) -> bool:
        """Whether it stands before all turns: some templates refuse it, some drop it, some move it to the last turn."""
        turns = [Message("system", "s"), Message("user", "u"), Message("assistant", "a"), Message("user", "u")]
        try:
            found = _PLACE.findall(self._rendered(turns, open_turn=True))
        except jinja2.exceptions.TemplateError:
            return False
        return found == ["0", "1", "2", "3"]

    def _refused(self, why: str) -> BaseModelError:
        return BaseModelError(f"{self._tokenizer.name_or_path}: its chat template {why}; choose another base model.")


def _marked(place: int, content: str) -> str:
    """A mark in the place of the words; white space around them stays, because many templates trim it."""
    words = content.strip()
    return content.replace(words, f"\ufdd2{place}\ufdd3", 1) if words else content


def _without_thoughts(message: Message) -> Message:
    return Message(message.role, without_thoughts(message.content)) if message.role == "assistant" else message
