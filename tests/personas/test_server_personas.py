import pytest

from bot.errors import UnknownPersona
from bot.personas.catalog import Persona, PersonaCatalog
from bot.personas.server_personas import MOST, BadPersona, ServerPersonas, persona_from
from bot.store import Store

HERE, ELSEWHERE, AUTHOR = 20, 21, 901


def wizard(**changes: str) -> Persona:
    return Persona(**{"name": "wizard", "display_name": "Wizard", "description": "Casts.", **changes})


@pytest.fixture
def catalog(tmp_path):
    (tmp_path / "adapters" / "plain").mkdir(parents=True)
    (tmp_path / "adapters" / "plain" / "persona.toml").write_text(
        'name = "plain"\ndisplay_name = "Plain"\ndescription = "Answers."\n'
    )
    return PersonaCatalog(tmp_path / "adapters")


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "troupe.db")
    yield store
    await store.close()


@pytest.fixture
def made(store, catalog):
    return ServerPersonas(store, catalog)


async def test_a_persona_is_known_to_its_server_only(made, catalog):
    await made.create(HERE, wizard(), AUTHOR)
    assert catalog.get("wizard", HERE).display_name == "Wizard"
    assert catalog.names(HERE) == ["plain", "wizard"]
    assert catalog.names(ELSEWHERE) == catalog.names() == ["plain"]
    for guild_id in (ELSEWHERE, None):
        with pytest.raises(UnknownPersona, match="Choose one of these: plain"):
            catalog.get("wizard", guild_id)


async def test_two_servers_may_use_one_name(made, catalog):
    await made.create(HERE, wizard(), AUTHOR)
    await made.create(ELSEWHERE, wizard(display_name="Witch"), AUTHOR)
    assert [catalog.get("wizard", guild).display_name for guild in (HERE, ELSEWHERE)] == ["Wizard", "Witch"]


async def test_a_persona_survives_a_restart_and_the_folders_reload(made, catalog, store):
    await made.create(HERE, wizard(), AUTHOR)
    catalog.reload()
    assert "wizard" in catalog.names(HERE)
    again = PersonaCatalog(catalog.folder)
    await ServerPersonas(store, again).load()
    assert again.get("wizard", HERE) == wizard()


async def test_a_stored_card_that_no_longer_fits_is_left_out_with_a_warning(made, catalog, store, caplog):
    await store.save_server_persona(HERE, "wizard", '{"name": "wizard", "colour": 3}', AUTHOR)
    await made.load()
    assert catalog.names(HERE) == ["plain"]
    assert "server 20: its persona 'wizard' cannot be used" in caplog.text


async def test_a_taken_name_is_refused(made):
    with pytest.raises(BadPersona, match="already a persona called “plain”"):
        await made.create(HERE, wizard(name="plain"), AUTHOR)
    await made.create(HERE, wizard(), AUTHOR)
    with pytest.raises(BadPersona, match="already a persona called “wizard”"):
        await made.create(HERE, wizard(), AUTHOR)


async def test_a_server_has_only_so_many(made):
    for number in range(MOST):
        await made.create(HERE, wizard(name=f"wizard-{number}"), AUTHOR)
    with pytest.raises(BadPersona, match=f"{MOST} personas of its own"):
        await made.create(HERE, wizard(), AUTHOR)
    await made.create(ELSEWHERE, wizard(), AUTHOR)


async def test_only_the_servers_own_personas_can_be_changed_or_deleted(made, catalog):
    with pytest.raises(BadPersona, match="came with the bot"):
        await made.change(HERE, wizard(name="plain"), AUTHOR)
    with pytest.raises(BadPersona, match="came with the bot"):
        await made.delete(HERE, "plain")
    with pytest.raises(UnknownPersona):
        await made.delete(HERE, "wizard")
    await made.create(HERE, wizard(), AUTHOR)
    await made.change(HERE, wizard(greeting="Abracadabra!"), AUTHOR)
    assert catalog.get("wizard", HERE).greeting == "Abracadabra!"
    assert (await made.delete(HERE, "wizard")).display_name == "Wizard"
    assert catalog.names(HERE) == ["plain"]


async def test_a_persona_shipped_later_wins_over_a_servers_own_of_that_name(made, catalog, tmp_path):
    await made.create(HERE, wizard(), AUTHOR)
    (tmp_path / "adapters" / "wizard").mkdir()
    (tmp_path / "adapters" / "wizard" / "persona.toml").write_text(
        'name = "wizard"\ndisplay_name = "The Shipped One"\ndescription = "Answers."\n'
    )
    catalog.reload()
    assert catalog.get("wizard", HERE).display_name == "The Shipped One"
    assert catalog.names(HERE) == ["plain", "wizard"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "Wizard!"}, "“Wizard!” doesn't work as a short name"),
        ({"name": "wizard", "display_name": "", "description": "x"}, "fill in “Name”"),
        (
            {"name": "wizard", "display_name": "W", "description": "x" * 101},
            "shorten “Description”. It may have at most 100 characters",
        ),
        (
            {"name": "wizard", "display_name": "W", "description": "x", "avatar_url": "javascript:x"},
            "picture needs a web address",
        ),
    ],
)
def test_what_makes_no_persona_is_explained(values, said):
    with pytest.raises(BadPersona, match=said):
        persona_from(values)


async def test_a_persona_that_the_model_cannot_be_told_is_neither_made_nor_put_in_place(store, catalog):
    def no_room(persona: Persona) -> None:
        if len(persona.system_prompt) > 20:
            raise BadPersona("persona-beyond-context", tokens=len(persona.system_prompt), limit=20)

    made = ServerPersonas(store, catalog, no_room)
    with pytest.raises(BadPersona, match="it is 21 tokens long, and with more than 20"):
        await made.create(HERE, wizard(system_prompt="x" * 21), AUTHOR)
    await made.create(HERE, wizard(), AUTHOR)
    with pytest.raises(BadPersona):
        await made.change(HERE, wizard(system_prompt="x" * 21), AUTHOR)
    assert catalog.get("wizard", HERE) == wizard()
