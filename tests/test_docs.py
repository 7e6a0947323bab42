"""The documents tell the truth: their commands exist, their links lead somewhere, their numbers are computed."""

import importlib.util
import inspect
import pkgutil
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import discord
import pytest
import typer
from discord.ext import commands

from bot.__main__ import app as bot_cli
from bot.config import Config
from bot.discord_bot import cogs
from bot.personas.catalog import PersonaCatalog
from tests.places import REPOSITORY
from training.__main__ import app as training_cli

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PAGES = sorted((REPOSITORY / "docs").glob("*.md"))
DOCUMENTS = [
    *sorted(REPOSITORY.glob("*.md")),
    *PAGES,
    *(
        readme
        for folder in ("adapters", "bot", "training")
        for readme in sorted((REPOSITORY / folder).rglob("README.md"))
    ),
]
OUR_PATHS = re.compile(r"`((?:bot|training|tests|benchmarks|tools|docs)/[\w./-]*)`")
CLIS: dict[str, Any] = {"bot": typer.main.get_command(bot_cli), "training": typer.main.get_command(training_cli)}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def found_in_documents(pattern: str) -> list[tuple[str, str]]:
    return [(doc.name, found) for doc in DOCUMENTS for found in re.findall(pattern, doc.read_text())]


def test_every_make_target_in_the_documents_exists():
    named = {target for _, target in found_in_documents(r"(?:`|^|\n)(?:[A-Z_]+=\S+ )*make ([a-z-]+)")}
    assert {"run", "test"} <= named
    assert named <= make_targets()


@pytest.mark.parametrize(("document", "line"), found_in_documents(r"python -m ((?:bot|training) [^`\n]+)"))
def test_every_command_line_in_the_documents_is_accepted(document, line):
    program, command, *arguments = shlex.split(line.replace("…", ""), comments=True)
    known = CLIS[program].commands
    assert command in known, f"{document}: {line}"
    if "|" not in arguments:
        known[command].make_context(command, arguments)


def test_every_other_module_that_is_run_exists():
    named = {module for _, module in found_in_documents(r"python -m ((?:benchmarks|tools)[\w.]*)")}
    assert named
    assert {module for module in named if importlib.util.find_spec(module) is None} == set()


def test_every_relative_link_leads_to_a_file_and_a_heading():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text()):
            path, _, anchor = target.partition("#")
            file = document.parent / path if path else document
            assert file.exists(), f"{document.name}: {target}"
            assert not anchor or anchor in anchors(file), f"{document.name}: {target}"


def anchors(document: Path) -> set[str]:
    """The headings as GitHub names them in links."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_path_in_the_documents_exists():
    named = {(doc.name, path) for doc in DOCUMENTS for path in OUR_PATHS.findall(doc.read_text())}
    assert len(named) > 20
    assert {where for where in named if not (REPOSITORY / where[1]).exists()} == set()


def test_every_file_that_a_source_points_to_exists():
    pointer = re.compile(r"(?<![\w/.-])((?:bot|training|tests|benchmarks|tools|docs)/[\w/-]+\.(?:py|md|toml|jsonl))\b")
    sources = [
        file
        for folder in ("bot", "training", "tests", "benchmarks", "tools")
        for file in (REPOSITORY / folder).rglob("*.py")
    ]
    named = {(file.name, path) for file in sources for path in pointer.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 10
    assert {where for where in named if not (REPOSITORY / where[1]).exists()} == set()


@pytest.mark.parametrize("document", ["docs/persona-makers.md", "adapters/README.md"])
def test_every_card_in_the_documents_is_accepted(document, tmp_path):
    blocks = re.findall(r"```toml\n(name = .+?)```", (REPOSITORY / document).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        name = tomllib.loads(block)["name"]
        folder = tmp_path / name
        folder.mkdir()
        (folder / "persona.toml").write_text(block, encoding="utf-8")
        assert PersonaCatalog(tmp_path).get(name).name == name


def test_every_setting_in_the_documents_exists():
    pages = [doc for doc in DOCUMENTS if doc.name != "imports.md"]  # its dotted names are modules
    named = {found for doc in pages for found in re.findall(r"`(\w+)\.(?!py`|json`)(\w+)`", doc.read_text())}
    sections = {section: field.annotation for section, field in Config.model_fields.items()}
    settings = {(section, key) for section, key in named if section in sections}
    assert len(settings) > 3
    assert {(section, key) for section, key in settings if key not in sections[section].model_fields} == set()


def test_the_readme_is_a_front_door():
    assert len(README.splitlines()) <= 150
    assert {page.name for page in PAGES if f"docs/{page.name}" not in README + contributing()} == set()


def contributing() -> str:
    return (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("document", "file", "code"),
    [
        pytest.param("README.md", "bot/prompt/renderer.py", "def prompt_ids", id="a message becomes token ids"),
        pytest.param("README.md", "bot/store/feedback.py", "def cast_vote", id="a thumb becomes a row"),
        pytest.param("README.md", "bot/conversation/active_versions.py", "def speaking", id="an adapter is chosen"),
        pytest.param("README.md", "training/publishing/publish.py", "def promote", id="a version goes live"),
        pytest.param("CONTRIBUTING.md", "bot/discord_bot/client.py", "add_cog", id="a command is added"),
        pytest.param("CONTRIBUTING.md", "training/recipes/table.py", "RECIPES", id="a training method is added"),
        pytest.param("CONTRIBUTING.md", "bot/engine/request.py", "class Engine(", id="an engine is added"),
        pytest.param("CONTRIBUTING.md", "bot/engine/request.py", "class EngineStatus", id="a metric is added"),
    ],
)
def test_a_newcomer_is_led_to_the_file_where(document, file, code):
    assert f"`{file}`" in (REPOSITORY / document).read_text(encoding="utf-8")
    assert code in (REPOSITORY / file).read_text(encoding="utf-8")


def slash_commands() -> set[str]:
    modules = [
        importlib.import_module(f"{cogs.__name__}.{found.name}") for found in pkgutil.iter_modules(cogs.__path__)
    ]
    kinds = {kind for module in modules for kind in vars(module).values() if inspect.isclass(kind)}
    return {
        f"/{kind.__cog_group_name__ if issubclass(kind, commands.GroupCog) else ''} {command.name}".replace("/ ", "/")
        for kind in kinds
        if issubclass(kind, commands.Cog)
        for command in kind.__cog_app_commands__
    }


def test_the_readers_pages_name_every_slash_command_and_no_other():
    pages = [
        README,
        *((REPOSITORY / "docs" / f"{who}.md").read_text() for who in ("members", "server-owners", "operators")),
    ]
    assert set(re.findall(r"`(/[a-z]+(?: [a-z]+)?)", "\n".join(pages))) == slash_commands()


def test_the_operators_page_names_every_section_of_the_configuration():
    page = (REPOSITORY / "docs" / "operators.md").read_text()
    assert {section for section in Config.model_fields if f"`[{section}]`" not in page} == set()


def test_the_invite_link_asks_for_exactly_the_permissions_it_lists():
    found = re.search(r"permissions=(\d+)", README)
    assert found is not None
    assert (
        int(found[1])
        == discord.Permissions(
            view_channel=True,
            send_messages=True,
            create_public_threads=True,
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
