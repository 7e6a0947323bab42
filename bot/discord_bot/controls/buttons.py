"""The buttons below a reply: ⏹ while it grows; thumbs, 🔁, ✏️, ▶ and the choice of two answers once it has ended."""

import discord

from bot.discord_bot.controls.persistent import persistent_view
from bot.discord_bot.interactions import Action
from bot.store import Store, VoteCount
from bot.wording import announce

STOP = Action[[]]("stop")  # which reply it stops is known by the message it hangs below
LIKE = Action[[int]]("up")  # reply
DISLIKE = Action[[int]]("down")  # reply
CORRECT = Action[[int]]("correct")  # reply
AGAIN = Action[[int]]("again")  # reply
CONTINUE = Action[[int]]("continue")  # reply
KEEP = Action[[int, int]]("keep")  # the reply that is kept, the other one


def stop_view() -> discord.ui.View:
    return persistent_view(discord.ui.Button(emoji="⏹️", label=announce("button-stop"), custom_id=STOP.custom_id()))


def again_view(reply_id: int) -> discord.ui.View:
    """🔁 alone, below an answer that never came."""
    return persistent_view(_again(reply_id))


def feedback_view(
    reply_id: int, votes: VoteCount, rival: int | None = None, *, goes_on: bool = False
) -> discord.ui.View:
    """👍 👎 with their counts, 🔁 and ✏️, and ▶ below a reply that ended at its length limit.

    Beside a second answer, the `rival`, there is a choice instead of 🔁.
    """
    further = [_continue(reply_id)] if goes_on else []
    like, dislike = _thumb("👍", LIKE, reply_id, votes.up), _thumb("👎", DISLIKE, reply_id, votes.down)
    correct = discord.ui.Button[discord.ui.View](
        emoji="✏️", label=announce("button-correct"), custom_id=CORRECT.custom_id(reply_id)
    )
    if rival is None:
        return persistent_view(like, dislike, _again(reply_id), correct, *further)
    return persistent_view(like, dislike, correct, *further, _keep(reply_id, rival))


async def reply_view(store: Store, reply_id: int) -> discord.ui.View | None:
    """The buttons a stored reply has now; None when another answer was kept."""
    standing = await store.standing(reply_id)
    if standing.given_up:
        return None
    return feedback_view(reply_id, await store.votes(reply_id), standing.rival, goes_on=standing.goes_on)


def _thumb(emoji: str, action: Action[[int]], reply_id: int, count: int) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(emoji=emoji, label=str(count) if count else None, custom_id=action.custom_id(reply_id))


def _again(reply_id: int) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(emoji="🔁", label=announce("button-again"), custom_id=AGAIN.custom_id(reply_id))


def _continue(reply_id: int) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(emoji="▶️", label=announce("button-continue"), custom_id=CONTINUE.custom_id(reply_id))


def _keep(reply_id: int, other_id: int) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(
        label=announce("button-keep"), style=discord.ButtonStyle.success, custom_id=KEEP.custom_id(reply_id, other_id)
    )
