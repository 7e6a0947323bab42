"""A parrot to train on the tiny model, and one call that trains it."""

import dataclasses
import itertools

import pytest

from bot.prompt import Message
from training.dataset.rows import PreferencePair, VotedRow, render_preference, render_vote
from training.dataset.sources import Source
from training.recipes.loop import Hyperparameters
from training.recipes.recipe import TrainingInput
from training.recipes.sft import SFT
from training.recipes.train import train

PARAMETERS = Hyperparameters(
    rank=4,
    alpha=8,
    epochs=4.0,
    batch_size=4,
    learning_rate=1e-2,
    seed=7,
    precision="fp32",
    device="cpu",
    preference_epochs=3.0,
    preference_learning_rate=5e-3,
)
WORDS = ["dogs", "cats", "rain", "tea", "bread", "ships", "maps", "stars", "gold", "drums"]


def asked(word):
    return (Message("system", "You are a parrot."), Message("user", f"What of {word}?"))


@pytest.fixture(scope="session")
def examples(renderer):
    return [renderer.training_example(asked(word), f"Squawk {word}!") for word in WORDS]


@pytest.fixture(scope="session")
def pairs(renderer):
    """A parrot that nods is preferred to one that squawks."""
    return [
        render_preference(
            renderer, PreferencePair(Source.COMPARISON, asked(word), f"Nod {word}?", f"Squawk {word}!", 1, (1, 2))
        )
        for word in WORDS
    ]


@pytest.fixture(scope="session")
def votes(renderer):
    """Two likes of nods, four dislikes of squawks, of every five."""
    return [
        render_vote(renderer, VotedRow(asked(word), f"{verb} {word}!", verb == "Nod", 1.0, index))
        for index, (word, verb) in enumerate(itertools.product(WORDS, ("Nod", "Squawk")))
        if verb == "Squawk" or index % 4 == 0
    ]


@pytest.fixture(scope="session")
def given(examples, pairs, votes):
    return TrainingInput(examples, pairs, votes)


@pytest.fixture(scope="session")
def teach(tiny_base, tokenizer, given, tmp_path_factory):
    def teach(*methods, on_step=lambda *_: None, folder=None, **changes):
        parameters = dataclasses.replace(PARAMETERS, **changes)
        folder = folder or tmp_path_factory.mktemp("run")
        return train(tiny_base, tokenizer, given, methods or [SFT], parameters, folder, on_step)

    return teach


@pytest.fixture
def likelihood(tiny_base, tmp_path):
    """The log-likelihood of each completion (ids) after its prompt (ids), for a trained adapter."""
    import json

    import torch
    import transformers
    from peft import PeftModel

    def likelihood(trained, rows):
        (tmp_path / "adapter_model.safetensors").write_bytes(trained.weights)
        (tmp_path / "adapter_config.json").write_text(json.dumps(trained.peft_config))
        base = transformers.AutoModelForCausalLM.from_pretrained(tiny_base.path, dtype=torch.float32)
        model = PeftModel.from_pretrained(base, tmp_path)
        found = []
        for prompt, completion in rows:
            ids = torch.tensor([[*prompt, *completion]])
            with torch.inference_mode():
                logps = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
            found.append(logps.gather(1, ids[0, 1:, None])[len(prompt) - 1 :].sum().item())
        return found

    return likelihood
