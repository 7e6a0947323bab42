"""Rejection sampling: what few votes taught chooses among the persona's own new answers."""

import asyncio
import json

import pytest

from bot.config import load_config
from bot.personas.catalog import PersonaCatalog
from bot.prompt import Message
from bot.store import Store
from tests.training.conftest import ASKER, FRIEND, TOPICS, Project, fill_store, reply_record
from training.dataset.answer_quality import Flaw
from training.dataset.rows import Dataset, Row, VotedRow
from training.dataset.sources import Source
from training.judging.measuring import Answer, EvalQuestion
from training.judging.persona_setup import PersonaSetup
from training.judging.probes import Probe, Topic
from training.recipes.base import load_base
from training.taste import sampling
from training.taste.rejection import (
    Chosen,
    Taste,
    beginnings,
    keep_liked,
    keep_right,
    preferred,
    scorer_of,
    shortened,
)
from training.taste.sampling import Sampling, taught


@pytest.fixture(scope="module")
def model(tiny_base):
    return load_base(tiny_base, "fp32", "cpu").eval()


def voted(liked):
    """Answers in three forms; `liked` tells which ends members like."""
    return tuple(
        VotedRow((Message("user", f"What of {topic}?"),), f"{word} {topic}{end}", liked(end), 1.0, index)
        for index, (topic, word, end) in enumerate((t, w, e) for t in TOPICS for w in ("Aye", "Nay") for e in "?!.")
    )


@pytest.fixture(scope="module")
def asks_back(model, renderer):
    """What members who like questions taught."""
    return Taste(scorer_of(Dataset("parrot", (), votes=voted("?".__eq__)), model, renderer), model, renderer)


def prompts(*texts):
    return [(Message("system", "You are a parrot."), Message("user", text)) for text in texts]


def answers(*texts, flaw=None):
    return [Answer("", text, 5, flaw) for text in texts]


def test_the_answer_that_members_would_like_best_becomes_an_example(asks_back):
    asked = prompts("What of sand?", "What of milk?")
    given = [answers("Aye sand!", "Aye sand?"), answers("Nay milk.", "Nay milk!")]
    [row] = keep_liked(asks_back, dict(zip(asked, given, strict=True))).rows
    assert asks_back.scorer.tells_apart
    assert (row.source, row.messages, row.completion) == (Source.SAMPLED, asked[0], "Aye sand?")


def test_it_is_preferred_to_one_to_the_same_prompt_that_they_would_dislike(asks_back):
    asked = prompts("What of sand?", "What of milk?")
    given = [answers("Aye sand!", "Aye sand?"), answers("Nay milk?")]
    [pair] = keep_liked(asks_back, dict(zip(asked, given, strict=True))).pairs
    assert (pair.messages, pair.chosen, pair.rejected) == (asked[0], "Aye sand?", "Aye sand!")


def test_broken_answers_and_answers_given_before_are_no_examples(asks_back):
    asked = prompts("What of sand?", "What of milk?", "What of wind?")
    given = [answers("Aye?"), answers("aye?", " "), answers("Nay wind?", flaw=Flaw.ENDLESS)]
    assert [row.completion for row in keep_liked(asks_back, dict(zip(asked, given, strict=True))).rows] == ["Aye?"]


def test_better_answers_say_what_is_liked_where_nothing_was(model, renderer):
    better = tuple(
        Row(Source.CORRECTION, (Message("user", f"And {topic}?"),), f"Aye {topic}?", 2, 900 + index)
        for index, topic in enumerate(TOPICS)
    )
    disliked = tuple(vote for vote in voted("?".__eq__) if not vote.liked)
    scorer = scorer_of(Dataset("parrot", better, votes=disliked), model, renderer)
    [asks, states] = Taste(scorer, model, renderer).chances(["Nay sand?", "Nay sand!"])
    assert scorer.tells_apart
    assert asks > 0.7 > 0.3 > states


@pytest.fixture(scope="module")
def likes_it_short(model, renderer):
    votes = tuple(
        VotedRow((Message("user", f"What of {topic}?"),), f"{word} {topic} be old.{more}", not more, 1.0, index)
        for index, (topic, word, more) in enumerate(
            (t, w, m) for t in TOPICS for w in ("Aye", "Nay") for m in ("", " It be far and wide.")
        )
    )
    return Taste(scorer_of(Dataset("parrot", (), votes=votes), model, renderer), model, renderer)


