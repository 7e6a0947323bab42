from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.prompt import ThoughtFilter, without_thoughts

MARKED = st.lists(
    st.sampled_from(["<think>", "</think>", "[THINK]", "[/THINK]", "Ahoy", " ", "\n", "<", "</", "thin", "[T", "◁"])
).map("".join)


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("Ahoy, matey!", "Ahoy, matey!"),
        ("<think>\nA greeting.\n</think>\n\nAhoy!", "Ahoy!"),
        ("Well, <think>hm</think> aye.", "Well, aye."),
        ("[THINK]hm[/THINK]Aye.", "Aye."),
        ("<think>[/THINK] hm</think>Aye.", "Aye."),
        ("A greeting, so I greet.</think>\n\nAhoy!", "Ahoy!"),
        ("<think>a</think><think>b</think> Aye.", "Aye."),
        ("<think>never ends", ""),
        ("1 < 2 <thin line", "1 < 2 <thin line"),
        ("ends in <think", "ends in <think"),
    ],
)
def test_what_was_thought_aloud_is_not_shown(reply, shown):
    assert without_thoughts(reply) == shown


@given(MARKED, st.data())
def test_however_a_reply_arrives_the_same_is_shown_and_never_a_mark(reply, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=8)))
    filtered = ThoughtFilter()
    for start, end in pairwise([0, *cuts, len(reply)]):
        filtered.push(reply[start:end])
        assert "think>" not in filtered.text
        assert "THINK]" not in filtered.text
    filtered.finish()
    assert filtered.text == without_thoughts(reply)


@given(MARKED)
def test_pieces_join_to_what_is_shown_unless_thoughts_began_with_the_reply(reply):
    filtered = ThoughtFilter()
    pieces = "".join([*map(filtered.push, reply), filtered.finish()])
    assert pieces.endswith(filtered.text)
