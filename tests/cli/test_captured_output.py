"""With JSON logs each line on stdout and stderr is an object, whoever wrote it and however the process ends."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.troupe_process import clean_environment, running_troupe
from tests.places import REPOSITORY
from tests.tiny import write_tiny_model

LOUD = """
import logging, os, subprocess, sys, threading, warnings
from bot.cli.captured_output import everything_logged
from bot.logs import configure_logging

with everything_logged() as stream:
    configure_logging("INFO", "json", stream)
    print("printed")
    sys.stderr.write("half a line, ")
    sys.stderr.write("and the rest\\rdrawn over\\n")
    sys.stderr.flush()
    os.write(2, b"from C \\xff\\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"])
    warnings.warn("take care")
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    logging.getLogger("bot").info("logged")
    raise RuntimeError("the end")
"""


def records(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


def test_whatever_is_printed_is_a_record():
    ended = subprocess.run(
        [sys.executable, "-c", LOUD], capture_output=True, text=True, cwd=REPOSITORY, env=dict(os.environ)
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    said = {record["message"].split(":")[0]: record for record in records(ended.stderr)}
    expected = {"printed", "half a line, and the rest", "drawn over", "from C \ufffd", "from a child", "logged"}
    assert expected <= said.keys()
    assert "RuntimeError: the end" in said["Troupe ends with an unexpected error"]["exception"]
    assert "ZeroDivisionError" in said["a thread ended with an unexpected error"]["exception"]
    assert any("take care" in record["message"] for record in said.values())


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("home")
    model = write_tiny_model(home / "model")
    (home / "config.toml").write_text(
        f'[model]\nbase = "{model}"\nprecision = "fp32"\n[sandbox]\nport = 0\n'
        f'[personas]\nfolder = "{REPOSITORY}/adapters"\n[logging]\nformat = "json"\nlevel = "DEBUG"\n'
    )
    return home


async def test_a_bot_that_runs_and_the_second_one_that_may_not_say_all_in_json(home):
    async with running_troupe(home / "config.toml", PYTHONWARNINGS="default") as troupe:
        await troupe.said(r"in a browser", seconds=120)
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--config", str(home / "config.toml"), cwd=REPOSITORY,
            env=clean_environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        printed, said = await second.communicate()
        assert second.returncode == 1
        assert printed == b""
        assert "is in use by `bot run` (process " in records(said.decode())[-1]["message"]
    assert troupe.process.returncode == 0
    assert len(records(troupe.text)) > 3


def test_a_mistake_in_the_configuration_is_told_in_json_too(tmp_path):
    (tmp_path / "config.toml").write_text('[logging]\nformat = "json"\n[engine]\nmax_rowz = 1\n')
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run", "--config", str(tmp_path / "config.toml")],
        capture_output=True, text=True, cwd=REPOSITORY, env=clean_environment(),
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = records(ended.stderr)
    assert "max_rowz" in line["message"]
