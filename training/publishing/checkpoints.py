"""Where a training under way keeps its checkpoints: a folder named by all that the weights depend on.

A killed training that is started again with the same input finds its own; whatever else lies there is of no use.
The caller holds the persona's training lock.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.errors import PublishError

PREFIX = ".run-"


def run_folder(versions: Path, facts: Mapping[str, Any]) -> Path:
    """The folder below `versions` for a training with this input; those of other trainings are removed."""
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    folder = versions / f"{PREFIX}{key}"
    for other in versions.glob(f"{PREFIX}*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it may hold members' words
    except OSError as error:
        raise PublishError(f"{folder} cannot be made: {error.strerror}; nothing was changed.") from error
    return folder


def discard(folder: Path) -> None:
    """The training is published."""
    shutil.rmtree(folder, ignore_errors=True)
