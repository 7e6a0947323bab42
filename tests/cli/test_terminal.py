"""The terminal prints nothing that it would have to take back, and lets a reply go on that was cut off."""

import pytest

from bot.cli.terminal import DIALOGUE, MEMBER, go_on, pieces
from bot.conversation.active_versions import ActiveVersions
from bot.conversation.channels import ChannelPersonas
from bot.conversation.core import Core
from bot.conversation.history import Conversations
from bot.conversation.replies import Ask, Replies, Reply
from bot.engine import FinishReason, SamplingParams
from bot.errors import CannotGoOn
from bot.personas.catalog import PersonaCatalog
from bot.prompt import PromptRenderer
from bot.store import Store
from bot.versions.registry import AdapterRegistry
from tests.fakes import CharacterTokenizer, ScriptedEngine

CARD = 'name = "plain"\ndisplay_name = "Plain"\ndescription = "Plain."\nsystem_prompt = "Be plain."\n'


@pytest.fixture
async def core(tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "persona.toml").write_text(CARD, encoding="utf-8")
    catalog, registry, engine = PersonaCatalog(tmp_path), AdapterRegistry(tmp_path), ScriptedEngine()
    store = await Store.open(tmp_path / "troupe.db")
    active_versions = ActiveVersions(registry, catalog, engine)
    conversations = Conversations(store, max_turns=20, idle_seconds=3600)
    sampling, renderer = SamplingParams(max_tokens=20), PromptRenderer(CharacterTokenizer())
    replies = Replies(engine, renderer, active_versions, conversations, store, sampling)
    channels = ChannelPersonas(store, catalog, "plain")
    yield Core(engine, store, catalog, registry, channels, active_versions, conversations, replies)
    await store.close()


async def printed(core: Core, reply: Reply, *words: str) -> list[str]:
    assert isinstance(core.engine, ScriptedEngine)
    for word in words:
        core.engine.generations[-1].say(word)
    core.engine.generations[-1].end(FinishReason.LENGTH)
    found = [piece async for piece in pieces(reply)]
    await reply.record()
    return found


async def begun(core: Core) -> Reply:
    assert isinstance(core.engine, ScriptedEngine)
    core.engine.holds()
    return await core.replies.begin(Ask(DIALOGUE, None, MEMBER, "you", "hi", core.catalog.get("plain"), source="cli"))


async def test_near_the_limit_only_whole_sentences_are_printed(core):
    reply = await begun(core)
    found = await printed(core, reply, "Leeks are ", "planted in ", "spring. ", "Water them. ", "Then yo")
    assert len(found) > 1
    assert "".join(found) == reply.text == "Leeks are planted in spring. Water them."


async def test_continue_goes_on_with_the_last_reply(core):
    await printed(core, await begun(core), "Leeks are planted in spring. Then yo")
    core.engine.holds()
    reply = await go_on(core, core.catalog.get("plain"))
    assert "".join(await printed(core, reply, " Water them. An")) == " Water them."
    [last] = await core.store.exchanges(DIALOGUE, "plain", 1, since=0.0)
    assert last.answered == "Leeks are planted in spring. Water them."


async def test_without_a_reply_there_is_nothing_to_go_on_with(core):
    with pytest.raises(CannotGoOn):
        await go_on(core, core.catalog.get("plain"))
