"""The map names every room once, and no room that is gone."""

import re

import pytest

from tests.places import REPOSITORY

MAP = (REPOSITORY / "docs" / "map.md").read_text(encoding="utf-8")
FOLDERS = ("bot", "training", "tests", "benchmarks", "tools")


def on_the_map(folder: str) -> list[str]:
    """The rooms in the table below the folder's heading, in the order of the names."""
    section = re.search(rf"^## `{folder}/`.*?(?=^## |\Z)", MAP, re.MULTILINE | re.DOTALL)
    assert section is not None
    return sorted(re.findall(r"^\| `(\w+)` \|", section[0], re.MULTILINE))


def in_the_house(folder: str) -> list[str]:
    """The modules and packages directly below the folder."""
    modules = {file.stem for file in (REPOSITORY / folder).glob("*.py")} - {"__init__"}
    packages = {file.parent.name for file in (REPOSITORY / folder).glob("*/*.py")}
    return sorted(modules | packages)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_room_is_on_the_map_once(folder: str) -> None:
    assert on_the_map(folder) == in_the_house(folder)
