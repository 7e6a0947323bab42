"""The LoRA adapter that a training makes: its shape, and its weights and configuration as bytes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict

from bot.errors import PublishError


@dataclass(frozen=True)
class LossPoint:
    """The loss of one optimizer step. `step` and `epoch` count within its method's stage."""

    step: int
    epoch: float
    loss: float
    stage: str = "sft"


@dataclass(frozen=True)
class TrainedAdapter:
    """What a training leaves behind, not yet on disk."""

    weights: bytes  # safetensors, fp16, in PEFT's naming
    peft_config: dict[str, Any]
    loss_curve: tuple[LossPoint, ...]
    seconds: float


@dataclass(frozen=True)
class Blend:
    """A share of another adapter of the same shape, in one that is being trained."""

    weights: Path
    share: float

    def into(self, model: Any) -> None:
        """Average the PEFT model's adapter with it, in place."""
        other = safetensors.torch.load_file(self.weights)
        own = get_peft_model_state_dict(model)
        mixed = {name: own[name].float().lerp(other[name].float().to(own[name].device), self.share) for name in own}
        set_peft_model_state_dict(model, mixed)


def lora(rank: int, alpha: int, base: str) -> LoraConfig:
    """LoRA on all linear layers but the output layer."""
    return LoraConfig(
        r=rank, lora_alpha=alpha, target_modules="all-linear", task_type="CAUSAL_LM", base_model_name_or_path=base
    )


def packed(model: Any, base: str, curve: list[LossPoint], seconds: float) -> TrainedAdapter:
    """The adapter of a PEFT model. Raises PublishError when its weights do not fit into fp16."""
    return TrainedAdapter(_fp16_bytes(model), _peft_config(model, base), tuple(curve), round(seconds, 1))


def _fp16_bytes(model: Any) -> bytes:
    """The adapter's tensors in one fixed order, so that equal weights are equal bytes."""
    state = get_peft_model_state_dict(model)
    tensors = {name: state[name].detach().to("cpu", torch.float16).contiguous() for name in sorted(state)}
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise PublishError("The trained weights exceed fp16: lower training.learning_rate; nothing was published.")
    return safetensors.torch.save(tensors, metadata={"format": "pt"})


def _peft_config(model: Any, base: str) -> dict[str, Any]:
    values = model.peft_config["default"].to_dict()
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in values.items()}
    return {**plain, "base_model_name_or_path": base, "inference_mode": True}
