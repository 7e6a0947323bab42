"""The bounds shown beside the bench's figures are what a step cannot do without."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from benchmarks.serving.limits import matrix_elements, measure_rates, needs
from benchmarks.serving.work import BASE_8, DISTINCT_8, SAME_8


def test_rates_are_measured() -> None:
    torch.set_num_threads(1)
    rates = measure_rates(memory=1 << 20, side=64)
    assert min(rates.read, rates.copied, rates.int8, rates.bf16) > 0


def test_a_step_reads_its_weights_once_and_each_adapter_once() -> None:
    by_case = {need.case: need for need in needs(weights=1000, adapter=10)}
    assert by_case[BASE_8].read == 1000
    assert by_case[SAME_8].read == 1000 + 20
    assert by_case[DISTINCT_8].read == 1000 + 8 * 20
    assert by_case[BASE_8].operations == 2 * 8 * 1000
    assert by_case[DISTINCT_8].operations == 2 * 8 * 1010


def test_norms_are_not_counted(tmp_path: Path) -> None:
    save_file({"norm": torch.zeros(8), "q_proj": torch.zeros(8, 4)}, tmp_path / "model.safetensors")
    assert matrix_elements(tmp_path / "model.safetensors") == 32
