"""Where a reply ends that was cut off: on something whole, never in the middle, never with nothing."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.prompt.endings import ends_whole, seam, unclosed, whole_ending


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Aye. I was going to tell ye abou", "Aye."),
        ("Is it so? Yes! And the", "Is it so? Yes!"),
        ("It is Mr. Smith. He went to see Dr. Jon", "It is Mr. Smith."),
        ("Leeks, e.g. Musselburgh, are hardy. Others ar", "Leeks, e.g. Musselburgh, are hardy."),
        ("Plant them... no, wait. First you", "Plant them... no, wait."),
        ("It took 3.5 hours. Then", "It took 3.5 hours."),
        ("See example.com for it. Or see exam", "See example.com for it."),
        ("Ahoy! 🏴\u200d☠️ Let me", "Ahoy! 🏴\u200d☠️"),
        ("I love leeks 😊 Let me tell", "I love leeks 😊"),
        ("春に植えます。それから水を", "春に植えます。"),
        ("「はい。」それから", "「はい。」"),
        ("अच्छा है। और फि", "अच्छा है।"),
        ("هل هذا صحيح؟ نعم", "هل هذا صحيح؟"),
        ("1. Dig a hole\n2. Plant the leek\n3. Wat", "1. Dig a hole\n2. Plant the leek"),
        ("You need:\n- a spade\n- a line to", "You need:\n- a spade"),
        ("Dig.\n\n## Planting\n\nThen you", "Dig."),
        ("Dig.\n\n1.", "Dig."),
        ("First.\n\n**Planting**\n", "First."),
        ("Roses are red\nViolets are blue\nSugar i", "Roses are red\nViolets are blue"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("Bye.", "Bye."),
    ],
)
def test_it_ends_on_the_last_thing_said_whole(text, kept):
    assert whole_ending(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("one two three fou", "one two three…"),
        ("We sailed over the\nwide ocean and th", "We sailed over the\nwide ocean and…"),
        ('"Stop!" he said, and wal', '"Stop!" he said, and…'),
        ("leeks, garlic, and", "leeks, garlic…"),
        ("春に植えて、それから水をたくさん", "春に植えて…"),
        ("Supercalifragil", "Supercalifragil…"),
    ],
)
def test_where_nothing_is_whole_the_words_so_far_stay(text, kept):
    assert whole_ending(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Here:\n```python\nx = 1\ny = 2 +", "Here:\n```python\nx = 1\n```"),
        ("Here you go. See:\n```python\nx =", "Here you go."),
        ("Done.\n```\na\n```\nAnd then", "Done.\n```\na\n```"),
        ('"We sail at dawn. Bring the', '"We sail at dawn."'),
        ("“We sail at dawn. Bring the", "“We sail at dawn.”"),
        ("*She smiles. Then she", "*She smiles.*"),
        ("**Never! And", "**Never!**"),
        ("* one.\n* tw", "* one."),
        ('A 5" pipe. The', 'A 5" pipe.'),
    ],
)
def test_code_quotations_and_emphasis_are_closed(text, kept):
    assert whole_ending(text) == kept


def test_a_whole_last_sentence_is_told_from_a_list_or_code_that_was_cut():
    assert ends_whole("Dig. Then plant.")
    assert not ends_whole("Dig. Then pla")
    assert not ends_whole("Dig then…")
    assert not ends_whole("1. Dig\n2. Plant")
    assert not ends_whole("See:\n```\na\n```")


def test_what_goes_on_from_a_code_block_finds_it_open():
    assert unclosed("Here:\n```python\nx = 1\n```") == "Here:\n```python\nx = 1\n"
    assert unclosed("Dig.") == "Dig."


@pytest.mark.parametrize(
    ("before", "after", "between"),
    [("Dig.", "Then", " "), ("Dig.", " Then", ""), ("Dig.", "\n- a", ""), ("掘る。", "次に", ""), ("", "A", "")],
)
def test_sentences_do_not_run_into_each_other(before, after, between):
    assert seam(before, after) == between


PIECES = st.sampled_from(
    ["Aye. ", "one two ", "\n", "- item\n", "```", "```py\n", '"', "*", "…", "。", "1. ", "# ", "😊 ", "a"]
)


@given(st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join))
def test_it_is_a_beginning_of_the_text_never_nothing_and_its_fences_are_sound(text):
    kept = whole_ending(text)
    assert text.startswith(kept.rstrip('…"”*`\n'))
    assert kept or not text.replace("```", "").strip() or text.lstrip().startswith("```")
    assert kept.count("```") % 2 == 0


@pytest.mark.parametrize(
    "bad",
    ["a", ".", ". ", "😊", "😊 ", "*", "\n", "-\n", "，", '"', "` ", "1. ", "(", "a ", "Mr. ", "!? ", "```\n", "| "],
)
def test_100_kilobytes_of_anything_take_no_time_to_speak_of(bad):
    began = time.process_time()
    whole_ending(bad * (100_000 // len(bad)))
    whole_ending(" " * 100_000 + bad)
    assert time.process_time() - began < 3.0
