"""Compiles and loads the decoder's library, if this machine can have it, and finds its place in the cache.

It is made once per source, compiler and processor, in a process of its own; without a compiler there is none.
"""

import ctypes
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import threading
from functools import cache
from pathlib import Path

import filelock

from bot.engine.native.structs import declare

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
SOURCE = HERE / "decoder.cpp"
SOURCES = (*sorted(HERE.glob("*.h")), SOURCE)
FLAGS = ("-O3", "-march=native", "-std=c++20", "-shared", "-fPIC", "-pthread", "-Wno-psabi")
COMPILERS = ("g++", "c++")
# Instructions in which the products are written.
NEEDED_FEATURES = ("__AVX512VNNI__", "__AVX512BW__")
PROBE_SECONDS, COMPILE_SECONDS = 20, 180


class NativeUnavailable(RuntimeError):
    """Why this machine or model goes without the compiled decoder; the engine serves all the same."""


@cache
def load_library(cache_dir: Path) -> ctypes.CDLL:
    """Compiled on the first call, which takes about ten seconds of one core. Raises NativeUnavailable."""
    compiler = _compiler()
    path = cache_dir.expanduser() / "native" / f"decoder-{_identity(compiler)}.so"
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(path.with_suffix(".lock")):
                if not path.is_file():
                    _compile(compiler, path)
        return declare(ctypes.CDLL(str(path)))
    except (OSError, AttributeError) as error:
        raise NativeUnavailable(f"{path} cannot be written or loaded ({error})") from error


def compile_in_background(cache_dir: Path) -> None:
    """Have the library ready by the time a model is; what fails here fails again, and is told, when it is loaded."""

    def prepare() -> None:
        try:
            load_library(cache_dir)
        except NativeUnavailable as reason:
            log.debug("No compiled decoder: %s", reason)

    threading.Thread(target=prepare, name="troupe-compile", daemon=True).start()


def _compiler() -> str:
    found = next((path for name in COMPILERS if (path := shutil.which(name))), None)
    if found is None:
        raise NativeUnavailable(f"none of the compilers {', '.join(COMPILERS)} is installed")
    return found


def _identity(compiler: str) -> str:
    """Names source, flags, compiler and processor: the compiler tells the latter two by its predefined macros."""
    macros = _run([compiler, "-march=native", "-dM", "-E", "-x", "c++", os.devnull], PROBE_SECONDS)
    defined = set(macros.split())
    if missing := [feature for feature in NEEDED_FEATURES if feature not in defined]:
        raise NativeUnavailable(f"the processor lacks {', '.join(missing)}")
    digest = hashlib.sha256(macros.encode())
    digest.update(" ".join(FLAGS).encode())
    for source in SOURCES:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _compile(compiler: str, path: Path) -> None:
    """By a temporary file and a rename, so that half a library is never loaded."""
    log.info("Compiling the decoder for this processor into %s", path)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        _run([compiler, *FLAGS, "-o", str(made), str(SOURCE)], COMPILE_SECONDS)
        made.replace(path)


def _run(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NativeUnavailable(f"{command[0]} did not run ({error})") from error
    if done.returncode != 0:
        raise NativeUnavailable(f"{command[0]} failed: {done.stderr.strip()[:500]}")
    return done.stdout
