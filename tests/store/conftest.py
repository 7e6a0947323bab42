from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "data" / "troupe.db"


@pytest.fixture
async def store(path) -> AsyncIterator[Store]:
    store = await Store.open(path, busy_timeout_s=0.05)
    yield store
    await store.close()
