"""What the bench tells of a run: ratios, targets met and not met, the file, the chart."""

import json
from pathlib import Path

import matplotlib.image
import pytest
from rich.console import Console

from benchmarks.serving.chart import write_chart
from benchmarks.serving.report import cases_table, markdown, sweep_of, sweep_table, targets_table, times_faster
from benchmarks.serving.results import Results
from benchmarks.serving.targets import TARGETS, judge
from benchmarks.serving.work import Figure, Timing


@pytest.fixture
def results() -> Results:
    found = Results({"cores": 2}, {"threads": 2})
    cases = [
        Timing("troupe", "base x8", 512, 2.5, 0.5),
        Timing("troupe", "distinct x8", 512, 8.0, 0.4),
        Timing("troupe", "distinct x8", 512, 2.0, 0.5),
        Timing("llama.cpp", "distinct x8", 512, 10.0, 5.0),
        Timing("peft adapter_names", "distinct x8", 512, 16.0, 1.0),
    ]
    found.put("cases", cases, load_before=0.1)
    sweep = [
        Timing(server, f"{sweep} {n}", 32 * n, float(n), n / 4)
        for server in ("troupe", "llama.cpp")
        for sweep, numbers in (("rows", (1, 8, 32)), ("registered", (1, 64)))
        for n in numbers
    ]
    found.put("rows", sweep, load_before=0.2)
    found.put("chat", [Figure("first token, cold adapter", 0.35), Figure("first token, resident adapter", 0.25),
                       Figure("first token of turn 1", 0.1), Figure("first token of turn 10", 0.2)], 0.3)  # fmt: skip
    found.put("memory", [Figure("bytes at the peak", 1.5e9)], 0.3)
    return found


def shown(table: object) -> str:
    console = Console(record=True, width=140)
    console.print(table)
    return console.export_text()


def test_peers_are_compared_with_our_best_run(results: Results) -> None:
    llama = results.timing("llama.cpp", "distinct x8")
    ours = results.timing("troupe", "distinct x8")
    assert llama is not None
    assert ours is not None
    assert times_faster(results, llama) == pytest.approx(5.0)
    assert times_faster(results, ours) is None
    assert "× 5.0" in shown(cases_table(results))


@pytest.mark.parametrize(
    ("name", "measured", "met"),
    [
        ("distinct x8, tokens/s, over llama.cpp server", 5.0, True),
        ("distinct x8, tokens/s, over PEFT adapter_names", 8.0, False),
        ("distinct x8, tokens/s, over vLLM on CPU", None, None),
        ("distinct x8 as a share of base x8", 125.0, True),
        ("last first token in distinct x8", 0.5, True),
        ("last first token in distinct x8, of llama.cpp's", 0.1, True),
        ("first token of turn 10, over turn 1's", 2.0, False),
        ("cold adapter to first token, over a resident one", 100.0, True),
        ("memory of the process, 8 adapters, 16 full rows × 2,048 tokens", 1.5, True),
        ("start to ready, warm cache", None, None),
    ],
)
def test_a_target_is_judged_by_what_was_measured(
    results: Results, name: str, measured: float | None, met: bool | None
) -> None:
    [judgement] = [j for j in judge(results) if j.target.name == name]
    assert judgement.measured == (measured if measured is None else pytest.approx(measured))
    assert judgement.met is met


def test_the_table_of_targets_names_each_with_what_is_wanted_and_found(results: Results) -> None:
    text = shown(targets_table(judge(results)))
    assert all(target.name in text for target in TARGETS)
    [line] = [line for line in text.splitlines() if "over PEFT" in line]
    assert all(word in line for word in ("≥ 9.00 ×", "8.00 ×", "NOT MET"))


def test_the_readmes_tables_tell_cases_and_targets(results: Results) -> None:
    text = markdown(results, judge(results))
    assert "| distinct x8 | llama.cpp | 51.2 | 5.00 s | × 5.0 |" in text
    assert "| distinct x8, tokens/s, over PEFT adapter_names | ≥ 9.00 × | 8.00 × | NOT MET |" in text


def test_a_sweep_is_told_by_its_numbers_in_order(results: Results) -> None:
    found = sweep_of(results, "rows")
    assert list(found["troupe"]) == [1, 8, 32]
    assert "32 · 8.0 s" in shown(sweep_table(results, "rows", "Rows"))


def test_what_is_written_reads_back_the_same(results: Results, tmp_path: Path) -> None:
    file = tmp_path / "results" / "engine.json"
    results.write(file, targets=[])
    assert Results.read(file) == results
    assert json.loads(file.read_text())["parts"]["cases"][2]["tokens_per_s"] == 256.0


def test_a_part_measured_again_replaces_its_figures_and_no_others(results: Results) -> None:
    results.put("memory", [Figure("bytes at the peak", 1.2e9)], load_before=0.0)
    assert results.figure("bytes at the peak") == 1.2e9
    assert results.figure("first token of turn 1") == 0.1


@pytest.mark.parametrize("parts", [("cases", "rows"), ()], ids=["with sweeps", "with nothing"])
def test_the_chart_is_a_picture_whatever_was_measured(results: Results, tmp_path: Path, parts: tuple[str, ...]) -> None:
    results.parts = {part: results.parts[part] for part in parts}
    write_chart(results, tmp_path / "new" / "chart.png")
    height, width, _ = matplotlib.image.imread(tmp_path / "new" / "chart.png").shape
    assert (width, height) == (1350, 1050)


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"parts": {"cases": [1]}}'])
def test_a_file_of_another_version_is_measured_afresh(text, tmp_path):
    file = tmp_path / "engine.json"
    file.write_text(text)
    assert Results.read(file) is None
