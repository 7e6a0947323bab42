"""Owns the life of one reply: conversation → prompt → engine → store. Knows nothing of Discord or the terminal."""

import dataclasses
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bot.conversation import Conversations, Turn
from bot.engine import Completion, Engine, Generation, GenerationRequest, SamplingParams
from bot.errors import EmptyPrompt
from bot.personas import Persona
from bot.promotions import Promotions
from bot.prompt import Message, PromptRenderer
from bot.store import ReplyRecord, Store, StoredMessage


@dataclass(frozen=True)
class Ask:
    """A member's message to a persona."""

    channel_id: int
    guild_id: int | None
    author_id: int
    author_name: str
    text: str
    persona: Persona
    source: str = "discord"


class Reply:
    """One reply under way: iterate it for text, then `record` it."""

    def __init__(
        self,
        ask: Ask,
        sent: Sequence[StoredMessage],
        sampling: SamplingParams,
        generation: Generation,
        replies: "Replies",
    ) -> None:
        self.ask = ask
        self.text = ""
        self._sent = tuple(sent)
        self._sampling = sampling
        self._generation = generation
        self._replies = replies

    @property
    def position(self) -> int:
        return self._generation.position

    @property
    def completion(self) -> Completion | None:
        return self._generation.completion

    def cancel(self) -> None:
        self._generation.cancel()

    async def __aiter__(self) -> AsyncIterator[str]:
        async for chunk in self._generation:
            self.text += chunk.text
            yield chunk.text

    async def record(self, message_ids: Sequence[int] = ()) -> int:
        """Store everything about the finished reply and the messages that show it; its id.

        Call once, after the stream has ended.
        """
        completion = self.completion
        if completion is None:
            raise RuntimeError("a reply can be recorded only after its stream has ended")
        return await self._replies.store.add_reply(self._as_record(completion), message_ids)

    def _as_record(self, completion: Completion) -> ReplyRecord:
        adapter = completion.adapter
        return ReplyRecord(
            channel_id=self.ask.channel_id,
            guild_id=self.ask.guild_id,
            asker_id=self.ask.author_id,
            persona=self.ask.persona.name,
            adapter_number=adapter.number if adapter else None,
            adapter_sha256=adapter.sha256 if adapter else None,
            base_fingerprint=self._replies.engine.fingerprint,
            messages=self._sent,
            asked=self.ask.text,
            text=completion.text,
            finish_reason=completion.finish_reason.value,
            sampling=dataclasses.asdict(self._sampling),
            seed=completion.seed,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=len(completion.token_ids),
            queued_s=completion.queued_s,
            first_token_s=completion.first_token_s,
            total_s=completion.total_s,
            source=self.ask.source,
            created_at=time.time(),
        )


class Replies:
    """Turns a member's message into a running generation of the persona that is asked."""

    def __init__(
        self,
        engine: Engine,
        renderer: PromptRenderer,
        promotions: Promotions,
        conversations: Conversations,
        store: Store,
        defaults: SamplingParams,
    ) -> None:
        self.engine = engine
        self.store = store
        self._renderer = renderer
        self._promotions = promotions
        self._conversations = conversations
        self._defaults = defaults

    async def begin(self, ask: Ask) -> Reply:
        """Submit the reply to the engine.

        Raises EmptyPrompt, PromptTooLong, QueueFull, PersonaUnavailable or EngineStopped.
        """
        if not ask.text.strip():
            raise EmptyPrompt
        adapter = self._promotions.speaking(ask.persona.name)
        sampling = self._sampling(ask.persona)
        history = await self._conversations.turns(ask.channel_id, ask.persona.name)
        turns = [*history, Turn(Message("user", ask.text), ask.author_id)]
        messages, ids = self._renderer.fit(
            ask.persona.system_prompt,
            [turn.message for turn in turns],
            self.engine.context_tokens - sampling.max_tokens,
        )
        generation = self.engine.submit(
            GenerationRequest(prompt_ids=ids, sampling=sampling, adapter=adapter, channel=str(ask.channel_id))
        )
        return Reply(ask, _with_authors(messages, turns), sampling, generation, self)

    def _sampling(self, persona: Persona) -> SamplingParams:
        """The defaults with the card's overrides; a reply takes at most half of the context."""
        overrides = persona.sampling.model_dump(exclude_none=True)
        chosen = dataclasses.replace(self._defaults, **overrides)
        return dataclasses.replace(chosen, max_tokens=min(chosen.max_tokens, self.engine.context_tokens // 2))


def _with_authors(messages: Sequence[Message], turns: Sequence[Turn]) -> list[StoredMessage]:
    """Attach authors: `messages` is an optional system message and then the newest of `turns`."""
    said = [message for message in messages if message.role != "system"]
    kept = turns[len(turns) - len(said) :]
    head = [StoredMessage(m.role, m.content, None) for m in messages if m.role == "system"]
    return head + [StoredMessage(t.message.role, t.message.content, t.author_id) for t in kept]
