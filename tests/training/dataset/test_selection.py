"""Which of members' words an adapter may learn from, and how often."""

import dataclasses

import pytest

from bot.personas.catalog import Pair, Persona
from bot.prompt import Message
from bot.store import RatedReply, Store, StoredComparison, StoredCorrection, StoredMessage, StoredReply, open_snapshot
from tests.training.conftest import ASKER, FRIEND, STRANGER, TOPICS, reply_record
from training.dataset.rows import Dataset, canonical_json, render
from training.dataset.selection import Examples, SelectionRules, build_dataset
from training.dataset.sources import (
    PLAIN_PROMPT,
    CollectedFeedback,
    Source,
    preservation_heldout,
    preservation_pairs,
    read_feedback,
)

PARROT = Persona(name="parrot", display_name="Parrot", description="A bird.", system_prompt="You are a parrot.")
RULES = SelectionRules(
    min_likes=1,
    min_voters=1,
    max_voter_share=1.0,
    feedback_rows=1000,
    seed_pairs=50,
    seed_share=0.0,
    preservation_share=0.0,
    correction_weight=3,
    heldout_share=0.2,
    max_tokens=400,
    max_length_drift=1.5,
)
SEEDS = [Pair(f"What of {topic}?", f"Squawk! I like {topic}.") for topic in TOPICS]
MEMBERS = frozenset({ASKER, FRIEND})


def rated(reply_id: int = 1, likes=frozenset({FRIEND}), dislikes=frozenset(), **changes) -> RatedReply:
    return RatedReply(reply_id, reply_record(**changes), (), frozenset(likes), frozenset(dislikes))


def corrected(reply_id: int = 1, text: str = "Squawk! Better.", author_id: int = FRIEND, **changes) -> StoredCorrection:
    return StoredCorrection(1, StoredReply(reply_id, reply_record(**changes), ()), author_id, text)


@pytest.fixture
def build(renderer):
    def build(
        *replies: RatedReply, corrections=(), comparisons=(), consenting=MEMBERS, seeds=SEEDS, **options
    ) -> Dataset:
        changes = {name: options.pop(name) for name in list(options) if hasattr(RULES, name)}
        feedback = CollectedFeedback(
            frozenset(consenting),
            replies,
            tuple(corrections),
            tuple(comparisons),
            {reply.id: reply.id for reply in replies},
        )
        examples = Examples(seeds, options.pop("texts", ()), options.pop("preservation", ()))
        rules = dataclasses.replace(RULES, **changes)
        return build_dataset(PARROT, feedback, examples, options.pop("heldout_prompts", ()), rules, renderer)

    return build


def compared(kept: str, other: str, member_id: int = FRIEND, **changes) -> StoredComparison:
    first, second = (StoredReply(i, reply_record(text, **changes), ()) for i, text in ((1, kept), (2, other)))
    return StoredComparison(first, second, member_id)


def dropped(dataset: Dataset) -> list[tuple[str, str]]:
    return [(source.value, reason) for source, reason in dataset.dropped]


def test_a_liked_reply_is_learned_as_the_persona_is_served_today(build):
    dataset = build(rated(7, asked="What of soup?", text="Squawk! Hot."))
    [row] = [row for row in dataset.rows if row.source is Source.LIKED]
    assert row.messages == (Message("system", "You are a parrot."), Message("user", "What of soup?"))
    assert (row.completion, row.weight, row.reply_id) == ("Squawk! Hot.", 1, 7)
    assert dataset.reply_ids == [7]


