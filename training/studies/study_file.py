"""Reads a persona's study.toml: which variants of its training a study compares, and what members say in talks."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.errors import PersonaError

FILE = "study.toml"
TAKEN = ("base model", "adapter")


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

    @property
    def folder(self) -> str:
        """The name as that of a folder."""
        return re.sub(r"\W+", "-", self.name)


class Plan(BaseModel):
    """`conversations`: what a member says, turn by turn; the model answers each turn with its own answers before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversations: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = ()
    variants: tuple[Variant, ...] = ()

    @model_validator(mode="after")
    def _are_told_apart(self) -> "Plan":
        names = [*(name.replace(" ", "-") for name in TAKEN), *(variant.folder for variant in self.variants)]
        if len(names) > len(set(names)):
            raise ValueError(f"each needs a name of its own, and none of {', '.join(TAKEN)}")
        return self


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
        where = f"{key} = {problem['input']!r}" if key else "variants"
        raise PersonaError(f"{path}: {where}: {problem['msg']}.") from None
