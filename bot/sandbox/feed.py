"""Keeps every open page up to date: a snapshot first, then each change as it happens."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox import view
from bot.sandbox.gateway import Gateway
from bot.sandbox.world import World

PROTOCOL = "troupe"  # chosen among the WebSocket protocols the page offers; another one carries the key
CLOSE_SECONDS = 0.5
_MESSAGE_CHANGES = ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE")
_REACTION_CLEARINGS = ("MESSAGE_REACTION_REMOVE_ALL", "MESSAGE_REACTION_REMOVE_EMOJI")
_CHANNEL_CHANGES = ("CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE")


class Feed:
    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self._pages: dict[web.WebSocketResponse, asyncio.Queue[str]] = {}
        world.subscribers.append(self._on_event)
        world.whisper_listeners.append(self._on_event)
        gateway.on_state_change(lambda: self._publish({"type": "bot", "bot": view.bot_view(world, gateway)}))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        page = web.WebSocketResponse(protocols=[PROTOCOL], heartbeat=30.0, timeout=CLOSE_SECONDS, max_msg_size=1024)
        await page.prepare(request)
        outbox = self._pages[page] = asyncio.Queue()
        outbox.put_nowait(json.dumps({"type": "snapshot", **view.snapshot(self._world, self._gateway)}, default=str))
        writer = asyncio.create_task(_write(page, outbox))
        try:
            async for message in page:
                if message.type is not WSMsgType.TEXT:
                    break  # pages only listen; anything else than a ping is a mistake
        finally:
            del self._pages[page]
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return page

    async def close(self) -> None:
        await asyncio.gather(*(page.close(code=1001, message=b"The sandbox stopped.") for page in list(self._pages)))

    # ------------------------------------------------------------------ changes

    def _publish(self, change: Mapping[str, Any]) -> None:
        text = json.dumps(change, default=str) if self._pages else ""
        for outbox in self._pages.values():
            outbox.put_nowait(text)

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        if not self._pages:
            return
        if event in _MESSAGE_CHANGES or event in _REACTION_CLEARINGS:
            self._message_changed(int(payload["channel_id"]), int(payload.get("message_id") or payload["id"]))
        elif event in ("MESSAGE_DELETE", "MESSAGE_DELETE_BULK"):
            gone = payload.get("ids") or [payload["id"]]
            self._publish({"type": "gone", "channel": payload["channel_id"], "messages": gone})
        elif event == "TYPING_START":
            self._publish({"type": "typing", "channel": payload["channel_id"], "member": payload["user_id"]})
        elif event in _CHANNEL_CHANGES:
            self._publish({"type": "channel", "channel": view.channel_view(self._world, int(payload["id"]))})
        elif event in ("CHANNEL_DELETE", "THREAD_DELETE"):
            self._publish({"type": "channel_gone", "channel": payload["id"]})

    def _message_changed(self, channel: int, message: int) -> None:
        stored = self._world.messages.get(channel, {}).get(message)
        if stored is not None:
            self._publish({"type": "message", "message": view.message_view(self._world, stored)})


async def _write(page: web.WebSocketResponse, outbox: asyncio.Queue[str]) -> None:
    try:
        while True:
            await page.send_str(await outbox.get())
    except ConnectionError:
        return  # the reader notices the same and ends the connection
