"""Messages by webhooks that the bot itself made. Unlike other webhooks' they may carry buttons and menus, and they
may go to a thread: https://discord.com/developers/docs/resources/webhook#execute-webhook

simcord knows only webhooks without an application; everything about those stays with it.
"""

import re
from typing import Any

from simcord.backend import errors
from simcord.http._helpers import bot_message, message_edit_changes, message_response
from simcord.http.router import RequestContext

from bot.sandbox.world import World

_MESSAGES = re.compile(r"/webhooks/(?P<webhook>\d+)/(?P<token>[^/]+)(?:/messages/(?P<message>\d+))?")


def is_own_message(world: World, method: str, path: str) -> bool:
    """Whether the request sends, edits, reads or deletes a message of a webhook that the bot made."""
    found = _MESSAGES.fullmatch(path)
    if found is None or (found["message"] is None and method != "POST"):
        return False
    webhook = world.webhooks.get(world.webhook_tokens.get(found["token"], 0))
    return webhook is not None and webhook.creator_id == world.bot_user.id


def answer(ctx: RequestContext) -> Any:
    found = _MESSAGES.fullmatch(ctx.path)
    assert found is not None
    webhook = ctx.backend.webhooks[ctx.backend.webhook_tokens[found["token"]]]
    if webhook.id != int(found["webhook"]):
        raise errors.unknown_webhook()
    place = _place(ctx, webhook)
    if found["message"] is None:
        body = ctx.body()
        sent = bot_message(
            ctx, place, author_id=webhook.webhook_user_id, webhook_id=webhook.id, body=body, webhook_execute=True
        )
        wants_message = str(ctx.params.get("wait", "")).lower() in ("1", "true")
        return message_response(ctx, sent, exempt_root=True) if wants_message else None
    message = ctx.backend.get_message(place, int(found["message"]))
    if message.webhook_id != webhook.id:
        raise errors.unknown_message()
    if ctx.method == "DELETE":
        ctx.backend.delete_message(place, message.id)
        return None
    if ctx.method == "PATCH":
        message = ctx.backend.edit_message(place, message.id, message_edit_changes(ctx, message))
    return message_response(ctx, message, exempt_root=True)


def _place(ctx: RequestContext, webhook: Any) -> int:
    """The webhook's channel, or the thread of that channel which the request names."""
    if not ctx.params.get("thread_id"):
        return int(webhook.channel_id)
    thread = ctx.backend.get_channel(int(ctx.params["thread_id"]))
    if thread.parent_id != webhook.channel_id:
        raise errors.unknown_channel()
    return int(thread.id)
