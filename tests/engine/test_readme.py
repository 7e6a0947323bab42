"""The engine's README names tests and modules that exist."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ENGINE = HERE.parent.parent / "bot" / "engine"
README = (ENGINE / "README.md").read_text(encoding="utf-8")


def test_every_test_behind_an_invariant_exists() -> None:
    tests = "\n".join(file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", README))
    assert len(named) > 15
    assert {name for name in named if f"def {name}(" not in tests} == set()


def test_the_module_map_is_complete() -> None:
    modules = {file.stem for file in ENGINE.glob("*.py")} - {"__init__"}
    named = {name for row in re.findall(r"^\| (`.+?) \|", README, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert modules - named == set()
