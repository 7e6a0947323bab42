"""One bot for each database: the lock beside the file, and who holds it.

The kernel frees the lock when its process ends, however it ends. What is written in the file outlives the process: it
tells the next one when something was last stored, and that the bot before it did not end by itself.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock

from bot.errors import StoreError
from bot.store.faults import store_faults


@contextmanager
def held(path: Path, program: str = "bot run") -> Iterator[None]:
    """The database at `path` is this process's own while the block runs.

    Raises StoreError naming who holds it, or when what was stored last is lost (see `check_log`).
    """
    with exclusive(path, program, expect_log=True):
        yield


@contextmanager
def exclusive(path: Path, program: str, *, expect_log: bool = False) -> Iterator[None]:
    """As `held`; without `expect_log` for whoever replaces the database, whatever became of it."""
    lock_path = _lock_path(path)
    with store_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(lock_path, mode=0o600, timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise StoreError(_in_use(path, lock_path)) from None
    try:
        if expect_log:
            check_log(path)
        with _said(lock_path, program):
            yield
    finally:
        lock.release()


@contextmanager
def _said(lock_path: Path, program: str) -> Iterator[None]:
    lock_path.write_text(json.dumps(_myself(program)), encoding="utf-8")
    os.utime(lock_path, (0, 0))  # nothing is stored yet
    try:
        yield
    finally:  # where a process that is killed never comes
        lock_path.write_text("", encoding="utf-8")


def note_commit(path: Path) -> None:
    """Something was stored just now. Without a bot that holds the database nobody would ask."""
    with suppress(OSError):
        os.utime(_lock_path(path))


def check_log(path: Path) -> None:
    """Raise StoreError when the write-ahead log of a bot that was killed is gone, and with it what was stored last.

    While a bot runs the log is always there. Another program that takes the log in writes the database after the last
    commit; whoever merely removes it does not.
    """
    lock_path, log = _lock_path(path), path.with_name(f"{path.name}-wal")
    with suppress(OSError):
        killed = lock_path.stat().st_size > 0
        if killed and not log.exists() and path.stat().st_mtime_ns < lock_path.stat().st_mtime_ns:
            raise StoreError(
                f"{log} is gone, and what was stored last was in it: put it back, or run `python -m bot restore FILE` "
                f"with a backup, or remove {lock_path} to go on without."
            )


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _myself(program: str) -> dict[str, Any]:
    return {"program": program, "pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}


def _in_use(path: Path, lock_path: Path) -> str:
    try:
        holder = json.loads(lock_path.read_text(encoding="utf-8"))
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(holder["since"]))
        who = f"`{holder['program']}` (process {holder['pid']} on {holder['host']}, since {since})"
    except (OSError, ValueError, LookupError, TypeError):
        who = "another Troupe"
    return f"{path} is in use by {who}: stop that one, or set store.path to another file."
