"""Owns a persona's study.toml: which variants of its training a study compares, and what members say in talks."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import PersonaError

FILE = "study.toml"


class Variant(BaseModel):
    """One other way of training the persona. `training`: keys of config.toml's [training] with their values.

    With `script` it learns the persona's script.txt in place of its examples: as running text in chunks, or as
    exchanges in which `speaker` answers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^\w[\w .,:+-]{0,39}$")]
    training: dict[str, Any] = {}
    script: Literal["chunks", "pairs"] | None = None
    speaker: str | None = None


class Plan(BaseModel):
    """`conversations`: what a member says, turn by turn; the model answers each turn with its own answers before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversations: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = ()
    variants: tuple[Variant, ...] = ()


def read_plan(folder: Path) -> Plan:
    """The plan of the persona in `folder`, an empty one without the file. Raises PersonaError naming the bad key."""
    path = folder / FILE
    if not path.exists():
        return Plan()
    try:
        return Plan.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PersonaError(f"{path}: cannot be read: {error}.") from error
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        raise PersonaError(f"{path}: {key} = {problem['input']!r}: {problem['msg']}.") from None
