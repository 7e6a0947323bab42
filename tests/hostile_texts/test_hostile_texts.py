"""100 kB of the worst text for it, and every pattern and every reader of others' texts comes to its end."""

import subprocess
import sys

import pytest

from tests.places import REPOSITORY


@pytest.mark.parametrize("subject", ["patterns", "texts"])
def test_what_reads_texts_of_others_comes_to_its_end(subject):
    program = [sys.executable, "-m", "tests.hostile_texts.run", subject]
    ran = subprocess.run(program, cwd=REPOSITORY, capture_output=True, text=True, timeout=500)
    assert ran.stdout.splitlines()[-1:] == ["done"], ran.stdout.splitlines()[-1:] + ran.stderr.splitlines()[-30:]
