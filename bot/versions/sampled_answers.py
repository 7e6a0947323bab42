"""Answers that a training asked a persona for, to members' own prompts: kept beside its versions for the next training.

They may quote members, so only the bot's user may read them, and they go when a member is forgotten.
"""

from pathlib import Path

from bot.versions.registry import AdapterRegistry

PREFIX = ".samples-"


def samples_file(folder: Path, persona: str, base: str) -> Path:
    """Of the persona below `folder`, on the base model with this fingerprint."""
    return folder / persona / "versions" / f"{PREFIX}{base[:12]}.json"


def forget_samples(registry: AdapterRegistry, persona: str) -> None:
    """Remove them, for every base model. Raises OSError."""
    for file in (registry.folder / persona / "versions").glob(f"{PREFIX}*"):
        file.unlink(missing_ok=True)
