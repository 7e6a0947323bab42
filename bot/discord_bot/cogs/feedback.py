"""Thumbs and better answers: buttons, reactions and the ✏️ form become rows of the store.

A vote is committed before it is acknowledged. Buttons and reactions write the same row of (reply, voter).
"""

import asyncio
import logging
import re
import time
from collections import deque
from typing import Literal

import discord
from discord.ext import commands

from bot.discord_bot.controls.buttons import CORRECT, DISLIKE, LIKE, reply_view
from bot.discord_bot.controls.consent import ConsentQuestion
from bot.discord_bot.controls.correction_form import CorrectionForm
from bot.discord_bot.controls.dislike_reasons import REASON, chosen_reason, reason_view
from bot.discord_bot.interactions import Interaction, InteractiveBot
from bot.discord_bot.refusals import readable
from bot.discord_bot.replying.headers import words_of
from bot.discord_bot.replying.streaming import Unfinished
from bot.discord_bot.replying.webhooks import Identities
from bot.discord_bot.responding import acknowledge, open_form, show
from bot.discord_bot.unrepeated_events import OnceTold
from bot.errors import MemberError, StoreError
from bot.store import Store, StoredReply
from bot.wording import say

log = logging.getLogger(__name__)

Thumb = Literal[1, -1]
_VALUES: dict[str, Thumb] = {"👍": 1, "👎": -1}
_TONES = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")  # skin tones and the emoji variation selector


class ReplyGone(MemberError):
    def __init__(self) -> None:
        super().__init__("reply-gone")


