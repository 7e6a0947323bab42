"""One reply from question to record: conversation → prompt → engine → store. Knows neither Discord nor the terminal."""

import dataclasses
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import cast

from bot.conversation.active_versions import ActiveVersions
from bot.conversation.context import Context, MemberMessage, Quoted, Turn
from bot.conversation.history import Conversations
from bot.conversation.recording import Continuation, Ending, Recording
from bot.engine import Completion, Engine, FinishReason, Generation, GenerationRequest, SamplingParams
from bot.errors import CannotGoOn, EmptyPrompt, PromptTooLong
from bot.personas.catalog import Persona
from bot.personas.lore import USUAL_ROOM, LoreRoom, told
from bot.personas.server_personas import BadPersona
from bot.prompt import Message, PromptRenderer, Role, ThoughtFilter, without_thoughts
from bot.prompt.encoding import well_formed
from bot.prompt.endings import seam, unclosed, whole_ending
from bot.prompt.names import plain_name
from bot.store import ReplyRecord, Store, StoredMessage, StoredReply
from bot.store.erasures import Mark
from bot.store.records import may_go_on
from bot.versions.registry import AdapterVersion

INTERRUPTED_FINISH = "interrupted"  # stored as the finish reason of a reply that ended because the bot did
RUNNING = "running"
OPENING = 8  # tokens that open the persona's turn, at most
SHORT_QUESTION = 64  # tokens
SCANNED = 4  # messages in which the keys of a lorebook are looked for, as the programs that write them have it


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
    parent_channel_id: int | None = None  # of the channel that a thread hangs below
    message_id: int | None = None  # the message asked with; None where there is none (a slash command)
    branch: int | None = None  # the reply that is answered, when it is not the conversation's last
    enclosed: str = ""  # what came with the words: text files, a poll
    quotes: tuple[Quoted, ...] = ()  # what they are about, in others' words

    def __post_init__(self) -> None:
        """Whatever arrives can be stored and encoded."""
        object.__setattr__(self, "text", well_formed(self.text))
        object.__setattr__(self, "enclosed", well_formed(self.enclosed))
        quotes = tuple(dataclasses.replace(quote, text=well_formed(quote.text)) for quote in self.quotes)
        object.__setattr__(self, "quotes", quotes)

    @property
    def asked(self) -> str:
        """All that the member says."""
        return "\n\n".join(filter(None, (self.text, self.enclosed)))


