"""The discord.py client: intents, cogs, slash commands. Its collaborators are handed in; no globals.

Staying connected is `bot.discord_bot.connection`'s work.
"""

import asyncio
import hashlib
import json
import logging
import time
from collections import deque
from pathlib import Path
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from discord.state import ConnectionState

from bot.conversation.core import Core
from bot.discord_bot.access import CHECKED_EVENTS, AccessCheck
from bot.discord_bot.cogs.asking import Asking
from bot.discord_bot.cogs.chat import Chat
from bot.discord_bot.cogs.collection import Collection
from bot.discord_bot.cogs.continuing import Continuing
from bot.discord_bot.cogs.feedback import Feedback
from bot.discord_bot.cogs.help import Help
from bot.discord_bot.cogs.leaving_members import LeavingMembers
from bot.discord_bot.cogs.lost_places import LostPlaces
from bot.discord_bot.cogs.message_menus import ReplyMenus
from bot.discord_bot.cogs.operations import Operations
from bot.discord_bot.cogs.orphaned_forms import OrphanedForms
from bot.discord_bot.cogs.personas import ForgetConversation, Personas
from bot.discord_bot.cogs.privacy import Privacy
from bot.discord_bot.cogs.scenes import Scenes
from bot.discord_bot.cogs.second_answers import SecondAnswers
from bot.discord_bot.cogs.stats import Stats
from bot.discord_bot.controls.consent import ConsentQuestion
from bot.discord_bot.controls.persistent import PersistentItem
from bot.discord_bot.failures import GuardedTree
from bot.discord_bot.form_ids import FormIds
from bot.discord_bot.gateway_parsers import forgiving
from bot.discord_bot.interactions import InteractiveBot, PressHandlers
from bot.discord_bot.localization import CatalogueTranslator, audience_of
from bot.discord_bot.rate_limits import Limits
from bot.discord_bot.replying.delivery import ReplyDelivery
from bot.discord_bot.replying.edit_pacing import EditPacer
from bot.discord_bot.replying.webhooks import Identities
from bot.discord_bot.request_budget import RequestBudget
from bot.discord_bot.settings import BotSettings
from bot.discord_bot.threads import Threads, place_named
from bot.discord_bot.unrepeated_events import OnceTold
from bot.errors import PublishError
from bot.personas.server_personas import ServerPersonas
from bot.retraining.forgetting import Forgetting
from bot.retraining.runs import TrainingRuns
from bot.versions.registry import write_atomically
from bot.wording import address

log = logging.getLogger(__name__)

LAST_EVENTS_SECONDS = 1.0  # in which what Discord told of last must reach the store
FLAPS, FLAP_WINDOW = 5, 60.0  # so many lost connections in so many seconds are a loop, not bad luck


def intents(*, message_content: bool = False, members: bool = False) -> discord.Intents:
    """What the bot must hear. Privileged ones only on demand: what nobody mentions it in, and who leaves a server."""
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        dm_messages=True,
        guild_reactions=True,
        dm_reactions=True,
        message_content=message_content,
        members=members,
    )


def _manner() -> dict[str, Any]:
    """How every bot of ours is on Discord: no prefix commands, nothing kept of members and messages, nobody pinged."""
    return {
        "command_prefix": commands.when_mentioned,
        "help_command": None,
        "chunk_guilds_at_startup": False,
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "max_messages": None,
        "tree_cls": GuardedTree,
        "allowed_mentions": discord.AllowedMentions.none(),
        "allowed_contexts": app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        "allowed_installs": app_commands.AppInstallationType(guild=True, user=False),
    }


