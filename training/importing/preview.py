"""How an example looks to the model that learns it: in the base model's chat template, or as roles and text."""

from typing import Any

from bot.personas.catalog import Pair
from bot.prompt import Message, PromptRenderer


def as_the_model_sees(example: Pair | str, system: str, tokenizer: Any | None) -> str:
    """The whole text that a training reads, control tokens included. Without a tokenizer: a turn a line."""
    if isinstance(example, str):
        return example
    head = [Message("system", system)] if system.strip() else []
    messages = [*head, *example.history, Message("user", example.prompt)]
    if tokenizer is not None and getattr(tokenizer, "chat_template", None):
        ids = PromptRenderer(tokenizer).training_example(messages, example.completion).ids
        return str(tokenizer.decode(ids, skip_special_tokens=False))
    return "\n".join(f"{one.role}: {one.content}" for one in [*messages, Message("assistant", example.completion)])