def test_earlier_turns_come_with_it_and_are_not_learned(build, renderer):
    messages = (
        StoredMessage("user", "Hello", FRIEND),
        StoredMessage("assistant", "Squawk?", None),
        StoredMessage("user", "What of soup?", ASKER),
    )
    [row, *_] = build(rated(messages=messages)).rows
    assert [message.content for message in row.messages[1:]] == ["Hello", "Squawk?", "What of soup?"]
    example = render(renderer, row)
    learned = [token for token, learn in zip(example.ids, example.loss_mask, strict=True) if learn]
    assert renderer.decode(learned) == "Squawk! Aye."


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (rated(likes={STRANGER}), "too few likes from consenting members"),
        (rated(likes=(), dislikes={FRIEND}), "too few likes from consenting members"),
        (rated(dislikes={STRANGER}), "as many dislikes as likes, or more"),
        (rated(asker_id=STRANGER), "it holds words of somebody who did not consent"),
        (
            rated(
                messages=(
                    StoredMessage("user", "Hi from a stranger", STRANGER),
                    StoredMessage("assistant", "Squawk.", None),
                    StoredMessage("user", "What of soup?", ASKER),
                )
            ),
            "it holds words of somebody who did not consent",
        ),
        (
            rated(messages=(StoredMessage("user", "What of soup?", None),)),
            "it holds words of somebody who did not consent",
        ),
        (rated(finish_reason="cancelled"), "was cut off"),
        (rated(text="Squawk. Soup is what the", finish_reason="length"), "was cut off"),
        (rated(text="Squawk:\n- soup.\n- seeds", finish_reason="length"), "was cut off"),
        (rated(text="Squawk soup …", finish_reason="length"), "was cut off"),
        (rated(text="  "), "its answer is empty"),
        (rated(text="squawk squawk " * 20), "its answer is looping"),
        (rated(asked="DO you like sand"), "its prompt is held out for the gate"),
        (rated(asked="soup " * 500), "longer than training.max_tokens = 400"),
    ],
)
def test_a_reply_is_left_out_for_a_stated_reason(build, reply, reason):
    dataset = build(reply, heldout_prompts=["Do you like sand?"])
    assert ("liked", reason) in dropped(dataset)
    assert dataset.kept[Source.LIKED] == 0


def test_a_reply_that_reached_its_limit_is_learned_up_to_its_last_whole_sentence(build):
    assert build(rated(text="Squawk! Soup is wet.", finish_reason="length")).kept[Source.LIKED] == 1


def test_enough_distinct_consenting_members_must_like_it(build):
    assert build(rated(likes={FRIEND, STRANGER}), min_likes=2).kept[Source.LIKED] == 0
    assert build(rated(likes={FRIEND, ASKER}), min_likes=2).kept[Source.LIKED] == 1


def test_a_like_of_a_member_who_did_not_consent_changes_nothing(build):
    assert build(rated(likes={FRIEND, STRANGER})).sha256 == build(rated(likes={FRIEND})).sha256


def test_a_correction_counts_more_than_a_like(build, renderer):
    dataset = build(corrections=[corrected(text="Squawk! Better.")])
    [row, *_] = dataset.rows
    assert (row.source, row.completion, row.weight) == (Source.CORRECTION, "Squawk! Better.", 3)
    assert len(dataset.examples(renderer)) == 3 + len(SEEDS)
    assert len(dataset.once(Source.CORRECTION).examples(renderer)) == 1 + len(SEEDS)
    assert len(dataset.once(Source.CORRECTION).preference_examples(renderer)) == 3


@pytest.mark.parametrize(
    ("correction", "reason"),
    [
        (corrected(author_id=STRANGER), "it holds words of somebody who did not consent"),
        (corrected(asker_id=STRANGER), "it holds words of somebody who did not consent"),
        (corrected(text=" "), "its answer is empty"),
    ],
)
def test_a_correction_is_left_out_for_a_stated_reason(build, correction, reason):
    assert dropped(build(corrections=[correction])) == [("correction", reason)]


def test_a_correction_is_preferred_to_the_answer_it_corrects(build, renderer):
    dataset = build(corrections=[corrected(text="Squawk! Better.")])
    [pair] = dataset.preferences
    assert (pair.source, pair.chosen, pair.rejected) == (Source.CORRECTION, "Squawk! Better.", "Squawk! Aye.")
    assert pair.messages == dataset.rows[0].messages
    assert (pair.weight, pair.reply_ids, dataset.reply_ids) == (3, (1,), [1])
    assert len(dataset.preference_examples(renderer)) == 3


def test_a_kept_answer_is_preferred_to_the_one_it_replaces(build, renderer):
    dataset = build(comparisons=[compared("Squawk! Soup.", "Soup is a dish.")])
    [pair] = dataset.preferences
    [example] = dataset.preference_examples(renderer)
    assert (pair.source, pair.chosen, pair.rejected) == (Source.COMPARISON, "Squawk! Soup.", "Soup is a dish.")
    assert dataset.reply_ids == [1, 2]
    assert example.prompt_ids == renderer.prompt_ids(pair.messages)
    assert renderer.decode(example.chosen_ids) == "Squawk! Soup."
    assert renderer.decode(example.rejected_ids) == "Soup is a dish."


