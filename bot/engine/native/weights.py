"""Owns what a transformers model becomes for decoder.cpp: packed int8 weights, norms, position tables, its shape.

Says which models decoder.cpp computes; what is missed here, the engine's probe finds before anything is served.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from bot.engine.kv_rows import RowCache
from bot.engine.native.library import NativeUnavailable
from bot.engine.native.structs import Layer, Linear, Shape
from bot.engine.projections import stacked_bias

LANES, GROUP = 16, 64  # decoder.cpp's: outputs of a tile; inputs that share an activation scale
LEVELS, OFFSET = 127, 128
GELU = {"silu": 0, "gelu_pytorch_tanh": 1}
MODEL_TYPES = {"llama", "qwen3", "gemma3_text"}


@dataclass
class Keeper:
    """Keeps alive the tensors whose addresses the library holds."""

    tensors: list[Tensor] = field(default_factory=list)

    def address(self, tensor: Tensor | None) -> int | None:
        if tensor is None:
            return None
        assert tensor.is_contiguous()
        self.tensors.append(tensor)
        return tensor.data_ptr()

    def linear(self, layers: Sequence[nn.Linear]) -> Linear:
        """The layers side by side, quantized; takes their float weights' place in memory."""
        weight = torch.cat([layer.weight.detach() for layer in layers]).float()
        packed, scales = pack(weight)
        bias = stacked_bias(layers)
        padded_bias = None if bias is None else padded(bias.detach().float(), LANES)
        inputs = packed.shape[1] * 4
        return Linear(
            self.address(packed), self.address(scales), self.address(padded_bias), inputs, packed.shape[0] * LANES
        )

    def norm(self, module: nn.Module | None) -> int | None:
        """The norm's factors; Gemma's are stored less one."""
        if module is None:
            return None
        weight = module.weight
        assert isinstance(weight, Tensor)
        return self.address(weight.detach().float() + (1 if type(module).__name__.startswith("Gemma") else 0))


def pack(weight: Tensor) -> tuple[Tensor, Tensor]:
    """float [outputs, inputs] → uint8 [outputs / 16, inputs / 4, 16, 4], float scales [outputs]; both padded."""
    scales = weight.abs().amax(1).clamp_min(1e-12) / LEVELS
    levels = weight.div(scales[:, None]).round_().add_(OFFSET).to(torch.uint8)
    levels = padded(padded(levels, GROUP, OFFSET).t(), LANES, OFFSET).t()
    outputs, inputs = levels.shape
    tiles = levels.reshape(outputs // LANES, LANES, inputs // 4, 4).transpose(1, 2).contiguous()
    return tiles, padded(scales, LANES)


def padded(tensor: Tensor, multiple: int, value: int = 0) -> Tensor:
    """The last dimension filled up to a multiple."""
    missing = -tensor.shape[-1] % multiple
    return nn.functional.pad(tensor, (0, missing), value=value) if missing else tensor.contiguous()


def shape_of(model: Any, cache: RowCache) -> Shape:
    config = model.config.get_text_config()
    head_size = int(cache.keys[0].shape[3])
    embedding_scale = float(getattr(model.get_input_embeddings(), "scalar_embed_scale", 1.0))
    return Shape(
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_size=head_size,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
        room=cache.keys[0].shape[2],
        gelu=GELU[_activation(config)],
        norm_epsilon=config.rms_norm_eps,
        attention_scale=model.model.layers[0].self_attn.scaling,
        embedding_scale=embedding_scale,
    )


def refuse_unknown(config: Any) -> None:
    """Raises NativeUnavailable for a model that decoder.cpp does not compute; the probe catches what is missed here."""
    sizes = (config.hidden_size, config.intermediate_size, getattr(config, "head_dim", None) or 0)
    reason = None
    if config.model_type not in MODEL_TYPES:
        reason = f"it is a {config.model_type} model"
    elif any(size % LANES for size in sizes):
        reason = f"its sizes {sizes} are no multiples of {LANES}"
    elif _activation(config) not in GELU:
        reason = f"its activation is {_activation(config)}"
    elif any(getattr(config, f"{name}_logit_softcapping", None) for name in ("attn", "final")):
        reason = "it caps logits"
    if reason:
        raise NativeUnavailable(reason)


def _activation(config: Any) -> str:
    return str(getattr(config, "hidden_activation", None) or config.hidden_act)


def layers_of(model: Any, cache: RowCache, keeper: Keeper) -> list[Layer]:
    ropes: dict[str, int | None] = {}
    layers = []
    for index, block in enumerate(model.model.layers):
        kind = _kind(model, index)
        if kind not in ropes:
            ropes[kind] = keeper.address(_rope(model, kind, cache.keys[0].shape[2], cache.keys[0].shape[3]))
        layer = _layer(block, keeper)
        layer.rope = ropes[kind]
        layer.keys = cache.keys[index].data_ptr()
        layer.values = cache.values[index].data_ptr()
        layer.window = model.config.get_text_config().sliding_window if kind == "sliding_attention" else 0
        layers.append(layer)
    return layers


def _kind(model: Any, index: int) -> str:
    kinds = getattr(model.config.get_text_config(), "layer_types", None)
    return str(kinds[index]) if kinds else "full_attention"


def _layer(block: Any, keeper: Keeper) -> Layer:
    attention, mlp = block.self_attn, block.mlp
    gemma = hasattr(block, "pre_feedforward_layernorm")
    return Layer(
        qkv=keeper.linear([attention.q_proj, attention.k_proj, attention.v_proj]),
        o=keeper.linear([attention.o_proj]),
        gate_up=keeper.linear([mlp.gate_proj, mlp.up_proj]),
        down=keeper.linear([mlp.down_proj]),
        input_norm=keeper.norm(block.input_layernorm),
        attention_norm=keeper.norm(block.post_attention_layernorm if gemma else None),
        mlp_input_norm=keeper.norm(block.pre_feedforward_layernorm if gemma else block.post_attention_layernorm),
        mlp_norm=keeper.norm(block.post_feedforward_layernorm if gemma else None),
        q_norm=keeper.norm(getattr(attention, "q_norm", None)),
        k_norm=keeper.norm(getattr(attention, "k_norm", None)),
    )


def _rope(model: Any, kind: str, positions: int, head_size: int) -> Tensor:
    """[positions, 2, head size]: the model's own cosines and sines."""
    place = torch.arange(positions)[None]
    rotary, like = model.model.rotary_emb, torch.empty(1)
    by_kind = model.config.model_type.startswith("gemma3")
    cos, sin = rotary(like, place, kind) if by_kind else rotary(like, place)
    if cos.shape[-1] != head_size:
        raise NativeUnavailable(f"only {cos.shape[-1]} of a head's {head_size} numbers carry the position")
    return torch.stack([cos[0], sin[0]], dim=1).float().contiguous()
