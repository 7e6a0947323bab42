"""The work, done by llama.cpp's server with the packaged model's Q4_1 file and adapters converted to GGUF."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.serving.gguf_adapter import write_gguf_adapter
from benchmarks.serving.http_peer import Peer, free_port, running
from benchmarks.serving.work import PLANS, Setting, Timing

NAME = "llama.cpp"
CONTEXT_PER_ROW = 1024  # tokens
PATIENCE = 120.0  # seconds until it has loaded


def run(setting: Setting, part: str) -> Iterator[Timing]:
    assert setting.llama_bin is not None
    assert setting.llama_gguf is not None
    plan = PLANS[part].for_peers()
    url = f"http://127.0.0.1:{(port := free_port())}"
    with tempfile.TemporaryDirectory() as folder:
        adapters = _copies(setting, Path(folder), plan.registered)
        command = [
            str(setting.llama_bin / "llama-server"), "--host", "127.0.0.1", "--port", str(port),
            "-m", str(setting.llama_gguf), "-t", str(setting.threads),
            "-np", str(plan.rows), "-c", str(plan.rows * CONTEXT_PER_ROW), "--lora", ",".join(map(str, adapters)),
        ]  # fmt: skip
        with running(NAME, command, {"LD_LIBRARY_PATH": str(setting.llama_bin)}, url, PATIENCE):
            yield from Peer(NAME, url, chooser(plan.registered)).measure(plan.order())


def chooser(registered: int) -> Any:
    """Adapters that a request does not name are applied as well when it names none: so the base model names all."""

    def choose(number: int | None) -> dict[str, Any]:
        none = [{"id": i, "scale": 0.0} for i in range(registered)]
        return {"cache_prompt": False, "lora": none if number is None else [{"id": number, "scale": 1.0}]}

    return choose


def _copies(setting: Setting, folder: Path, count: int) -> list[Path]:
    """One conversion under many names: the server takes each for another adapter."""
    first = folder / "copy-0.gguf"
    write_gguf_adapter(setting.adapter, setting.model, first)
    others = [folder / f"copy-{n}.gguf" for n in range(1, count)]
    for other in others:
        os.link(first, other)
    return [first, *others]
