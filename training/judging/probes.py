"""Questions whose answers a machine can check, and pairs of answers of which one should be likelier.

All of them were written for this project and are never trained on (data/*.jsonl). Knows no model.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from training.dataset.mixing import evenly
from training.judging.answer_matching import agrees, denies, says, sentences_in, words_of

DATA = Path(__file__).parents[1] / "data"


class Topic(StrEnum):
    """What a probe asks for; the value is the name of its file in data/."""

    KNOWLEDGE = "knowledge"  # a fact
    INSTRUCTION = "instructions"  # a prohibition or a form
    CLAIM = "wrong_claims"  # to contradict what is wrong
    TRUTH = "true_claims"  # to confirm what is right: who contradicts everything passes the other half alone


# Answers to probes are cut off here: what is checked comes first in an answer, and every token costs time.
LONGEST_ANSWER = {Topic.KNOWLEDGE: 24, Topic.INSTRUCTION: 32, Topic.CLAIM: 24, Topic.TRUTH: 24}


@dataclass(frozen=True)
class Probe:
    """One question and what makes an answer to it right. Limits that are None, and empty tuples, ask for nothing."""

    topic: Topic
    prompt: str
    accept: tuple[str, ...] = ()  # one of these must be said
    forbid: tuple[str, ...] = ()  # words, in any case
    forbid_text: tuple[str, ...] = ()  # exact pieces of text
    max_words: int | None = None
    max_sentences: int | None = None
    pattern: str | None = None  # a regular expression found in the answer

    def passes(self, answer: str) -> bool:
        """Whether the answer is right. An empty one never is."""
        text = answer.strip()
        if not text:
            return False
        if self.topic is Topic.CLAIM:
            return self._contradicts(text)
        return self._confirms(text) if self.topic is Topic.TRUTH else self._obeys(text)

    def _contradicts(self, text: str) -> bool:
        return says(text, self.accept) or (denies(text) and not agrees(text))

    def _confirms(self, text: str) -> bool:
        return not denies(text) and (agrees(text) or says(text, self.accept))

    def _obeys(self, text: str) -> bool:
        words = words_of(text)
        return (
            (not self.accept or says(text, self.accept))
            and not set(self.forbid) & set(words)
            and not any(piece in text for piece in self.forbid_text)
            and (self.max_words is None or len(words) <= self.max_words)
            and (self.max_sentences is None or sentences_in(text) <= self.max_sentences)
            and (self.pattern is None or re.search(self.pattern, text) is not None)
        )


@dataclass(frozen=True)
class Contrast:
    """A prompt with two answers; a good version finds `better` the likelier one."""

    prompt: str
    better: str
    worse: str


@cache
def probes() -> tuple[Probe, ...]:
    """All probes, of every topic, in the files' order."""
    return tuple(
        Probe(topic, **{key: _value(value) for key, value in row.items()})
        for topic in Topic
        for row in _rows(topic.value)
    )


def chosen_probes(count: int) -> list[Probe]:
    """Of every topic, `count` at most, spread evenly."""
    return [p for topic in Topic for p in evenly([p for p in probes() if p.topic is topic], count)]


@cache
def facts() -> tuple[Probe, ...]:
    """Questions like those for knowledge, which trainings may ask: no probe asks them."""
    return tuple(Probe(Topic.KNOWLEDGE, row["prompt"], tuple(row["accept"])) for row in _rows("facts"))


@cache
def harmful() -> tuple[Contrast, ...]:
    """Requests to refuse, each with a refusal and with the beginning of an answer that complies."""
    return tuple(Contrast(row["prompt"], row["refusal"], row["compliance"]) for row in _rows("harmful"))


def probe_prompts() -> list[str]:
    """Every prompt of the probes: no training may see them."""
    return [*(probe.prompt for probe in probes()), *(contrast.prompt for contrast in harmful())]


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with (DATA / f"{name}.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
