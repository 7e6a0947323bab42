"""What `dataset --out` writes is read by datasets and taken by TRL."""

import json
from pathlib import Path

import pytest
from datasets import load_dataset
from trl import is_conversational

from bot.prompt import Message
from training.dataset.rows import Dataset, PreferencePair, Row, VotedRow
from training.dataset.sources import Source
from training.dataset.trl_format import trl_files

ASKED = (Message("system", "You are a parrot."), Message("user", "Hello?"))
BUILT = Dataset(
    "parrot",
    (Row(Source.SEED, ASKED, "Aye!", weight=2), Row(Source.TEXT, (), "Once upon a time.")),
    preferences=(PreferencePair(Source.CORRECTION, ASKED, "Aye!", "No.", 1, (1,)),),
    votes=(VotedRow(ASKED, "Aye!", liked=True, weight=0.5, reply_id=1),),
)


@pytest.mark.parametrize(
    ("name", "columns", "count"),
    [
        ("sft.jsonl", {"prompt", "completion"}, 2),
        ("text.jsonl", {"text"}, 1),
        ("dpo.jsonl", {"prompt", "chosen", "rejected"}, 1),
        ("kto.jsonl", {"prompt", "completion", "label"}, 1),
    ],
)
def test_each_file_loads_with_the_columns_that_its_trainer_asks_for(
    tmp_path: Path, name: str, columns: set[str], count: int
) -> None:
    file = tmp_path / name
    file.write_text("".join(json.dumps(row) + "\n" for row in trl_files(BUILT)[name]))

    loaded = load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache"))

    assert set(loaded.column_names) == columns
    assert loaded.num_rows == count
    assert is_conversational(loaded[0]) == (name != "text.jsonl")


def test_a_file_without_rows_is_not_there() -> None:
    assert list(trl_files(Dataset("parrot", BUILT.rows[:1]))) == ["sft.jsonl"]
