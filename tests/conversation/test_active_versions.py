import asyncio
import json
import logging

import pytest

from bot.conversation.active_versions import ActiveVersions
from bot.errors import AdapterError, GenerationFailed, PersonaUnavailable, QueueFull
from bot.personas.catalog import PersonaCatalog
from bot.versions.canary import Canary, write_canary
from bot.versions.registry import AdapterRegistry
from tests.fakes import ScriptedEngine
from tests.waiting import until


class PickyEngine(ScriptedEngine):
    """Refuses to load the versions the test names."""

    refused: tuple[int, ...] = ()

    async def load(self, adapter):
        if adapter.number in self.refused:
            raise AdapterError(f"{adapter} is corrupt: train it again.")
        await super().load(adapter)


@pytest.fixture
def registry(tmp_path) -> AdapterRegistry:
    registry = AdapterRegistry(tmp_path)
    for number in (1, 2):
        path = tmp_path / "pirate" / "versions" / str(number)
        path.mkdir(parents=True)
        (path / "manifest.json").write_text(json.dumps({"adapter_sha256": f"sha-{number}"}))
    (tmp_path / "pirate" / "persona.toml").write_text(
        'name = "pirate"\ndisplay_name = "Saltbeard"\ndescription = "A pirate."\n'
    )
    return registry


@pytest.fixture
def engine() -> PickyEngine:
    return PickyEngine()


@pytest.fixture
def active_versions(registry, engine) -> ActiveVersions:
    return ActiveVersions(registry, PersonaCatalog(registry.folder), engine, poll_seconds=0.01)


async def test_without_a_pointer_the_base_model_speaks(active_versions):
    await active_versions.check()
    assert active_versions.speaking("pirate") is None


async def test_a_promotion_is_loaded_before_it_speaks_and_said_in_the_log(active_versions, registry, engine, caplog):
    registry.activate("pirate", 1)
    await active_versions.check()
    first = active_versions.speaking("pirate")
    assert first in engine.resident
    registry.activate("pirate", 2)
    assert active_versions.speaking("pirate") == first
    with caplog.at_level(logging.INFO):
        await active_versions.check()
    assert active_versions.speaking("pirate") == registry.version("pirate", 2)
    assert registry.version("pirate", 2) in engine.resident
    assert first not in engine.resident
    assert "pirate: v2 speaks now (was v1)" in caplog.text


def write_card(folder, name: str, display_name: str) -> None:
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "persona.toml").write_text(
        f'name = "{name}"\ndisplay_name = "{display_name}"\ndescription = "A persona."\n'
    )


async def test_a_new_folder_is_a_persona_at_once_and_its_first_version_speaks(registry, engine):
    catalog = PersonaCatalog(registry.folder)
    active_versions = ActiveVersions(registry, catalog, engine)
    await active_versions.check()
    write_card(registry.folder, "crow", "Corvus")
    await active_versions.check()
    assert catalog.get("crow").display_name == "Corvus"
    assert active_versions.speaking("crow") is None
    version = registry.folder / "crow" / "versions" / "1"
    version.mkdir(parents=True)
    (version / "manifest.json").write_text('{"adapter_sha256": "sha-crow"}')
    registry.activate("crow", 1)
    await active_versions.check()
    assert active_versions.speaking("crow") == registry.version("crow", 1)


async def test_a_changed_card_is_followed_and_a_broken_one_changes_nothing_and_is_told_once(registry, engine, caplog):
    catalog = PersonaCatalog(registry.folder)
    active_versions = ActiveVersions(registry, catalog, engine)
    write_card(registry.folder, "pirate", "Captain Changed")
    await active_versions.check()
    assert catalog.get("pirate").display_name == "Captain Changed"
    (registry.folder / "pirate" / "persona.toml").write_text("name = ")
    for _ in range(3):
        await active_versions.check()
    assert catalog.get("pirate").display_name == "Captain Changed"
    assert caplog.text.count("It stays as it was.") == 1


async def test_without_its_folder_the_personas_stay_as_they_were_and_that_is_told_once(registry, engine, caplog):
    catalog = PersonaCatalog(registry.folder)
    active_versions = ActiveVersions(registry, catalog, engine)
    registry.folder.rename(registry.folder.parent / "elsewhere")
    for _ in range(3):
        await active_versions.check()
    assert catalog.names() == ["pirate"]
    assert caplog.text.count("The personas stay as they were.") == 1


