"""Owns the discord.py client: intents, cogs, slash commands. Its collaborators are handed in; no globals.

Staying connected is `bot.connection`'s work.
"""

import asyncio
import hashlib
import json
import logging
import time
from collections import deque
from pathlib import Path

import discord
from discord import app_commands
from discord.ext import commands

from bot.channels import ChannelPersonas
from bot.cogs.chat import Chat
from bot.cogs.consent import ConsentQuestion
from bot.cogs.errors import GuardedTree
from bot.cogs.feedback import Feedback
from bot.cogs.personas import Memory, Personas, Speaking
from bot.cogs.privacy import Privacy
from bot.cogs.streaming import Unfinished
from bot.conversation import Conversations
from bot.errors import PublishError
from bot.personas import PersonaCatalog
from bot.registry import write_atomically
from bot.replies import Replies
from bot.store import Store

log = logging.getLogger(__name__)

FLAPS, FLAP_WINDOW = 5, 60.0  # so many lost connections in so many seconds are a loop, not bad luck


def intents() -> discord.Intents:
    """What the bot must hear: nothing privileged."""
    return discord.Intents(guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, dm_reactions=True)


class TroupeBot(commands.Bot):
    """Wires the cogs to what answers. `sync_state` remembers which commands Discord was told about; None: tell always.

    `edit_seconds`: how often a streaming reply is edited, at most. `speaking`: see `bot.cogs.personas`.
    """

    def __init__(
        self,
        *,
        replies: Replies,
        conversations: Conversations,
        channels: ChannelPersonas,
        catalog: PersonaCatalog,
        speaking: Speaking,
        store: Store,
        edit_seconds: float,
        ask_consent: bool = True,
        status: str = "",
        sync_state: Path | None = None,
    ) -> None:
        # The bot never speaks aloud: no warnings about missing voice libraries.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents(),
            tree_cls=GuardedTree,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            activity=discord.CustomActivity(name=status) if status else None,
            max_messages=None,
        )
        unfinished = Unfinished()
        consent = ConsentQuestion(store, enabled=ask_consent)
        self._chat = Chat(self, replies, channels, unfinished, edit_seconds=edit_seconds)
        self._cogs_to_add: list[commands.Cog] = [
            self._chat,
            Personas(channels, catalog, speaking),
            Memory(conversations),
            Feedback(self, store, consent, unfinished, edit_seconds=edit_seconds),
            Privacy(self, store, consent),
        ]
        self._sync_state = sync_state
        self._losses: deque[float] = deque(maxlen=FLAPS)
        self.flapping = asyncio.Event()

    async def setup_hook(self) -> None:
        for cog in self._cogs_to_add:
            await self.add_cog(cog)
        await self._sync_commands()

    async def drain(self, seconds: float) -> None:
        """Wait until the replies under way have ended, at most `seconds`. Stop the engine first, or they go on."""
        await self._chat.drain(seconds)

    async def on_message(self, message: discord.Message, /) -> None:
        """Nothing: commands.Bot would look for prefix commands here. `Chat` listens for itself."""

    async def on_ready(self) -> None:
        log.info("connected to Discord as %s, in %d servers", self.user, len(self.guilds))

    async def on_disconnect(self) -> None:
        self._losses.append(time.monotonic())
        if len(self._losses) == FLAPS and self._losses[-1] - self._losses[0] < FLAP_WINDOW:
            self._losses.clear()
            self.flapping.set()

    async def _sync_commands(self) -> None:
        """Tell Discord about the slash commands when they are not what it was told last."""
        digest = self._command_digest()
        if self._sync_state is not None and _read(self._sync_state) == digest:
            return
        try:
            synced = await self.tree.sync()
        except discord.HTTPException as error:
            log.error("Discord refused the slash commands (%s, code %s); chatting works.", error.status, error.code)
            return
        log.info("Discord knows %d slash commands now", len(synced))
        if self._sync_state is not None:
            _remember(self._sync_state, digest)

    def _command_digest(self) -> str:
        described = [command.to_dict(self.tree) for command in self.tree.get_commands()]
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
