"""An engine before scripted servers, and a tiny base model whose tokenizer both speak."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.engine.vllm import VllmOptions
from bot.versions.registry import AdapterVersion
from tests.engine.serving import prompt_ids
from tests.engine.vllm.scripted_server import ScriptedServer
from tests.tiny import write_random_adapter

SAYS = "Is Paris in France? The cat sat on the mat."


@pytest.fixture
def scripted(tiny_model_dir: Path) -> Callable[..., ScriptedServer]:
    def make(text: str = SAYS, **facts: Any) -> ScriptedServer:
        end = prompt_ids(tiny_model_dir, "<|im_end|>")[0]
        return ScriptedServer(prompt_ids(tiny_model_dir, text), end, str(tiny_model_dir), **facts)

    return make


@pytest.fixture
def options(tmp_path: Path) -> Callable[..., VllmOptions]:
    def make(*servers: ScriptedServer, **settings: Any) -> VllmOptions:
        chosen = {
            "context_tokens": 256,
            "max_rows": 4,
            "health_seconds": 0.02,
            "rest_seconds": 0.05,
            "silence_seconds": 0.5,
            "forget_seconds": 0.05,
            **settings,
        }
        return VllmOptions(tuple(server.url for server in servers), tmp_path / "served", **chosen)

    return make


@pytest.fixture(scope="session")
def pirate(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> AdapterVersion:
    return write_random_adapter(tmp_path_factory.mktemp("vllm") / "pirate", tiny_model_dir)
