"""The composition root: builds the parts from the configuration, wires them, starts and stops them in order."""

import asyncio
import dataclasses
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from rich.console import Console

from bot.config import Config
from bot.conversation.active_versions import ActiveVersions
from bot.conversation.channels import ChannelPersonas
from bot.conversation.core import Core
from bot.conversation.history import Conversations
from bot.conversation.replies import Replies
from bot.discord_bot.access import Access, Operators
from bot.discord_bot.client import TroupeBot
from bot.discord_bot.connection import checked_token, run_supervised
from bot.discord_bot.rate_limits import Rate
from bot.discord_bot.settings import BotSettings
from bot.engine_choice import make_engine, sampling_defaults
from bot.errors import ConfigError, StoreError
from bot.personas.catalog import PersonaCatalog
from bot.personas.lore import LoreRoom
from bot.posix import on_stop_signals
from bot.progress import ReportProgress, progress_bar
from bot.prompt import PromptRenderer
from bot.retraining.runs import TrainingRuns
from bot.retraining.schedule import Retraining, interval
from bot.sandbox import SandboxServer, point_discord_at
from bot.sandbox.world import World
from bot.store import Store, held
from bot.versions.registry import AdapterRegistry, sweep_partials

log = logging.getLogger(__name__)

# Who speaks in the sandbox's channels until somebody chooses otherwise.
SANDBOX_CAST = {
    "tavern": "pirate",
    "critics-corner": "sarcastic",
    "gadsbys-study": "gadsby",
    "wrens-porch": "mentor",
    "couch": "friend",
}
ABOUT_THE_SMALL_MODEL = (
    "You are talking to a model of 135M parameters: English only, often wrong, here to try things out. "
    'For better answers set model.base = "Qwen/Qwen3-1.7B" in config.toml (a download of about 4 GB).'
)
SETTLED_IN, LOOK_AGAIN = 600.0, 24 * 3600.0  # seconds: when the bot first looks who left a server, and when again
DRAIN_SECONDS = 2.5  # for replies to end by themselves when the bot stops; all of stopping takes less than ten


@asynccontextmanager
async def open_core(config: Config, progress: ReportProgress | None = None) -> AsyncIterator[Core]:
    """Everything up and ready to answer; all of it stopped, in reverse order, on leaving.

    Raises OperatorError for whatever the operator must mend first.
    """
    async with AsyncExitStack() as stack:
        catalog = PersonaCatalog(config.adapters_dir)
        sweep_partials(config.store_path.parent, *(config.adapters_dir / name for name in catalog.names()))
        store = await Store.open(config.store_path)
        stack.push_async_callback(store.close)
        channels = ChannelPersonas(store, catalog, config.personas.default)
        engine = await asyncio.to_thread(make_engine, config, catalog, progress)
        stack.push_async_callback(engine.stop)
        await engine.start()
        registry = AdapterRegistry(config.adapters_dir, engine.fingerprint)
        active_versions = ActiveVersions(registry, catalog, engine)
        await active_versions.check()
        conversations = Conversations(
            store,
            max_turns=config.conversation.max_turns,
            idle_seconds=config.conversation.idle_minutes * 60.0,
        )
        renderer = PromptRenderer(engine.tokenizer)
        defaults = sampling_defaults(config)
        lore = LoreRoom(config.personas.lore_entries, config.personas.lore_tokens)
        replies = Replies(engine, renderer, active_versions, conversations, store, defaults, lore)
        yield Core(engine, store, catalog, registry, channels, active_versions, conversations, replies)


async def run_bot(config: Config, console: Console | None) -> None:
    """Serve until SIGINT or SIGTERM. `console`: None where only the log may be written.

    Raises OperatorError for what the operator must mend.
    """
    started = time.monotonic()
    stopping = _stop_on_signals()
    async with AsyncExitStack() as stack:
        stack.enter_context(held(config.store_path))
        token, sandbox = await _open_discord(config, stack)
        with progress_bar(console) as progress:
            core = await stack.enter_async_context(open_core(config, progress))
        if sandbox is not None:
            await _cast(sandbox, core)
        # What is loaded by now stays: looking through its half a million objects again would halt replies for long.
        gc.collect()
        gc.freeze()
        runs = TrainingRuns(config.file, config.folder)
        stack.push_async_callback(runs.stop)
        settings = _bot_settings(config, sandbox)
        client: TroupeBot | None = None
        announced = False

        async def announce() -> None:
            nonlocal announced
            if announced:  # Discord says "ready" again after a connection that could not be resumed
                return
            announced = True
            log.info("ready in %.1f s", time.monotonic() - started)
            if sandbox is not None and console is None:
                log.info("open %s in a browser", sandbox.url)
            elif sandbox is not None and console is not None:
                console.print(f"\n  Open [bold]{sandbox.url}[/] in a browser. Ctrl-C stops.\n", soft_wrap=True)

        def make_client() -> TroupeBot:
            nonlocal client
            client = TroupeBot(core, runs, settings)
            client.add_listener(announce, "on_ready")
            return client

        async def stop_gracefully() -> None:
            await stopping.wait()
            log.info("stopping")
            if client is not None:
                await client.drain(DRAIN_SECONDS)
            await core.engine.stop()

        await _first_of(
            stop_gracefully(),
            run_supervised(make_client, token),
            core.active_versions.watch(),
            _retrain(config, core, runs),
            _forget_departed(lambda: client),
            _let_go(core.store, config.store.keep_days),
        )


