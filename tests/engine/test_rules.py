"""Rules hold for whatever a model says: random rules, a random model, and everything that is shown on the way."""

import asyncio
import dataclasses
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import Completion, GenerationRequest, SamplingParams
from bot.engine.ruled_ending import certain_part, close
from bot.engine.ruled_text import RuledText
from bot.engine.text import TextStream
from bot.engine.torch_engine import TorchEngine
from bot.personas.rules import BadRules, Rules
from tests.engine.serving import PROMPTS, Ask, answers, prompt_ids, running_engine, tokenizer_of

WORDS = ("the", "cat", "a", "ro", "x", "in", "as an")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def valid(rules: Rules) -> bool:
    try:
        rules.check()
    except BadRules:
        return False
    return True


RULES = st.builds(
    Rules,
    forbidden_characters=st.lists(st.sampled_from("eatonis é.?,1🙂本".replace(" ", "")), max_size=6, unique=True).map(
        tuple
    ),
    forbidden_words=st.lists(st.sampled_from(WORDS), max_size=3, unique=True).map(tuple),
    max_words=st.sampled_from([0, 0, 1, 3, 12]),
    max_sentences=st.sampled_from([0, 0, 1, 2]),
    max_characters=st.sampled_from([0, 0, 10, 40]),
    endings=st.lists(st.sampled_from(["?", "arr!", "Amen.", "🙂", "right?"]), max_size=2, unique=True).map(tuple),
).filter(valid)


async def shown_and_result(engine: TorchEngine, model_dir: Path, ask: Ask) -> tuple[list[str], Completion]:
    generation = engine.submit(GenerationRequest(prompt_ids(model_dir, ask.prompt), ask.sampling, ask.adapter))
    shown = [""]
    async for chunk in generation:
        shown.append(shown[-1] + chunk.text)
    assert generation.completion is not None
    return shown, generation.completion