class Reply:
    """One reply under way: iterate it for text, then `record` it. `before`: what it said already when it goes on."""

    def __init__(
        self,
        ask: Ask,
        generation: Generation,
        opening: ReplyRecord,
        recording: Ending,
        before: str = "",
    ) -> None:
        self.ask = ask
        self.before = before
        self.text = ""
        self._generation = generation
        self._opening = opening
        self._recording = recording
        self._interrupted = False
        self._tokens = 0

    @property
    def position(self) -> int:
        return self._generation.position

    @property
    def wait_s(self) -> float | None:
        """About how long until it begins; None while nobody can know."""
        return self._generation.wait_s

    @property
    def completion(self) -> Completion | None:
        return self._generation.completion

    @property
    def was_cancelled(self) -> bool:
        return self.completion is not None and self.completion.finish_reason is FinishReason.CANCELLED

    @property
    def was_cut_off(self) -> bool:
        """Whether it ended at its length limit."""
        return self.completion is not None and self.completion.finish_reason is FinishReason.LENGTH

    @property
    def was_interrupted(self) -> bool:
        return self._interrupted and self.was_cancelled

    @property
    def nears_limit(self) -> bool:
        """Whether it may soon be cut off: what it says may then be taken back to its last whole sentence."""
        return 2 * self._tokens >= int(self._opening.sampling["max_tokens"])

    @property
    def goes_on(self) -> bool:
        """Whether it ended at its length limit and may go on."""
        if self.completion is None:
            return False
        ended = self._ended(self.completion)
        return may_go_on(ended.finish_reason, ended.continued)

    def cancel(self) -> None:
        self._generation.cancel()

    def interrupt(self) -> None:
        """End the reply because the bot stops; it is recorded as such."""
        self._interrupted = True
        self.cancel()

    async def __aiter__(self) -> AsyncIterator[str]:
        spoken = ThoughtFilter()
        async for chunk in self._generation:
            self._tokens += len(chunk.token_ids)
            said = spoken.push(chunk.text)
            self.text = self._joined(spoken.text)
            yield said
        rest = spoken.finish()
        self.text = self._ending(spoken.text)
        yield rest

    async def record(self, message_ids: Sequence[int] = ()) -> int | None:
        """Store everything about the finished reply and the messages that show it; its id.

        None when it, or words that it was made of, were deleted while it ran: then nothing of it is stored.
        Call once, after the stream has ended.
        """
        completion = self.completion
        if completion is None:
            raise RuntimeError("a reply can be recorded only after its stream has ended")
        return await self._recording.finish(self._ended(completion), message_ids)

    async def discard(self) -> None:
        """Leave nothing of a reply that was deleted or came to nothing. Does nothing once it is recorded."""
        await self._recording.discard()

    def _joined(self, said: str) -> str:
        return seam(self.before, said) + said

    def _ending(self, said: str) -> str:
        """What was cut off at the length limit in mid-sentence is neither shown nor stored."""
        if not self.was_cut_off:
            return self._joined(said)
        whole = whole_ending(self.before + self._joined(said))
        if whole.startswith(self.before) and len(whole) > len(self.before):
            return whole[len(self.before) :]
        return self._joined(whole_ending(said))

    def _ended(self, completion: Completion) -> ReplyRecord:
        opening, adapter = self._opening, completion.adapter
        said = self._ending(without_thoughts(completion.text))
        finish_reason = INTERRUPTED_FINISH if self.was_interrupted else completion.finish_reason.value
        if self.before and self.was_cancelled and not said.strip():
            return opening
        if self.before:
            return dataclasses.replace(
                opening,
                text=self.before + said,
                finish_reason=finish_reason,
                completion_tokens=opening.completion_tokens + len(completion.token_ids),
                total_s=opening.total_s + completion.total_s,
                continued=opening.continued + 1,
            )
        return dataclasses.replace(
            opening,
            adapter_number=adapter.number if adapter else None,
            adapter_sha256=adapter.sha256 if adapter else None,
            text=said,
            finish_reason=finish_reason,
            seed=completion.seed,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=len(completion.token_ids),
            queued_s=completion.queued_s,
            first_token_s=completion.first_token_s,
            total_s=completion.total_s,
            created_at=time.time(),
        )


