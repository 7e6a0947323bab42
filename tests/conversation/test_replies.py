import dataclasses
import time
from pathlib import Path

import pytest

from bot.conversation.active_versions import ActiveVersions
from bot.conversation.context import Quoted
from bot.conversation.history import Conversations
from bot.conversation.replies import Ask, Replies, Reply
from bot.engine import FinishReason, SamplingParams
from bot.errors import CannotGoOn, EmptyPrompt, GenerationFailed, PromptTooLong
from bot.personas.catalog import Persona, PersonaCatalog, SamplingOverrides
from bot.personas.lore import LoreEntry
from bot.personas.server_personas import BadPersona
from bot.prompt import PromptRenderer
from bot.store import ReplyRecord, Store, StoredMessage, StoredReply
from bot.store.records import MOST_CONTINUATIONS
from bot.versions.registry import AdapterRegistry
from tests.fakes import CharacterTokenizer, ScriptedEngine
from tests.prompt.families import family

PIRATE = Persona(
    name="pirate",
    display_name="Saltbeard",
    description="A pirate.",
    system_prompt="Be a pirate.",
    sampling=SamplingOverrides(temperature=0.1),
)
CRITIC = PIRATE.model_copy(update={"name": "critic"})
CHANNEL, ALICE, BOB = 70, 1, 2


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "troupe.db")
    yield store
    await store.close()


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def conversations(store) -> Conversations:
    return Conversations(store, max_turns=20, idle_seconds=3600)


@pytest.fixture
def replies(tmp_path: Path, store, engine, conversations) -> Replies:
    (tmp_path / "adapters").mkdir()
    folder = tmp_path / "adapters"
    active_versions = ActiveVersions(AdapterRegistry(folder), PersonaCatalog(folder), engine)
    renderer = PromptRenderer(CharacterTokenizer())
    return Replies(engine, renderer, active_versions, conversations, store, SamplingParams(seed=3))


def ask(text: str, author: int = ALICE, persona: Persona = PIRATE) -> Ask:
    return Ask(CHANNEL, 7, author, {ALICE: "alice", BOB: "bob"}[author], text, persona)


async def exchange(replies: Replies, asked: Ask) -> int:
    reply = await replies.begin(asked)
    async for _ in reply:
        pass
    reply_id = await reply.record([900])
    assert reply_id is not None
    return reply_id


def prompt_of(engine: ScriptedEngine) -> str:
    return "".join(map(chr, engine.requests[-1].prompt_ids))


async def test_a_stored_reply_holds_exactly_what_was_sent_and_what_came_back(replies, engine, store):
    engine.says("Arr, ", "matey!")
    stored = await store.reply(await exchange(replies, ask("Hello?")))
    assert stored.record.messages == (
        StoredMessage("system", "Be a pirate.", None),
        StoredMessage("user", "Hello?", ALICE),
    )
    assert (stored.record.text, stored.record.persona, stored.record.finish_reason) == ("Arr, matey!", "pirate", "stop")
    assert (stored.record.base_fingerprint, stored.record.sampling["temperature"]) == ("scripted", 0.1)
    assert stored.message_ids == (900,)


async def test_what_a_model_thinks_aloud_is_neither_shown_nor_stored_nor_read_again(replies, engine, store):
    engine.says("<thi", "nk>A greeting", ".</think>\n\nAr", "r!")
    reply = await replies.begin(ask("Hello?"))
    shown = [(piece, reply.text) async for piece in reply]
    assert [text for _, text in shown] == ["", "", "Ar", "Arr!", "Arr!"]
    assert "".join(piece for piece, _ in shown) == "Arr!"
    assert (await store.reply(await reply.record())).record.text == "Arr!"
    await replies.begin(ask("And?"))
    assert prompt_of(engine).endswith("</user><assistant>Arr!</assistant><user>And?</user><assistant>")