async def test_a_persona_whose_adapter_is_for_another_base_model_speaks_from_its_card(registry, engine, caplog):
    manifest = {"adapter_sha256": "sha-1", "base_fingerprint": "small"}
    (registry.folder / "pirate" / "versions" / "1" / "manifest.json").write_text(json.dumps(manifest))
    registry.activate("pirate", 1)
    on_large = AdapterRegistry(registry.folder, "large")
    active_versions = ActiveVersions(on_large, PersonaCatalog(registry.folder), engine)
    for _ in range(2):
        await active_versions.check()
    assert active_versions.speaking("pirate") is None
    assert active_versions.problem("pirate") is None
    assert caplog.text.count("pirate: v1 is for another base model; its card speaks until you train it") == 1


async def test_the_watch_notices_a_promotion_by_itself(active_versions, registry):
    registry.activate("pirate", 1)
    await active_versions.check()
    watch = asyncio.create_task(active_versions.watch())
    registry.activate("pirate", 2)
    await until(lambda: active_versions.speaking("pirate") == registry.version("pirate", 2))
    watch.cancel()


async def test_a_version_that_cannot_be_loaded_leaves_the_old_one_speaking(active_versions, registry, engine, caplog):
    registry.activate("pirate", 1)
    await active_versions.check()
    engine.refused = (2,)
    registry.activate("pirate", 2)
    await active_versions.check()
    await active_versions.check()
    assert active_versions.speaking("pirate") == registry.version("pirate", 1)
    assert caplog.text.count("pirate v2 is corrupt: train it again. v1 goes on speaking.") == 1


async def test_a_persona_whose_only_adapter_is_broken_says_so(active_versions, registry, engine):
    engine.refused = (1,)
    registry.activate("pirate", 1)
    await active_versions.check()
    with pytest.raises(PersonaUnavailable, match="Saltbeard can't speak right now"):
        active_versions.speaking("pirate")
    assert active_versions.problem("pirate") == "pirate v1 is corrupt: train it again."


async def test_a_mended_persona_speaks_again(active_versions, registry, engine):
    engine.refused = (1,)
    registry.activate("pirate", 1)
    await active_versions.check()
    registry.activate("pirate", 2)
    await active_versions.check()
    assert active_versions.speaking("pirate") == registry.version("pirate", 2)
    assert active_versions.problem("pirate") is None


async def test_a_broken_pointer_never_stops_the_watch(active_versions, registry):
    registry.activate("pirate", 1)
    await active_versions.check()
    (registry.folder / "pirate" / "active").write_text("../../2")
    await active_versions.check()
    assert active_versions.speaking("pirate") == registry.version("pirate", 1)


async def test_a_version_that_cannot_answer_leaves_the_old_one_speaking_and_takes_no_slot(
    active_versions, registry, engine, caplog
):
    registry.activate("pirate", 1)
    await active_versions.check()
    engine.raises(GenerationFailed("NotFinite in a step"))
    registry.activate("pirate", 2)
    await active_versions.check()
    assert active_versions.speaking("pirate") == registry.version("pirate", 1)
    assert registry.version("pirate", 2) not in engine.resident
    assert "pirate v2 was loaded but cannot answer (NotFinite in a step)" in caplog.text
    assert "v1 goes on speaking." in caplog.text


async def test_a_refused_version_is_read_again_after_a_while_only(registry, engine):
    patient = ActiveVersions(registry, PersonaCatalog(registry.folder), engine, patience=3600.0)
    engine.raises(GenerationFailed())
    registry.activate("pirate", 1)
    for _ in range(3):
        await patient.check()
    assert "was loaded but cannot answer" in str(patient.problem("pirate"))
    impatient = ActiveVersions(registry, PersonaCatalog(registry.folder), engine, patience=0.0)
    engine.raises(GenerationFailed())
    for _ in range(2):
        await impatient.check()
    assert impatient.speaking("pirate") == registry.version("pirate", 1)


async def test_an_engine_without_time_to_try_a_version_is_asked_again(active_versions, registry, engine, caplog):
    registry.activate("pirate", 1)
    await active_versions.check()
    engine.raises(QueueFull(64))
    registry.activate("pirate", 2)
    await active_versions.check()
    assert active_versions.speaking("pirate") == registry.version("pirate", 1)
    await active_versions.check()
    assert active_versions.speaking("pirate") == registry.version("pirate", 2)
    assert "ERROR" not in caplog.text


