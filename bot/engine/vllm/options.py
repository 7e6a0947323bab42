"""The settings of the engine that lets vLLM servers compute; see config.toml, sections [engine] and [vllm]."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class VllmOptions:
    """`urls`: of the servers. `adapters`: the folder from which they resolve adapters by name, as this process sees it.

    `model`: what the servers were given as --model; "": the base model's own folder. Times in seconds.
    """

    urls: tuple[str, ...]
    adapters: Path
    model: str = ""
    key: str | None = None
    max_rows: int = 16  # of each server
    context_tokens: int = 2048
    max_rank: int = 16
    queue_size: int = 64
    deadline_seconds: float = 0.0
    connect_seconds: float = 3.0
    silence_seconds: float = 20.0  # without a byte, keep-alives included: the server hangs
    health_seconds: float = 1.0  # between two looks at each server
    rest_seconds: float = 1.0  # that a server is left alone after it failed; longer each time
    forget_seconds: float = 10.0  # that an adapter stays published after its last use
