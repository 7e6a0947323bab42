from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.base_model import BaseModelFiles, load_tokenizer
from bot.errors import BaseModelError, EmptyPrompt, PromptTooLong
from bot.prompt import Message, PromptRenderer, merge
from tests.tiny import write_tiny_model

SYSTEM_REFUSED = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
TURNS_RENDERED_ANEW = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"

text = st.text(min_size=1, max_size=40)
conversations = st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), text), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    path = write_tiny_model(tmp_path_factory.mktemp("tiny"))
    return load_tokenizer(BaseModelFiles("tiny", path, ""))


@pytest.fixture
def renderer(tokenizer) -> PromptRenderer:
    return PromptRenderer(tokenizer)


def user(content: str) -> Message:
    return Message("user", content)


def assistant(content: str) -> Message:
    return Message("assistant", content)


def test_the_prompt_is_what_the_models_own_template_says(tokenizer, renderer):
    messages = [Message("system", "Be brief."), user("Hello")]
    expected = tokenizer.apply_chat_template(
        [{"role": m.role, "content": m.content} for m in messages], add_generation_prompt=True, tokenize=False
    )
    assert tokenizer.decode(renderer.prompt_ids(messages)) == expected


@given(conversations, text)
def test_the_serving_prompt_is_a_token_prefix_of_the_training_example(tokenizer, messages, completion):
    renderer = PromptRenderer(tokenizer)
    prompt = list(renderer.prompt_ids(messages))
    example = renderer.training_example(messages, completion)
    assert example.ids[: len(prompt)] == prompt
    assert example.loss_mask == [0] * len(prompt) + [1] * (len(example.ids) - len(prompt))


def test_what_is_learned_is_the_completion_and_its_end_of_turn(tokenizer, renderer):
    example = renderer.training_example([user("Hello")], "Ahoy, matey!")
    learned = [token for token, kept in zip(example.ids, example.loss_mask, strict=True) if kept]
    assert tokenizer.decode(learned) == "Ahoy, matey!<|im_end|>"
    assert learned[-1] == tokenizer.eos_token_id


def test_the_oldest_turns_are_left_out_when_the_limit_is_met(renderer):
    turns = [user("first question"), assistant("first answer"), user("second question")]
    whole, ids = renderer.fit("Be brief.", turns, limit=500)
    trimmed, fewer = renderer.fit("Be brief.", turns, limit=len(ids) - 1)
    assert [m.content for m in whole] == ["Be brief.", "first question", "first answer", "second question"]
    assert [m.content for m in trimmed] == ["Be brief.", "second question"]
    assert len(fewer) < len(ids)


def test_a_message_too_long_even_alone_is_refused_with_both_numbers(renderer):
    with pytest.raises(PromptTooLong) as refused:
        renderer.fit("", [user("long " * 100)], limit=50)
    assert refused.value.limit == 50
    assert str(refused.value.tokens) in str(refused.value)


@pytest.mark.parametrize("turns", [[], [user("  \n")], [user("a"), assistant("b")]])
def test_nothing_to_answer_is_said(renderer, turns):
    with pytest.raises(EmptyPrompt):
        renderer.fit("Be brief.", turns, limit=100)


def test_a_template_without_a_system_role_gets_it_in_the_first_turn(tokenizer, monkeypatch):
    monkeypatch.setattr(tokenizer, "chat_template", SYSTEM_REFUSED)
    renderer = PromptRenderer(tokenizer)
    prompt = tokenizer.decode(renderer.prompt_ids([Message("system", "Be brief."), user("Hello")]))
    assert prompt == "<user>Be brief.\n\nHello<end><assistant>"


def test_a_template_that_cannot_be_trained_on_is_refused(tokenizer, monkeypatch):
    monkeypatch.setattr(tokenizer, "chat_template", TURNS_RENDERED_ANEW)
    with pytest.raises(BaseModelError, match="cannot be trained on"):
        PromptRenderer(tokenizer).training_example([user("Hello")], "Ahoy")


def test_a_model_without_a_chat_template_is_refused(tokenizer, monkeypatch):
    monkeypatch.setattr(tokenizer, "chat_template", None)
    with pytest.raises(BaseModelError, match="no chat template"):
        PromptRenderer(tokenizer)


@given(conversations)
def test_merged_turns_alternate_and_begin_with_the_user(turns):
    merged = merge(turns)
    assert all(one.role != other.role for one, other in pairwise(merged))
    assert not merged or merged[0].role == "user"
