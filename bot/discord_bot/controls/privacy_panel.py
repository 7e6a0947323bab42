"""The buttons below what /privacy shows, and the question before everything is deleted."""

import discord

from bot.discord_bot.controls.consent import ALLOW, LEARN_MORE, REFUSE
from bot.discord_bot.controls.persistent import persistent_view
from bot.discord_bot.interactions import Action
from bot.wording import say

EXPORT = Action[[]]("privacy:export", open_to_all=True)
ASK_TO_DELETE = Action[[]]("privacy:delete", open_to_all=True)
DELETE = Action[[]]("privacy:delete:yes", open_to_all=True)
KEEP_ALL = Action[[]]("privacy:delete:no", open_to_all=True)


def privacy_view() -> discord.ui.View:
    style = discord.ButtonStyle
    return persistent_view(
        discord.ui.Button(label=say("privacy-allow"), style=style.success, custom_id=ALLOW.custom_id()),
        discord.ui.Button(label=say("privacy-refuse"), custom_id=REFUSE.custom_id()),
        discord.ui.Button(label=say("consent-learn-more"), custom_id=LEARN_MORE.custom_id()),
        discord.ui.Button(label=say("privacy-export"), style=style.primary, custom_id=EXPORT.custom_id()),
        discord.ui.Button(label=say("privacy-delete"), style=style.danger, custom_id=ASK_TO_DELETE.custom_id()),
    )


def delete_view() -> discord.ui.View:
    danger = discord.ButtonStyle.danger
    return persistent_view(
        discord.ui.Button(label=say("privacy-delete-yes"), style=danger, custom_id=DELETE.custom_id()),
        discord.ui.Button(label=say("privacy-delete-no"), custom_id=KEEP_ALL.custom_id()),
    )