class TroupeBot(InteractiveBot):
    """Wires the cogs to what answers, and stays the same client when a lost connection is made again."""

    def __init__(self, core: Core, runs: TrainingRuns, settings: BotSettings) -> None:
        pacer = EditPacer(settings.edit_seconds)
        self.request_budget = budget = RequestBudget()
        # The bot never speaks aloud: no warnings about missing voice libraries.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=intents(message_content=settings.message_content, members=settings.members),
            activity=discord.CustomActivity(name=settings.status) if settings.status else None,
            http_trace=budget.watch(pacer.trace()),
            **_manner(),
        )
        self.access_check = AccessCheck(settings.access, settings.operators)
        self.press_handlers = PressHandlers()
        self._threads = Threads(self)
        self._looking_up: set[asyncio.Task[None]] = set()
        self.form_ids = FormIds()
        self._once_told = OnceTold(core.store.event_journal)
        self._server_personas = ServerPersonas(core.store, core.catalog, core.replies.check_room)
        self._delivery = ReplyDelivery(Limits(settings.member_rate, settings.server_rate), pacer)
        forgetting = Forgetting(core.store, core.registry)
        self._leaving_members = LeavingMembers(self, core.store, forgetting, self._once_told)
        self._cogs_to_add = [
            *self._conversing_cogs(core, settings, forgetting),
            self._leaving_members,
            OrphanedForms(self),
            LostPlaces(self, core.store, core.catalog, self._once_told),
            Personas(self, core, self._server_personas),
            ForgetConversation(core.conversations),
            Help(),
            Collection(core.store, forgetting),
            Stats(core.store, core.catalog),
            Operations(self, core, runs, progress_seconds=settings.progress_seconds),
        ]
        self._translator = CatalogueTranslator()
        self._commands_file = settings.commands_file
        self._losses: deque[float] = deque(maxlen=FLAPS)
        self.flapping = asyncio.Event()

    def _conversing_cogs(self, core: Core, settings: BotSettings, forgetting: Forgetting) -> list[commands.Cog]:
        """What replies, and what members may do with a reply."""
        identities = Identities(core.store, lambda: self.user, settings.picture_of_emoji)
        consent = ConsentQuestion(core.store, enabled=settings.ask_consent)
        feedback = Feedback(
            self,
            core.store,
            consent,
            self._delivery.unfinished,
            identities,
            self._once_told,
            edit_seconds=settings.edit_seconds,
        )
        return [
            Chat(self, core, self._delivery, identities, self._once_told),
            Asking(core, self._delivery),
            SecondAnswers(self, core, self._delivery, identities),
            Continuing(self, core, self._delivery, identities),
            Scenes(core, self._delivery, identities),
            feedback,
            ReplyMenus(self, core.store, feedback.ask_for_correction, identities),
            Privacy(self, core.store, forgetting, consent),
        ]

    def _get_state(self, **options: Any) -> ConnectionState[Any]:
        """What discord.py keeps of the connection; here its clients say how they read Discord's events."""
        state = super()._get_state(**options)
        state.parsers = forgiving(state.parsers)
        return state

    async def setup_hook(self) -> None:
        await self._server_personas.load()
        self.add_dynamic_items(PersistentItem)
        for cog in self._cogs_to_add:
            await self.add_cog(cog)
        await self._once_told.replay()
        await self.tree.set_translator(self._translator)
        await self._sync_commands()

    async def drain(self, seconds: float) -> None:
        """Begin no reply any more; let those under way end within `seconds`, and mark the others as interrupted."""
        await self._delivery.drain(seconds)

    async def forget_departed(self) -> None:
        """Find out who left a server, and delete what was stored about them there. Takes about a second a member."""
        await self._leaving_members.look()

    async def close(self) -> None:
        """Leave Discord. What it told of until then is stored when this returns, and no later."""
        await super().close()
        await self._once_told.handled(LAST_EVENTS_SECONDS)

    def dispatch(self, event: str, /, *arguments: Any, **options: Any) -> None:
        """Tell the listeners, unless config.toml's [access] shuts out where the event comes from."""
        address(audience_of(arguments[0] if arguments else None, self))
        if event in CHECKED_EVENTS and self._threads.is_unknown(arguments[0]):
            task = asyncio.create_task(self._dispatch_from_thread(event, arguments[0]))
            self._looking_up.add(task)
            task.add_done_callback(self._looking_up.discard)
            return
        channel = self.get_channel(place_named(arguments[0])[1]) if event in CHECKED_EVENTS else None
        if self.access_check.hears(event, arguments, channel):
            super().dispatch(event, *arguments, **options)

    async def _dispatch_from_thread(self, event: str, subject: Any) -> None:
        """Tell what happened in a channel that no cache holds, once it is known what channel that is."""
        thread = await self._threads.look_up(subject)
        if thread is not None and isinstance(subject, discord.Message):
            subject.channel = thread
        if self.access_check.hears(event, (subject,), thread):
            super().dispatch(event, subject)

    async def on_message(self, message: discord.Message, /) -> None:
        """Nothing: commands.Bot would look for prefix commands here. `Chat` listens for itself."""

    async def on_ready(self) -> None:
        log.info("connected to Discord as %s; servers: %d", self.user, len(self.guilds))

    async def on_disconnect(self) -> None:
        self._losses.append(time.monotonic())
        if len(self._losses) == FLAPS and self._losses[-1] - self._losses[0] < FLAP_WINDOW:
            self._losses.clear()
            self.flapping.set()

    async def _sync_commands(self) -> None:
        """Tell Discord about the slash commands when they are not what it was told last."""
        digest = await self._command_digest()
        if self._commands_file is not None and _read(self._commands_file) == digest:
            return
        try:
            synced = await self.tree.sync()
        except discord.HTTPException as error:
            log.error(
                "Discord refused the slash commands (%s, code %s); chatting still works", error.status, error.code
            )
            return
        log.info("slash commands sent to Discord: %d", len(synced))
        if self._commands_file is not None:
            _remember(self._commands_file, digest)

    async def _command_digest(self) -> str:
        commands = self.tree.get_commands()
        described = [await command.get_translated_payload(self.tree, self._translator) for command in commands]
        text = json.dumps([self.application_id, described], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _remember(path: Path, digest: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, f"{digest}\n")
    except (OSError, PublishError) as error:
        log.warning("%s: commands will be sent to Discord again at the next start", error)
