"""One renderer for what is served and what is learned, in the model's own chat template."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.errors import EmptyPrompt, PromptTooLong
from bot.prompt.chat_template import ChatTemplate
from bot.prompt.encoding import Piece, TextEncoder, any_of
from bot.prompt.messages import Message, merge
from bot.prompt.thoughts import without_thoughts

# What templates set turns apart with besides control tokens: [INST], <<SYS>>, <|user|>; and ### Response:, USER:
_BRACKETED = re.compile(r"\[/?\w{2,30}\]|<<?[|/]{0,2}\w{1,30}\|?>>?")
_WORDED = re.compile(r"#{1,6} ?[A-Za-z]\w{1,30}:?|\b[A-Za-z]\w{1,30}:")


@dataclass(frozen=True)
class TrainingExample:
    """`ids` and `loss_mask` have one length; the mask is 1 on what is learned (a completion and its end of turn)."""

    ids: list[int]
    loss_mask: list[int]


class PromptRenderer:
    """Renders conversations with a transformers tokenizer, in a plain template where it has none.

    Only the template writes control tokens: whatever contents hold is encoded as text.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._encoder = TextEncoder(tokenizer)
        self._template = ChatTemplate(tokenizer)

    @property
    def stop(self) -> tuple[str, ...]:
        """Texts at which a reply ends beside the end-of-turn token."""
        return self._template.stop

    def prompt_ids(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """What the model reads: all messages and the opening of its own turn."""
        return tuple(self._encode(self._template.opened(merge(messages))))

    def continued_ids(self, messages: Sequence[Message], beginning: str) -> tuple[int, ...]:
        """What the model reads that goes on with a turn of its own, of which `beginning` is said."""
        return (*self.prompt_ids(messages), *self._encode([Piece(beginning, True)]))

    def training_example(self, messages: Sequence[Message], completion: str) -> TrainingExample:
        """`messages` as served, then `completion` as the turn to learn, without white space around it.

        The serving prompt is a token prefix of the example: the completion is tokenized on its own, as the
        model produces it.
        """
        prompt = self.prompt_ids(messages)
        learned = self._encode([Piece(without_thoughts(completion).strip(), True), Piece(self._closing, False)])
        if not self._closing and self._tokenizer.eos_token_id is not None:
            learned.append(self._tokenizer.eos_token_id)
        return TrainingExample([*prompt, *learned], [0] * len(prompt) + [1] * len(learned))

    def text_example(self, text: str) -> TrainingExample:
        """Running text to continue, outside of any chat turn: every token of it is learned."""
        ids = self._encode([Piece(text, True)])
        return TrainingExample(ids, [1] * len(ids))

    def fit(self, system: str, turns: Sequence[Message], limit: int) -> tuple[list[Message], tuple[int, ...]]:
        """The newest turns that fit into `limit` tokens with the system prompt, and their ids.

        Raises EmptyPrompt without a last user turn, PromptTooLong when even that turn alone does not fit.
        """
        if not turns or turns[-1].role != "user" or not turns[-1].content.strip():
            raise EmptyPrompt
        head = [Message("system", system)] if system.strip() else []
        for first in _cut_points(turns):
            messages = [*head, *turns[first:]]
            ids = self.prompt_ids(messages)
            if len(ids) <= limit:
                return messages, ids
        raise PromptTooLong(len(ids), limit)

    def count(self, text: str) -> int:
        """Tokens of a text alone."""
        return len(self._encode([Piece(text, True)]))

    @cached_property
    def overhead(self) -> int:
        """Tokens the chat template adds to a message, rounded up."""
        one, three = Message("user", "a"), [Message("user", "a"), Message("assistant", "a"), Message("user", "a")]
        added = len(self.prompt_ids(three)) - len(self.prompt_ids([one])) - 2 * self.count("a")
        return -(-added // 2)

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def _encode(self, pieces: Sequence[Piece]) -> list[int]:
        return self._encoder.ids(
            [Piece(self._headings.sub(_apart, piece.text), True) if piece.said else piece for piece in pieces]
        )

    @cached_property
    def _closing(self) -> str:
        """The template's end of turn, up to its control token; "" where it has none."""
        return self._encoder.up_to_control(self._template.closing)

    @cached_property
    def _headings(self) -> re.Pattern[str]:
        """What sets turns apart in this template without being a control token: in contents it is kept apart."""
        turns = self._template.turns
        plain = not all(map(self._encoder.up_to_control, turns[1:-1]))
        found = {heading for text in turns for heading in _BRACKETED.findall(text)}
        found |= {heading for text in turns for heading in _WORDED.findall(text)} if plain else set()
        return any_of(heading for heading in found if not self._encoder.up_to_control(heading))


def _cut_points(turns: Sequence[Message]) -> list[int]:
    """Where a conversation may start: at user turns, oldest first."""
    return [index for index, turn in enumerate(turns) if turn.role == "user"]


def _apart(match: re.Match[str]) -> str:
    """`[INST]` → `[ INST]`, `USER:` → `USER :`; no tokens of the template's any more, and as readable."""
    heading = match[0]
    return f"{heading[:-1]} :" if heading.endswith(":") else f"{heading[:1]} {heading[1:]}"