async def test_what_a_lorebook_holds_of_the_last_words_is_told_with_them(replies, engine):
    lore = (LoreEntry(keys=("parrot",), content="The parrot is called Polly."),)
    keeper = PIRATE.model_copy(update={"lore": lore})
    await exchange(replies, ask("Hello?", persona=keeper))
    assert prompt_of(engine) == "<system>Be a pirate.</system><user>Hello?</user><assistant>"
    await exchange(replies, ask("How is your parrot?", persona=keeper))
    assert prompt_of(engine).startswith("<system>Be a pirate.\nThe parrot is called Polly.</system>")
    for _ in range(3):
        await exchange(replies, ask("And you?", persona=keeper))
    assert prompt_of(engine).startswith("<system>Be a pirate.</system>")


async def test_a_model_without_a_chat_template_stops_at_the_headings_of_the_plain_one(
    tmp_path, store, engine, conversations
):
    tokenizer = family("chatml").tokenizer
    tokenizer.chat_template = None
    active_versions = ActiveVersions(AdapterRegistry(tmp_path), PersonaCatalog(tmp_path), engine)
    replies = Replies(engine, PromptRenderer(tokenizer), active_versions, conversations, store, SamplingParams())
    await replies.begin(ask("Hello?"))
    assert engine.requests[-1].sampling.stop == ("\n### User:", "\n### Assistant:")


def test_a_prompt_that_leaves_no_room_in_the_context_is_refused(replies, engine):
    replies.check_room(PIRATE)
    engine.context_tokens = 1024
    with pytest.raises(BadPersona, match="is 1,000 tokens long, and with more than 7"):
        replies.check_room(PIRATE.model_copy(update={"system_prompt": "x" * 1000}))


async def test_text_with_half_a_character_is_answered_and_stored(replies, engine, store):
    stored = await store.reply(await exchange(replies, ask("What is \ud83d?")))
    assert stored.record.asked == "What is \N{REPLACEMENT CHARACTER}?"


async def test_the_next_prompt_continues_the_conversation_with_each_turns_author(replies, engine, store):
    engine.says("Ahoy.")
    await exchange(replies, ask("First"))
    stored = await store.reply(await exchange(replies, ask("Second", BOB)))
    assert prompt_of(engine).endswith(
        "<user>alice: First</user><assistant>Ahoy.</assistant><user>bob: Second</user><assistant>"
    )
    assert [message.author_id for message in stored.record.messages] == [None, ALICE, None, BOB]


async def test_nearly_every_prompt_begins_with_the_one_before_and_its_reply_so_that_the_engine_can_reuse_them(
    replies, engine
):
    """Forty turns, twenty of which are remembered: the beginning of what the model reads moves in large steps."""
    continued = []
    for number in range(40):
        before = prompt_of(engine) + "Aye." if engine.requests else ""
        await exchange(replies, ask(f"Question {number}?"))
        continued.append(prompt_of(engine).startswith(before))
    assert continued.count(False) <= 2


async def test_another_persona_does_not_remember_what_this_one_heard(replies, engine):
    await exchange(replies, ask("My secret"))
    await exchange(replies, ask("Hello", persona=CRITIC))
    assert "secret" not in prompt_of(engine)


async def test_forget_starts_afresh(replies, engine, conversations):
    await exchange(replies, ask("My secret"))
    await conversations.forget(CHANNEL)
    await exchange(replies, ask("Hello"))
    assert "secret" not in prompt_of(engine)


async def test_a_long_silence_starts_afresh(replies, engine, store):
    record = await store.reply(await exchange(replies, ask("Old words")))
    old = dataclasses.replace(record.record, created_at=time.time() - 7200, channel_id=71)
    assert isinstance(old, ReplyRecord)
    await store.add_reply(old)
    assert await Conversations(store, max_turns=20, idle_seconds=3600).running(71, "pirate") == []


async def test_an_empty_answer_is_not_repeated_to_the_model(replies, engine):
    engine.says("")
    await exchange(replies, ask("First"))
    await exchange(replies, ask("Second"))
    assert "First" not in prompt_of(engine)


