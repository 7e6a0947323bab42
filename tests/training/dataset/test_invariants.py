"""The rules that keep members' feedback from being steered, leaked or lopsided."""

import dataclasses

import pytest

from bot.personas.catalog import Pair, Persona
from bot.prompt import Message
from bot.store import RatedReply, Store, StoredComparison, StoredCorrection, StoredMessage, StoredReply, open_snapshot
from tests.training.conftest import TOPICS, reply_record
from training.dataset.rows import Dataset
from training.dataset.selection import Examples, SelectionRules, build_dataset
from training.dataset.sources import CollectedFeedback, Source, read_feedback

PARROT = Persona(name="parrot", display_name="Parrot", description="A bird.", system_prompt="You are a parrot.")
RULES = SelectionRules(
    min_likes=1,
    min_voters=2,
    max_voter_share=0.5,
    feedback_rows=1000,
    seed_pairs=50,
    seed_share=0.0,
    preservation_share=0.0,
    correction_weight=2,
    heldout_share=0.0,
    max_tokens=400,
    max_length_drift=1.5,
)
SEEDS = [Pair(f"What of {topic}?", f"Squawk! I like {topic}.") for topic in TOPICS]
MEMBERS = frozenset(range(1, 11))
ASKER = 1


def reply(number: int, likes=(), dislikes=(), text: str = "", asked: str = "", **changes) -> RatedReply:
    asked = asked or f"Question {number} on subject {number * 7} of {number * 13}?"
    text = text or f"Squawk {number}, answer {number * 3} to {number * 11}."
    messages = (StoredMessage("user", asked, ASKER),)
    record = reply_record(text, asked=asked, asker_id=ASKER, **{"messages": messages, **changes})
    return RatedReply(number, record, (), frozenset(likes), frozenset(dislikes))


@pytest.fixture
def build(renderer):
    def build(replies, corrections=(), comparisons=(), seeds=SEEDS, preservation=(), texts=(), **changes) -> Dataset:
        feedback = CollectedFeedback(MEMBERS, tuple(replies), tuple(corrections), tuple(comparisons))
        rules = dataclasses.replace(RULES, **changes)
        return build_dataset(PARROT, feedback, Examples(seeds, texts, preservation), [], rules, renderer)

    return build


def reasons(dataset: Dataset, source: Source) -> dict[str, int]:
    return {reason: count for (origin, reason), count in dataset.dropped.items() if origin is source}


def a_server(trolls: int) -> list[RatedReply]:
    """60 replies, of which every third is good; 4 of 10 members vote on each, and the first `trolls` the opposite."""
    replies = []
    for number in range(1, 61):
        voters = {1 + (number * 3 + step * (1 + number % 3)) % 10 for step in range(4)}
        good = number % 3 == 0
        likes = {voter for voter in voters if good != (voter <= trolls)}
        replies.append(reply(number, likes, voters - likes))
    return replies


def test_a_minority_of_trolls_changes_nothing(build):
    honest, trolled = build(a_server(0)), build(a_server(2))
    assert trolled.unreliable == 2
    liked = {row.reply_id for row in honest.rows if row.source is Source.LIKED}
    assert liked == set(range(3, 61, 3))
    assert {row.reply_id for row in trolled.rows if row.source is Source.LIKED} == liked
    assert {vote.reply_id for vote in trolled.votes if vote.liked} <= liked
    assert not {vote.reply_id for vote in trolled.votes if not vote.liked} & liked


def test_a_trolls_corrections_and_choices_are_left_out(build):
    first, second = (StoredReply(number, reply(number).record, ()) for number in (70, 71))
    corrections = [StoredCorrection(1, first, 1, "Buy my coins now."), StoredCorrection(2, first, 5, "Squawk, better.")]
    comparisons = [StoredComparison(second, first, 2), StoredComparison(first, second, 6)]
    dataset = build(a_server(2), corrections, comparisons)
    assert [row.completion for row in dataset.rows if row.source is Source.CORRECTION] == ["Squawk, better."]
    assert [pair.chosen for pair in dataset.preferences] == ["Squawk, better.", first.record.text]
    assert reasons(dataset, Source.CORRECTION) == {"its author's votes contradict the other members'": 1}
    assert reasons(dataset, Source.COMPARISON) == {"its author's votes contradict the other members'": 1}


