"""The sandbox's gateway: sessions, resuming, intents, and the WebSocket that carries them.

A session outlives its connection: while the bot is away its events are kept, and RESUME replays them.
Opcodes and close codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes
"""

import asyncio
import json
import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

import discord
from aiohttp import WSMsgType, web
from simcord import intents as intent_rules
from simcord.backend import serializers

from bot.sandbox.compression import compressor_for
from bot.sandbox.faults import Faults
from bot.sandbox.world import World

log = logging.getLogger(__name__)

HEARTBEAT_MS = 41_250
# discord.py notes when it sent a heartbeat only once its thread hears of it. An answer that is there sooner is taken as
# one to the heartbeat before, and discord.py warns that it is 41 s behind. No real network is that quick.
ACK_SECONDS = 0.1
RESUMABLE_EVENTS = 1_000
CLOSE_SECONDS = 1.0

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4001, 4002, 4003, 4004
ALREADY_AUTHENTICATED, DISALLOWED_INTENTS = 4005, 4014

# discord.ApplicationFlags of a small bot whose portal page has all three privileged intents switched on.
_ALL_INTENTS_APPROVED = 1 << 13 | 1 << 15 | 1 << 19

BotState = Literal["starting", "online", "reconnecting"]


_TEXTS = ("MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE")  # events that carry what members wrote


def _private(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A copy to change, several times faster than copy.deepcopy."""
    copied: dict[str, Any] = json.loads(json.dumps(payload))
    return copied


class Connection:
    """One WebSocket with its own compression stream; frames leave in the order they were put."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self._transport = request.transport
        self._compressor = compressor_for(request.query.get("compress"))
        self._ended_here = False
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def put(self, frame: Mapping[str, Any]) -> None:
        self.put_text(json.dumps(frame))

    def put_text(self, frame: str) -> None:
        self._frames.put_nowait(frame)

    async def _write(self) -> None:
        try:
            while True:
                text = await self._frames.get()
                if self._compressor:
                    await self.socket.send_bytes(self._compressor.compress(text.encode()))
                else:
                    await self.socket.send_str(text)
        except ConnectionError:
            return  # the reader notices the same and ends the connection

    @property
    def client_said_goodbye(self) -> bool:
        return not self._ended_here and self.socket.close_code in (1000, 1001)

    async def close(self, code: int, reason: str = "") -> None:
        self._ended_here = True
        self._writer.cancel()
        await self.socket.close(code=code, message=reason.encode())

    def cut(self) -> None:
        """End the line without a closing word, as a broken network does."""
        self._ended_here = True
        if self._transport:
            self._transport.abort()

    async def release(self) -> None:
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)


class Session:
    """What one IDENTIFY opened: the intents it asked for, and the numbered events it may ask for again."""

    def __init__(self, intents: discord.Intents, connection: Connection) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.connection: Connection | None = connection
        self.sequence = 0
        self._events: deque[tuple[int, str]] = deque(maxlen=RESUMABLE_EVENTS)  # by number, as they are sent

    def dispatch(self, event: str, payload: Any) -> None:
        self.sequence += 1
        frame = json.dumps({"op": DISPATCH, "t": event, "s": self.sequence, "d": payload})
        self._events.append((self.sequence, frame))
        if self.connection:
            self.connection.put_text(frame)

    def can_resume_after(self, sequence: int) -> bool:
        oldest = self._events[0][0] if self._events else self.sequence + 1
        return oldest - 1 <= sequence <= self.sequence

    def replay_after(self, sequence: int, connection: Connection) -> None:
        self.connection = connection
        for number, frame in self._events:
            if number > sequence:
                connection.put_text(frame)
        self.dispatch("RESUMED", {})


