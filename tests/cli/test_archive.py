"""The restore drill: an archive, everything destroyed, the archive restored, and the same answers and votes."""

import io
import shutil
import stat
import tarfile
from pathlib import Path

import pytest

from bot.cli.archive import restore_archive, write_archive, write_in_turn
from bot.config import Config, load_config
from bot.errors import StoreError
from bot.store import Store, held, open_snapshot
from bot.versions.registry import AdapterRegistry
from tests.engine.serving import Ask, answer, running_engine
from tests.store.samples import RECORD, VOTER
from tests.tiny import write_random_adapter, write_tiny_model

CARD = 'name = "pirate"\ndisplay_name = "Pirate"\ndescription = "A pirate."\nsystem_prompt = "Arr."\n'


@pytest.fixture
async def config(tmp_path: Path) -> Config:
    """A home with one persona that has a version, and one voted reply; its secret is in .env."""
    home = tmp_path / "home"
    persona = home / "adapters" / "pirate"
    persona.mkdir(parents=True)
    (persona / "persona.toml").write_text(CARD)
    write_random_adapter(persona / "versions" / "1", write_tiny_model(tmp_path / "model"))
    (persona / "active").write_text("1\n")
    (persona / ".report.json.x1.partial").write_text("half")
    (home / "config.toml").write_text("[personas]\ndefault = 'pirate'\n")
    (home / ".env").write_text("DISCORD_TOKEN=hush-hush-hush\n")
    settings = load_config(home / "config.toml", {})
    store = await Store.open(settings.store_path)
    await store.cast_vote(await store.add_reply(RECORD), VOTER, 1, "button")
    await store.close()
    return settings


async def what_it_says(config: Config, model: Path) -> tuple[int, ...]:
    """The active version's greedy answer."""
    active = AdapterRegistry(config.adapters_dir).active("pirate")
    async with running_engine(model) as engine:
        if active is not None:
            await engine.load(active)
        return (await answer(engine, model, Ask("Ahoy", active))).token_ids


def votes(config: Config) -> list[frozenset[int]]:
    with open_snapshot(config.store_path) as snapshot:
        return [reply.likes for reply in snapshot.replies("pirate")]


@pytest.mark.parametrize("name", ["all.tar", "all.tgz"])
async def test_after_a_loss_the_archive_gives_the_same_answers_and_votes(config, tmp_path, name):
    said, voted = await what_it_says(config, tmp_path / "model"), votes(config)
    write_archive(config, tmp_path / name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    shutil.rmtree(config.adapters_dir)
    shutil.rmtree(config.store_path.parent)

    restore_archive(tmp_path / name, config)

    assert await what_it_says(config, tmp_path / "model") == said
    assert votes(config) == voted == [frozenset({VOTER})]


async def test_what_was_there_is_kept_beside(config, tmp_path):
    write_archive(config, tmp_path / "all.tar")
    (config.adapters_dir / "pirate" / "active").unlink()
    restored = restore_archive(tmp_path / "all.tar", config)
    assert restored.personas
    assert not (restored.personas / "pirate" / "active").exists()
    assert AdapterRegistry(config.adapters_dir).active_number("pirate") == 1
    assert restored.database.exists()
    assert restored.config.read_text() == config.file.read_text()


async def test_neither_secrets_nor_half_written_files_are_in_the_archive(config, tmp_path):
    write_archive(config, tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as archive:
        names = archive.getnames()
    assert {"troupe.db", "config.toml", "contents.json", "adapters/pirate/versions/1/manifest.json"} <= set(names)
    assert not [name for name in names if ".env" in name or "partial" in name]
    assert b"hush-hush" not in (tmp_path / "all.tar").read_bytes()


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    at = content.index(b"adapter_sha256")
    return content[:at] + b"X" + content[at + 1 :]


def foreign(_: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("holiday.jpg"))
    return made.getvalue()


def climbing(_: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../escaped"))
    return made.getvalue()


@pytest.mark.parametrize("spoil", [cut, flip, foreign, climbing, lambda _: b"", lambda _: b"diary\n" * 999])
async def test_what_is_not_whole_replaces_nothing(config, tmp_path, spoil):
    archive = tmp_path / "all.tar"
    write_archive(config, archive)
    archive.write_bytes(spoil(archive.read_bytes()))
    with pytest.raises(StoreError) as refused:
        restore_archive(archive, config)
    assert str(archive) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert votes(config) == [frozenset({VOTER})]
    assert [path.name for path in config.adapters_dir.iterdir()] == ["pirate"]
    assert not list(tmp_path.rglob("escaped"))


async def test_a_running_bot_keeps_what_it_has(config, tmp_path):
    write_archive(config, tmp_path / "all.tar")
    with held(config.store_path), pytest.raises(StoreError, match="in use by `bot run`"):
        restore_archive(tmp_path / "all.tar", config)


async def test_in_a_folder_the_newest_archives_stay(config, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    older = [folder / f"troupe-2025010{day}T000000Z.tar" for day in range(1, 5)]
    for file in [*older, folder / "troupe-of-mine.tar"]:
        file.touch()
    newest = write_in_turn(config, folder, keep=2)
    assert sorted(folder.iterdir()) == sorted([older[-1], newest, folder / "troupe-of-mine.tar"])