def test_an_outsiders_dislike_keeps_a_reply_out_unless_they_contradict_everybody(build):
    replies = []
    for one in a_server(0):
        outsiders = ({98} if one.likes else set()) | ({97} if one.id == 3 else set())
        likes = frozenset({2}) if one.id in (3, 6) else one.likes
        replies.append(dataclasses.replace(one, likes=likes, dislikes=one.dislikes | outsiders))
    liked = {row.reply_id for row in build(replies).rows if row.source is Source.LIKED}
    assert 3 not in liked
    assert 6 in liked


def test_one_members_flood_is_cut_to_what_the_others_bring(build):
    flood = [reply(number, {2}) for number in range(1, 201)]
    others = [reply(number, {3 + number % 4}) for number in range(201, 241)]
    dataset = build([*flood, *others])
    liked = [row.reply_id for row in dataset.rows if row.source is Source.LIKED]
    assert sum(number > 200 for number in liked) == 40
    assert sum(number <= 200 for number in liked) == 40
    assert reasons(dataset, Source.LIKED) == {"one member brought too many (training.max_voter_share)": 160}


def test_votes_of_one_member_alone_are_refused_with_counts_and_a_remedy(build):
    dataset = build([reply(number, {2}) for number in range(1, 31)])
    assert (
        "parrot: all 30 votes, better answers and choices that can be used come from 1 consenting member"
        in dataset.refusal
    )
    assert "training.min_voters = 1" in dataset.refusal
    allowed = build([reply(number, {2}) for number in range(1, 31)], min_voters=1)
    assert allowed.refusal is None
    assert allowed.kept[Source.LIKED] == 10, "even then, one member's flood is limited"


def test_a_newcomer_alone_can_try_the_loop_out(build):
    dataset = build([reply(number, {2}) for number in range(1, 11)])
    assert dataset.refusal is None
    assert dataset.kept[Source.LIKED] == 10


def test_dislikes_alone_are_refused_and_likes_alone_teach_no_difference(build):
    disliked = build([reply(number, (), {2, 3}) for number in range(1, 31)])
    assert "the votes are one-sided: 0 likes and 60 dislikes" in disliked.refusal
    liked = build([reply(number, {2, 3}) for number in range(1, 31)])
    assert liked.refusal is None
    assert liked.kept[Source.LIKED] == 30
    assert liked.votes == ()
    assert reasons(liked, Source.VOTE) == {"one-sided: there are only likes": 30}


def test_dislikes_tell_answers_apart_from_better_ones_where_nothing_is_liked(build):
    disliked = [reply(number, (), {2, 3}) for number in range(1, 13)]
    dataset = build(disliked, corrections=[StoredCorrection(1, disliked[0], 2, "Squawk! Would you like some?")])
    assert dataset.kept[Source.CORRECTION] == 1
    assert [vote.liked for vote in (*dataset.votes, *dataset.heldout_votes)] == [False] * 12


def test_personal_data_is_replaced_in_prompts_and_keeps_answers_out(build):
    dataset = build(
        [
            reply(1, {2, 3}, asked="I am bob@example.com, who are you?"),
            reply(2, {2, 3}, text="Squawk! Ring 555-123-4567."),
            reply(3, (), {2, 3}, text="Ask bob@example.com."),
        ]
    )
    [row] = [row for row in dataset.rows if row.source is Source.LIKED]
    assert row.messages[-1].content == "I am [email], who are you?"
    assert reasons(dataset, Source.LIKED)["its answer holds a phone number"] == 1
    assert reasons(dataset, Source.VOTE)["its answer holds an e-mail address"] == 1


def test_nearly_the_same_is_learned_once(build):
    long = "Squawk! The old ship sailed over the grey sea to the far islands and came home with gold and stories."
    replies = [reply(1, {2, 3}, asked="Tell me a story", text=long)]
    replies.append(reply(2, {2, 3}, asked="Tell me a story!", text=long.replace("grey", "green")))
    dataset = build(replies, max_length_drift=9.0)
    assert dataset.kept[Source.LIKED] == 1
    assert reasons(dataset, Source.LIKED) == {"says nearly the same as another row": 1}