class Replies:
    """Turns a member's message into a running generation of the persona that is asked."""

    def __init__(
        self,
        engine: Engine,
        renderer: PromptRenderer,
        active_versions: ActiveVersions,
        conversations: Conversations,
        store: Store,
        defaults: SamplingParams,
        lore: LoreRoom = USUAL_ROOM,
    ) -> None:
        self.engine = engine
        self.store = store
        self._renderer = renderer
        self._active_versions = active_versions
        self._context = Context(conversations, renderer)
        self._defaults = defaults
        self._lore = lore

    async def begin(self, ask: Ask, since: Mark | None = None) -> Reply:
        """Submit the reply to the engine. `since`: the store's erasures when its words were read; None: now.

        Raises EmptyPrompt, PromptTooLong, QueueFull, PersonaUnavailable or EngineStopped.
        """
        if not ask.asked.strip():
            raise EmptyPrompt
        since = self.store.erasures.mark() if since is None else since
        question = MemberMessage(
            channel_id=ask.channel_id,
            author_id=ask.author_id,
            author_name=plain_name(ask.author_name),
            text=ask.asked,
            in_public=ask.guild_id is not None,
            branch=ask.branch,
            quotes=tuple(dataclasses.replace(quote, name=plain_name(quote.name)) for quote in ask.quotes),
        )
        room = self._room(ask.persona) - self._renderer.count(ask.persona.system_prompt)
        room -= self._renderer.overhead + OPENING + (self._lore.tokens if ask.persona.lore else 0)
        return self.begin_with(ask, await self._context.turns(question, ask.persona.name, room), since)

    def begin_with(self, ask: Ask, turns: Sequence[Turn], since: Mark | None = None) -> Reply:
        """Submit a reply to `turns`, whatever the channel's conversation is. Roles alternate; the last is the user's.

        `since`: the store's erasures when the turns were read; None: now. Raises what `begin` raises.
        """
        sampling = self._sampling(ask.persona)
        said = [turn.message for turn in turns]
        messages, ids = self._renderer.fit(self._told(ask.persona, said), said, self._room(ask.persona))
        generation = self._generate(ask, ids, sampling)
        return self._under_way(generation, self._opening(ask, _with_authors(messages, turns), sampling), ask, since)

    def again(self, stored: StoredReply, persona: Persona, *, instead: bool = False) -> Reply:
        """Submit a second answer to the same prompt, with the version that speaks now and another seed.

        It stands beside the first until a member keeps one; `instead`: it takes the place of one that was cut off.
        Raises what `begin` raises.
        """
        record = stored.record
        messages = [Message(cast(Role, message.role), message.content) for message in record.messages]
        sampling = _another(self._sampling(persona))
        if not record.asked.strip() or not messages:
            raise EmptyPrompt
        ids = self._renderer.prompt_ids(messages)
        if len(ids) > (room := self._room(persona)):
            raise PromptTooLong(len(ids), room)
        ask = _ask_of(record, persona)
        regenerates = record.regenerates if instead else (record.regenerates or stored.id)
        opening = dataclasses.replace(self._opening(ask, record.messages, sampling), regenerates=regenerates)
        return self._under_way(self._generate(ask, ids, sampling), opening, ask)

    async def go_on(self, stored: StoredReply, persona: Persona) -> Reply:
        """Submit what follows a reply that ended at its length limit: same prompt, same version, in the same row.

        Raises CannotGoOn when nothing can follow it any more, and what `begin` raises.
        """
        record = stored.record
        if not may_go_on(record.finish_reason, record.continued) or record.base_fingerprint != self.engine.fingerprint:
            raise CannotGoOn
        adapter = await self._active_versions.version_of(record)
        before = unclosed(record.text)
        messages = [Message(cast(Role, message.role), message.content) for message in record.messages]
        ids = self._renderer.continued_ids(messages, before) if messages else ()
        sampling = dataclasses.replace(self._sampling(persona), seed=(record.seed + record.continued + 1) % 2**31)
        if not ids or len(ids) > self._room(persona):
            raise CannotGoOn
        generation = self._submit(ids, sampling, adapter, (record.channel_id, record.guild_id))
        return Reply(_ask_of(record, persona), generation, record, Continuation(self.store, stored), before)

    def _under_way(self, generation: Generation, opening: ReplyRecord, ask: Ask, since: Mark | None = None) -> Reply:
        mark = self.store.erasures.mark() if since is None else since
        return Reply(ask, generation, opening, Recording(self.store, opening, mark))

    def _opening(self, ask: Ask, sent: Sequence[StoredMessage], sampling: SamplingParams) -> ReplyRecord:
        """What is known of a reply when it begins."""
        return ReplyRecord(
            channel_id=ask.channel_id,
            guild_id=ask.guild_id,
            asker_id=ask.author_id,
            persona=ask.persona.name,
            adapter_number=None,
            adapter_sha256=None,
            base_fingerprint=self.engine.fingerprint,
            messages=tuple(sent),
            asked=ask.asked,
            text="",
            finish_reason=RUNNING,
            sampling=dataclasses.asdict(sampling),
            seed=0,
            prompt_tokens=0,
            completion_tokens=0,
            queued_s=0.0,
            first_token_s=None,
            total_s=0.0,
            source=ask.source,
            created_at=time.time(),
            asker_name=plain_name(ask.author_name),
            parent_channel_id=ask.parent_channel_id,
            asked_message_id=ask.message_id,
            parent_reply_id=ask.branch,
        )

    def fitted(self, ask: Ask) -> Ask:
        """The ask with what came with the words shortened, so that they and an answer find room beside it."""
        room = self._room(ask.persona) - self._renderer.count(ask.persona.system_prompt)
        quotes = tuple(
            dataclasses.replace(quote, text=self._shortened(quote.text, room // 4 // len(ask.quotes)))
            for quote in ask.quotes
        )
        return dataclasses.replace(ask, enclosed=self._shortened(ask.enclosed, room // 2), quotes=quotes)

    def _shortened(self, text: str, most: int) -> str:
        """The beginning of `text` that has at most so many tokens."""
        kept = text
        while kept and (tokens := self._renderer.count(kept)) > most:
            kept = kept[: min(len(kept) - 1, len(kept) * max(most, 0) // tokens)]
        return kept if kept == text else f"{kept.rstrip()} …"

    def check_room(self, persona: Persona) -> None:
        """Raises BadPersona when its prompt leaves no room for a short question in the context."""
        room = self._room(persona) - 2 * self._renderer.overhead - OPENING - SHORT_QUESTION
        if (tokens := self._renderer.count(persona.system_prompt)) > room:
            raise BadPersona("persona-beyond-context", tokens=tokens, limit=max(room, 0))

    def _told(self, persona: Persona, said: Sequence[Message]) -> str:
        """The system prompt, and what the persona's lorebook holds of what was talked about last."""
        latest = (message.content for message in said[-SCANNED:])
        lore = told(persona.lore, latest, self._lore, self._renderer.count) if persona.lore else ""
        return f"{persona.system_prompt}\n{lore}".strip() if lore else persona.system_prompt

    def _generate(self, ask: Ask, ids: tuple[int, ...], sampling: SamplingParams) -> Generation:
        # A thread hears what its channel hears.
        adapter = self._active_versions.speaking(ask.persona.name, ask.parent_channel_id or ask.channel_id)
        return self._submit(ids, sampling, adapter, (ask.channel_id, ask.guild_id))

    def _submit(
        self,
        ids: tuple[int, ...],
        sampling: SamplingParams,
        adapter: AdapterVersion | None,
        place: tuple[int, int | None],
    ) -> Generation:
        """`place`: the channel and the server, whose turn in the queue it is."""
        channel_id, guild_id = place
        return self.engine.submit(
            GenerationRequest(
                prompt_ids=ids,
                sampling=sampling,
                adapter=adapter,
                channel=str(channel_id),
                server=str(guild_id) if guild_id is not None else "",
            )
        )

    def _room(self, persona: Persona) -> int:
        """Tokens a prompt may have."""
        return self.engine.context_tokens - self._sampling(persona).max_tokens

    def _sampling(self, persona: Persona) -> SamplingParams:
        """The defaults with the card's overrides; a reply takes at most half of the context."""
        chosen = dataclasses.replace(self._defaults, **persona.sampling_values())
        return dataclasses.replace(
            chosen,
            max_tokens=min(chosen.max_tokens, self.engine.context_tokens // 2),
            stop=(*chosen.stop, *self._renderer.stop),
        )


def _ask_of(record: ReplyRecord, persona: Persona) -> Ask:
    """What a stored reply answers."""
    return Ask(
        channel_id=record.channel_id,
        guild_id=record.guild_id,
        author_id=record.asker_id,
        author_name=record.asker_name or "",
        text=record.asked,
        persona=persona,
        source=record.source,
        parent_channel_id=record.parent_channel_id,
        message_id=record.asked_message_id,
        branch=record.parent_reply_id,
    )


def _another(sampling: SamplingParams) -> SamplingParams:
    """For an answer that differs from the first: greedy sampling would say the same again."""
    return dataclasses.replace(sampling, seed=None, temperature=sampling.temperature or SamplingParams.temperature)


def _with_authors(messages: Sequence[Message], turns: Sequence[Turn]) -> list[StoredMessage]:
    """Attach authors: `messages` is an optional system message and then the newest of `turns`."""
    said = [message for message in messages if message.role != "system"]
    kept = turns[len(turns) - len(said) :]
    head = [StoredMessage(m.role, m.content, None) for m in messages if m.role == "system"]
    return head + [StoredMessage(t.message.role, t.message.content, t.author_id, t.message_id) for t in kept]
