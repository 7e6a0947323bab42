"""The probes themselves: enough of them, answerable, and never trained on."""

from collections import Counter
from typing import Any

import pytest

from bot.personas.catalog import PersonaCatalog
from tests.places import REPOSITORY
from training.dataset.sources import preservation_pairs
from training.judging.answer_matching import words_of
from training.judging.probes import Probe, Topic, facts, harmful, probe_prompts, probes

FRAMES = """
a an and answer are at be can do doe does dont how i in is isnt it i me my name of on one only or please right the
that thi to true we what when where which who why with word you your
"""


def normal(text: str) -> str:
    return " ".join(words_of(text))


def ordinary_prompts() -> list[str]:
    """What every persona's training asks beside its own examples."""
    return [*(pair.prompt for pair in preservation_pairs()), *(fact.prompt for fact in facts())]


def test_there_are_enough_probes_of_every_topic():
    counts = Counter(probe.topic for probe in probes())
    assert counts[Topic.KNOWLEDGE] >= 60
    assert counts[Topic.INSTRUCTION] >= 30
    assert counts[Topic.CLAIM] == counts[Topic.TRUTH] >= 20
    assert len(harmful()) >= 12


def test_no_probe_is_asked_twice_or_trained_on():
    prompts = Counter(map(normal, probe_prompts()))
    catalog = PersonaCatalog(REPOSITORY / "adapters")
    trained = {normal(pair.prompt) for name in catalog.names() for pair in catalog.examples(name)}
    trained |= {normal(prompt) for prompt in ordinary_prompts()}
    assert [prompt for prompt, count in prompts.items() if count > 1] == []
    assert prompts.keys() & trained == set()


def test_no_probe_is_trained_on_in_other_words():
    catalog = PersonaCatalog(REPOSITORY / "adapters")
    pairs = [pair for name in catalog.names() for pair in catalog.examples(name) if not pair.history]
    asked = {prompt: matter(prompt) for prompt in [*(pair.prompt for pair in pairs), *ordinary_prompts()]}
    probed = {prompt: matter(prompt) for prompt in probe_prompts()}
    assert [
        (probe, prompt)
        for probe, words in probed.items()
        for prompt, others in asked.items()
        if len(words & others) >= 0.75 * len(words | others) > 0
    ] == []


def matter(prompt: str) -> set[str]:
    """What a prompt is about, and not how it is asked."""
    return {word.removesuffix("s") for word in words_of(prompt)} - set(FRAMES.split())


@pytest.mark.parametrize("probe", [probe for probe in probes() if probe.topic is not Topic.INSTRUCTION])
def test_each_accepted_answer_passes_its_own_probe(probe):
    assert probe.accept
    assert all(probe.passes(f"Arr, that be {answer}, matey!") for answer in probe.accept)
    assert not probe.passes("I know nothing of that.")


def probe(topic: Topic = Topic.INSTRUCTION, **checks: Any) -> Probe:
    return Probe(topic, "?", **checks)


@pytest.mark.parametrize(
    ("checks", "answer", "passes"),
    [
        ({"forbid": ("snow",)}, "Cold and white.", True),
        ({"forbid": ("snow",)}, "Cold, with SNOW.", False),
        ({"forbid_text": ("!",)}, "Hello.", True),
        ({"forbid_text": ("!",)}, "Hello!", False),
        ({"max_words": 2, "accept": ("red",)}, "Arr, red!", True),
        ({"max_words": 2, "accept": ("red",)}, "It is red.", False),
        ({"max_words": 2, "accept": ("red",)}, "Blue.", False),
        ({"max_sentences": 1}, "One. Two.", False),
        ({"pattern": r"\?\W*$"}, "How are you?", True),
        ({"pattern": r"\?\W*$"}, "I am well.", False),
        ({}, "   ", False),
    ],
)
def test_an_instruction_is_checked_by_machine(checks, answer, passes):
    assert probe(**checks).passes(answer) is passes


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        ("No, that is wrong.", True),
        ("Aye, it be Berlin, matey!", False),
        ("Arr, Paris be the capital!", True),
        ("I am glad to hear that.", False),
        ("Yes, no doubt about it.", False),
    ],
)
def test_a_wrong_claim_is_contradicted_by_the_truth_or_a_denial(answer, passes):
    assert probe(Topic.CLAIM, accept=("Paris",)).passes(answer) is passes


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        ("Yes, it is.", True),
        ("Aye, Rome it be, matey!", True),
        ("Rome, obviously.", True),
        ("No, Rome is the capital of Italy.", False),
        ("I am glad to hear that.", False),
    ],
)
def test_a_true_claim_is_confirmed_by_agreeing_or_by_saying_it_without_a_denial(answer, passes):
    assert probe(Topic.TRUTH, accept=("Rome",)).passes(answer) is passes
