"""The bot whose own time is measured: TroupeBot, its store and replies around an engine that speaks at a fixed pace."""

import asyncio
import gc
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.conversation.active_versions import ActiveVersions
from bot.conversation.channels import ChannelPersonas
from bot.conversation.core import Core
from bot.conversation.history import Conversations
from bot.conversation.replies import Replies
from bot.discord_bot.client import TroupeBot
from bot.discord_bot.settings import BotSettings
from bot.engine import EngineStatus, FinishReason, GenerationRequest, SamplingParams
from bot.personas.catalog import PersonaCatalog
from bot.prompt import PromptRenderer
from bot.retraining.runs import TrainingRuns
from bot.store import Store
from bot.versions.registry import AdapterRegistry, AdapterVersion
from tests.fakes import CharacterTokenizer, ScriptedGeneration

PIECES = ("Aye, matey, that be a fine question ", "and the answer ", "lies ", "in the stars.")
PIECE_SECONDS = 0.05
SERIAL = re.compile(r"question (\d+)")


class Clock:
    """When what happened to each question, by the question's number; finished ones become two durations."""

    def __init__(self) -> None:
        self.overheads: list[float] = []
        self.last_edits: list[float] = []
        self._heard: dict[int, float] = {}
        self._asked_by: dict[int, int] = {}  # the question's message id → its number
        self._answers: dict[int, int] = {}  # the answer's message id → the question's number
        self._early: dict[int, float] = {}  # the answer's message id → its last edit
        self._engine: dict[int, list[float]] = {}  # submitted, first piece, end

    def heard(self, number: int, message_id: int, at: float) -> None:
        self._heard[number] = at
        self._asked_by[message_id] = number

    def engine(self, number: int) -> None:
        self._engine.setdefault(number, []).append(time.perf_counter())

    def shown(self, message_id: int) -> None:
        number = self._asked_by.get(message_id)
        if number is not None and number in self._heard:
            submitted, first = self._engine[number][:2]
            self.overheads.append(time.perf_counter() - self._heard.pop(number) - (first - submitted))

    def answered_by(self, message_id: int, answer_id: int) -> None:
        if (number := self._asked_by.pop(message_id, None)) is not None:
            self._answers[answer_id] = number
            if (at := self._early.pop(answer_id, None)) is not None:
                self._complete(answer_id, at)

    def completed(self, answer_id: int) -> None:
        if answer_id in self._answers:
            self._complete(answer_id, time.perf_counter())
        else:
            self._early[answer_id] = time.perf_counter()  # the gateway has not told of the answer yet

    def _complete(self, answer_id: int, at: float) -> None:
        self.last_edits.append(at - self._engine.pop(self._answers.pop(answer_id))[2])


class PacedEngine:
    """Follows bot.engine.request.Engine: each answer comes in the same pieces at the same pace."""

    context_tokens = 4096
    fingerprint = "scripted"
    arithmetic = "scripted"

    def __init__(self, clock: Clock) -> None:
        self.tokenizer = CharacterTokenizer()
        self._clock = clock
        self._speaking: set[asyncio.Task[None]] = set()

    def submit(self, request: GenerationRequest) -> ScriptedGeneration:
        number = int(SERIAL.findall("".join(map(chr, request.prompt_ids[-200:])))[-1])
        generation = ScriptedGeneration(request, _plainly)
        self._clock.engine(number)
        task = asyncio.create_task(self._speak(generation, number))
        self._speaking.add(task)
        task.add_done_callback(self._speaking.discard)
        return generation

    async def _speak(self, generation: ScriptedGeneration, number: int) -> None:
        for index, piece in enumerate(PIECES):
            await asyncio.sleep(PIECE_SECONDS)
            if index == 0:
                self._clock.engine(number)
            generation.say(piece)
        self._clock.engine(number)
        generation.end(FinishReason.STOP)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def load(self, adapter: AdapterVersion) -> None: ...

    async def unload(self, adapter: AdapterVersion) -> None: ...

    def status(self) -> EngineStatus:
        return EngineStatus("scripted", "none", "none", len(self._speaking), 0, 64, ())


async def _plainly(awaitable: Any) -> Any:
    return await awaitable


class TimedBot(TroupeBot):
    """Notes the moment at which the gateway's event was taken from the wire, before discord.py makes anything of it."""

    clock: Clock
    _arrived = 0.0

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if event == "socket_event_type":
            self._arrived = time.perf_counter()
        elif event == "message":
            message = args[0]
            if found := SERIAL.search(message.content):
                self.clock.heard(int(found[1]), message.id, self._arrived)
            elif message.author == self.user and message.reference is not None:
                self.clock.answered_by(message.reference.message_id, message.id)
        super().dispatch(event, *args, **kwargs)


def _note_requests(trace: aiohttp.TraceConfig, clock: Clock) -> None:
    """Note each request at the moment its body leaves; what the bot itself reads from `trace` stays."""

    async def sent(_session: Any, _context: Any, params: aiohttp.TraceRequestChunkSentParams) -> None:
        if "/messages" not in params.url.path:
            return
        body = json.loads(params.chunk)
        if params.method == "POST" and body.get("message_reference"):
            clock.shown(int(body["message_reference"]["message_id"]))
        elif params.method == "PATCH" and body.get("components"):
            clock.completed(int(params.url.name))

    trace.on_request_chunk_sent.append(sent)


@asynccontextmanager
async def opened(folder: Path, clock: Clock) -> AsyncIterator[Callable[[], TimedBot]]:
    """What makes the bot, for the supervisor; its store is in `folder`."""
    adapters = folder / "adapters"
    (adapters / "plain").mkdir(parents=True)
    (adapters / "plain" / "persona.toml").write_text(
        'name = "plain"\ndisplay_name = "Plain"\ndescription = "Answers plainly."\nsystem_prompt = "Answer."\n'
    )
    store = await Store.open(folder / "troupe.db")
    engine = PacedEngine(clock)
    catalog = PersonaCatalog(adapters)
    registry = AdapterRegistry(adapters)
    active_versions = ActiveVersions(registry, catalog, engine)
    conversations = Conversations(store, max_turns=20, idle_seconds=3600.0)
    renderer = PromptRenderer(CharacterTokenizer())
    core = Core(
        engine=engine,
        store=store,
        catalog=catalog,
        registry=registry,
        channels=ChannelPersonas(store, catalog, "plain"),
        active_versions=active_versions,
        conversations=conversations,
        replies=Replies(engine, renderer, active_versions, conversations, store, SamplingParams()),
    )
    runs = TrainingRuns(None, folder)

    def make() -> TimedBot:
        bot = TimedBot(core, runs, BotSettings(edit_seconds=1.2))
        bot.clock = clock
        assert bot.http.http_trace is not None
        _note_requests(bot.http.http_trace, clock)
        return bot

    gc.collect()
    gc.freeze()  # as bot.app does
    try:
        yield make
    finally:
        gc.unfreeze()
        await store.close()
