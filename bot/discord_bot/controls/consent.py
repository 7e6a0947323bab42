"""Asks a member whether their words may train personas, once, and offers the buttons to answer."""

from collections import OrderedDict

import discord

from bot.discord_bot.controls.persistent import persistent_view
from bot.discord_bot.interactions import Action, Interaction
from bot.store import Store

ALLOW, REFUSE = Action[[]]("consent:yes"), Action[[]]("consent:no")
LEARN_MORE = Action[[]]("consent-more")
QUESTION = (
    "Your vote counts. **May the personas also learn from what you write to them?** "
    "If you allow it, your messages behind liked replies and your better answers may become training data on this "
    "bot's own machine; if you refuse, your votes still count and your words are never trained on. "
    "`/privacy` shows, changes, exports or deletes everything about you at any time."
)
ALLOWED = "Thank you: the personas may learn from what you write to them. `/privacy` changes that at any time."
REFUSED = "Understood: your words are never trained on; your votes still count. `/privacy` changes that at any time."
MORE = (
    "**What is kept:** your messages to me with my replies, your votes with their reasons, your better answers, and "
    "which of two answers you kept. It stays in a file on the machine that runs this bot.\n"
    "**What learning means:** from time to time a small add-on of the language model is trained for each persona, on "
    "replies that members liked, with what was asked, and on better answers. Yours are among them only if you agree.\n"
    "**If you say no**, or nothing: your votes count in the figures, your words are never trained on.\n"
    "**Changing your mind:** `/privacy` does it, for what is already there too: the next training leaves it out. "
    "There you can also read everything in a file, or have it deleted. A message you delete is deleted here as well."
)
REMEMBERED = 10_000  # members; who falls out may be asked a second time


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
        await interaction.followup.send(QUESTION, view=consent_view(), ephemeral=True)


def consent_view() -> discord.ui.View:
    """Yes, no, learn more."""
    return persistent_view(
        discord.ui.Button(label="Yes, they may learn", style=discord.ButtonStyle.success, custom_id=ALLOW.custom_id()),
        discord.ui.Button(label="No", custom_id=REFUSE.custom_id()),
        discord.ui.Button(label="Learn more", custom_id=LEARN_MORE.custom_id()),
    )


def _remember(members: OrderedDict[int, None], member_id: int) -> None:
    members[member_id] = None
    while len(members) > REMEMBERED:
        members.popitem(last=False)
