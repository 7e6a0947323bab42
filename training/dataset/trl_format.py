"""A dataset as TRL's trainers read it, for those who want to train with something else.

The formats: https://huggingface.co/docs/trl/dataset_formats (conversational, with the prompt apart)
"""

from collections.abc import Iterable
from typing import Any

from bot.prompt import Message
from training.dataset.rows import Dataset

Rows = list[dict[str, Any]]


def trl_files(dataset: Dataset) -> dict[str, Rows]:
    """Rows by file name, each file of one shape; files without rows are left out. A row stands as often as it counts.

    `sft.jsonl` and `text.jsonl` (running text) are for SFTTrainer, `dpo.jsonl` for DPOTrainer, `kto.jsonl` for
    KTOTrainer.
    """
    rows = [row for row in dataset.rows for _ in range(row.weight)]
    pairs = [pair for pair in dataset.preferences for _ in range(pair.weight)]
    files: dict[str, Rows] = {
        "sft.jsonl": [
            {"prompt": _turns(row.messages), "completion": _answer(row.completion)} for row in rows if row.messages
        ],
        "text.jsonl": [{"text": row.completion} for row in rows if not row.messages],
        "dpo.jsonl": [
            {"prompt": _turns(pair.messages), "chosen": _answer(pair.chosen), "rejected": _answer(pair.rejected)}
            for pair in pairs
        ],
        "kto.jsonl": [
            {"prompt": _turns(vote.messages), "completion": _answer(vote.completion), "label": vote.liked}
            for vote in dataset.votes
        ],
    }
    return {name: found for name, found in files.items() if found}


def _turns(messages: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _answer(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]