def test_the_beginning_of_an_answer_is_an_answer_that_members_may_like(likes_it_short):
    [asked] = prompts("What of sand?")
    long, longer = (
        "Aye sand be old. It be far and wide.",
        "Nay milk be sold. It be wide and far away.",
    )
    chosen = keep_liked(likes_it_short, {asked: answers(longer, long, "Nay wind!")})
    assert [row.completion for row in chosen.rows] == ["Aye sand be old."]
    assert [(pair.chosen, pair.rejected) for pair in chosen.pairs] == [("Aye sand be old.", long)], "the nearest"


def known(*texts):
    probe = Probe(Topic.KNOWLEDGE, "What is sand?", ("stone", "stones"))
    return [Answer(probe.prompt, text, 5, None, probe) for text in texts]


def test_of_answers_that_can_be_checked_a_right_one_is_preferred_to_the_nearest_wrong_one(likes_it_short):
    [asked] = prompts("What is sand?")
    given = known(
        "Nay milk be sold.",
        "Aye sand be wood.",
        "Aye sand be stone. It be far and wide.",
        "Stones, it be wide and far.",
    )
    chosen = keep_right(likes_it_short, {asked: given})
    assert [row.completion for row in chosen.rows] == ["Aye sand be stone."], "as members like it"
    assert [(pair.chosen, pair.rejected) for pair in chosen.pairs] == [("Aye sand be stone.", "Aye sand be wood.")]


def test_truth_is_preferred_where_members_would_like_none_of_it_but_is_no_example_then(likes_it_short):
    asked = prompts("What is sand?", "What is it?", "What?")
    long = "Aye sand and wind be stones for they be far and wide."
    given = [known(long, "Aye sand and wind be milk."), known("Nay sand."), known("Aye stone be old.")]
    chosen = keep_right(likes_it_short, dict(zip(asked, given, strict=True)))
    assert [(pair.messages, pair.chosen) for pair in chosen.pairs] == [(asked[0], long)]
    assert [row.messages for row in chosen.rows] == [asked[2]]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Aye.", []),
        ("Aye, me hearty! Two be two.", ["Aye, me hearty!"]),
        (
            "Nay! It costs $3.50 at 3.15 o'clock, matey. Bring it… now! Aye?",
            ["Nay! It costs $3.50 at 3.15 o'clock, matey."],
        ),
        ("Heave ho! Unplug it, shake out the crumbs, then wipe the keys.", []),
    ],
    ids=["one sentence", "two", "as long as enough is left", "hardly anything"],
)
def test_a_beginning_is_whole_sentences_and_holds_much_of_the_answer(text, parts):
    assert beginnings(text)[:1] == parts


def test_seed_pairs_give_way_to_as_much_of_them_as_members_would_like(likes_it_short):
    [messages] = prompts("What of sand?")
    long, liked, whole = (
        Row(Source.SEED, messages, text)
        for text in (
            "Aye sand be old. It be far and wide.",
            "Aye sand be old!",
            "Nay sand be old for it be far and wide.",
        )
    )
    shorter = shortened(likes_it_short, [long, liked, whole])
    assert {row.completion: cut.completion for row, cut in shorter.items()} == {long.completion: "Aye sand be old."}
    ordinary = Row(Source.PRESERVATION, messages, "Sand is small stones.")
    dataset = taught(Dataset("parrot", (long, liked, ordinary, whole)), (Chosen(), Chosen()), shorter)
    assert dataset.rows == (shorter[long], liked, ordinary, whole)
    assert [(pair.chosen, pair.rejected) for pair in dataset.preferences] == [("Aye sand be old.", long.completion)]


async def like_questions(project: Project) -> None:
    """Two members vote on two answers to each topic."""
    store = await Store.open(project.database)
    for index, topic in enumerate(TOPICS * 2):
        text = f"Nay {topic}?" if index % 2 else f"Aye {topic}!"
        reply = await store.add_reply(reply_record(text, asked=f"What of {topic}? {index}"))
        for member in (ASKER, FRIEND):
            await store.cast_vote(reply, member, 1 if index % 2 else -1, "button")
    await store.close()


