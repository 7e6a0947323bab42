"""From token ids to text: whole characters, nothing of a stop string, and all of the rest."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import FinishReason, SamplingParams
from bot.engine.text import TextStream
from tests.engine.serving import Ask, answer, running_engine, submit, tokenizer_of

SENTENCES = ["Is Paris in France?", "Naïve café", "🙂 日本語 🏴‍☠️ arr", "  two  spaces\n\n\tand a tab", "ends in half"]


@pytest.fixture
def tokenizer(tiny_model_dir: Path) -> Any:
    return tokenizer_of(tiny_model_dir)


def pieces(tokenizer: Any, ids: list[int], *stop: str) -> list[str]:
    stream = TextStream(tokenizer, stop)
    got = []
    for token in ids:
        got.append(stream.push(token))
        if stream.stopped:
            break
    got.append(stream.finish())
    assert "".join(got) == stream.text
    return got


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_pieces_are_the_sentence_in_whole_characters(tokenizer: Any, sentence: str) -> None:
    got = pieces(tokenizer, tokenizer(sentence)["input_ids"])
    assert "".join(got) == sentence
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in got)


def test_a_character_cut_off_by_the_end_is_left_out(tokenizer: Any) -> None:
    ids = tokenizer("ahoy 日")["input_ids"][:-1]
    assert "".join(pieces(tokenizer, ids)).strip() == "ahoy"


def test_special_tokens_are_no_text(tokenizer: Any) -> None:
    ids = tokenizer("<|im_start|>Ahoy<|im_end|> you<|endoftext|>")["input_ids"]
    assert "".join(pieces(tokenizer, ids)) == "Ahoy you"


@pytest.mark.parametrize("stop", ["France", " in ", "s in F", "?", "Is"])
def test_text_ends_before_a_stop_string_and_never_shows_a_part_of_it(tokenizer: Any, stop: str) -> None:
    sentence = "Is Paris in France?"
    stream = TextStream(tokenizer, (stop,))
    shown = ""
    for token in tokenizer(sentence + " The rest")["input_ids"]:
        shown += stream.push(token)
        assert (sentence[: sentence.index(stop)]).startswith(shown)
        if stream.stopped:
            break
    assert stream.stopped
    assert shown + stream.finish() == sentence[: sentence.index(stop)]


def test_the_earliest_of_several_stop_strings_counts(tokenizer: Any) -> None:
    ids = tokenizer("one two three")["input_ids"]
    assert "".join(pieces(tokenizer, ids, "three", " two", "")) == "one"


def test_what_only_looked_like_a_stop_string_is_shown_at_last(tokenizer: Any) -> None:
    ids = tokenizer("wait <en")["input_ids"]
    assert "".join(pieces(tokenizer, ids, "<end>")) == "wait <en"


@settings(max_examples=100)
@given(st.text(max_size=30))
def test_any_text_comes_out_as_it_went_in(tiny_model_dir: Path, text: str) -> None:
    tokenizer = tokenizer_of(tiny_model_dir)
    ids = tokenizer(text)["input_ids"]
    assert "".join(pieces(tokenizer, ids)) == tokenizer.decode(ids, skip_special_tokens=True).rstrip("\ufffd")


@settings(max_examples=100)
@given(st.lists(st.integers(0, 319), max_size=40))
def test_any_token_ids_give_text_without_an_error(tiny_model_dir: Path, ids: list[int]) -> None:
    told = "".join(pieces(tokenizer_of(tiny_model_dir), ids, "ab", "\n"))
    assert not any(stop in told for stop in ("ab", "\n"))


async def test_the_engine_ends_a_reply_at_a_stop_string(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir) as engine:
        free = await answer(engine, tiny_model_dir, Ask("Is Paris in France?"))
        stop = free.text[4:6]
        sampling = SamplingParams(temperature=0.0, max_tokens=24, ignore_eos=True, stop=(stop,))
        generation = submit(engine, tiny_model_dir, Ask("Is Paris in France?", sampling=sampling))
        shown = "".join([chunk.text async for chunk in generation])
    assert generation.completion is not None
    assert generation.completion.finish_reason is FinishReason.STOP
    assert shown == generation.completion.text == free.text[: free.text.index(stop)]
    assert generation.completion.token_ids == free.token_ids[: len(generation.completion.token_ids)]
