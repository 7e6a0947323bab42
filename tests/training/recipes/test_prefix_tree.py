import pytest
import torch
import transformers

from bot.prompt import Message, PromptRenderer, TrainingExample
from tests.tiny import write_tiny_model
from training.recipes.prefix_tree import plant, target_losses


def example(ids: str, learned: int) -> TrainingExample:
    return TrainingExample([ord(c) for c in ids], [0] * (len(ids) - learned) + [1] * learned)


def test_a_common_prefix_is_held_once():
    tree = plant([example("abcd", 1), example("abxy", 2)])
    assert "".join(map(chr, tree.inputs["input_ids"][0].tolist())) == "abcdxy"
    assert tree.inputs["position_ids"].tolist() == [[0, 1, 2, 3, 2, 3]]
    assert tree.nodes == 6


def test_a_token_attends_to_its_own_row_alone():
    attends = plant([example("ab", 1), example("ac", 1)]).inputs["attention_mask"][0, 0]
    assert attends.tolist() == [[True, False, False], [True, True, False], [True, False, True]]


def test_only_completions_are_targets_and_each_row_counts_even_when_rows_are_equal():
    tree = plant([example("abcd", 2), example("abcd", 2), example("abce", 1)])
    assert "".join(map(chr, tree.targets.tolist())) == "cdcde"
    assert tree.rows.tolist() == [0, 0, 1, 1, 2]
    assert tree.inputs["logits_to_keep"].tolist() == [1, 2, 1, 2, 2]


def test_a_row_that_is_all_completion_learns_all_but_its_first_token():
    assert len(plant([example("abc", 3)]).targets) == 2


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_loss_and_gradients_equal_those_of_the_padded_batch(tmp_path, kind):
    path = write_tiny_model(tmp_path / kind, kind)
    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float64, attn_implementation="sdpa")
    renderer = PromptRenderer(transformers.AutoTokenizer.from_pretrained(path))
    system = Message("system", "You are a parrot.")
    rows = [
        renderer.training_example([system, Message("user", prompt)], answer)
        for prompt, answer in [("Hi", "Squawk!"), ("Hi", "Squeak"), ("How are you?", "Fine."), ("Bye", "So long!")]
    ]

    tree = plant(rows)
    tree_loss = target_losses(model, tree.inputs, tree.targets).mean()
    tree_gradients = torch.autograd.grad(tree_loss, list(model.parameters()))
    padded_loss = _padded_loss(model, rows)
    padded_gradients = torch.autograd.grad(padded_loss, list(model.parameters()))

    assert tree.nodes < 0.7 * sum(len(row.ids) for row in rows)
    assert tree_loss.item() == pytest.approx(padded_loss.item(), rel=1e-5)
    for ours, theirs in zip(tree_gradients, padded_gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-7)


def _padded_loss(model, rows: list[TrainingExample]) -> torch.Tensor:
    """The textbook way: right padding, labels shifted by one, prompts masked."""
    width = max(len(row.ids) for row in rows)
    ids = torch.tensor([row.ids + [0] * (width - len(row.ids)) for row in rows])
    seen = torch.tensor([[1] * len(row.ids) + [0] * (width - len(row.ids)) for row in rows])
    learn = torch.tensor([row.loss_mask + [0] * (width - len(row.ids)) for row in rows])
    labels = ids.masked_fill(learn == 0, -100)[:, 1:]
    logits = model(input_ids=ids, attention_mask=seen).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2).float(), labels, ignore_index=-100)