def breaks(rules: Rules, text: str) -> str | None:
    """Which rule the text breaks, told by plain means of its own."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    for character in rules.forbidden_characters:
        if character in (text.casefold() if character == "é" else letters):
            return f"has {character}"
    for word in rules.forbidden_words:
        if re.search(rf"(?<![^\W_]){word.replace(' ', chr(92) + 's+')}(?![^\W_])", letters):
            return f"has {word}"
    if rules.max_words and len(text.split()) > rules.max_words:
        return "too many words"
    if rules.max_sentences and len(re.findall(r"\w[^.!?]*[.!?]+\s", text.strip())) >= rules.max_sentences:
        return "too many sentences"
    if rules.max_characters and len(text) > rules.max_characters:
        return "too many characters"
    return None


@given(
    rules=RULES,
    temperature=st.sampled_from([0.0, 0.7, 3.0]),
    seed=st.integers(0, 2**20),
    prompt=st.sampled_from(PROMPTS),
    stop=st.sampled_from([(), ("th",)]),
)
@settings(max_examples=60, deadline=None)
def test_no_reply_ever_breaks_its_rules(
    tiny_model_dir: Path, rules: Rules, temperature: float, seed: int, prompt: str, stop: tuple[str, ...]
) -> None:
    sampling = SamplingParams(temperature=temperature, seed=seed, max_tokens=30, rules=rules, stop=stop)

    async def run() -> tuple[list[str], Completion]:
        async with running_engine(tiny_model_dir, max_rows=1, context_tokens=128) as engine:
            return await shown_and_result(engine, tiny_model_dir, Ask(prompt, sampling=sampling))

    shown, completion = asyncio.run(run())

    assert [breaks(rules, text) for text in shown] == [None] * len(shown)
    assert shown[-1] == completion.text
    assert not rules.endings or completion.text.endswith(rules.endings)


async def test_rows_with_rules_and_rows_without_answer_as_each_would_alone(tiny_model_dir: Path) -> None:
    free = SamplingParams(temperature=0.9, seed=7, max_tokens=24, repetition_penalty=1.2)
    ruled = [
        Rules(forbidden_characters=("e",)),
        Rules(max_words=4, endings=("arr!",)),
        Rules(forbidden_words=("cat", "mat"), max_sentences=1),
    ]
    asks = [Ask(prompt, sampling=free) for prompt in PROMPTS[:3]]
    asks += [Ask(PROMPTS[3], sampling=dataclasses.replace(free, rules=rules)) for rules in ruled]

    async with running_engine(tiny_model_dir) as engine:
        together = await answers(engine, tiny_model_dir, asks)
        alone = [(await answers(engine, tiny_model_dir, [ask]))[0] for ask in asks]
        without = await answers(engine, tiny_model_dir, asks[:3])

    assert [c.token_ids for c in together] == [c.token_ids for c in alone]
    assert [c.text for c in together] == [c.text for c in alone]
    assert [c.token_ids for c in together[:3]] == [c.token_ids for c in without]


async def test_a_cancelled_reply_keeps_its_rules_too(tiny_model_dir: Path) -> None:
    sampling = SamplingParams(temperature=0.0, max_tokens=100, ignore_eos=True, rules=Rules(endings=("arr!",)))

    async with running_engine(tiny_model_dir) as engine:
        generation = engine.submit(GenerationRequest(prompt_ids(tiny_model_dir, "Ahoy"), sampling))
        async for _ in generation:
            generation.cancel()

    assert generation.completion is not None
    assert generation.completion.text.endswith("arr!")


def said(model_dir: Path, rules: Rules, text: str, *, by_model: bool = True) -> str:
    """The reply when a model says `text`, as long as the rules let it."""
    tokenizer = tokenizer_of(model_dir)
    stream = RuledText(TextStream(tokenizer), rules)
    for token in tokenizer(text, add_special_tokens=False)["input_ids"]:
        assert stream.allows(token)
        stream.push(token)
        if stream.stopped:
            break
    stream.finish(by_model=by_model)
    return stream.text


@pytest.mark.parametrize(
    ("rules", "text", "reply"),
    [
        (Rules(max_words=5), "The cat sat. What is a car in France?", "The cat sat."),
        (Rules(max_words=5), "The cat sat on the mat in Paris.", "The cat sat on the."),
        (Rules(max_sentences=1), "The cat sat. What is a car?", "The cat sat."),
        (Rules(max_characters=12), "The cat sat on the mat.", "The cat sat."),
        (Rules(max_characters=10), "The cat sat on the mat.", "The cat."),
        (Rules(endings=("arr!",)), "The cat sat.", "The cat sat, arr!"),
        (Rules(endings=("Ahoy!",)), "The cat sat.", "The cat sat. Ahoy!"),
        (Rules(endings=("?", "!")), "Is it a car?", "Is it a car?"),
        (Rules(max_words=4, endings=("arr!",)), "The cat sat on the mat.", "The cat sat, arr!"),
        (Rules(max_words=9), "The cat sat", "The cat sat"),
    ],
)
def test_replies_end_cleanly(tiny_model_dir: Path, rules: Rules, text: str, reply: str) -> None:
    assert said(tiny_model_dir, rules, text) == reply


def test_a_reply_cut_by_max_tokens_ends_with_a_whole_word(tiny_model_dir: Path) -> None:
    assert said(tiny_model_dir, Rules(max_words=50), "The cat sat on the ma", by_model=False) == "The cat sat on the."


def test_a_character_made_of_several_tokens_is_refused_at_its_last_one(tiny_model_dir: Path) -> None:
    tokenizer = tokenizer_of(tiny_model_dir)
    ids: Sequence[int] = tokenizer("日", add_special_tokens=False)["input_ids"]
    pieces = [token for byte in "é".encode() for token in _byte_tokens(tokenizer, byte)]
    stream = RuledText(TextStream(tokenizer), Rules(forbidden_characters=("e",)))

    stream.push(pieces[0])

    assert ids
    assert not stream.allows(pieces[1])


def _byte_tokens(tokenizer: object, byte: int) -> list[int]:
    """The token of one raw byte in GPT-2's byte alphabet."""
    return [tokenizer.convert_tokens_to_ids(chr(byte))]  # type: ignore[attr-defined]


def test_a_mark_that_is_due_keeps_the_model_from_ending_early(tiny_model_dir: Path) -> None:
    tokenizer = tokenizer_of(tiny_model_dir)
    stream = RuledText(TextStream(tokenizer), Rules(endings=("?",)))
    for token in tokenizer("The cat sat.", add_special_tokens=False)["input_ids"]:
        stream.push(token)

    assert not stream.may_end()
    for token in tokenizer(" Is it a cat?", add_special_tokens=False)["input_ids"]:
        stream.push(token)
    assert stream.may_end()


@given(draft=st.text(alphabet="ab .!?,\n-", max_size=40))
@settings(max_examples=300, deadline=None)
def test_what_is_certain_stays_whatever_follows(draft: str) -> None:
    rules = Rules(endings=("arr!",))
    for cut in range(len(draft)):
        certain = certain_part(draft[:cut])
        assert draft.startswith(certain)
        assert close(draft, certain, rules, complete=True).startswith(certain)
