"""Turns messages into token ids: one renderer for serving (ids) and for training (ids and loss mask).

It speaks the model's own chat template. Knows nothing of Discord, the store or the engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import jinja2

from bot.errors import BaseModelError, EmptyPrompt, PromptTooLong

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True)
class TrainingExample:
    """`ids` and `loss_mask` have one length; the mask is 1 on what is learned (a completion and its end of turn)."""

    ids: list[int]
    loss_mask: list[int]


class PromptRenderer:
    """Renders conversations with a transformers tokenizer that has a chat template."""

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise BaseModelError(
                f"{tokenizer.name_or_path}: this model has no chat template; choose an instruct or chat model."
            )
        self._tokenizer = tokenizer
        self._system_role = self._accepts_system_role()

    def prompt_ids(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """What the model reads: all messages and the opening of its own turn."""
        return tuple(self._encode(self._text(messages)))

    def training_example(self, messages: Sequence[Message], completion: str) -> TrainingExample:
        """`messages` as served, then `completion` as the turn to learn.

        The serving prompt is a token prefix of the example: the completion is tokenized on its own, as the
        model produces it.
        """
        prompt = self._text(messages)
        whole = self._text([*messages, Message("assistant", completion)], open_turn=False)
        start, found = whole[: len(prompt)], whole.rfind(completion)
        if start != prompt or found < 0:
            raise BaseModelError(
                f"{self._tokenizer.name_or_path}: its chat template renders a finished turn differently from "
                "an open one, so it cannot be trained on; choose another base model."
            )
        prompt_ids = self._encode(prompt)
        completion_ids = self._encode(whole[len(prompt) :].rstrip("\n"))
        return TrainingExample([*prompt_ids, *completion_ids], [0] * len(prompt_ids) + [1] * len(completion_ids))

    def text_example(self, text: str) -> TrainingExample:
        """Running text to continue, outside of any chat turn: every token of it is learned."""
        ids = self._encode(text)
        return TrainingExample(ids, [1] * len(ids))

    def fit(self, system: str, turns: Sequence[Message], limit: int) -> tuple[list[Message], tuple[int, ...]]:
        """The newest turns that fit into `limit` tokens with the system prompt, and their ids.

        Raises EmptyPrompt without a last user turn, PromptTooLong when even that turn alone does not fit.
        """
        if not turns or turns[-1].role != "user" or not turns[-1].content.strip():
            raise EmptyPrompt
        head = [Message("system", system)] if system.strip() else []
        for first in _cut_points(turns):
            messages = [*head, *merge(turns[first:])]
            ids = self.prompt_ids(messages)
            if len(ids) <= limit:
                return messages, ids
        raise PromptTooLong(len(ids), limit)

    def count(self, text: str) -> int:
        """Tokens of a text alone."""
        return len(self._encode(text))

    @cached_property
    def overhead(self) -> int:
        """Tokens the chat template adds to a message, rounded up."""
        one, three = Message("user", "a"), [Message("user", "a"), Message("assistant", "a"), Message("user", "a")]
        added = len(self.prompt_ids(three)) - len(self.prompt_ids([one])) - 2 * self.count("a")
        return -(-added // 2)

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def _text(self, messages: Sequence[Message], *, open_turn: bool = True) -> str:
        rows = [{"role": m.role, "content": m.content} for m in self._without_system(messages)]
        return str(
            self._tokenizer.apply_chat_template(
                rows, tokenize=False, add_generation_prompt=open_turn, enable_thinking=False
            )
        )

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _without_system(self, messages: Sequence[Message]) -> list[Message]:
        """For templates that refuse a system role (Gemma): its text opens the first user turn instead."""
        if self._system_role or not messages or messages[0].role != "system":
            return list(messages)
        system, first, *rest = messages
        return [Message(first.role, f"{system.content}\n\n{first.content}"), *rest]

    def _accepts_system_role(self) -> bool:
        probe = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
        try:
            self._tokenizer.apply_chat_template(probe, tokenize=False)
        except jinja2.exceptions.TemplateError:
            return False
        return True


def merge(turns: Sequence[Message]) -> list[Message]:
    """Join neighbours of one role: several templates insist that user and assistant alternate."""
    merged: list[Message] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = Message(turn.role, f"{merged[-1].content}\n{turn.content}")
        elif merged or turn.role == "user":
            merged.append(turn)
    return merged


def _cut_points(turns: Sequence[Message]) -> list[int]:
    """Where a conversation may start: at user turns, oldest first."""
    return [index for index, turn in enumerate(turns) if turn.role == "user"]
