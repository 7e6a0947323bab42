import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord_bot.replying.splitting import LIMIT, parts, split, units

PIECES = st.lists(
    st.sampled_from(
        [
            "word ",
            "Sentence. ",
            "\n",
            "\n\n",
            "```",
            "```py\n",
            "```c++\n",
            "`",
            "``",
            "    indented\n",
            "👩‍👩‍👧",
            "👍🏽",
            "e\u0301",
            "🇫🇷",
            "x" * 70,
            "́",
        ]
    ),
    max_size=80,
).map("".join)
TEXTS = PIECES | st.text(max_size=400)


def fences(text: str) -> int:
    return text.count("```")


@given(TEXTS, st.integers(64, 300))
def test_the_parts_are_the_text_with_fences_added(text: str, limit: int) -> None:
    found = parts(text, limit)
    assert "".join(part.body for part in found) == text
    for part in found:
        assert units(str(part)) <= limit
        assert fences(str(part)) % 2 == 0
        assert part.opening == "" or (part.opening.startswith("```") and part.opening.endswith("\n"))
        assert part.closing in ("", "```", "\n```")


@given(TEXTS, st.integers(64, 300))
def test_no_message_is_blank_and_nothing_visible_is_lost(text: str, limit: int) -> None:
    found = split(text, limit)
    assert all(message.strip() for message in found)
    visible = "".join("".join(found).replace("```", "").split())
    assert sum(map(str.isalnum, visible)) >= sum(map(str.isalnum, "".join(text.replace("```", "").split())))


@given(
    st.lists(st.sampled_from(["word ", "Sentence. ", "\n", "\n\n", "🎭 "]), max_size=120).map("".join),
    st.integers(0, 600),
)
def test_a_growing_text_changes_only_its_last_message(text: str, known: int) -> None:
    before, after = parts(text[:known], 100), parts(text, 100)
    assert before[:-1] == after[: len(before[:-1])]


@given(st.lists(st.sampled_from(["👩‍👩‍👧", "👍🏽", "e\u0301", "🇫🇷", "한"]), min_size=1, max_size=200))
def test_a_character_people_see_as_one_stays_whole(characters: list[str]) -> None:
    text = "".join(characters)
    ends = {0}
    for character in characters:
        ends.add(max(ends) + len(character))
    position = 0
    for part in parts(text, 64):
        position += len(part.body)
        assert position in ends


def test_a_short_text_is_one_message_unchanged() -> None:
    assert split("Ahoy!\n\n```py\nprint()\n```") == ["Ahoy!\n\n```py\nprint()\n```"]
    assert split("") == []
    assert split("x" * LIMIT) == ["x" * LIMIT]


def test_an_unfinished_code_block_is_shown_closed() -> None:
    assert split("Look:\n```py\nprint(") == ["Look:\n```py\nprint(\n```"]


def test_a_code_block_goes_on_in_the_next_message_with_its_language() -> None:
    code = "".join(f"line_{number} = {number}\n" for number in range(200))
    found = split(f"Here:\n```python\n{code}```\nDone.")
    assert len(found) == 2
    assert found[0].startswith("Here:\n```python\nline_0")
    assert found[0].endswith("\n```")
    assert found[1].startswith("```python\nline_")
    assert found[1].endswith("```\nDone.")
    assert all(len(message) <= LIMIT for message in found)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a" * 50 + "\n\n" + "b. " * 5 + "c" * 60, "\n\n"),
        ("a" * 50 + "\n" + "b. " * 5 + "c" * 60, "\n"),
        ("a" * 50 + " b. " + "c d " * 3 + "e" * 60, "b. "),
        ("a" * 50 + " " + "e" * 60, " "),
    ],
)
def test_paragraphs_are_kept_before_lines_before_sentences_before_words(text: str, end: str) -> None:
    first = parts(text, 100)[0]
    assert first.body.endswith(end)


def test_the_texts_own_closing_fence_stays_in_the_message_of_its_block() -> None:
    block = "```\n" + "x" * 89 + "\n```"
    assert len(block) > 96
    first = parts(f"{block} and then more words", 100)[0]
    assert first.body.startswith(block)


def test_astral_characters_count_twice_as_in_discords_clients() -> None:
    assert units("a🎭") == 3
    assert all(units(message) <= LIMIT for message in split("🎭" * 3000))
