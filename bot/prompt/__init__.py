"""How messages become token ids: one renderer for serving (ids) and for training (ids and loss mask)."""

from bot.prompt.messages import Message, Role, merge
from bot.prompt.renderer import PromptRenderer, TrainingExample
from bot.prompt.thoughts import ThoughtFilter, without_thoughts

__all__ = ["Message", "PromptRenderer", "Role", "ThoughtFilter", "TrainingExample", "merge", "without_thoughts"]
