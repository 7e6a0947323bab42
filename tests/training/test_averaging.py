"""A new adapter keeps what it must of the version that speaks, where both began alike; and says so."""

import asyncio
import json

import pytest
import safetensors.torch
import torch

from bot.store import Store
from tests.training.conftest import FRIEND, Project, fill_store, reply_record
from training import averaging
from training.averaging import least_that_knows
from training.judging.measuring import Answer
from training.judging.probes import Probe, Topic

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture
def speaking(project) -> Project:
    """A parrot whose v1 learned from three likes."""
    asyncio.run(fill_store(project.database, liked=3))
    assert project.cli("train", "parrot").code == 0
    assert project.cli("promote", "parrot", "--force").code == 0
    return project


def manifest(project: Project, number: int) -> dict:
    return json.loads((project.persona("parrot") / "versions" / str(number) / "manifest.json").read_text())


def weights(project: Project, number: int) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(project.persona("parrot") / "versions" / str(number) / WEIGHTS)


def is_average(mixed: dict, old: dict, new: dict, share: float) -> bool:
    """Of what is not the same anyway."""
    assert any(not torch.equal(old[name], new[name]) for name in mixed)
    return all(
        torch.allclose(mixed[name].float(), share * old[name].float() + (1 - share) * new[name].float(), atol=1e-3)
        for name in mixed
    )


async def correct(project: Project) -> None:
    """One better answer: a pair to learn from."""
    store = await Store.open(project.database)
    reply_id = await store.add_reply(reply_record("Squawk! Salt.", asked="What of salt?"))
    await store.cast_vote(reply_id, FRIEND, -1, "button")
    await store.add_correction(reply_id, FRIEND, "Squawk! Salt is good for the sea, not for a parrot.")
    await store.close()


def test_of_the_version_that_speaks_most_is_kept_while_the_votes_prove_nothing(speaking, monkeypatch):
    assert speaking.cli("train", "parrot", "--epochs", "2").code == 0
    monkeypatch.setenv("TROUPE_TRAINING__KEPT_SHARE", "0")
    assert speaking.cli("train", "parrot", "--epochs", "2").code == 0
    before, mixed, alone = (weights(speaking, number) for number in (1, 2, 3))
    assert is_average(mixed, before, alone, 0.75)
    first, second = manifest(speaking, 1), manifest(speaking, 2)
    assert second["averaged_with"] == {"number": 1, "sha256": first["adapter_sha256"], "start": 0.0, "share": 0.75}
    assert set(first["reply_ids"]) <= set(second["reply_ids"]), "forgetting a member finds both"


def test_preferences_are_learned_from_half_way_to_the_version_that_speaks(speaking, monkeypatch):
    """Their rate is next to nothing here, so the half way is where they end."""
    asyncio.run(correct(speaking))
    easy = [Probe(Topic.KNOWLEDGE, f"Is {number} a number?") for number in range(3)]  # any answer is right
    hard = Probe(Topic.KNOWLEDGE, "What is the word?", accept=("nothing that gibberish says",))
    monkeypatch.setattr(averaging, "chosen_probes", lambda _: [*easy, hard])
    monkeypatch.setenv("TROUPE_TRAINING__PREFERENCE_LEARNING_RATE", "1e-12")
    assert speaking.cli("train", "parrot", "--method", "sft+dpo").code == 0
    monkeypatch.setenv("TROUPE_TRAINING__KEPT_SHARE", "0")
    assert speaking.cli("train", "parrot", "--method", "sft+dpo").code == 0
    before, mixed, alone = (weights(speaking, number) for number in (1, 2, 3))
    assert is_average(mixed, before, alone, 0.5)
    noted = manifest(speaking, 2)["averaged_with"]
    assert (noted["start"], noted["share"], noted["knew"]) == (0.5, 0.0, 0.75), "alone it knows as much"


QUESTIONS = [Probe(Topic.KNOWLEDGE, f"What is {number}?", accept=("right",)) for number in range(10)]


def knowing(*counts: int):
    """An engine in which the speaker and the averages beside it, in their order, know so many answers."""

    async def ask_all(subject, asked, *_):
        return {
            version: [
                Answer(question.prompt, "right" if place < known else "wrong", 1, None, question.probe)
                for place, question in enumerate(questions)
            ]
            for (version, questions), known in zip(asked.items(), counts, strict=True)
        }

    return ask_all


@pytest.mark.parametrize(("inherited", "share"), [(0.0, 0.1), (0.6, 0.3)], ids=["its own", "of one before it"])
def test_as_little_is_kept_as_keeps_what_was_known(speaking, monkeypatch, inherited, share):
    """By the standard, too, that the version that speaks was held to: nothing leaks away version by version."""
    asyncio.run(correct(speaking))
    file = speaking.persona("parrot") / "versions" / "1" / "manifest.json"
    file.write_text(json.dumps({**manifest(speaking, 1), "averaged_with": {"knew": inherited}}))
    monkeypatch.setenv("TROUPE_GATE__MIN_KNOWLEDGE_KEPT", "1.0")
    monkeypatch.setattr(averaging, "chosen_probes", lambda _: QUESTIONS)
    monkeypatch.setattr(averaging, "ask_all", knowing(4, 3, 4, 5, 6, 7, 8, 9, 9, 9))
    assert speaking.cli("train", "parrot", "--method", "sft+dpo").code == 0
    noted = manifest(speaking, 2)["averaged_with"]
    assert (noted["share"], noted["knew"]) == (share, max(0.4, inherited))


@pytest.mark.parametrize(
    ("known", "needed", "place"),
    [((48, 50, 52), 48, 0), ((46, 48, 52), 48, 1), ((40, 44, 43), 48, 1), ((0, 0), 0, 0)],
    ids=["the first", "the first that knows enough", "none does", "nothing to know"],
)
def test_the_least_share_that_knows_enough_is_chosen(known, needed, place):
    assert least_that_knows(known, needed) == place


def test_nothing_is_averaged_that_has_nothing_in_common(speaking):
    """With another seed, without feedback, and where nothing speaks."""
    assert speaking.cli("train", "parrot", "--seed", "8").code == 0
    speaking.database.unlink()
    asyncio.run(fill_store(speaking.database, liked=0))
    assert speaking.cli("train", "parrot").code == 0
    asyncio.run(fill_store(speaking.database, liked=3))
    (speaking.persona("parrot") / "active").unlink()
    assert speaking.cli("train", "parrot").code == 0
    assert not any("averaged_with" in manifest(speaking, number) for number in (2, 3, 4))
