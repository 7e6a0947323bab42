"""The bench for GPUs runs, which a tiny shape on any device shows, and says what it lacks where there is no GPU."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks.serving import gpu, gpu_server
from benchmarks.serving.gpu_models import write_adapter, write_model
from benchmarks.serving.gpu_server import COPY_RATE, OURS, PEFT, copy_rate, load, run, weight_bytes
from benchmarks.serving.results import Results
from benchmarks.serving.work import Figure, Plan, Setting


def briefly(plan: Plan) -> Plan:
    return replace(plan, cases=tuple(replace(case, new=4) for case in plan.cases), tries=1)


def test_every_target_of_the_gpu_bench_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(gpu_server, "OURS", briefly(OURS))
    monkeypatch.setattr(gpu_server, "PEFT", briefly(PEFT))
    model = write_model("tiny", tmp_path, "cpu")
    setting = Setting(model, write_adapter(model, tmp_path / "adapter"), "fp32", threads=1)
    results = Results({}, {})
    for part in ("ours", "peft"):
        results.put(part, run(setting, part), load_before=0.0)
    results.put("device", [Figure(COPY_RATE, copy_rate("cpu", size=1 << 16, copies=2))], load_before=0.0)
    assert {t.case for t in results.timings if t.server == "troupe"} == {case.name for case in OURS.cases}
    assert {t.server for t in results.timings if t.case == PEFT.cases[0].name} == {
        "troupe",
        "peft adapter_names",
        "peft set_adapter",
    }
    assert all(target.judge(results).met is not None for target in gpu.TARGETS)


def test_a_tokens_weights_are_all_but_the_embedding_that_is_no_output_head(tmp_path: Path) -> None:
    model = load(write_model("tiny", tmp_path, "cpu"), "fp32", "cpu")
    every = sum(p.nbytes for p in model.parameters())
    assert weight_bytes(model) == every - model.get_input_embeddings().weight.nbytes


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("arguments", [["--check"], []])
def test_without_a_gpu_it_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr("sys.argv", ["gpu", *arguments])
    with pytest.raises(SystemExit, match="sees no CUDA device: `make gpu` needs"):
        gpu.main()