@pytest.mark.parametrize(
    ("comparison", "reason"),
    [
        (compared("Squawk!", "Soup.", member_id=STRANGER), "it holds words of somebody who did not consent"),
        (compared("Squawk!", "Soup.", asker_id=STRANGER), "it holds words of somebody who did not consent"),
        (compared("Squawk! Aye.", " Squawk!  Aye."), "as a preference: both answers say the same"),
        (compared("Squawk!", "Soup.", asked="do you like SAND"), "its prompt is held out for the gate"),
    ],
)
def test_a_comparison_is_left_out_for_a_stated_reason(build, comparison, reason):
    dataset = build(comparisons=[comparison], heldout_prompts=["Do you like sand?"])
    assert dropped(dataset) == [("comparison", reason)]


def test_a_mark_alone_may_be_what_members_want(build):
    [pair] = build(corrections=[corrected(text="Squawk! Aye?")]).preferences
    assert (pair.chosen, pair.rejected) == ("Squawk! Aye?", "Squawk! Aye.")


def test_likes_and_dislikes_become_votes_with_their_certainty(build, renderer):
    both = {FRIEND, ASKER}
    dataset = build(rated(1, likes=both), rated(2, likes=(), dislikes=both, text="Soup is a dish."))
    assert [(vote.liked, vote.reply_id) for vote in dataset.votes] == [(True, 1), (False, 2)]
    assert all(0.5 < vote.weight <= 1.0 for vote in dataset.votes)
    example = dataset.voted_examples(renderer)[1]
    assert renderer.decode(example.completion_ids) == "Soup is a dish."


def test_of_rows_that_say_the_same_the_most_trusted_is_kept(build):
    dataset = build(
        rated(2, asked="what of SOUP", text="squawk, aye"),
        rated(3, asked="What of dogs?", text="Squawk! I like dogs!"),
        corrections=[corrected(1, text="Squawk! Aye.", asked="What of soup?")],
    )
    assert dataset.kept == {Source.CORRECTION: 1, Source.LIKED: 1, Source.SEED: len(SEEDS) - 1}
    assert set(dropped(dataset)) == {
        ("correction", "as a preference: both answers say the same"),
        ("liked", "says the same as another row"),
        ("seed", "says the same as another row"),
        ("vote", "one-sided: there are only likes"),
    }


def test_a_long_conversation_loses_its_oldest_turns_as_in_serving(build, renderer):
    messages = tuple(
        StoredMessage("user" if index % 2 == 0 else "assistant", f"turn {index} " + "word " * 20, ASKER)
        for index in range(9)
    )
    [row, *_] = build(rated(messages=messages)).rows
    assert row.messages[0].role == "system"
    assert row.messages[1].role == "user"
    assert row.messages[-1].content == messages[-1].content
    assert 1 < len(row.messages) < 1 + len(messages)
    assert len(render(renderer, row).ids) <= RULES.max_tokens


def test_what_is_served_is_a_token_prefix_of_what_is_trained(build, renderer):
    dataset = build(
        rated(), corrections=[corrected(asked="Why?")], preservation=preservation_pairs(), preservation_share=0.5
    )
    for row in dataset.rows:
        prompt, example = renderer.prompt_ids(row.messages), render(renderer, row)
        assert tuple(example.ids[: len(prompt)]) == prompt
        assert example.loss_mask == [0] * len(prompt) + [1] * (len(example.ids) - len(prompt))


def test_ordinary_questions_are_learned_under_a_prompt_of_their_own(build):
    dataset = build(preservation=[Pair("Is ice cold?", "Yes, it is.")], preservation_share=0.5)
    assert dataset.rows[-1].messages == (Message("system", PLAIN_PROMPT), Message("user", "Is ice cold?"))
    assert dataset.rows[-1].source is Source.PRESERVATION


def test_the_hash_follows_the_content_and_nothing_else(build):
    first = build(rated())
    assert first.sha256 == build(rated()).sha256
    assert first.sha256 != build(rated(text="Squawk! No.")).sha256
    assert first.sha256 != build().sha256
    assert first.sha256 == build(rated(channel_id=77, total_s=9.0)).sha256


