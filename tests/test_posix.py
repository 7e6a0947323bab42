"""What Windows lacks is called in one module only, and there something stands in for it."""

import ast
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import posix
from tests.places import REPOSITORY

MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog"}
NAMES = {
    "add_signal_handler",
    "killpg",
    "setsid",
    "setpgrp",
    "getpgid",
    "getuid",
    "geteuid",
    "getgid",
    "getloadavg",
    "fork",
    "forkpty",
    "sysconf",
    "sched_getaffinity",
    "mkfifo",
    "chown",
    "fchmod",
    "O_DIRECTORY",
    "SIGKILL",
    "SIGHUP",
    "SIGUSR1",
    "SIGUSR2",
    "SIGALRM",
    "open_unix_connection",
    "start_unix_server",
}
SLEEPER = "import time; time.sleep(600)"
PARENT = (
    f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); "
    "print(child.pid, flush=True); child.wait()"
)


def posix_only(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield node.module
        elif isinstance(node, ast.Attribute) and node.attr in NAMES:
            yield node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node) in ("ctypes.CDLL(None)", "os.open(folder, os.O_RDONLY)"):
            yield ast.unparse(node)


@pytest.mark.parametrize(
    "code", ["import fcntl", "os.killpg(1, 2)", "loop.add_signal_handler(2, f)", "ctypes.CDLL(None)"]
)
def test_what_is_looked_for_is_found(code: str) -> None:
    assert list(posix_only(ast.parse(code)))


def test_only_one_module_calls_what_windows_lacks() -> None:
    files = [file for room in ("bot", "training") for file in (REPOSITORY / room).rglob("*.py")]
    found = {
        str(file.relative_to(REPOSITORY)): names
        for file in files
        if (names := sorted(set(posix_only(ast.parse(file.read_text(encoding="utf-8"))))))
    }
    assert list(found) == ["bot/posix.py"], found


async def test_where_the_loop_takes_no_signals_python_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_: object) -> None:
        raise NotImplementedError

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    stopped = asyncio.Event()
    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", lacking)
    try:
        posix.on_stop_signals(stopped.set)
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stopped.wait(), 60)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


@pytest.mark.parametrize("hard", [False, True])
def test_without_process_groups_a_process_is_ended_with_its_children(
    hard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "killpg")
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        posix.end_with_children(process.pid, hard=hard)
        assert process.wait(60) != 0


def test_a_folder_that_cannot_be_opened_is_no_error(tmp_path: Path) -> None:
    posix.sync_folder(tmp_path / "none")


def test_without_the_c_library_there_is_no_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(_name: object) -> object:
        raise TypeError

    monkeypatch.setattr("ctypes.CDLL", lacking)
    assert posix.c_function("malloc_trim") is None


def test_memory_is_counted_in_bytes() -> None:
    assert posix.most_memory_used() > 10_000_000