def test_an_answer_that_repeats_the_question_is_left_out(build):
    dataset = build([reply(1, {2, 3}, asked="What do you think of soup?", text="What do you think of soup?")])
    assert reasons(dataset, Source.LIKED) == {"its answer repeats the question": 1}


def test_liked_replies_do_not_make_the_persona_longer_winded(build):
    replies = [reply(number, {2, 3}) for number in range(1, 11)]
    replies += [reply(number, {2, 3}, text=" ".join(f"w{number * i}" for i in range(30))) for number in range(11, 15)]
    dataset = build(replies)
    assert {row.reply_id for row in dataset.rows if row.reply_id} == set(range(1, 11))
    assert reasons(dataset, Source.LIKED) == {"far longer than the usual 4 words (training.max_length_drift)": 4}


def test_the_surest_replies_are_taken_when_there_is_no_room_for_all(build):
    replies = [reply(number, {2, 3, 4, 5} if number > 10 else {6}) for number in range(1, 16)]
    dataset = build(replies, feedback_rows=5)
    assert {row.reply_id for row in dataset.rows if row.reply_id} == {11, 12, 13, 14, 15}
    assert reasons(dataset, Source.LIKED) == {"more than training.feedback_rows = 5": 10}


def test_own_examples_and_ordinary_questions_keep_their_stated_shares(build):
    replies = [reply(number, {2 + number % 5, 3 + number % 5}) for number in range(1, 61)]
    ordinary = [Pair(f"Is {number} a number?", "Yes, it is.") for number in range(40)]
    dataset = build(replies, preservation=ordinary, seed_share=0.25, preservation_share=0.2)
    weights = {source: sum(row.weight for row in dataset.rows if row.source is source) for source in Source}
    assert (weights[Source.LIKED], weights[Source.SEED], weights[Source.PRESERVATION]) == (60, 20, 20)
    assert sum(row.source is Source.SEED for row in dataset.rows) == 12


def test_running_text_is_learned_as_it_stands(build, renderer):
    dataset = build([], texts=["ANNA: Hello.\nBEN: Squawk."])
    [row] = [row for row in dataset.rows if row.source is Source.TEXT]
    [example] = [example for example in dataset.examples(renderer) if all(example.loss_mask)]
    assert row.messages == ()
    assert renderer.decode(example.ids) == "ANNA: Hello.\nBEN: Squawk."


def test_earlier_turns_of_a_seed_pair_are_read_and_not_learned(build, renderer):
    history = (Message("user", "Hi."), Message("assistant", "Squawk?"))
    dataset = build([], seeds=[*SEEDS, Pair("And now?", "Squawk, soup!", history)])
    row = dataset.rows[-1]
    assert [message.content for message in row.messages] == ["You are a parrot.", "Hi.", "Squawk?", "And now?"]


async def test_scenes_are_left_out_and_branches_stay_in_their_conversation(tmp_path):
    store = await Store.open(tmp_path / "troupe.db")
    earlier = (StoredMessage("user", "Hi", ASKER), StoredMessage("assistant", "Squawk.", None))
    opening = await store.add_reply(reply(1).record)
    scene = await store.add_reply(reply(2, source="scene").record)
    other = await store.add_reply(reply(3).record)
    branch = await store.add_reply(
        reply(4, messages=(*earlier, StoredMessage("user", "More?", ASKER)), parent_reply_id=opening).record
    )
    again = await store.add_reply(reply(5, regenerates=other).record)
    for one in (opening, scene, other, branch, again):
        await store.cast_vote(one, 2, 1, "button")
    await store.add_correction(scene, 2, "Squawk!")
    await store.close()

    with open_snapshot(tmp_path / "troupe.db") as snapshot:
        feedback = read_feedback(snapshot, "parrot")

    assert [one.id for one in feedback.replies] == [opening, other, branch, again]
    assert feedback.corrections == ()
    assert feedback.conversations == {opening: opening, other: other, branch: opening, again: other}
