"""A card, or a persona that a server made, becomes one with a folder: it keeps its name and its votes."""

import asyncio
import json

import pytest

from bot.personas.catalog import Persona, PersonaCatalog
from bot.personas.lore import LoreEntry
from bot.personas.persona_folder import as_toml, write_persona_folder
from bot.store import Store, open_snapshot
from tests.training.conftest import FRIEND, Project, reply_record

CROW = Persona(
    name="crow",
    display_name="Corvus “the” Crow 🐦",
    description="A \\ bird.",
    system_prompt='You are a crow.\nSay "caw".',
    sampling={"temperature": 0.3},
    rules={"max_words": 20, "end_with": ["!"]},
    lore=(LoreEntry(keys=("nest",), content="It is high up."), LoreEntry(keys=("egg",), content="Blue.", order=2)),
)


async def made_on(project: Project, *guilds: int) -> None:
    store = await Store.open(project.database)
    for guild in guilds:
        await store.save_server_persona(guild, "crow", CROW.model_dump_json(), FRIEND)
        await store.add_reply(reply_record(persona="crow", guild_id=guild))
    await store.close()


def votable(project: Project) -> int:
    with open_snapshot(project.database) as snapshot:
        return len(list(snapshot.replies("crow")))


def test_a_card_is_the_same_persona_in_a_folder(tmp_path):
    write_persona_folder(tmp_path, CROW)
    assert PersonaCatalog(tmp_path).get("crow") == CROW


def test_a_plain_card_holds_no_more_than_it_says():
    plain = Persona(name="crow", display_name="Crow", description="A bird.")
    assert as_toml(plain).splitlines() == ['name = "crow"', 'display_name = "Crow"', 'description = "A bird."']


def test_a_servers_own_persona_gets_a_folder_and_its_replies_train_it(project):
    asyncio.run(made_on(project, 7))
    assert votable(project) == 0
    outcome = project.cli("adopt", "crow")
    assert outcome.code == 0
    assert PersonaCatalog(project.folder / "adapters").get("crow") == CROW
    assert votable(project) == 1
    assert "exists already" in project.cli("adopt", str(_card_file(project))).err


def test_of_several_servers_one_must_be_chosen(project):
    asyncio.run(made_on(project, 7, 8))
    assert "the servers 7, 8 have a persona called crow" in project.cli("adopt", "crow").err
    assert project.cli("adopt", "crow", "--server", "8").code == 0
    assert votable(project) == 1


@pytest.mark.parametrize("name", ["raven", "cards/none.png"])
def test_what_is_nowhere_is_said_to_be_so(project, name):
    asyncio.run(made_on(project, 7))
    assert "neither such a file nor such a server's persona" in project.cli("adopt", name).err


def _card_file(project: Project):
    file = project.folder / "crow.json"
    data = {"name": "Crow", "description": "A bird that caws.", "first_mes": "Caw!"}
    file.write_text(json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}))
    return file


def test_a_card_file_gets_a_folder(project):
    outcome = project.cli("adopt", str(_card_file(project)), "--json")
    assert outcome.facts["card"].endswith("adapters/crow/persona.toml")
    assert PersonaCatalog(project.folder / "adapters").get("crow").display_name == "Crow"