class Feedback(commands.Cog):
    def __init__(
        self,
        bot: InteractiveBot,
        store: Store,
        consent: ConsentQuestion,
        unfinished: Unfinished,
        identities: Identities,
        once_told: OnceTold,
        *,
        edit_seconds: float,
    ) -> None:
        self._bot = bot
        self._store = store
        self._consent = consent
        self._unfinished = unfinished
        self._identities = identities
        self._once_told = once_told
        once_told.deals_with("reaction added", self._cast_by_reaction)
        once_told.deals_with("reaction removed", self._withdraw_by_reaction)
        self._edit_seconds = edit_seconds
        self._stale: dict[int, asyncio.Task[None]] = {}
        self._leaving = False
        self._taken: deque[int] = deque(maxlen=256)  # after a reconnect Discord may deliver a press twice

    async def cog_load(self) -> None:
        self._bot.press_handlers.add(
            LIKE.calls(self.like),
            DISLIKE.calls(self.dislike),
            REASON.calls(self.give_reason),
            CORRECT.calls(self.ask_for_correction),
        )

    async def cog_unload(self) -> None:
        self._leaving = True
        for task in self._stale.values():
            task.cancel()

    async def like(self, interaction: Interaction, reply_id: int) -> None:
        await self._vote(interaction, reply_id, 1)

    async def dislike(self, interaction: Interaction, reply_id: int) -> None:
        await self._vote(interaction, reply_id, -1)

    async def give_reason(self, interaction: Interaction, reply_id: int) -> None:
        """A reason was chosen below the question that followed 👎."""
        reason = chosen_reason(interaction)
        await acknowledge(interaction)
        await self._reply_here(interaction, reply_id)
        if not await self._store.set_vote_reason(reply_id, interaction.user.id, reason):
            raise MemberError("reason-too-late")
        await interaction.edit_original_response(content=say("reason-thanks", reason=reason), view=None)

    async def ask_for_correction(
        self, interaction: Interaction, reply_id: int, message: discord.Message | None = None
    ) -> None:
        """Open the form with the words of `message`, else of the one below which ✏️ was pressed."""
        shown = message or interaction.message
        words = words_of(shown.content) if shown else ""
        await open_form(interaction, CorrectionForm(reply_id, words, self.correct))

    async def correct(self, interaction: Interaction, reply_id: int, text: str) -> None:
        if not text.strip():
            raise MemberError("correction-empty")
        await acknowledge(interaction, ephemeral=True)
        await self._reply_here(interaction, reply_id)
        try:
            await self._store.add_correction(reply_id, interaction.user.id, text.strip())
        except LookupError:
            raise ReplyGone from None
        consent = await self._store.consent(interaction.user.id)
        thanks = say("correction-thanks-refused" if consent is False else "correction-thanks")
        await show(interaction, thanks, ephemeral=True)
        await self._consent.ask_if_new(interaction)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        if reaction.member is not None and reaction.member.bot:
            return
        with self._once_told.handling():
            if (found := await self._vote_meant(reaction)) is None:
                return
        await self._once_told.settle("reaction added", found[0].id, reaction.user_id, found[1], time.time())
        self._consent.owe(reaction.user_id)

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, reaction: discord.RawReactionActionEvent) -> None:
        with self._once_told.handling():
            if (found := await self._vote_meant(reaction)) is None:
                return
        await self._once_told.settle("reaction removed", found[0].id, reaction.user_id, found[1], time.time())

    async def _cast_by_reaction(self, reply_id: int, voter_id: int, value: Thumb, at: float) -> None:
        if await self._store.cast_vote(reply_id, voter_id, value, "reaction", at):
            await self._relabel_reply(reply_id)

    async def _withdraw_by_reaction(self, reply_id: int, voter_id: int, value: Thumb, at: float) -> None:
        """Only a vote of this very thumb goes: a removal that arrives after a change of mind withdraws nothing."""
        if await self._store.withdraw_vote(reply_id, voter_id, value, at):
            await self._relabel_reply(reply_id)

    async def _relabel_reply(self, reply_id: int) -> None:
        if (reply := await self._store.reply(reply_id)) is not None:
            self._relabel_soon(reply)

    @commands.Cog.listener()
    async def on_raw_reaction_clear(self, clearing: discord.RawReactionClearEvent) -> None:
        await self._reactions_cleared(clearing.message_id, None)

    @commands.Cog.listener()
    async def on_raw_reaction_clear_emoji(self, clearing: discord.RawReactionClearEmojiEvent) -> None:
        value = _value_of(clearing.emoji)
        if value is not None:
            await self._reactions_cleared(clearing.message_id, value)

    async def _reactions_cleared(self, message_id: int, value: Thumb | None) -> None:
        """A moderator took reactions away (None: all of them): the votes that they were go as well."""
        with self._once_told.handling():
            reply = await self._store.reply_of_message(message_id)
            if reply is not None and await self._store.withdraw_reactions(reply.id, value):
                self._relabel_soon(reply)

    async def _vote(self, interaction: Interaction, reply_id: int, value: Thumb) -> None:
        """A thumb's button: cast the vote, change it, or withdraw it when it is pressed again."""
        if interaction.id in self._taken:
            return
        self._taken.append(interaction.id)
        in_time = await acknowledge(interaction)
        voter = interaction.user.id
        reply = await self._reply_here(interaction, reply_id)
        withdrawn = await self._store.vote_of(reply_id, voter) == value
        if withdrawn:
            await self._store.withdraw_vote(reply_id, voter, value)
        else:
            await self._store.cast_vote(reply_id, voter, value, "button")
        if not in_time:  # the vote is stored all the same: only the figures are still to come
            self._relabel_soon(reply)
            return
        await self._show_figures(interaction, reply)
        if withdrawn:
            return
        if value == -1:
            await interaction.followup.send(say("reason-question"), view=reason_view(reply_id), ephemeral=True)
        await self._consent.ask_if_new(interaction)

    async def _show_figures(self, interaction: Interaction, reply: StoredReply) -> None:
        try:
            with readable():
                await interaction.edit_original_response(view=await reply_view(self._store, reply.id))
        except discord.HTTPException as error:
            log.info("reply %d: its buttons could not be updated (%s)", reply.id, error)

    async def _reply_here(self, interaction: Interaction, reply_id: int) -> StoredReply:
        """The reply that the pressed button names, if it was given where the button was pressed. Raises ReplyGone.

        What a button says of itself can be forged, so it opens nothing of other channels.
        """
        reply = await self._store.reply(reply_id)
        if reply is None or reply.record.channel_id != interaction.channel_id:
            raise ReplyGone
        return reply

    async def _vote_meant(self, reaction: discord.RawReactionActionEvent) -> tuple[StoredReply, Thumb] | None:
        """The reply and the value a reaction stands for; None when it is not a vote on a reply of ours."""
        value = _value_of(reaction.emoji)
        if value is None or self._bot.user is None or reaction.user_id == self._bot.user.id:
            return None
        await self._unfinished.recorded(reaction.message_id)
        reply = await self._store.reply_of_message(reaction.message_id)
        return None if reply is None else (reply, value)

    def _relabel_soon(self, reply: StoredReply) -> None:
        """Bring the buttons' counts up to date; a storm of reactions costs one edit."""
        if reply.message_ids and reply.id not in self._stale and not self._leaving:
            self._stale[reply.id] = asyncio.create_task(self._relabel(reply))

    async def _relabel(self, reply: StoredReply) -> None:
        await asyncio.sleep(self._edit_seconds)
        del self._stale[reply.id]
        channel_id = reply.record.channel_id
        channel = self._bot.get_channel(channel_id) or self._bot.get_partial_messageable(channel_id)
        try:
            view = await reply_view(self._store, reply.id)
            await self._identities.edit(channel, reply.message_ids[-1], view=view)
        except (discord.HTTPException, StoreError) as error:
            # Only the figures on the buttons are late; the votes are stored.
            log.info("reply %d: its buttons could not be updated (%s)", reply.id, error)


def _value_of(emoji: discord.PartialEmoji) -> Thumb | None:
    """What a reaction with it says of a reply; None for any but the two thumbs."""
    return _VALUES.get(_TONES.sub("", emoji.name or "")) if emoji.id is None else None