async def test_blank_text_is_refused_before_the_engine_hears_of_it(replies, engine):
    with pytest.raises(EmptyPrompt):
        await replies.begin(ask(" \n "))
    assert engine.requests == []


async def test_a_message_longer_than_the_context_is_refused_with_the_numbers(replies, engine):
    with pytest.raises(PromptTooLong, match=r"I can read 3,896"):
        await replies.begin(ask("x" * 5000))


async def test_a_card_cannot_claim_the_whole_context(replies, engine):
    greedy = PIRATE.model_copy(update={"sampling": SamplingOverrides(max_tokens=999_999)})
    await exchange(replies, ask("Hello", persona=greedy))
    assert engine.requests[-1].sampling.max_tokens == engine.context_tokens // 2


async def test_a_failure_of_the_engine_reaches_the_reader(replies, engine):
    engine.holds()
    reply = await replies.begin(ask("Hello"))
    engine.generations[-1].fail(GenerationFailed())
    with pytest.raises(GenerationFailed):
        async for _ in reply:
            pass


async def test_a_cancelled_reply_is_stored_with_what_it_had_said(replies, engine, store):
    engine.holds()
    reply = await replies.begin(ask("Hello"))
    engine.generations[-1].say("Arr, I was")
    reply.cancel()
    async for _ in reply:
        pass
    stored = await store.reply(await reply.record())
    assert (stored.record.text, stored.record.finish_reason) == ("Arr, I was", FinishReason.CANCELLED)


async def test_a_reply_that_reaches_its_limit_ends_on_its_last_whole_sentence(replies, engine, store):
    engine.holds()
    reply = await replies.begin(ask("When do I plant leeks?"))
    engine.generations[0].say("Arr! Plant them in spring. Then ye wat")
    engine.generations[0].end(FinishReason.LENGTH)
    async for _ in reply:
        pass
    stored = await store.reply(await reply.record() or 0)
    assert reply.text == stored.record.text == "Arr! Plant them in spring."
    assert (stored.record.finish_reason, stored.record.completion_tokens) == ("length", 38)


async def cut_off(replies: Replies, engine: ScriptedEngine, store: Store, said: str) -> StoredReply:
    """A stored reply that ended at its length limit."""
    engine.holds()
    reply = await replies.begin(ask("When do I plant leeks?"))
    return await ended(reply, engine, store, said, FinishReason.LENGTH)


async def ended(reply: Reply, engine, store: Store, said: str, reason: FinishReason) -> StoredReply:
    engine.generations[-1].say(said)
    engine.generations[-1].end(reason)
    async for _ in reply:
        pass
    stored = await store.reply(await reply.record([900]) or 0)
    assert stored is not None
    return stored


async def test_a_reply_goes_on_in_its_row_from_its_own_words_with_another_seed(replies, engine, store):
    first = await cut_off(replies, engine, store, "Arr! In spring. Then ye wat")
    await store.cast_vote(first.id, BOB, 1, "button")
    engine.holds()
    stored = await ended(await replies.go_on(first, PIRATE), engine, store, " Water them.", FinishReason.STOP)
    assert prompt_of(engine).endswith("When do I plant leeks?</user><assistant>Arr! In spring.")
    assert engine.requests[1].sampling.seed == first.record.seed + 1
    assert (stored.id, stored.record.text) == (first.id, "Arr! In spring. Water them.")
    assert (stored.record.finish_reason, stored.record.continued) == ("stop", 1)
    assert stored.record.completion_tokens == first.record.completion_tokens + len(" Water them.")
    assert (await store.votes(first.id)).up == 1


