"""The in-process engine's settings. What they mean on this machine is in placement.py, which imports torch."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_CACHE = Path("~/.cache/troupe")
PRECISIONS = ("auto", "int8", "fp32", "bf16", "nf4")


@dataclass(frozen=True)
class EngineOptions:
    """See config.toml, sections [model] and [engine], for what each one means."""

    device: str = "auto"
    precision: str = "auto"
    max_rows: int = 16
    context_tokens: int = 2048
    adapter_slots: int = 16
    max_rank: int = 16
    queue_size: int = 64
    prefill_tokens: int = 256
    kept_tokens: int = 8192
    deadline_seconds: float = 0.0
    threads: int = 0
    cache_dir: Path = DEFAULT_CACHE
