"""The commands as a person types them: what they print, and that failure is one plain sentence and a non-zero code."""

import asyncio
import json
import logging
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import bot.__main__
import training.__main__
from bot.logs import OURS
from bot.store import Store
from tests.journeys.troupe_process import clean_environment
from tests.places import REPOSITORY

MAINS = {"bot": bot.__main__.main, "training": training.__main__.main}


@dataclass(frozen=True)
class Outcome:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def troupe(monkeypatch, capsys) -> Iterator[Callable[..., Outcome]]:
    """Runs `python -m bot ARGUMENTS` with these variables added to a clean environment, in this process."""
    monkeypatch.chdir(REPOSITORY)
    logging_before = [(logger, logger.level) for logger in map(logging.getLogger, ["", *OURS])]
    handlers = logging.getLogger().handlers[:]

    def run(*arguments: str, module: str = "bot", **environ: str) -> Outcome:
        for name in os.environ.keys() - clean_environment().keys():
            monkeypatch.delenv(name)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", [module, *arguments])
        with pytest.raises(SystemExit) as ended:
            MAINS[module]()
        code = ended.value.code
        printed = capsys.readouterr()
        return Outcome(code if isinstance(code, int) else 0, printed.out, printed.err)

    yield run
    logging.getLogger().handlers[:] = handlers
    for logger, level in logging_before:
        logger.setLevel(level)


def refusal(result: Outcome) -> str:
    """The one sentence of a failure."""
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    [sentence] = [line for line in result.stderr.splitlines() if line.startswith("troupe")]
    return sentence


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.parametrize("module", ["bot", "training"])
def test_help_names_every_command_and_says_what_it_does(module, troupe):
    text = troupe("--help", module=module).stdout
    commands = {"bot": ["run", "chat", "doctor", "backup"], "training": ["dataset", "train", "evaluate", "promote"]}
    for command in commands[module]:
        assert command in text
        assert "--config" in troupe(command, "--help", module=module).stdout


def test_an_unknown_key_ends_the_start(tmp_path, troupe):
    (tmp_path / "config.toml").write_text("[engine]\nmax_rowz = 1\n")
    assert "engine.max_rowz: unknown key" in refusal(troupe("run", "--config", str(tmp_path / "config.toml")))


def test_a_bad_variable_ends_the_start(troupe):
    assert "TROUPE_ENGINE__MAX_ROWS = 0" in refusal(troupe("run", TROUPE_ENGINE__MAX_ROWS="0"))


def test_a_taken_port_is_told_before_anything_slow(taken_port, tmp_path, troupe):
    places = {"TROUPE_MODEL__CACHE_DIR": str(tmp_path / "cache"), "TROUPE_STORE__PATH": str(tmp_path / "troupe.db")}
    sentence = refusal(troupe("run", TROUPE_SANDBOX__PORT=str(taken_port), **places))
    assert f"Port {taken_port} on 127.0.0.1 is in use" in sentence
    left = [path.name for path in tmp_path.iterdir()]
    assert left == ["troupe.db.lock"], "no weights were prepared, no database was opened"


@pytest.mark.parametrize(
    ("api", "gateway", "problem"),
    [
        (
            "https://discord.example/api/v10",
            "ws://127.0.0.1:1/gateway",
            "TROUPE_DISCORD_API = 'https://discord.example",
        ),
        ("http://127.0.0.1@evil.example/api", "ws://127.0.0.1:1/gateway", "a user name before the host is not allowed"),
        ("http://127.0.0.1:1/api/v10", "wss://gateway.example/", "TROUPE_DISCORD_GATEWAY = 'wss://gateway.example/'"),
    ],
    ids=["api", "api with a user name", "gateway"],
)
def test_another_discord_must_be_on_this_machine(api, gateway, problem, troupe):
    result = troupe("run", DISCORD_TOKEN="a.b.c", TROUPE_DISCORD_API=api, TROUPE_DISCORD_GATEWAY=gateway)
    assert problem in refusal(result)


def test_half_an_address_is_refused(troupe):
    sentence = refusal(troupe("run", TROUPE_DISCORD_API="http://127.0.0.1:1/api/v10"))
    assert "set all three" in sentence


def test_a_token_that_cannot_be_one_is_refused_without_showing_it(troupe):
    sentence = refusal(troupe("run", DISCORD_TOKEN="Bot secret.token.value"))
    assert "DISCORD_TOKEN" in sentence
    assert "secret" not in sentence


def test_a_missing_persona_is_answered_with_the_ones_there_are(troupe):
    sentence = refusal(troupe("chat", "--persona", "pirat", "--message", "hi"))
    assert "no persona called “pirat”" in sentence
    assert "pirate" in sentence


def test_an_empty_message_is_refused(troupe):
    assert "your message was empty" in refusal(troupe("chat", "--message", "  "))


def test_a_failure_under_json_is_json(troupe):
    result = troupe("chat", "--persona", "nobody", "--message", "hi", "--json")
    assert result.returncode == 1
    assert "nobody" in json.loads(result.stderr.splitlines()[-1])["error"]


def test_a_database_from_a_newer_version_is_left_alone(tmp_path, troupe):
    path = tmp_path / "troupe.db"
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 999")
        newer.execute("CREATE TABLE kept (id)")
    before = path.read_bytes()
    result = troupe("chat", "--message", "hi", TROUPE_STORE__PATH=str(path))
    assert str(path) in refusal(result)
    assert path.read_bytes() == before


def test_the_doctor_reports_a_broken_configuration_and_fails(troupe):
    result = troupe("doctor", TROUPE_ENGINE__MAX_ROWS="0")
    assert result.returncode == 1
    assert "TROUPE_ENGINE__MAX_ROWS" in result.stdout


def test_the_doctor_names_each_remedy(tmp_path, troupe):
    (tmp_path / "troupe.db").write_text("this is no database" * 100)
    result = troupe("doctor", TROUPE_STORE__PATH=str(tmp_path / "troupe.db"), COLUMNS="200")
    assert result.returncode == 1
    assert "Please fix: database" in result.stdout


async def make_database(path: Path) -> None:
    store = await Store.open(path)
    await store.close()


def test_a_backup_copies_the_database_and_never_overwrites(tmp_path, troupe):
    source, target = tmp_path / "troupe.db", tmp_path / "copy.db"
    asyncio.run(make_database(source))
    assert troupe("backup", str(target), TROUPE_STORE__PATH=str(source)).returncode == 0
    assert target.exists()
    assert str(target) in refusal(troupe("backup", str(target), TROUPE_STORE__PATH=str(source)))


@pytest.mark.model
def test_one_message_prints_one_json_object(tmp_path, troupe):
    result = troupe(
        "chat", "--persona", "plain", "--message", "Is Paris in France?", "--json",
        TROUPE_STORE__PATH=str(tmp_path / "t.db"),
    )  # fmt: skip
    [line] = result.stdout.splitlines()
    reply = json.loads(line)
    assert reply["persona"] == "plain"
    assert reply["finish_reason"] in ("stop", "length")
    assert "Paris" in reply["text"]
    assert reply["tokens"]["completion"] > 0
    assert reply["timings"]["total_s"] > 0


@pytest.mark.model
def test_a_message_longer_than_the_context_is_refused_with_the_numbers(tmp_path, troupe):
    sentence = refusal(troupe("chat", "--message", "long " * 5000, TROUPE_STORE__PATH=str(tmp_path / "t.db")))
    assert "shorten your message" in sentence
