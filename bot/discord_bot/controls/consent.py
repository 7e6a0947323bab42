"""Asks a member whether their words may train personas, once, and offers the buttons to answer."""

from collections import OrderedDict

import discord

from bot.discord_bot.controls.persistent import persistent_view
from bot.discord_bot.interactions import Action, Interaction
from bot.store import Store
from bot.wording import say

ALLOW, REFUSE = Action[[]]("consent:yes", open_to_all=True), Action[[]]("consent:no", open_to_all=True)
LEARN_MORE = Action[[]]("consent-more", open_to_all=True)
REMEMBERED_MEMBERS = 10_000  # members; who falls out may be asked a second time


class ConsentQuestion:
    """Asks each member at most once per start of the bot, and only those who have never answered."""

    def __init__(self, store: Store, *, enabled: bool) -> None:
        self._store = store
        self._enabled = enabled
        self._asked: OrderedDict[int, None] = OrderedDict()
        self._waiting: OrderedDict[int, None] = OrderedDict()

    def owe(self, member_id: int) -> None:
        """The member voted where no private question is possible (a reaction): ask at the next interaction."""
        if self._enabled and member_id not in self._asked:
            _remember(self._waiting, member_id)

    def is_owed(self, member_id: int) -> bool:
        return member_id in self._waiting

    async def ask_if_new(self, interaction: Interaction) -> None:
        """Ask privately, after the interaction has been responded to."""
        member_id = interaction.user.id
        self._waiting.pop(member_id, None)
        if not self._enabled or member_id in self._asked or await self._store.consent(member_id) is not None:
            return
        _remember(self._asked, member_id)
        await interaction.followup.send(say("consent-question"), view=consent_view(), ephemeral=True)


def consent_view() -> discord.ui.View:
    """Yes, no, learn more."""
    return persistent_view(
        discord.ui.Button(label=say("consent-yes"), style=discord.ButtonStyle.success, custom_id=ALLOW.custom_id()),
        discord.ui.Button(label=say("consent-no"), custom_id=REFUSE.custom_id()),
        discord.ui.Button(label=say("consent-learn-more"), custom_id=LEARN_MORE.custom_id()),
    )


def learn_more() -> str:
    """What consent means, in a few paragraphs."""
    return "\n".join(
        (say("consent-more-kept"), say("consent-more-learning"), say("consent-more-no"), say("consent-more-change"))
    )


def _remember(members: OrderedDict[int, None], member_id: int) -> None:
    members[member_id] = None
    while len(members) > REMEMBERED_MEMBERS:
        members.popitem(last=False)