async def test_what_goes_on_ends_on_a_whole_sentence_and_no_more_often_than_is_bearable(replies, engine, store):
    stored = await cut_off(replies, engine, store, "Arr! In spr")
    for _ in range(MOST_CONTINUATIONS):
        engine.holds()
        reply = await replies.go_on(stored, PIRATE)
        stored = await ended(reply, engine, store, "Aye! And th", FinishReason.LENGTH)
    assert stored.record.text == "Arr!" + " Aye!" * MOST_CONTINUATIONS
    assert not (await store.standing(stored.id)).goes_on
    with pytest.raises(CannotGoOn):
        await replies.go_on(stored, PIRATE)


async def test_code_that_was_cut_off_goes_on_inside_of_its_block(replies, engine, store):
    first = await cut_off(replies, engine, store, "Here:\n```py\nx = 1\ny =")
    assert first.record.text == "Here:\n```py\nx = 1\n```"
    engine.holds()
    stored = await ended(await replies.go_on(first, PIRATE), engine, store, "y = 2\n```", FinishReason.STOP)
    assert stored.record.text == "Here:\n```py\nx = 1\ny = 2\n```"


async def test_a_reply_that_is_deleted_while_it_goes_on_stays_deleted(replies, engine, store):
    first = await cut_off(replies, engine, store, "Arr! In spr")
    engine.holds()
    reply = await replies.go_on(first, PIRATE)
    await store.delete_member(ALICE)
    engine.generations[-1].end()
    async for _ in reply:
        pass
    assert await reply.record([901]) is None
    assert await store.reply(first.id) is None


async def test_a_reply_of_another_base_model_or_of_a_version_that_is_gone_does_not_go_on(replies, engine, store):
    first = await cut_off(replies, engine, store, "Arr! In spr")
    for changes in ({"base_fingerprint": "another"}, {"adapter_number": 3, "adapter_sha256": "ab"}, {"messages": ()}):
        with pytest.raises(CannotGoOn):
            await replies.go_on(StoredReply(1, dataclasses.replace(first.record, **changes), ()), PIRATE)


def about_bobs_words() -> Ask:
    quote = Quoted(BOB, "bob", "Leeks are planted in autumn.", 555)
    return dataclasses.replace(ask("Is that true?"), quotes=(quote,))


async def test_quoted_words_are_read_and_recorded_as_those_of_who_wrote_them(replies, engine, store):
    stored = await store.reply(await exchange(replies, about_bobs_words()))
    assert prompt_of(engine).endswith("<user>bob: Leeks are planted in autumn.\nalice: Is that true?</user><assistant>")
    assert stored.record.messages[1:] == (
        StoredMessage("user", "bob: Leeks are planted in autumn.", BOB, 555),
        StoredMessage("user", "alice: Is that true?", ALICE),
    )
    assert stored.record.asked == "Is that true?"


async def test_a_quoted_message_that_is_deleted_takes_its_words_out_of_the_prompt(replies, store):
    reply_id = await exchange(replies, about_bobs_words())
    await store.remove_asked(555)
    stored = await store.reply(reply_id)
    assert [message.content for message in stored.record.messages[1:]] == ["alice: Is that true?"]


async def test_a_quoted_message_that_was_deleted_before_the_reply_had_its_row_leaves_none(replies, store):
    since = store.erasures.mark()
    await store.remove_asked(555)
    reply = await replies.begin(about_bobs_words(), since)
    async for _ in reply:
        pass
    assert await reply.record() is None


async def test_deleting_a_member_takes_the_replies_that_quote_them(replies, store):
    reply_id = await exchange(replies, about_bobs_words())
    await store.delete_member(BOB)
    assert await store.reply(reply_id) is None


async def test_what_is_enclosed_is_shortened_until_it_fits(replies, engine):
    quote = Quoted(None, "forwarded", "a" * 9000, None)
    whole = dataclasses.replace(ask("Summarise"), enclosed="leek " * 5000, quotes=(quote,))
    fitted = replies.fitted(whole)
    await exchange(replies, fitted)
    assert (fitted.enclosed[:9], fitted.enclosed[-2:]) == ("leek leek", " …")
    assert replies.fitted(ask("Hi")) == ask("Hi")
