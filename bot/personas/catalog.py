"""Reads persona cards: `adapters/<name>/persona.toml` and the examples beside it. Knows nothing of adapters."""

import json
import logging
import random
import re
import reprlib
import tomllib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from bot.errors import PersonaError, UnknownPersona
from bot.personas.lore import MOST_ENTRIES, LoreEntry
from bot.personas.rules import Rules
from bot.prompt import Message
from bot.prompt.names import visible_name
from bot.versions.small_files import read_bytes

log = logging.getLogger(__name__)

CARD = "persona.toml"
LARGEST_CARD, LARGEST_EXAMPLES = 4 << 20, 1 << 30  # bytes
NAME = r"[a-z0-9][a-z0-9-]{1,31}"
PROMPT_LENGTH = 4000  # characters, as many as Discord's forms take
GREETING_LENGTH = 1500  # characters: a greeting and a line above it are one message of Discord's
MOST_GREETINGS = 20

Greeting = Annotated[str, Field(max_length=GREETING_LENGTH)]


class SamplingOverrides(BaseModel):
    """What a card may set of the sampling defaults; None leaves config.toml's value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: Annotated[float, Field(ge=0.0, le=5.0)] | None = None
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
    min_p: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0.0, le=5.0)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None


class RuleSection(BaseModel):
    """What a card may rule for every reply; the engine keeps it to the letter. See `bot.personas.rules.Rules`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    forbid_characters: str | tuple[str, ...] = ()
    forbid_words: tuple[str, ...] = ()
    max_words: Annotated[int, Field(ge=1)] | None = None
    max_sentences: Annotated[int, Field(ge=1)] | None = None
    max_characters: Annotated[int, Field(ge=1)] | None = None
    end_with: str | tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be_kept(self) -> "RuleSection":
        """BadRules is a ValueError: pydantic reports it with the table's name."""
        self.as_rules().check()
        return self

    def as_rules(self) -> Rules:
        return Rules(
            forbidden_characters=tuple(self.forbid_characters),
            forbidden_words=self.forbid_words,
            max_words=self.max_words or 0,
            max_sentences=self.max_sentences or 0,
            max_characters=self.max_characters or 0,
            endings=(self.end_with,) if isinstance(self.end_with, str) else self.end_with,
        )


def _visible(name: Any) -> Any:
    return visible_name(name) if isinstance(name, str) else name


class Persona(BaseModel):
    """One character: what the model is told, and how members see it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=rf"^{NAME}$")]
    display_name: Annotated[str, Field(min_length=1, max_length=32), BeforeValidator(_visible)]
    description: Annotated[str, Field(min_length=1, max_length=100)]
    avatar: Annotated[str, Field(max_length=8)] = "🎭"
    avatar_url: Annotated[str, Field(max_length=500, pattern=r"^(https://[^\s<>\"]+)?$")] = ""
    greeting: Greeting = ""
    greetings: Annotated[tuple[Greeting, ...], Field(max_length=MOST_GREETINGS)] = ()  # further ones, for a change
    system_prompt: Annotated[str, Field(max_length=PROMPT_LENGTH)] = ""
    lore: Annotated[tuple[LoreEntry, ...], Field(max_length=MOST_ENTRIES)] = ()
    sampling: SamplingOverrides = SamplingOverrides()
    rules: RuleSection | None = None

    def welcome(self) -> str:
        """One of the greetings, by chance; "" without a first one."""
        return random.choice([self.greeting, *self.greetings] if self.greeting else [""])

    def sampling_values(self) -> dict[str, Any]:
        """What the card sets of the engine's SamplingParams, by name."""
        values = self.sampling.model_dump(exclude_none=True)
        return values if self.rules is None else {**values, "rules": self.rules.as_rules()}


@dataclass(frozen=True)
class Pair:
    """One training exchange written by hand: what is asked, and how the persona answers.

    `history`: what was said before, oldest first, in turns of user and assistant.
    """

    prompt: str
    completion: str
    history: tuple[Message, ...] = ()


@dataclass(frozen=True)
class HeldOut:
    """A prompt that is never trained on. `completion` answers it in character, `neutral` says the same without."""

    prompt: str
    completion: str = ""
    neutral: str = ""


