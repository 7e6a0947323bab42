import pytest

from training.dataset.answer_quality import Flaw, flaw_of


@pytest.mark.parametrize(
    "text",
    [
        "Aye, matey!",
        "63",
        "🙂",
        "ha ha ha ha ha!",
        "def f(x):\n    return x * x\n\ndef g(x):\n    return x + x\n",
        "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily, life is but a dream.",
        "| a | b |\n| --- | --- | --- | --- | --- | --- |\n| 1 | 2 |",
        "日本語の答えです。短くて正しい。",
        "Mars\nVenus\nSaturn",
    ],
)
def test_a_sound_answer_has_no_flaw(text):
    assert flaw_of(text) is None


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", Flaw.EMPTY),
        (" \n\t", Flaw.EMPTY),
        ("The captain said no. " * 5, Flaw.LOOPING),
        ("arr matey " * 12, Flaw.LOOPING),
        (
            "The sea is blue, the sea is big. The sea is big, the sea is blue. Oh, the sea is big, the sea is blue!",
            Flaw.LOOPING,
        ),
        ("これはとても長い文です。" * 6, Flaw.LOOPING),
        ("Hello<|im_start|>user", Flaw.GARBLED),
        ("caf\ufffd", Flaw.GARBLED),
    ],
)
def test_a_broken_answer_is_named(text, flaw):
    assert flaw_of(text) is flaw