@pytest.fixture
def torn(project) -> Project:
    """A parrot that speaks, and ends half of its answers with a question."""
    seeds = [{"prompt": f"What of {t}?", "completion": c.format(t)} for t in TOPICS for c in ("Aye {}!", "Nay {}?")]
    (project.persona("parrot") / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in seeds))
    asyncio.run(fill_store(project.database, liked=0))
    trained = project.cli("train", "parrot", "--epochs", "12", "--method", "sft")
    assert trained.code == 0, trained.err
    assert project.cli("promote", "parrot", "--force").code == 0
    return project


def manifest(project: Project) -> dict:
    return json.loads((project.persona("parrot") / "versions" / "2" / "manifest.json").read_text())


def test_few_votes_reach_further_by_the_personas_own_new_answers(torn):
    asyncio.run(like_questions(torn))
    outcome = torn.cli("train", "parrot")
    assert outcome.code == 0, outcome.err
    made = manifest(torn)
    assert made["methods"][:2] == ["rejection", "sft"]
    assert made["rows"]["sampled"] > 0
    kept = made["averaged_with"]
    assert (kept["start"], kept["share"]) == (0.0, 0.0), "votes whose scorer was proven move it, and it knew nothing"
    assert made["rows"]["seed"] == 2 * len(TOPICS), "what was written by hand stays"


def test_what_members_asked_is_not_asked_as_a_question_with_a_known_answer(project, tiny_base, renderer, monkeypatch):
    """Some of it is held out, and the rest is sampled already."""
    asked: list[EvalQuestion] = []

    async def ask_all(subject, questions, *_):
        asked.extend(question for own in questions.values() for question in own)
        return {
            version: [Answer(question.prompt, "", 0, None) for question in own] for version, own in questions.items()
        }

    monkeypatch.setattr(sampling, "ask_all", ask_all)
    known = [
        Probe(Topic.KNOWLEDGE, text, ("stone",))
        for text in (f"what of {TOPICS[0].upper()}", "What is held out?", "What is it?")
    ]
    persona = PersonaCatalog(project.folder / "adapters").get("parrot")
    config = load_config(project.folder / "config.toml", {})
    sampler = Sampling(PersonaSetup(config, persona, tiny_base, renderer, precision="fp32", device="cpu"), known)
    heldout = (Row(Source.LIKED, (Message("user", "What is held out?"),), "Aye."),)
    sampler.enrich(Dataset("parrot", (), heldout, votes=voted("?".__eq__)), None, lambda *_: None)
    assert {question.prompt for question in asked if question.probe} == {"What is it?"}
    assert {question.prompt for question in asked if not question.probe} == {f"What of {topic}?" for topic in TOPICS}


LATER = 2**62  # the id of a reply that was given after all that are here: it has not been deleted


def test_what_the_speaker_learned_from_counts_as_learned_again_if_it_answered_for_pairs_alone(torn, monkeypatch):
    asyncio.run(like_questions(torn))
    file = torn.persona("parrot") / "versions" / "1" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "reply_ids": [LATER]}))
    pair = preferred(prompts("What of sand?")[0], "Aye sand?", "Aye sand!")
    monkeypatch.setattr(sampling, "keep_liked", lambda *_: Chosen(pairs=(pair,)))
    monkeypatch.setattr(sampling, "keep_right", lambda *_: Chosen())
    assert torn.cli("train", "parrot", "--seed", "8").code == 0  # with another seed nothing is averaged
    assert "averaged_with" not in manifest(torn)
    assert LATER in manifest(torn)["reply_ids"]


def test_votes_that_tell_nothing_apart_give_no_examples_and_ask_nothing(project, tiny_base, renderer):
    votes = [
        VotedRow((Message("user", f"What of {topic}?"),), f"Aye {topic}!", index // len(TOPICS) % 2 == 0, 1.0, index)
        for index, topic in enumerate(TOPICS * 4)
    ]
    persona = PersonaCatalog(project.folder / "adapters").get("parrot")
    config = load_config(project.folder / "config.toml", {})
    sampler = Sampling(PersonaSetup(config, persona, tiny_base, renderer, precision="fp32", device="cpu"))

    def asked(*_):
        raise AssertionError("no answer was needed")

    dataset = Dataset("parrot", (), votes=tuple(votes))
    assert sampler.enrich(dataset, None, asked) == dataset
