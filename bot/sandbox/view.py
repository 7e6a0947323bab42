"""What the page is shown: the demo server and its messages as small plain dictionaries, ids as strings.

Whose eyes are looking is decided in the page, which may act as any member; `visible_to` names the one
member an ephemeral message is for.
"""

from typing import Any

from bot.sandbox.gateway import Gateway
from bot.sandbox.world import BOT_AVATAR, BOT_COLOR, GUILD_NAME, World

SHOWN_MESSAGES = 100
_THINKING_FLAG = 1 << 7
_SYSTEM_KINDS = {18: "thread"}  # discord's message types that the page words itself
_EXCERPT = 120


def snapshot(world: World, gateway: Gateway) -> dict[str, Any]:
    """Everything a page needs when it opens."""
    recent = [message for stored in world.messages.values() for message in list(stored.values())[-SHOWN_MESSAGES:]]
    return {
        "guild": GUILD_NAME,
        "about": world.about,
        "bot": bot_view(world, gateway),
        "members": [
            {
                "id": str(world.member_id(member.name)),
                "name": member.display_name,
                "avatar": member.avatar,
                "color": member.color,
                "about": member.about,
            }
            for member in world.demo_members
        ],
        "roles": {str(role.id): role.name for role in world.guild.roles.values()},
        "channels": [channel_view(world, key) for key in world.channels],
        "messages": [message_view(world, message) for message in sorted(recent, key=lambda message: message.id)],
    }


def bot_view(world: World, gateway: Gateway) -> dict[str, Any]:
    return {
        "id": str(world.bot_user.id),
        "name": world.bot_user.name,
        "avatar": BOT_AVATAR,
        "color": BOT_COLOR,
        "state": gateway.bot_state,
        "status": gateway.status_text,
    }


def channel_view(world: World, channel_id: int) -> dict[str, Any]:
    channel = world.channels[channel_id]
    demo = next((demo for demo in world.demo_channels if demo.name == channel.name and not channel.is_thread), None)
    kind = "thread" if channel.is_thread else "text" if channel.guild_id else "dm"
    return {
        "id": str(channel.id),
        "kind": kind,
        "name": channel.name,
        "topic": channel.topic,
        "parent": str(channel.parent_id) if channel.is_thread else None,
        "member": str(channel.recipient_ids[0]) if kind == "dm" else None,
        "hints": list(demo.hints) if demo else ["Hello! Who are you?"] if kind == "dm" else [],
    }


def message_view(world: World, message: Any) -> dict[str, Any]:
    author = world.users[message.author_id]
    metadata = message.interaction_metadata or {}
    return {
        "id": str(message.id),
        "channel": str(message.channel_id),
        "author": _author_view(world, message),
        "is_bot": author.bot or message.webhook_id is not None,
        "content": message.content,
        "time": message.timestamp,
        "edited": message.edited_timestamp is not None,
        "system": _SYSTEM_KINDS.get(message.type),
        "thinking": bool(message.flags & _THINKING_FLAG),
        "reply": _reply_view(world, message),
        "used": _used_view(metadata) if metadata.get("name") else None,
        "visible_to": str(metadata["user"]["id"]) if message.is_ephemeral and metadata else None,
        "pings": [str(user) for user in message.ping_user_ids],
        "reactions": [{"emoji": r.emoji, "members": [str(user) for user in r.user_ids]} for r in message.reactions],
        "components": message.components,
        "embeds": message.embeds,
        "attachments": message.attachments,
    }


def _reply_view(world: World, message: Any) -> dict[str, Any] | None:
    if not message.reference or message.reference.get("type", 0) != 0:
        return None
    target = world.messages.get(message.channel_id, {}).get(int(message.reference["message_id"]))
    if target is None:
        return {"id": None, "author": None, "excerpt": "Original message was deleted"}
    return {
        "id": str(target.id),
        "author": _author_view(world, target),
        "excerpt": target.content[:_EXCERPT],
    }


def _author_view(world: World, message: Any) -> dict[str, Any]:
    """Who a message is shown as: a webhook's message has a name and a picture of its own."""
    author = world.users[message.author_id]
    name = message.author_name or author.global_name or author.name
    return {"id": str(author.id), "name": name, "picture": message.author_avatar}


def _used_view(metadata: Any) -> dict[str, Any]:
    return {"member": metadata["user"]["global_name"], "command": metadata["name"]}