class PersonaCatalog:
    """All personas found below a folder, and those that servers made for themselves. `reload()` reads the folder again.

    A card that cannot be read is in the log and in `problems`; the others speak.
    With a `guild_id`, that server's own personas are among the answers; a shipped persona's name is never theirs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._personas: dict[str, Persona] = {}
        self.problems: dict[str, PersonaError] = {}  # by the folder's name
        self._made: dict[int, dict[str, Persona]] = {}
        self._seen: dict[Path, tuple[int, int] | None] = {}
        self.reload()

    def reload(self) -> None:
        """Read all cards. Raises PersonaError when the folder itself cannot be read."""
        self._personas = {}
        self._read(self._cards())

    def follow(self) -> bool:
        """Read again what changed in the folder: new, changed and removed cards; whether anything did.

        A card that cannot be read any more leaves its persona as it was. Raises PersonaError as `reload` does.
        """
        cards = self._cards()
        if not cards or _state_of(cards) == self._seen:
            return False
        self._read(cards)
        return True

    def _cards(self) -> list[Path]:
        """By name, also those that are no file or lead nowhere."""
        try:
            return sorted(folder / CARD for folder in self.folder.iterdir() if CARD in _names(folder))
        except FileNotFoundError:
            raise PersonaError(f"{self.folder}: this folder of personas does not exist; set personas.folder.") from None
        except OSError as error:
            raise PersonaError(f"{self.folder} cannot be read: {error}; set personas.folder.") from error

    def _read(self, cards: Sequence[Path]) -> None:
        self._seen = _state_of(cards)
        personas, problems = {}, {}
        for card in cards:
            name = card.parent.name
            try:
                personas[name] = read_card(card)
            except PersonaError as error:
                problems[name] = error
                if name in self._personas:
                    personas[name] = self._personas[name]
                log.error("%s %s", error, "It stays as it was." if name in personas else "It cannot speak.")
        self._personas, self.problems = personas, problems

    def names(self, guild_id: int | None = None) -> list[str]:
        return [persona.name for persona in self.all(guild_id)]

    def all(self, guild_id: int | None = None) -> list[Persona]:
        made = self._made.get(guild_id, {}) if guild_id is not None else {}
        return [*self._personas.values(), *(made[name] for name in sorted(made) if not self.is_shipped(name))]

    def get(self, name: str, guild_id: int | None = None) -> Persona:
        """The card of `name`. Raises UnknownPersona, or PersonaError for one that cannot be read."""
        persona = self._personas.get(name)
        if persona is None and name in self.problems:
            raise self.problems[name]
        if persona is None and guild_id is not None:
            persona = self._made.get(guild_id, {}).get(name)
        if persona is None:
            raise UnknownPersona(name[:32], self.names(guild_id))
        return persona

    def is_shipped(self, name: str) -> bool:
        return name in self._personas or name in self.problems

    def made_by(self, guild_id: int) -> list[Persona]:
        """The server's own personas, by name."""
        return [persona for _, persona in sorted(self._made.get(guild_id, {}).items())]

    def add_made(self, guild_id: int, persona: Persona) -> None:
        self._made.setdefault(guild_id, {})[persona.name] = persona

    def remove_made(self, guild_id: int, name: str) -> None:
        self._made.get(guild_id, {}).pop(name, None)

    def examples(self, name: str) -> list[Pair]:
        """The persona's seed pairs, possibly none. Raises PersonaError naming the line of a bad row."""
        return read_pairs(self.folder / self.get(name).name / "examples.jsonl")

    def texts(self, name: str) -> list[str]:
        """Running text in the persona's manner, as `training import --mode chunks` writes it; possibly none."""
        path = self.folder / self.get(name).name / "texts.jsonl"
        return [row["text"] for _, row in _rows(path, {"text"})]

    def heldout_prompts(self, name: str) -> list[str]:
        return [row.prompt for row in self.heldout(name)]

    def heldout(self, name: str) -> list[HeldOut]:
        """What judges the persona's versions, possibly nothing. Raises PersonaError naming the line of a bad row."""
        path = self.folder / self.get(name).name / "heldout.jsonl"
        rows = _rows(path, {"prompt"})
        return [HeldOut(row["prompt"], str(row.get("completion", "")), str(row.get("neutral", ""))) for _, row in rows]


def _state_of(cards: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    """What shows that a card changed: when it was written (ns) and its size; None for one that leads nowhere."""
    return {card: _written(card) for card in cards}


def _written(card: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        found = card.stat()
        return found.st_mtime_ns, found.st_size
    return None


def read_card(path: Path) -> Persona:
    try:
        values = tomllib.loads(read_bytes(path, LARGEST_CARD).decode("utf-8"))
        persona = Persona.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise PersonaError(f"{path}: {key} = {reprlib.repr(problem['input'])}: {problem['msg']}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise PersonaError(f"{path}: cannot be read: {error}.") from error
    if persona.name != path.parent.name:
        raise PersonaError(f"{path}: name = {persona.name!r}: must equal the folder's name, {path.parent.name!r}.")
    return persona


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a JSONL file, none without it. Raises PersonaError naming the line of a bad row."""
    return [
        Pair(row["prompt"], row["completion"], _history(row.get("history", []), f"{path}:{number}"))
        for number, row in _rows(path, {"prompt", "completion"})
    ]


def _history(turns: Any, where: str) -> tuple[Message, ...]:
    good = isinstance(turns, list) and all(
        isinstance(turn, dict)
        and turn.get("role") in ("user", "assistant")
        and isinstance(turn.get("content"), str)
        and turn["content"].strip()
        for turn in turns
    )
    if not good:
        raise PersonaError(f'{where}: history must be a list of {{"role": "user" or "assistant", "content": text}}.')
    return tuple(Message(turn["role"], turn["content"]) for turn in turns)


def _rows(path: Path, keys: set[str]) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file with their line numbers."""
    rows = []
    try:
        text = read_bytes(path, LARGEST_EXAMPLES).decode("utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise PersonaError(f"{path} cannot be read: {error}; save it as UTF-8 text.") from None
    # Not splitlines: a row may hold other line separators, as U+2028.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PersonaError(f"{path}:{number}: not JSON: {error}.") from None
        if not isinstance(row, dict) or any(not isinstance(row.get(k), str) or not row[k].strip() for k in keys):
            raise PersonaError(f"{path}:{number}: needs non-empty text for {', '.join(sorted(keys))}.")
        rows.append((number, row))
    return rows


def _names(folder: Path) -> set[str]:
    """What lies in a folder; nothing where it is none, or may not be looked into."""
    try:
        return {path.name for path in folder.iterdir()}
    except OSError:
        return set()


def is_valid_name(name: str) -> bool:
    return re.fullmatch(NAME, name) is not None
