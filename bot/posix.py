"""What Windows lacks or does in another way. The only module that calls it; each call has something that stands in."""

import asyncio
import ctypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil


def on_stop_signals(stop: Callable[[], object]) -> None:
    """Call `stop` on the running loop when this process is told to end. Where the loop cannot take signals (Windows),
    Python does, and wakes the loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def sync_folder(folder: Path) -> None:
    """Have the names in the folder on the disk, where the system can: Windows opens no folders."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def end_with_children(process_id: int, *, hard: bool) -> None:
    """Ask a process that leads a session of its own, and what it started, to end; `hard`: without being asked."""
    number = signal.SIGKILL if hard and hasattr(signal, "SIGKILL") else signal.SIGTERM
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process_id, number)
        return
    with suppress(psutil.NoSuchProcess):
        leader = psutil.Process(process_id)
        for process in (*leader.children(recursive=True), leader):
            with suppress(psutil.NoSuchProcess):
                process.kill() if hard else process.terminate()


def most_memory_used() -> int:
    """Bytes of memory that this process has used at most."""
    try:
        import resource
    except ImportError:  # Windows
        return int(psutil.Process().memory_info().peak_wset)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if psutil.MACOS else used * 1024  # macOS counts bytes, Linux KiB


def c_function(name: str) -> Any | None:
    """A function of the C library that this process uses, where there is one of this name."""
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except TypeError:  # Windows has no such handle
        return None
