"""The documents tell the truth: their commands exist, their links lead somewhere, their numbers are computed."""

import re
import shlex
from pathlib import Path
from typing import Any

import discord
import pytest
import typer

from bot.__main__ import app as bot_cli
from bot.config import Config
from training.__main__ import app as training_cli

REPOSITORY = Path(__file__).parent.parent
DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "adapters/README.md", "bot/engine/README.md")),
    *sorted((REPOSITORY / "adapters").glob("*/README.md")),
]
CLIS: dict[str, Any] = {"bot": typer.main.get_command(bot_cli), "training": typer.main.get_command(training_cli)}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def commands(pattern: str) -> list[tuple[str, str]]:
    return [(doc.name, found) for doc in DOCUMENTS for found in re.findall(pattern, doc.read_text())]


def test_every_make_target_in_the_documents_exists():
    named = {target for _, target in commands(r"(?:`|^|\n)(?:[A-Z_]+=\S+ )*make ([a-z-]+)")}
    assert {"run", "test"} <= named
    assert named <= make_targets()


@pytest.mark.parametrize(("document", "line"), commands(r"python -m ((?:bot|training) [^`\n]+)"))
def test_every_command_line_in_the_documents_is_accepted(document, line):
    program, command, *arguments = shlex.split(line.replace("…", ""), comments=True)
    known = CLIS[program].commands
    assert command in known, f"{document}: {line}"
    if "|" not in arguments:
        known[command].make_context(command, arguments)


def test_every_relative_link_leads_to_a_file():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readme_names_every_section_of_the_configuration():
    readme = (REPOSITORY / "README.md").read_text()
    for section in Config.model_fields:
        assert f"`[{section}]`" in readme


def test_the_invite_link_asks_for_exactly_the_permissions_it_lists():
    readme = (REPOSITORY / "README.md").read_text()
    found = re.search(r"permissions=(\d+)", readme)
    assert found is not None
    assert (
        int(found[1])
        == discord.Permissions(
            view_channel=True,
            send_messages=True,
            send_messages_in_threads=True,
            attach_files=True,
            read_message_history=True,
            add_reactions=True,
        ).value
    )


def test_no_document_or_source_names_a_machines_path_or_a_registry_address():
    forbidden = re.compile(r"(?<![\w.:/}$~])/(?:root|home|work|opt)/\w|https?://[^\s)]*/simple/")
    for path in [*REPOSITORY.glob("*.*"), *REPOSITORY.glob("bot/**/*.py"), *REPOSITORY.glob("training/**/*.py")]:
        if path.is_file() and path.suffix in {".md", ".toml", ".txt", ".py"}:
            assert not forbidden.search(path.read_text()), path
