"""Keeps a packed model in a file for the next start, which then reads no float weights and none of transformers'
modelling code. One safetensors file per base model, made anew when whatever it was made from has changed.
"""

import dataclasses
import hashlib
import json
import logging
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy
import torch
import transformers
from safetensors.torch import save_file
from torch import Tensor

from bot.engine.base_model import BaseModelFiles
from bot.engine.native.packing import Facts, PackedModel

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
DESCRIPTIONS = ("config.json", "generation_config.json")
DTYPES = {"U8": torch.uint8, "F32": torch.float32, "BF16": torch.bfloat16}
MOST_HEADER = 100_000_000  # bytes, as safetensors has it
ALIGNMENT = 64  # bytes: a vector, and a line of the processor's cache


class PackFile:
    """The place of one base model's pack."""

    def __init__(self, cache_dir: Path, files: BaseModelFiles) -> None:
        self._path = cache_dir.expanduser() / "packed" / f"{files.fingerprint}.safetensors"
        self._origin = _origin(files)

    def read(self) -> PackedModel | None:
        """None where there is none, or one of other sources, or one that is damaged."""
        try:
            with self._path.open("rb") as file:
                header = _header(file)
                told = header.pop("__metadata__")
                if told["origin"] != self._origin:
                    return None
                data = _aligned(max(entry["data_offsets"][1] for entry in header.values()))
                if file.readinto(data.numpy().data) != len(data):
                    raise ValueError("the file is cut short")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            log.warning("%s cannot be used and will be made again (%s)", self._path, error)
            return None
        tensors = {name: _tensor(data, entry) for name, entry in header.items()}
        return PackedModel(Facts(**json.loads(told["facts"])), tensors)

    def write(self, packed: PackedModel) -> None:
        """By a temporary file and a rename, so that half a pack is never read. Without it every start packs anew."""
        told = {"origin": self._origin, "facts": json.dumps(dataclasses.asdict(packed.facts))}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._path.parent) as folder:
                made = Path(folder) / self._path.name
                save_file(packed.tensors, made, told)
                made.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written (%s): each start will take some seconds longer", self._path, error)


def _origin(files: BaseModelFiles) -> str:
    """Of the weights, the model's description, and the code that reads, packs and computes them."""
    digest = hashlib.sha256(f"{files.fingerprint} transformers {transformers.__version__}".encode())
    described = (files.path / name for name in DESCRIPTIONS)
    for file in (*described, *sorted(file for file in HERE.iterdir() if file.is_file())):
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def _header(file: BinaryIO) -> dict[str, Any]:
    length = int.from_bytes(file.read(8), "little")
    if length > MOST_HEADER:
        raise ValueError("not a safetensors file")
    return dict(json.loads(file.read(length)))


def _aligned(size: int) -> Tensor:
    """uint8 [size]. numpy asks for huge pages where an array is large: weights are read from end to end, every step."""
    room = numpy.empty(size + ALIGNMENT, dtype=numpy.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return torch.from_numpy(room[start : start + size])


def _tensor(data: Tensor, entry: dict[str, Any]) -> Tensor:
    start, stop = entry["data_offsets"]
    return data[start:stop].view(DTYPES[entry["dtype"]]).view(entry["shape"])
