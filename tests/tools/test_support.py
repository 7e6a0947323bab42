"""The table of docs/models.md is true: some of its rows are tried again, and none of its architectures is missing."""

from pathlib import Path

import pytest

from tools.architectures import ARCHITECTURES
from tools.support import HEADING, PAGE, Served, tried

# One of each way to be served or not, and those that were once served wrongly.
SAMPLE = (
    "Qwen2 with a window",
    "Mistral with a window",
    "SmolLM3",
    "Granite",
    "Gemma 2",
    "OPT",
    "Gemma 4 with shared keys",
    "Phi-3 long",
    "GPT-2",
    "DeepSeek V3",
    "Mamba",
)
TRACEBACK_WORDS = ("Error", "index out of range", "no details", "Traceback", "object has no")


def rows() -> dict[str, str]:
    table = PAGE.read_text(encoding="utf-8").partition(HEADING)[2]
    return {line.split(" | ")[0].removeprefix("| "): line for line in table.splitlines() if line.startswith("| ")}


def test_every_architecture_has_its_row() -> None:
    assert list(rows()) == [architecture.name for architecture in ARCHITECTURES]
    assert len(rows()) >= 40


@pytest.mark.parametrize("name", SAMPLE)
def test_a_row_says_what_is_so(name: str, tmp_path: Path) -> None:
    [architecture] = [known for known in ARCHITECTURES if known.name == name]
    found = tried(architecture, tmp_path).row
    written = rows()[name]
    if Served.COMPILED not in found:  # a machine that cannot have the compiled decoder
        written = written.replace(Served.COMPILED, Served.INT8)
    assert found == written


def test_refusals_are_sentences() -> None:
    refused = [row for row in rows().values() if "not served" in row]
    assert refused
    assert not [row for row in refused if any(word in row for word in TRACEBACK_WORDS)]
