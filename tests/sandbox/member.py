"""A member of the sandbox's server, as tests let them act."""

from typing import Any

from bot.sandbox import SandboxServer

CARD = {"filename": "card.json", "data": "eyJuYW1lIjogIlBpcCJ9"}


class Member:
    """Someone acting in one channel."""

    def __init__(self, server: SandboxServer, name: str = "mika", channel: str = "tavern") -> None:
        self.id, self.channel = server.members[name], server.demo_channels[channel]
        self.server = server

    def __getattr__(self, verb: str) -> Any:
        def act(**arguments: Any) -> Any:
            return getattr(self.server.control, verb)(member=self.id, **{"channel": self.channel, **arguments})

        return act

    async def ask(self, text: str) -> dict[str, Any]:
        said: dict[str, Any] = await self.say(content=f"<@{self.server.bot_id}> {text}")
        return said

    @property
    def sees(self) -> list[dict[str, Any]]:
        return self.server.messages(self.channel)
