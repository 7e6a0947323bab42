"""The composition root: builds the parts from the configuration, wires them, starts and stops them in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.config import Config
from bot.conversation import Conversations
from bot.engine import Engine, EngineOptions, SamplingParams, TorchEngine
from bot.engine.base_model import BaseModelFiles, load_tokenizer, prepare_base_model
from bot.errors import PersonaError, UnknownPersona
from bot.personas import PersonaCatalog
from bot.promotions import Promotions
from bot.prompt import PromptRenderer
from bot.registry import AdapterRegistry
from bot.replies import Replies
from bot.store import Store

log = logging.getLogger(__name__)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Core:
    """What answers messages, whoever asks: Discord, the sandbox or the terminal."""

    config: Config
    engine: Engine
    store: Store
    catalog: PersonaCatalog
    registry: AdapterRegistry
    promotions: Promotions
    conversations: Conversations
    replies: Replies


@asynccontextmanager
async def open_core(config: Config, progress: Progress | None = None) -> AsyncIterator[Core]:
    """Everything up and ready to answer; all of it stopped, in reverse order, on leaving.

    Raises OperatorError for whatever the operator must mend first.
    """
    async with AsyncExitStack() as stack:
        catalog = _catalog(config)
        store = await Store.open(config.store_path)
        stack.push_async_callback(store.close)
        files = await asyncio.to_thread(prepare_base_model, config.model.base, config.cache_dir, progress)
        engine, renderer = await asyncio.to_thread(_engine_and_renderer, config, files)
        stack.push_async_callback(engine.stop)
        await engine.start()
        registry = AdapterRegistry(config.adapters_dir)
        promotions = Promotions(registry, catalog, engine)
        await promotions.check()
        conversations = Conversations(
            store,
            max_turns=config.conversation.max_turns,
            idle_seconds=config.conversation.idle_minutes * 60.0,
        )
        defaults = SamplingParams(**config.sampling.model_dump())
        replies = Replies(engine, renderer, promotions, conversations, store, defaults)
        yield Core(config, engine, store, catalog, registry, promotions, conversations, replies)


def _catalog(config: Config) -> PersonaCatalog:
    catalog = PersonaCatalog(config.adapters_dir)
    try:
        catalog.get(config.personas.default)
    except UnknownPersona as error:
        raise PersonaError(f"personas.default = {config.personas.default!r}: {error}") from None
    return catalog


def _engine_and_renderer(config: Config, files: BaseModelFiles) -> tuple[Engine, PromptRenderer]:
    options = EngineOptions(device=config.model.device, precision=config.model.precision, **config.engine.model_dump())
    return TorchEngine(files, options), PromptRenderer(load_tokenizer(files))
