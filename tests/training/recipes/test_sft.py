import json

import pytest
import torch
import transformers
from peft import PeftModel
from safetensors.torch import load_file, save_file

from bot.engine.base_model import BaseModelFiles
from bot.errors import ConfigError, PublishError
from bot.prompt import Message
from tests.tiny import write_tiny_model
from tests.training.recipes.conftest import PARAMETERS
from training.recipes.base import resolve_device, resolve_precision
from training.recipes.batching import Neighbours
from training.recipes.recipe import TrainingInput
from training.recipes.sft import SFT
from training.recipes.train import train

without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="refused only where there is no CUDA device")


def sft(base, tokenizer, examples, folder):
    return train(base, tokenizer, TrainingInput(examples), [SFT], PARAMETERS, folder, lambda *_: None)


@pytest.fixture(scope="module")
def trained(teach):
    return teach()


def test_the_same_seed_gives_the_same_bytes(teach, trained):
    again = teach()
    assert again.weights == trained.weights
    assert again.loss_curve == trained.loss_curve


def test_another_seed_gives_other_bytes(teach, trained):
    assert teach(seed=8).weights != trained.weights


def test_a_batch_in_parts_is_the_whole_batch(teach, trained, monkeypatch):
    monkeypatch.setattr("training.recipes.batching.FP32_NODES", 60)
    in_parts = teach()
    losses = [[point.loss for point in adapter.loss_curve] for adapter in (trained, in_parts)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-2)


def test_each_epoch_orders_all_rows_anew_and_neighbours_of_a_batch_begin_alike(examples):
    order = Neighbours([[example] for example in examples], PARAMETERS)
    first = list(order)
    order.set_epoch(1)
    second = list(order)
    batches = [[examples[row].ids for row in first[start : start + 4]] for start in range(0, 10, 4)]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert all(batch == sorted(batch) for batch in batches)


def test_the_loss_falls_and_its_curve_has_a_point_per_step(trained):
    curve = trained.loss_curve
    assert [point.step for point in curve] == list(range(1, 13)), "10 rows by 4 are 3 steps, 4 times"
    assert curve[-1].epoch == 4.0
    assert curve[-1].loss < 0.6 * curve[0].loss


def test_progress_tells_step_total_and_loss(teach):
    seen = []
    teach(on_step=lambda *step: seen.append(step), epochs=1.0)
    assert [(step, steps) for step, steps, _ in seen] == [(1, 3), (2, 3), (3, 3)]
    assert all(loss > 0 for _, _, loss in seen)


def test_peft_loads_the_adapter_and_it_says_what_it_learned(teach, tmp_path, tiny_base, tokenizer, renderer):
    trained = teach(epochs=20.0, learning_rate=2e-2)
    (tmp_path / "adapter_model.safetensors").write_bytes(trained.weights)
    (tmp_path / "adapter_config.json").write_text(json.dumps(trained.peft_config))
    base = transformers.AutoModelForCausalLM.from_pretrained(tiny_base.path, dtype=torch.float32)
    model = PeftModel.from_pretrained(base, tmp_path)
    prompt = renderer.prompt_ids([Message("system", "You are a parrot."), Message("user", "What of tea?")])
    ids = model.generate(input_ids=torch.tensor([prompt]), max_new_tokens=12, do_sample=False)[0, len(prompt) :]
    assert tokenizer.decode(ids).startswith("Squawk")
    assert tokenizer.eos_token_id in ids, "it learned to end its turn"


def test_the_adapter_covers_all_linear_layers_but_the_output_layer(trained):
    projections = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
    assert sorted(name.rsplit(".")[-1] for name in trained.peft_config["target_modules"]) == sorted(projections * 2)
    assert trained.peft_config["base_model_name_or_path"] == "tiny", "no path of this machine"


def test_a_loss_that_is_no_number_ends_the_training_with_a_sentence(tmp_path, tokenizer, examples):
    broken = write_tiny_model(tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    save_file(
        {name: torch.full_like(tensor, torch.nan) for name, tensor in weights.items()}, broken / "model.safetensors"
    )
    with pytest.raises(PublishError, match=r"diverged at step 1 .* lower training\.learning_rate"):
        sft(BaseModelFiles("broken", broken, "-"), tokenizer, examples, tmp_path)


@pytest.mark.parametrize("precision", ["nf4", "int8"])
def test_a_quantized_base_model_learns_too(teach, precision):
    """bitsandbytes computes on a CPU as well, only too slowly to be offered there."""
    curve = teach(precision=precision).loss_curve
    assert curve[-1].loss < 0.7 * curve[0].loss


def test_products_in_bf16_learn_as_those_in_fp32_do_and_the_same_each_time(teach, trained):
    half = teach(precision="bf16")
    losses = [[point.loss for point in adapter.loss_curve] for adapter in (trained, half)]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
    assert teach(precision="bf16").weights == half.weights


@without_gpu
@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_quantized_training_on_a_cpu_is_refused_with_the_remedy(precision):
    with pytest.raises(ConfigError, match=f"training.precision = '{precision}'.*set it to auto or fp32"):
        resolve_precision(precision, "cpu")


@without_gpu
def test_cuda_where_there_is_none_is_refused_with_the_remedy():
    assert resolve_device("auto") == "cpu"
    with pytest.raises(ConfigError, match=r"model\.device = 'cuda:1'.*set it to auto or cpu"):
        resolve_device("cuda:1")


@pytest.mark.parametrize(
    ("precision", "device", "resolved"),
    [("fp32", "cpu", "fp32"), ("bf16", "cpu", "bf16"), ("auto", "cuda", "bf16"), ("nf4", "cuda:0", "nf4")],
)
def test_the_precision_follows_the_device(precision, device, resolved):
    assert resolve_precision(precision, device) == resolved


@pytest.mark.parametrize(
    ("able", "resolved"), [({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx2": True}, "fp32")]
)
def test_on_a_cpu_the_precision_follows_what_the_processor_can(monkeypatch, able, resolved):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: able)
    assert resolve_precision("auto", "cpu") == resolved


def test_examples_beyond_the_models_attention_window_are_refused(tmp_path, renderer, tokenizer, examples):
    gemma = BaseModelFiles("gemma", write_tiny_model(tmp_path / "gemma", "gemma3"), "-")
    with pytest.raises(ConfigError, match=r"attends to 8 at a time: set training\.max_tokens to 8 or less"):
        sft(gemma, tokenizer, examples, tmp_path)
