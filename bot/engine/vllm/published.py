"""The folder from which servers resolve adapters by name. What has a name there never changes, and is whole.

Names hold version and content, because a server's prefix cache is keyed by them: an adapter that changed under its
name would go on with another one's keys and values.
"""

import json
import logging
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from bot.engine.adapter_checks import AdapterTarget, CheckedShare, check_adapter
from bot.errors import AdapterError
from bot.versions.registry import PEFT_CONFIG, WEIGHTS, AdapterVersion

log = logging.getLogger(__name__)

NOTHING = "plain@0"  # an adapter that changes nothing, for rows that want none
SHA_DIGITS = 16
PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def _evenly_scaled(config: dict[str, Any], shares: Mapping[str, CheckedShare]) -> tuple[dict[str, Any], bytes]:
    """The same adapter without layers of their own rank or alpha, which vLLM does not read: scaled in the weights."""
    rank = max(share.a.shape[0] for share in shares.values())
    plain = {key: value for key, value in config.items() if not key.endswith("_pattern")}
    tensors = {}
    for module, share in shares.items():
        tensors[f"base_model.model.{module}.lora_A.weight"] = share.a
        tensors[f"base_model.model.{module}.lora_B.weight"] = np.ascontiguousarray(share.b * np.float32(share.scaling))
    return {**plain, "r": rank, "lora_alpha": rank, "use_rslora": False}, safetensors.numpy.save(tensors)


class PublishedAdapters:
    def __init__(self, folder: Path, model: str, target: AdapterTarget) -> None:
        """`model`: what the servers call the base model; their resolver takes no adapter that names another one."""
        self._folder = folder
        self._model = model
        self._target = target

    def name_of(self, version: AdapterVersion | None) -> str:
        """What servers are asked for.

        A row without an adapter names one that changes nothing: vLLM 0.32 gives it the last slot's on a CPU otherwise.
        """
        if version is None:
            return NOTHING
        return f"{version.persona}@{version.number}-{version.sha256[:SHA_DIGITS]}"

    def publish(self, version: AdapterVersion) -> None:
        """Check the version and let servers find it. Raises AdapterError; then there is nothing to find."""
        name = self.name_of(version)
        if not PLAIN_NAME.fullmatch(version.persona):
            raise AdapterError(f"{version}: {version.persona!r} is not a name that may stand in a file's name.")
        if (self._folder / name).is_dir():
            return
        shares = check_adapter(version, self._target)
        config = json.loads((version.path / PEFT_CONFIG).read_text(encoding="utf-8"))
        if config.get("alpha_pattern") or config.get("rank_pattern"):
            self._place(name, *_evenly_scaled(config, shares))
        else:
            self._place(name, config, (version.path / WEIGHTS).read_bytes())

    def publish_nothing(self) -> None:
        """The adapter for rows without one: zeros of rank 1 on every projection. Raises AdapterError."""
        if (self._folder / NOTHING).is_dir():
            return
        tensors = {}
        for module, (inputs, outputs) in self._target.layers.items():
            tensors[f"base_model.model.{module}.lora_A.weight"] = np.zeros((1, inputs), np.float32)
            tensors[f"base_model.model.{module}.lora_B.weight"] = np.zeros((outputs, 1), np.float32)
        modules = sorted({module.rpartition(".")[2] for module in self._target.layers})
        config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 1, "lora_alpha": 1, "target_modules": modules}
        self._place(NOTHING, config, safetensors.numpy.save(tensors))

    def withdraw(self, version: AdapterVersion) -> None:
        """Servers find it no more. Only for one that no request names: a server that looks for it in vain dies."""
        shutil.rmtree(self._folder / self.name_of(version), ignore_errors=True)

    def _place(self, name: str, config: Mapping[str, object], weights: bytes) -> None:
        """Write beside, then rename: whole, or not there."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=self._folder, prefix="."))
            try:
                described = {**config, "base_model_name_or_path": self._model}
                (partial / PEFT_CONFIG).write_text(json.dumps(described), encoding="utf-8")
                (partial / WEIGHTS).write_bytes(weights)
                partial.chmod(0o755)
                partial.rename(self._folder / name)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        except OSError as error:
            if not (self._folder / name).is_dir():  # else another process has published the same meanwhile
                raise AdapterError(
                    f"vllm.adapters = {str(self._folder)!r}: {name} cannot be published there ({error.strerror}); "
                    "give a folder that the bot may write to and the servers read."
                ) from error
