"""What a persona is asked and measured with: card, configuration, base model, prompt renderer."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.config import Config
from bot.engine import SamplingParams
from bot.engine.base_model import BaseModelFiles
from bot.personas.catalog import Persona
from bot.prompt import Message, PromptRenderer, TrainingExample


@dataclass(frozen=True)
class PersonaSetup:
    """`precision` and `device` are those of the base model in training and when losses are taken."""

    config: Config
    persona: Persona
    files: BaseModelFiles
    renderer: PromptRenderer
    precision: str
    device: str

    @property
    def sampling(self) -> SamplingParams:
        """As members are served: the defaults with the card's overrides, at most half of the context."""
        values = {**self.config.sampling.model_dump(), **self.persona.sampling_values()}
        limit = self.config.engine.context_tokens // 2
        limited = {**values, "max_tokens": min(values["max_tokens"], limit), "stop": self.renderer.stop}
        return SamplingParams(**limited)

    def prompt_ids(self, turns: Sequence[Message], system: str | None = None) -> tuple[int, ...]:
        """The token ids of `turns` under a system prompt: the persona's own if None, none if empty."""
        return self.renderer.prompt_ids(self.led(turns, system))

    def example(self, prompt: str, completion: str, system: str | None = None) -> TrainingExample:
        """A question and its answer under a system prompt, as ids and loss mask."""
        return self.renderer.training_example(self.led([Message("user", prompt)], system), completion)

    def led(self, turns: Sequence[Message], system: str | None = None) -> list[Message]:
        """`turns` under a system prompt: the persona's own if None, none if empty."""
        text = self.persona.system_prompt if system is None else system
        return [*([Message("system", text)] if text.strip() else []), *turns]
