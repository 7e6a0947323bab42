"""What an import is asked for: the file, and how to read it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.errors import DatasetError

Mode = Literal["pairs", "chunks"]
FormatName = Literal[
    "jsonl", "csv", "script", "discord", "discord-package", "whatsapp", "telegram", "irc", "sillytavern"
]


@dataclass(frozen=True)
class ImportRequest:
    """`format`, `mode` and `encoding` are recognised where they are None; `speaker` is who the persona is in it."""

    file: Path
    format: FormatName | None = None
    mode: Mode | None = None
    speaker: str | None = None
    encoding: str | None = None

    def refuse_speaker(self, reason: str) -> None:
        if self.speaker is not None:
            raise DatasetError(f"--speaker does not apply: {reason}.")

    def refuse_chunks(self, reason: str) -> None:
        if self.mode == "chunks":
            raise DatasetError(f"--mode chunks does not apply: {reason}.")
