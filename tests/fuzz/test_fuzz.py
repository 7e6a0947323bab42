"""Whatever is in a file that somebody else wrote, reading it gives a value or one of our own errors.

A short run with every test; `make fuzz` runs longer. Another FUZZ_SEED makes other files; the same one the same files.
"""

import os
from pathlib import Path

import pytest

from bot.errors import TroupeError
from tests.fuzz.mutation import mutants
from tests.fuzz.targets import TARGETS

RUNS = int(os.environ.get("FUZZ_RUNS", "150"))
SEED = os.environ.get("FUZZ_SEED", "0")


@pytest.mark.parametrize("name", TARGETS)
def test_a_broken_file_is_a_value_or_an_error_of_ours(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    (tmp_path / "config.toml").write_text("")
    file = tmp_path / target.file
    file.parent.mkdir(parents=True, exist_ok=True)
    for good in target.good:
        file.write_bytes(good)
        target.read(tmp_path)  # what is whole is read, so that what follows gets far
        for number, broken in enumerate(mutants(good, RUNS, f"{SEED} {name}")):
            file.write_bytes(broken)
            try:
                target.read(tmp_path)
            except TroupeError:
                continue
            except Exception as crash:
                raise AssertionError(f"{name}, mutant {number} of seed {SEED}: {broken[:2000]!r}") from crash
