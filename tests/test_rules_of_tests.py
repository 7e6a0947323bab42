"""What every test keeps to, read from its source: whoever renames a private thing of ours breaks no test."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.places import REPOSITORY

FILES = sorted((REPOSITORY / "tests").rglob("*.py"))
PRIVATE = re.compile(r"(^|\.)_(?!_)\w+$")
# What simcord gives no public name; each is touched in one place, tests/discord_bot/talk.py.
OF_SIMCORD = {"_bot_scope", "_incoming_webhook_body"}


def test_no_test_reaches_for_a_private_name_or_imports_another_test() -> None:
    assert [
        f"{file.relative_to(REPOSITORY)}, {found}" for file in FILES for found in broken_rules(file.read_text())
    ] == []


def broken_rules(source: str) -> list[str]:
    return [found for node in ast.walk(ast.parse(source)) for found in [*private_names(node), *imported_tests(node)]]


def private_names(node: ast.AST) -> Iterator[str]:
    """Read, imported or patched."""
    match node:
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            return
        case ast.Attribute(attr=name) if PRIVATE.match(name):
            names = [name]
        case ast.ImportFrom(names=imported):
            names = [alias.name for alias in imported if PRIVATE.match(alias.name)]
        case ast.Call(func=ast.Attribute(attr="setattr"), args=[*arguments]):
            texts = [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            names = [text for text in texts if PRIVATE.search(text)]
        case _:
            return
    yield from (f"line {node.lineno}: {name}" for name in names if name not in OF_SIMCORD)


def imported_tests(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
        parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        yield from (f"line {node.lineno}: {part}" for part in parts if part.startswith("test_"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("bot._store", 1),
        ("self._store", 0),
        ("a.__class__", 0),
        ("from bot.app import _cast", 1),
        ("monkeypatch.setattr('bot.app._cast', 1)", 1),
        ("monkeypatch.setattr(app, '_cast', 1)", 1),
        ("monkeypatch.setattr(app, 'CAST', 1)", 0),
        ("from tests.store.test_votes import x", 1),
        ("from tests.store import test_votes", 1),
        ("from aiohttp import test_utils", 0),
    ],
)
def test_what_breaks_the_rules_is_found(source: str, found: int) -> None:
    assert len(broken_rules(source)) == found
