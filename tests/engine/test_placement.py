"""Device and precision: what this machine cannot do is refused in one sentence, before any weights are read."""

import logging
from pathlib import Path

import pytest
import torch

from bot.engine import EngineOptions
from bot.engine.placement import place
from bot.engine.torch_engine import TorchEngine
from bot.errors import BaseModelError
from tests.engine.serving import PROMPTS, Ask, answers, files_of, oracle_tokens, running_engine


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def one_cuda_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


@pytest.fixture
def no_int8_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """As torch tells it on processors that it has no such kernels for."""
    monkeypatch.setattr(type(torch.backends.quantized), "supported_engines", ["none"])


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:3"])
def test_cuda_without_cuda(device: str) -> None:
    with pytest.raises(BaseModelError) as refused:
        place(EngineOptions(device=device))
    assert f"model.device = {device!r}" in str(refused.value)
    assert "'cpu'" in str(refused.value)


@pytest.mark.usefixtures("one_cuda_device")
def test_a_device_number_that_this_machine_lacks() -> None:
    with pytest.raises(BaseModelError, match=r"'cuda:3': this machine has 1 CUDA device"):
        place(EngineOptions(device="cuda:3"))


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_nf4_without_cuda(device: str) -> None:
    with pytest.raises(BaseModelError, match=r"model.precision = 'nf4'.* NVIDIA GPU .*'int8' or 'fp32'"):
        place(EngineOptions(device=device, precision="nf4"))


def test_a_precision_that_does_not_exist() -> None:
    with pytest.raises(BaseModelError, match=r"'fp8': must be one of auto, int8, fp32, bf16, nf4"):
        place(EngineOptions(precision="fp8"))


@pytest.mark.usefixtures("no_cuda")
def test_by_default_a_cpu_serves_in_int8() -> None:
    placement = place(EngineOptions())
    assert (placement.device.type, placement.precision, placement.dtype) == ("cpu", "int8", torch.float32)


@pytest.mark.usefixtures("one_cuda_device")
@pytest.mark.parametrize(
    ("precision", "served", "dtype"),
    [
        ("auto", "bf16", torch.bfloat16),
        ("int8", "int8", torch.bfloat16),
        ("nf4", "nf4", torch.bfloat16),
        ("fp32", "fp32", torch.float32),
    ],
)
def test_by_default_a_gpu_is_used(precision: str, served: str, dtype: torch.dtype) -> None:
    placement = place(EngineOptions(precision=precision))
    assert (placement.device.type, placement.precision, placement.dtype) == ("cuda", served, dtype)


@pytest.mark.usefixtures("no_int8_kernels")
async def test_without_int8_kernels_it_serves_in_fp32_and_says_so(
    tiny_model_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asks = [Ask(prompt) for prompt in PROMPTS[:2]]
    with caplog.at_level(logging.WARNING):
        async with running_engine(tiny_model_dir, device="cpu", precision="int8") as engine:
            got = await answers(engine, tiny_model_dir, asks)
            assert engine.status().precision == "fp32"
    assert "lacks the int8 kernels; serving in fp32" in caplog.text
    assert [completion.token_ids for completion in got] == [oracle_tokens(tiny_model_dir, ask) for ask in asks]


@pytest.mark.usefixtures("no_cuda")
def test_the_engine_refuses_before_it_reads_weights(tiny_model_dir: Path) -> None:
    with pytest.raises(BaseModelError):
        TorchEngine(files_of(tiny_model_dir), EngineOptions(device="cuda"))
