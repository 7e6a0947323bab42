"""A bot with the real store, personas and replies around a scripted engine, in simcord's in-memory Discord."""

import dataclasses
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot.conversation.active_versions import ActiveVersions
from bot.conversation.channels import ChannelPersonas
from bot.conversation.core import Core
from bot.conversation.history import Conversations
from bot.conversation.replies import Replies
from bot.discord_bot.client import TroupeBot
from bot.discord_bot.settings import BotSettings
from bot.engine import SamplingParams
from bot.personas.catalog import PersonaCatalog
from bot.prompt import PromptRenderer
from bot.retraining.runs import TrainingRuns
from bot.sandbox.rest import RecordedRequest
from bot.store import Store
from bot.versions.registry import AdapterRegistry
from tests.fakes import CharacterTokenizer, ScriptedEngine
from tests.sandbox.contract import DOCUMENT, assert_requests_valid

CARDS = {
    "pirate": ("Captain Saltbeard", "A cheerful pirate.", "Ahoy, mateys!"),
    "plain": ("Plain", "Answers plainly.", ""),
    "sarcastic": ("The Critic", "Thanks you for asking. Really.", "Oh, joy."),
}
SCRIPTED_TRAINING = Path(__file__).parent.parent / "scripted_training.py"
MakeBot = Callable[..., TroupeBot]


@pytest.fixture
def personas_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "adapters"
    for name, (display_name, description, greeting) in CARDS.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "persona.toml").write_text(
            f'name = "{name}"\ndisplay_name = "{display_name}"\ndescription = "{description}"\n'
            f'greeting = "{greeting}"\navatar = "🎭"\nsystem_prompt = "You are {display_name}."\n',
            encoding="utf-8",
        )
    return folder


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "troupe.db")
    yield store
    await store.close()


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def runs(tmp_path: Path) -> TrainingRuns:
    """Trainings by a program that prints what `training` prints; see tests/scripted_training.py."""
    return TrainingRuns(None, tmp_path, program=(sys.executable, str(SCRIPTED_TRAINING)))


@pytest.fixture
def make_bot(store: Store, engine: ScriptedEngine, personas_folder: Path, runs: TrainingRuns) -> MakeBot:
    """Build a bot on the test's store; again, as after a restart. Options are parts of its core, or settings."""

    def make(**options: Any) -> TroupeBot:
        catalog = PersonaCatalog(personas_folder)
        registry = AdapterRegistry(personas_folder)
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
        parts = {name: options.pop(name) for name in vars(core) if name in options}
        settings = BotSettings(**{"edit_seconds": 0.0, "progress_seconds": 0.0, **options})
        return TroupeBot(dataclasses.replace(core, **parts), runs, settings)

    return make


@pytest.fixture
def simcord_bot(make_bot: MakeBot) -> TroupeBot:
    return make_bot()


@pytest.fixture
async def env(simcord_env: simcord.Env, engine: ScriptedEngine) -> AsyncIterator[simcord.Env]:
    """Every request the bot makes in it is checked against Discord's API document."""

    async def wait(awaitable: Awaitable[Any]) -> Any:
        return await simcord_env.external_wait(awaitable, reason="the test speaks next")

    engine.wait = wait
    yield simcord_env
    if DOCUMENT.is_file():
        assert_requests_valid(
            RecordedRequest(made.method, made.path, made.params, made.json, (), 200)
            for made in simcord_env.http_requests
        )


@pytest.fixture
def guild(env: simcord.Env) -> Any:
    return env.create_guild("The Tavern")


@pytest.fixture
def channel(guild: Any) -> Any:
    return guild.create_text_channel("general")


@pytest.fixture
def alice(env: simcord.Env, guild: Any) -> Any:
    return guild.add_member(env.create_user("alice"))


@pytest.fixture
def bob(env: simcord.Env, guild: Any) -> Any:
    return guild.add_member(env.create_user("bob"))


@pytest.fixture
def at_bot(env: simcord.Env) -> str:
    """The bot's mention, as members write it."""
    assert env.bot.user is not None
    return env.bot.user.mention


def handled(env: simcord.Env) -> list[str]:
    """The kinds of errors that reached discord.py's error handlers; asking accepts them as part of the test."""
    return [type(getattr(error, "original", error)).__name__ for error in env.errors]
