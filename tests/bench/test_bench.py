"""The bench measures what it says, and each server does the same work."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench import peft_server, troupe_server
from tests.bench.report import table_of, times_faster, write_results
from tests.bench.work import CASES, NEW, TRIES, Setting, Timing, better
from tests.tiny import write_random_adapter, write_tiny_model

TIMINGS = [
    Timing("troupe int8", "distinct x8", 512, 8.0, 0.5),
    Timing("troupe int8", "distinct x8", 512, 5.0, 0.9),
    Timing("peft adapter_names", "distinct x8", 512, 20.0, 1.0),
    Timing("peft adapter_names", "distinct x8", 512, 25.0, 1.0),
]


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    folder = tmp_path_factory.mktemp("bench")
    model = write_tiny_model(folder / "model")
    write_random_adapter(folder / "adapter", model)
    return Setting(model, folder / "adapter", "fp32", threads=1)


def test_our_engine_serves_every_case_as_often_as_agreed(setting: Setting) -> None:
    timings = list(troupe_server.run(setting))
    assert [(t.case, t.tokens) for t in timings] == [(c.name, c.tokens) for c in CASES for _ in range(TRIES)]
    assert all(0 < t.last_first_token_s <= t.seconds for t in timings)


def test_peft_serves_its_cases_with_the_same_number_of_tokens(setting: Setting) -> None:
    timings = list(peft_server.run(setting))
    assert {(t.server, t.case, t.tokens) for t in timings} == {
        ("peft set_adapter", "lora x1", NEW),
        ("peft set_adapter", "distinct x8", 8 * NEW),
        ("peft adapter_names", "distinct x8", 8 * NEW),
    }
    assert all(0 < t.last_first_token_s <= t.seconds for t in timings)


def test_the_better_run_counts_and_peers_are_compared_with_it() -> None:
    best = better(TIMINGS)
    assert [t.seconds for t in best] == [5.0, 20.0]
    assert times_faster(best, best[1]) == pytest.approx(4.0)
    assert times_faster(best, best[0]) is None
    assert times_faster(best[1:], best[1]) is None


def test_the_table_and_the_file_tell_the_same(tmp_path: Path) -> None:
    write_results(tmp_path / "results" / "engine.json", {"cores": 2}, {"threads": 2}, TIMINGS)
    results = json.loads((tmp_path / "results" / "engine.json").read_text())
    console = Console(record=True, width=100)
    console.print(table_of(better(TIMINGS)))
    shown = console.export_text()
    assert len(results["runs"]) == 4
    for row in results["best"]:
        assert f"{row['tokens_per_s']:.1f}" in shown
    assert "× 4.0" in shown
