"""How long the whole bot takes from the command to being ready, with everything converted and in the page cache."""

import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.serving.work import Figure, Measured, Setting
from bot.config import load_config
from tests.journeys.troupe_process import running_troupe

CONFIG = """
[model]
base = "{model}"
[engine]
threads = {threads}
[sandbox]
port = 0
"""
TRIES = 2  # the first one warms the cache
PATIENCE = 180.0  # seconds


async def startup(setting: Setting) -> AsyncIterator[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        config = home / "config.toml"
        config.write_text(CONFIG.format(model=setting.model, threads=setting.threads))
        shutil.copytree(load_config().adapters_dir, home / "adapters", ignore=shutil.ignore_patterns("reports"))
        seconds = [await _seconds_to_ready(config) for _ in range(TRIES)]
    yield Figure("seconds from start to ready", min(seconds))


async def _seconds_to_ready(config: Path) -> float:
    started = time.time()
    async with running_troupe(config) as bot:
        return (await bot.said(r"ready in", PATIENCE)).at - started
