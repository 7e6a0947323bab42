"""Rules as structured output, put to the library by which servers keep them: what it lets through keeps the rules."""

from functools import cache
from typing import Any

import pytest
from llguidance import LLMatcher, LLTokenizer

from bot.engine.vllm.constraints import constraint_of
from bot.personas.rules import Rules

NO_E = Rules(forbidden_characters=("e",))
NO_PARTS = Rules(forbidden_words=("car", "ice cream"))


@cache
def bytes_tokenizer() -> LLTokenizer:
    """One token a byte: a constraint that holds here holds however text is cut into tokens."""
    return LLTokenizer("byte")


def lets_through(rules: Rules, text: str) -> bool:
    """Whether the whole text may be a reply."""
    constraint: dict[str, Any] = constraint_of(rules)
    grammar = (
        LLMatcher.grammar_from_regex(constraint["regex"])
        if "regex" in constraint
        else LLMatcher.grammar_from_lark(constraint["grammar"])
    )
    matcher = LLMatcher(bytes_tokenizer(), grammar)
    assert not matcher.is_error(), matcher.get_error()
    ids = bytes_tokenizer().tokenize_str(text)
    return bool(matcher.consume_tokens(ids)) and matcher.is_accepting()


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (NO_E, "A bold ship sails north.\n\nAhoy 🙂 日本語"),
        (NO_E, "naïf, façad"),
        (NO_PARTS, "A cart, a scar and a carol; nice creamy cars."),
        (NO_PARTS, "Ice, cream."),
        (Rules(forbidden_characters=("é",)), "e and E and è"),
        (Rules(forbidden_characters=("]", "^", "\\", "-")), "[a] is not here".replace("]", "")),
    ],
)
def test_what_the_rules_permit_gets_through(rules, text):
    assert rules.permit(text)
    assert lets_through(rules, text)


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        *((NO_E, f"a {form} b") for form in ("e", "E", "é", "Ｅ", "ᴇ", "е", "Ε", "🅴", "œ", "ê", "ℯ")),
        *((NO_PARTS, text) for text in ("car", "My CAR.", "a cár!", "see: ice\ncream", "the сar")),
        (Rules(forbidden_characters=("é",)), "café"),
        (Rules(forbidden_characters=("é",)), "CAFÉ"),
        (Rules(forbidden_characters=("]", "^", "\\", "-")), "a]b"),
        (Rules(forbidden_characters=("a",), forbidden_words=("ox",)), "hat"),
        (Rules(forbidden_characters=("a",), forbidden_words=("ox",)), "my ox"),
    ],
)
def test_what_the_rules_forbid_does_not(rules, text):
    assert not rules.permit(text)
    assert not lets_through(rules, text)


def test_lengths_and_endings_are_no_constraints():
    assert constraint_of(Rules(max_words=5, endings=("?",))) == {}
