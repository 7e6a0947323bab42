"""What importing costs: nothing that only names the engine's types pays for torch."""

import subprocess
import sys

import pytest

WITHOUT_TORCH = (
    "bot.config",
    "bot.conversation.replies",
    "bot.engine",
    "bot.engine.request",
    "bot.personas.catalog",
    "bot.prompt",
    "bot.store",
    "bot.versions.registry",
)


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_the_vocabulary_is_imported_without_torch(module: str) -> None:
    program = f"import sys, {module}; print([name for name in ('torch', 'transformers') if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