async def test_what_nobody_thought_of_is_one_personas_problem_and_told_once(registry, engine, caplog):
    parrot = registry.folder / "parrot" / "versions" / "1"
    parrot.mkdir(parents=True)
    (parrot.parents[1] / "persona.toml").write_text('name = "parrot"\ndisplay_name = "P"\ndescription = "A bird."\n')
    (parrot / "manifest.json").write_text('{"adapter_sha256": "sha"}')
    for persona in ("parrot", "pirate"):
        registry.activate(persona, 1)

    class CrashingEngine(PickyEngine):
        async def load(self, adapter):
            if adapter.persona == "parrot":
                raise ZeroDivisionError
            await super().load(adapter)

    active_versions = ActiveVersions(registry, PersonaCatalog(registry.folder), CrashingEngine(), poll_seconds=0.001)
    watch = asyncio.create_task(active_versions.watch())
    await until(lambda: active_versions.speaking("pirate") == registry.version("pirate", 1))
    registry.activate("pirate", 2)
    await until(lambda: active_versions.speaking("pirate") == registry.version("pirate", 2))
    watch.cancel()
    assert (
        active_versions.problem("parrot")
        == "Its folder could not be read (ZeroDivisionError); see the log for details."
    )
    assert caplog.text.count("Traceback") == 1


async def test_a_version_rebuilt_under_its_number_is_another_version(active_versions, registry):
    registry.activate("pirate", 1)
    await active_versions.check()
    rebuilt = registry.folder / "pirate" / "versions" / "1" / "manifest.json"
    rebuilt.write_text(json.dumps({"adapter_sha256": "sha-of-new-weights"}))
    await active_versions.check()
    assert active_versions.speaking("pirate").sha256 == "sha-of-new-weights"


CANARY = Canary(2, 0.5, 0.0)
HEARS, HEARS_NOT = (
    next(c for c in range(100) if CANARY.is_canary_channel("pirate", c) is hears) for hears in (True, False)
)


async def test_a_canary_speaks_in_its_share_of_the_channels_alone(active_versions, registry):
    registry.activate("pirate", 1)
    write_canary(registry, "pirate", CANARY)
    await active_versions.check()
    one, two = registry.version("pirate", 1), registry.version("pirate", 2)
    assert active_versions.speaking("pirate", HEARS) == two
    assert active_versions.speaking("pirate", HEARS_NOT) == one
    assert active_versions.speaking("pirate") == one


async def test_a_canary_that_ends_leaves_its_channels_to_the_active_version(active_versions, registry, engine, caplog):
    registry.activate("pirate", 1)
    write_canary(registry, "pirate", CANARY)
    await active_versions.check()
    (registry.folder / "pirate" / "canary.json").unlink()
    with caplog.at_level(logging.INFO):
        await active_versions.check()
    assert active_versions.speaking("pirate", HEARS) == registry.version("pirate", 1)
    assert list(engine.resident) == [registry.version("pirate", 1)]
    assert "the canary has ended" in caplog.text


async def test_a_canary_that_is_promoted_goes_on_speaking(active_versions, registry, engine):
    registry.activate("pirate", 1)
    write_canary(registry, "pirate", CANARY)
    await active_versions.check()
    (registry.folder / "pirate" / "canary.json").unlink()
    registry.activate("pirate", 2)
    await active_versions.check()
    assert active_versions.speaking("pirate", HEARS) == registry.version("pirate", 2)
    assert list(engine.resident) == [registry.version("pirate", 2)]


async def test_a_canary_that_cannot_be_loaded_is_told_once_and_changes_nothing(
    active_versions, registry, engine, caplog
):
    registry.activate("pirate", 1)
    engine.refused = (2,)
    write_canary(registry, "pirate", CANARY)
    for _ in range(3):
        await active_versions.check()
    assert active_versions.speaking("pirate", HEARS) == registry.version("pirate", 1)
    assert active_versions.problem("pirate") is None
    assert caplog.text.count("the canary cannot speak") == 1


async def test_a_canary_file_edited_by_hand_changes_nothing(active_versions, registry, caplog):
    registry.activate("pirate", 1)
    (registry.folder / "pirate" / "canary.json").write_text("{")
    for _ in range(3):
        await active_versions.check()
    assert active_versions.speaking("pirate", HEARS) == registry.version("pirate", 1)
    assert caplog.text.count("canary.json cannot be read") == 1


async def test_a_version_that_is_not_active_can_be_heard_and_the_card_alone_too(active_versions, registry, engine):
    registry.activate("pirate", 1)
    await active_versions.check()

    await active_versions.let_speak("pirate", 2)
    assert active_versions.speaking("pirate").number == 2
    await active_versions.let_speak("pirate", 0)
    assert active_versions.speaking("pirate") is None
    engine.refused = (2,)
    with pytest.raises(AdapterError):
        await active_versions.let_speak("pirate", 2)