class Gateway:
    """Everything the world emits goes to every session, as far as its intents reach."""

    def __init__(self, world: World, token: str, faults: Faults) -> None:
        self.url = ""  # set when the server knows its port
        self.status_text: str | None = None
        self._world = world
        self._token = token
        self._faults = faults
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._state_listeners: list[Callable[[], None]] = []
        world.subscribers.append(self.broadcast)

    # ------------------------------------------------------------------ what the page wants to know

    @property
    def bot_state(self) -> BotState:
        if not self._sessions:
            return "starting"
        return "online" if any(session.connection for session in self._sessions.values()) else "reconnecting"

    @property
    def reads_all_content(self) -> bool:
        """Whether the bot has the message-content intent: granted exactly when it asks for it."""
        return any(session.intents.message_content for session in self._sessions.values())

    @property
    def application_flags(self) -> int:
        return 0 if self._faults.disallowed_intents else _ALL_INTENTS_APPROVED

    def on_state_change(self, listener: Callable[[], None]) -> None:
        self._state_listeners.append(listener)

    def _state_changed(self) -> None:
        for listener in self._state_listeners:
            listener()

    # ------------------------------------------------------------------ events

    def broadcast(self, event: str, payload: Mapping[str, Any]) -> None:
        if self._faults.holds(event, payload):
            return
        for _ in range(self._faults.deliveries(event)):
            for session in self._sessions.values():
                self._deliver(session, event, payload)

    def release_held(self, *, newest_first: bool = False) -> None:
        for event, payload in self._faults.take_held(newest_first=newest_first):
            self.broadcast(event, payload)

    def _deliver(self, session: Session, event: str, payload: Mapping[str, Any]) -> None:
        gate = intent_rules.required_intent(event, payload)
        if gate and not getattr(session.intents, gate):
            return
        if event == "GUILD_CREATE":
            payload = _private(payload)
            intent_rules.prune_guild_create(payload, session.intents, self._world.bot_user.id)
        elif event in _TEXTS and not session.intents.message_content:
            payload = _private(payload)
            self._censor(event, payload)
        session.dispatch(event, payload)

    def _censor(self, event: str, payload: dict[str, Any]) -> None:
        """Hide text the bot may not read: Discord shows it only mentions, replies to it, DMs and its own."""
        bot = self._world.bot_user.id
        if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            intent_rules.censor_message(payload, bot, backend=self._world)
        else:
            if isinstance(payload.get("message"), dict):
                intent_rules.censor_message(payload["message"], bot, backend=self._world, exempt_root=True)
            data = payload.get("data") or {}
            for key, message in ((data.get("resolved") or {}).get("messages") or {}).items():
                chosen = str(data.get("target_id")) == str(key)
                intent_rules.censor_message(message, bot, backend=self._world, exempt_root=chosen)

    # ------------------------------------------------------------------ connections

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self._faults.refuses_connect():
            return web.Response(status=503, text="The gateway is not available.")
        socket = web.WebSocketResponse(max_msg_size=2**20, timeout=CLOSE_SECONDS)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self._connections.add(connection)
        try:
            await self._converse(connection)
        finally:
            self._connections.discard(connection)
            self._detach(connection)
            await connection.release()
        return socket

    async def _converse(self, connection: Connection) -> None:
        connection.put({"op": HELLO, "t": None, "s": None, "d": {"heartbeat_interval": HEARTBEAT_MS}})
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                await connection.close(DECODE_ERROR, "Error while decoding payload.")
                return
            try:
                frame = json.loads(message.data)
                opcode, data = frame["op"], frame.get("d")
                await self._answer(connection, opcode, data)
            except (ValueError, KeyError, TypeError, AttributeError):
                log.debug("sandbox gateway: undecodable frame %.200r", message.data, exc_info=True)
                await connection.close(DECODE_ERROR, "Error while decoding payload.")

    async def _answer(self, connection: Connection, opcode: int, data: Any) -> None:
        session = next((s for s in self._sessions.values() if s.connection is connection), None)
        if opcode == HEARTBEAT:
            asyncio.get_running_loop().call_later(ACK_SECONDS, connection.put, {"op": HEARTBEAT_ACK})
        elif opcode == IDENTIFY:
            await self._identify(connection, data, already=session is not None)
        elif opcode == RESUME:
            await self._resume(connection, data)
        elif opcode not in (PRESENCE, VOICE, REQUEST_MEMBERS):
            await connection.close(UNKNOWN_OPCODE, "Unknown opcode.")
        elif session is None:
            await connection.close(NOT_AUTHENTICATED, "Not authenticated.")
        elif opcode == PRESENCE:
            self._set_presence(data)
        elif opcode == REQUEST_MEMBERS:
            for chunk in self._world.member_chunks(data):
                session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    async def _identify(self, connection: Connection, data: Any, *, already: bool) -> None:
        if already:
            await connection.close(ALREADY_AUTHENTICATED, "Already authenticated.")
            return
        if not secrets.compare_digest(str(data["token"]).encode(), self._token.encode()):
            await connection.close(AUTHENTICATION_FAILED, "Authentication failed.")
            return
        if self._faults.identify_close is not None:
            await connection.close(self._faults.identify_close, "Ordered by a test.")
            return
        intents = discord.Intents()
        intents.value = int(data["intents"])
        privileged = any(getattr(intents, name) for name in intent_rules.PRIVILEGED_INTENTS)
        if privileged and self._faults.disallowed_intents:
            await connection.close(DISALLOWED_INTENTS, "Disallowed intent(s).")
            return
        # The bot starts over: sessions that nobody is connected to any more would buffer for ever.
        self._sessions = {key: s for key, s in self._sessions.items() if s.connection}
        session = Session(intents, connection)
        self._sessions[session.id] = session
        if presence := data.get("presence"):
            self._set_presence({"activities": [presence.get("game")]})
        self._open(session)
        self._state_changed()

    def _open(self, session: Session) -> None:
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": dict(serializers.user_payload(self._world.bot_user)),
                "guilds": [{"id": str(guild), "unavailable": True} for guild in self._world.guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.url,
                "shard": [0, 1],
                "application": {"id": str(self._world.application_id), "flags": self.application_flags},
            },
        )
        for guild in self._world.guilds.values():
            self._deliver(session, "GUILD_CREATE", serializers.guild_create_payload(self._world, guild))

    async def _resume(self, connection: Connection, data: Any) -> None:
        if not secrets.compare_digest(str(data["token"]).encode(), self._token.encode()):
            await connection.close(AUTHENTICATION_FAILED, "Authentication failed.")
            return
        session = self._sessions.get(str(data["session_id"]))
        sequence = int(data["seq"] or 0)
        if session is None or not session.can_resume_after(sequence):
            self._sessions.pop(str(data["session_id"]), None)
            connection.put({"op": INVALID_SESSION, "d": False})
            return
        session.replay_after(sequence, connection)
        self._state_changed()

    def _set_presence(self, data: Any) -> None:
        activity = next((item for item in data.get("activities") or [] if item), None) or {}
        self.status_text = activity.get("state") or activity.get("name")
        self._state_changed()

    def _detach(self, connection: Connection) -> None:
        """A session whose client said goodbye (1000, 1001) is over; any other one waits for RESUME."""
        for session in list(self._sessions.values()):
            if session.connection is connection:
                session.connection = None
                if connection.client_said_goodbye:
                    del self._sessions[session.id]
        self._state_changed()

    # ------------------------------------------------------------------ faults and shutdown

    async def drop(self, code: int | None = 4000) -> None:
        """Close every connection with `code`; None cuts the line without a word."""
        for connection in list(self._connections):
            if code is None:
                connection.cut()
            else:
                await connection.close(code)

    def ask_to_reconnect(self) -> None:
        for connection in self._connections:
            connection.put({"op": RECONNECT, "d": None})

    def invalidate_sessions(self) -> None:
        """Tell every session that it is over and cannot be resumed: the bot must identify again."""
        self._sessions.clear()
        for connection in self._connections:
            connection.put({"op": INVALID_SESSION, "d": False})

    async def close(self) -> None:
        await asyncio.gather(*(connection.close(1001, "Going away.") for connection in list(self._connections)))