def discord_token(config: Config) -> str | None:
    """The token, if there is one; discord.py speaks to the Discord that the environment names from now on."""
    secrets = config.secrets
    token = secrets.discord_token
    if secrets.discord_api or secrets.discord_gateway:
        if token is None or not secrets.discord_api or not secrets.discord_gateway:
            raise ConfigError(
                "TROUPE_DISCORD_API, TROUPE_DISCORD_GATEWAY and DISCORD_TOKEN go together: set all three to use "
                "another local Discord, or none to start the sandbox."
            )
        point_discord_at(secrets.discord_api, secrets.discord_gateway)
    return None if token is None else checked_token(token.get_secret_value())


async def _open_discord(config: Config, stack: AsyncExitStack) -> tuple[str, SandboxServer | None]:
    """The token, and the local Discord when there is none: opened first, so that a taken port is told at once."""
    if (token := discord_token(config)) is not None:
        return token, None
    sandbox = SandboxServer(
        config.sandbox.host,
        config.sandbox.port,
        state=config.sandbox_state,
        message_content=config.sandbox.message_content,
        world=World(locale=config.sandbox.locale, about=ABOUT_THE_SMALL_MODEL if _is_packaged(config) else ""),
    )
    await sandbox.start()
    stack.push_async_callback(sandbox.stop)
    point_discord_at(sandbox.api, sandbox.gateway)
    return sandbox.token, sandbox


def _is_packaged(config: Config) -> bool:
    from bot.engine.base_model import PACKAGED  # transformers takes a second

    return config.model.base == PACKAGED


async def _cast(sandbox: SandboxServer, core: Core) -> None:
    """Give the channels who speaks there, and at the first start every persona its own name and picture."""
    chosen = {name: await core.channels.chosen(number) for name, number in sandbox.demo_channels.items()}
    for channel, persona in SANDBOX_CAST.items():
        if persona in core.catalog.names() and chosen[channel] is None:
            await core.channels.switch(sandbox.demo_channels[channel], sandbox.guild_id, persona, sandbox.bot_id)
    if not any(chosen.values()):
        for channel_id in sandbox.demo_channels.values():
            await core.store.set_identity(channel_id, sandbox.guild_id, sandbox.bot_id, on=True)


def _operators(config: Config, sandbox: SandboxServer | None) -> Operators:
    """In the sandbox its server's owner operates the bot: nobody owns an application there."""
    chosen = Operators(**{name: _as_set(value) for name, value in config.operators})
    if sandbox is None:
        return chosen
    return dataclasses.replace(chosen, members=chosen.members | {next(iter(sandbox.members.values()))})


async def _retrain(config: Config, core: Core, runs: TrainingRuns) -> None:
    """The bot's own trainings, until cancelled."""
    every, votes = interval(config.training.schedule), config.training.min_new_votes
    await Retraining(runs, core.store, core.registry, core.catalog, every_seconds=every, min_new_votes=votes).watch()


async def _let_go(store: Store, keep_days: float) -> None:
    """Delete, once a day, what is older than `keep_days` and nobody voted on (0: nothing), until cancelled."""
    await asyncio.sleep(SETTLED_IN)
    while True:
        if keep_days:
            try:
                dropped = await store.drop_unvoted(time.time() - keep_days * 86_400)
                log.info("%d replies without a vote were older than %g days and are deleted", dropped, keep_days)
            except StoreError as error:
                log.warning("old replies could not be deleted: %s", error)
        await asyncio.sleep(LOOK_AGAIN)


async def _forget_departed(client: Callable[[], TroupeBot | None]) -> None:
    """Delete, once a day, what is stored about members of servers that they left, until cancelled."""
    await asyncio.sleep(SETTLED_IN)
    while True:
        if (bot := client()) is not None and bot.is_ready():
            await bot.forget_departed()
        await asyncio.sleep(LOOK_AGAIN)


def _bot_settings(config: Config, sandbox: SandboxServer | None) -> BotSettings:
    return BotSettings(
        edit_seconds=config.discord.edit_seconds,
        ask_consent=config.feedback.ask_consent,
        status=config.discord.status,
        commands_file=config.store_path.parent / "commands.sha256" if sandbox is None else None,
        message_content=config.discord.message_content,
        members=config.discord.members,
        picture_of_emoji=sandbox.picture_of if sandbox else None,
        member_rate=Rate(config.limits.member_per_minute, config.limits.member_burst),
        server_rate=Rate(config.limits.server_per_minute, config.limits.server_burst),
        access=Access(**{name: _as_set(value) for name, value in config.access}),
        operators=_operators(config, sandbox),
    )


def _as_set(value: Any) -> Any:
    return frozenset(value) if isinstance(value, tuple) else value


def _stop_on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    on_stop_signals(stopping.set)
    return stopping


async def _first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Run all until one ends; the others are cancelled, and what the ended one raised is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
