"""What a card's rules mean for a text, and which rules are refused when a card loads."""

from pathlib import Path

import pytest

from bot.errors import PersonaError
from bot.personas.catalog import read_card
from bot.personas.letter_folding import fold
from bot.personas.rules import BadRules, Rules, count_sentences, count_words

CARD = 'name = "gadsby"\ndisplay_name = "G"\ndescription = "d"\n[rules]\n'


@pytest.mark.parametrize(
    "variant",
    [
        "e",
        "E",
        "é",
        "È",
        "ê",
        "ë",
        "ē",
        "e\u0301",
        "Ｅ",
        "ｅ",
        "ℯ",
        "ⓔ",
        "ₑ",
        "𝐞",
        "ᴇ",
        "ɛ",
        "ɇ",
        "е",
        "Ε",
        "🇪",
        "æ",
        "œ",
    ],
)
def test_a_forbidden_letter_is_found_in_every_guise(variant: str) -> None:
    assert not Rules(forbidden_characters=("e",)).permit(f"som{variant} words")


def test_folding_leaves_other_letters_apart() -> None:
    assert fold("Año, naïve ﬁsh №①") == "ano, naive fish no1"
    assert Rules(forbidden_characters=("e",)).permit("Ängström said: čau, 日本 🙂, o and c!")


def test_an_accented_forbidden_letter_is_that_form_alone() -> None:
    rules = Rules(forbidden_characters=("é",))

    assert rules.permit("the end")
    assert not rules.permit("CAFÉ")
    assert not rules.permit("cafe\u0301")


@pytest.mark.parametrize("text", ["Yes.", "oh, YES!", "a yes-man", "ｙｅｓ", "y\u00ades", "_yes_", "Yés"])
def test_a_forbidden_word_is_found_between_any_boundaries(text: str) -> None:
    assert not Rules(forbidden_words=("yes",)).permit(text)


def test_a_forbidden_word_inside_another_is_permitted() -> None:
    assert Rules(forbidden_words=("yes",)).permit("yesterday's eyes, bayes")


def test_a_forbidden_phrase_is_found_across_white_space() -> None:
    assert not Rules(forbidden_words=("as an AI",)).permit("Speaking as\n an  ai, no.")


def test_counts_are_never_below_what_a_reader_counts() -> None:
    assert count_words("don't mix well-known things — or one/two") == 7
    assert count_sentences("Hi! Is it 3.14?\nMaybe… yes") == 5


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ('forbid_characters = "abcdefghijklmnopqrstuvwxyz"', "no letter"),
        ('forbid_characters = " "', "single visible"),
        ('forbid_characters = ["ab"]', "single visible"),
        ('forbid_words = ["..."]', "letters or digits"),
        ('forbid_characters = "r"\nend_with = "arr!"', "'arr!'"),
        ('forbid_words = ["arr"]\nend_with = ["?", "Arr!"]', "'Arr!'"),
        ('max_words = 1\nend_with = "you see?"', "'you see?'"),
        ('end_with = ""', "must not be empty"),
        ("max_characters = 3", "at least 10"),
        ("max_words = 0", "greater than or equal to 1"),
        ("shout = true", "rules.shout"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused_when_the_card_loads(tmp_path: Path, rules: str, named: str) -> None:
    path = tmp_path / "gadsby" / "persona.toml"
    path.parent.mkdir()
    path.write_text(CARD + rules, encoding="utf-8")

    with pytest.raises(PersonaError, match="rules") as refusal:
        read_card(path)

    assert str(path) in str(refusal.value)
    assert named in str(refusal.value)


def test_a_card_without_letters_forbidden_keeps_its_rules(tmp_path: Path) -> None:
    path = tmp_path / "gadsby" / "persona.toml"
    path.parent.mkdir()
    path.write_text(CARD + 'forbid_characters = "eE"\nmax_words = 30\nend_with = "!"\n', encoding="utf-8")

    assert read_card(path).sampling_values()["rules"] == Rules(
        forbidden_characters=("e", "E"), max_words=30, endings=("!",)
    )


def test_all_letters_forbidden_by_code_are_refused_too() -> None:
    with pytest.raises(BadRules, match="no letter"):
        Rules(forbidden_words=tuple("abcdefghijklmnopqrstuvwxyz")).check()
