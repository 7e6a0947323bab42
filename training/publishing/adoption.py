"""Adapters made elsewhere: a PEFT folder, or a name on the Hugging Face hub, read and checked against the base model.

Only what the engine computes exactly is taken. Knows nothing of personas: what it reads becomes a version elsewhere.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huggingface_hub
import safetensors
import safetensors.torch
import torch
from huggingface_hub.errors import HFValidationError

from bot.engine.adapter_checks import TENSOR_NAME, AdapterTarget, fault_of
from bot.engine.adapter_files import read_adapter
from bot.engine.base_model import HUB_NAME, BaseModelFiles
from bot.errors import AdapterError
from bot.versions.registry import MANIFEST, PEFT_CONFIG, WEIGHTS, AdapterVersion
from training.recipes.adapter import TrainedAdapter
from training.recipes.base import load_base

Tensors = Mapping[str, torch.Tensor]
REMEDY = "give a folder that PEFT's save_pretrained wrote."
PREFIX = "base_model.model."  # PEFT's, before the base model's own names


@dataclass(frozen=True)
class ForeignAdapter:
    """`passed_over`: tensors it came with that equal the base model's, and were left out. `says`: the base it names."""

    origin: str
    adapter: TrainedAdapter
    passed_over: tuple[str, ...]
    says: str | None


def read_foreign(origin: str, files: BaseModelFiles, max_rank: int) -> ForeignAdapter:
    """Read an adapter and hold it against the base model. Raises AdapterError with what is wrong and the remedy."""
    folder = _folder(origin)
    config, tensors = _config(folder), _tensors(folder)
    model = load_base(files, "fp32", "cpu")
    kept, passed_over = _without_saved_base(folder, tensors, model.state_dict())
    weights = safetensors.torch.save(dict(sorted(kept.items())), metadata={"format": "pt"})
    plain = {**config, "base_model_name_or_path": files.name, "inference_mode": True}
    _require_fit(origin, weights, plain, AdapterTarget(files.fingerprint, _linear_layers(model), max_rank))
    says = config.get("base_model_name_or_path")
    return ForeignAdapter(origin, TrainedAdapter(weights, plain, (), 0.0), passed_over, str(says) if says else None)


def _folder(origin: str) -> Path:
    folder = Path(origin).expanduser()
    if folder.is_dir():
        return folder
    if not HUB_NAME.fullmatch(origin):
        raise AdapterError(
            f"{origin}: there is no such folder; give a PEFT folder, or a hub name like someone/adapter."
        )
    try:
        return Path(huggingface_hub.snapshot_download(origin, allow_patterns=[PEFT_CONFIG, WEIGHTS]))
    except (OSError, ValueError, HFValidationError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise AdapterError(f"{origin}: no folder, and the hub gave no files ({reason}).") from error


def _config(folder: Path) -> dict[str, Any]:
    file = folder / PEFT_CONFIG
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterError(f"{file} cannot be read ({error}): {REMEDY}") from error
    if not isinstance(config, dict):
        raise AdapterError(f"{file} is not a JSON object: {REMEDY}")
    if (fault := fault_of(config)) is not None:
        raise AdapterError(f"{file} has {fault}")
    return config


def _tensors(folder: Path) -> dict[str, torch.Tensor]:
    file = folder / WEIGHTS
    try:
        return safetensors.torch.load_file(file)
    except (OSError, safetensors.SafetensorError, ValueError, KeyError) as error:
        pickled = ", and a pickle such as adapter_model.bin is never loaded" if any(folder.glob("*.bin")) else ""
        raise AdapterError(f"{file} cannot be read ({error}){pickled}: save the adapter as safetensors.") from error


def _without_saved_base(
    folder: Path, tensors: Tensors, base: Tensors
) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """LoRA weights alone. PEFT may save embeddings beside them: those that equal the base model's say nothing new."""
    kept, passed_over = {}, []
    for name, tensor in tensors.items():
        if TENSOR_NAME.fullmatch(name):
            kept[name] = tensor
        elif _equals_base(name, tensor, base):
            passed_over.append(name)
        else:
            raise AdapterError(
                f"{folder / WEIGHTS} holds {name!r}, which is neither a LoRA weight nor the same as in the base model: "
                "train plain LoRA, and save it with save_embedding_layers=False."
            )
    return kept, tuple(passed_over)


def _equals_base(name: str, tensor: torch.Tensor, base: Tensors) -> bool:
    own = base.get(name.removeprefix(PREFIX).replace(".base_layer.", "."))
    return own is not None and own.shape == tensor.shape and torch.equal(own.to(tensor.dtype), tensor)


def _linear_layers(model: Any) -> dict[str, tuple[int, int]]:
    """As the engine adapts them: all but the output layer."""
    head = model.get_output_embeddings()
    return {
        name: (module.in_features, module.out_features)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not head
    }


def _require_fit(origin: str, weights: bytes, config: Mapping[str, Any], target: AdapterTarget) -> None:
    """The engine's own checks, on the files as they will be published."""
    sha256 = hashlib.sha256(weights).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / WEIGHTS).write_bytes(weights)
        (path / PEFT_CONFIG).write_text(json.dumps(config), encoding="utf-8")
        manifest = {"adapter_sha256": sha256, "base_fingerprint": target.fingerprint}
        (path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        try:
            read_adapter(AdapterVersion(origin, 1, sha256, path), target)
        except AdapterError as error:
            raise AdapterError(str(error).replace(f"{origin} v1", origin).replace(f"{path}/", "")) from None