def test_held_out_conversations_stay_held_out_as_others_come(build):
    replies = [rated(index, asked=f"What of dish {index}?") for index in range(1, 121)]
    early, late = build(*replies[:60]), build(*replies)
    held_early = {row.reply_id for row in early.heldout}
    held_late = {row.reply_id for row in late.heldout}
    assert held_early == {reply_id for reply_id in held_late if reply_id <= 60}
    assert 0.1 < len(held_late) / 120 < 0.3
    assert not held_late & set(late.reply_ids)


def test_no_conversation_is_on_both_sides(renderer):
    replies = tuple(rated(index, asked=f"What of dish {index}?") for index in range(60))
    conversations = {index: index // 4 for index in range(60)}
    feedback = CollectedFeedback(MEMBERS, replies, conversations=conversations)
    dataset = build_dataset(PARROT, feedback, Examples(SEEDS), [], RULES, renderer)
    learned = {conversations[reply_id] for reply_id in dataset.reply_ids}
    held_out = {conversations[row.reply_id or 0] for row in dataset.heldout}
    assert held_out
    assert not learned & held_out


def test_a_few_liked_conversations_are_all_learned(build):
    dataset = build(*(rated(index, asked=f"What of dish {index}?") for index in range(9)), heldout_share=0.5)
    assert dataset.heldout == ()
    assert dataset.kept[Source.LIKED] == 9


def test_too_few_rows_are_refused_with_counts_and_a_remedy(build):
    sentence = build(rated(), rated(2, likes={STRANGER}), seeds=SEEDS[:2]).refusal
    assert "parrot: 3 usable rows (2 seed pairs, 1 liked replies, 0 corrections)" in sentence
    assert "adapters/parrot/examples.jsonl" in sentence
    assert "1 × liked (too few likes from consenting members)" in sentence


def test_rows_as_json_are_the_same_every_time(build):
    [row, *_] = build(rated(7, text="Zwölf 🙂", asked="Wie viele?")).rows
    assert canonical_json(row) == (
        '{"completion":"Zwölf 🙂","messages":[{"content":"You are a parrot.","role":"system"},'
        '{"content":"Wie viele?","role":"user"}],"reply_id":7,"source":"liked","weight":1}'
    )


async def test_a_conversation_starts_where_nothing_was_said_before(tmp_path):
    def record(channel_id: int, *, follows: bool):
        earlier = (StoredMessage("user", "Hi", ASKER), StoredMessage("assistant", "Squawk.", None)) if follows else ()
        return reply_record(channel_id=channel_id, messages=(*earlier, StoredMessage("user", "What of soup?", ASKER)))

    store = await Store.open(tmp_path / "troupe.db")
    opening = [(1, False), (2, False), (1, True), (2, True), (1, False), (1, True)]
    ids = [await store.add_reply(record(channel, follows=follows)) for channel, follows in opening]
    await store.cast_vote(ids[0], FRIEND, 1, "button")
    await store.close()

    with open_snapshot(tmp_path / "troupe.db") as snapshot:
        feedback = read_feedback(snapshot, "parrot")

    assert [feedback.conversations[i] for i in ids] == [ids[0], ids[1], ids[0], ids[1], ids[4], ids[4]]
    assert [reply.id for reply in feedback.replies] == [ids[0]], "replies without a vote are not kept"


def test_the_preservation_sets_share_no_prompt():
    trained = {pair.prompt.casefold() for pair in preservation_pairs()}
    assert len(trained) >= 60
    assert not trained & {pair.prompt.casefold() for pair in preservation_heldout()}


def test_a_share_of_the_personas_rows_is_learned_without_its_prompt(build, renderer):
    dataset = build(preservation=[Pair("Is ice cold?", "Yes, it is.")], preservation_share=0.5)
    with_prompt, bare = dataset.examples(renderer), dataset.examples(renderer, bare_share=1.0)
    assert bare[-1] == with_prompt[-1], "an ordinary question keeps its prompt"
    assert bare[0] == renderer.training_example(dataset.rows[0].messages[1:], dataset.rows[0].completion)
    some = dataset.examples(renderer, bare_share=0.5)
    assert 0 < sum(a == b for a, b in zip(some[:-1], bare[:-1], strict=True)) < len(some) - 1
    assert dataset.examples(renderer, bare_share=0.5) == some
