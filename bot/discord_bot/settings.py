"""What config.toml decides about the bot on Discord, as plain values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.discord_bot.access import Access, Operators
from bot.discord_bot.rate_limits import UNLIMITED, Rate


@dataclass(frozen=True)
class BotSettings:
    """Without the optional values nobody is shut out and everybody may ask for as much as they like.

    edit_seconds: between two edits of a growing reply, at least. progress_seconds: the same of a training's progress.
    ask_consent: whether voters are asked if personas may learn from their words.
    status: what stands below the bot's name.
    commands_file: remembers which commands Discord was told about; None: tell it at every start.
    message_content: whether the application has that privileged intent, without which no persona can answer where
    nobody addresses it. members: the same of the intent that tells at once who leaves a server.
    picture_of_emoji: the address of a picture of a persona's emoji, where something draws them.
    """

    edit_seconds: float
    progress_seconds: float = 5.0
    ask_consent: bool = True
    status: str = ""
    commands_file: Path | None = None
    message_content: bool = False
    members: bool = False
    picture_of_emoji: Callable[[str], str] | None = None
    member_rate: Rate = UNLIMITED
    server_rate: Rate = UNLIMITED
    access: Access = field(default_factory=Access)
    operators: Operators = field(default_factory=Operators)
