"""Packs a transformers model for decoder.cpp: int8 weights and norms as tensors, facts as JSON.

Says which models decoder.cpp computes; what is missed here, the engine's probe finds before anything is served.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from bot.engine.native.library import NativeUnavailable
from bot.engine.native.structs import PARTS
from bot.engine.projections import LoraShare, stacked_bias
from bot.engine.reference_logits import ReferenceLogits, reference_of

LANES, GROUP = 16, 64  # decoder.cpp's: outputs of a tile; inputs that share an activation scale
LEVELS, OFFSET = 127, 128
GELU = {"silu": 0, "gelu_pytorch_tanh": 1}
MODEL_TYPES = {
    "gemma",
    "gemma3_text",
    "granite",
    "llama",
    "ministral",
    "ministral3",
    "mistral",
    "qwen2",
    "qwen3",
    "seed_oss",
    "smollm3",
}
# Their window is the same in all layers and stands in the config only.
WINDOW_OF_CONFIG = {"mistral", "ministral3"}
CHECKED_POSITIONS = 4096  # of a rope, against the model's own

Tensors = Iterator[tuple[str, Tensor]]


@dataclass(frozen=True)
class Facts:
    """What decoder.cpp and the engine must know of a model besides its tensors. All of it is JSON."""

    shape: dict[str, float]  # fields of structs.Shape
    windows: list[int]  # per layer: how much of the past it sees; 0: all
    ropes: list[str]  # per layer: which of `rope_factors`; "": positions are not turned there
    rope_factors: dict[str, float]
    adaptable: dict[str, list[int]]  # name → inputs, outputs of each linear layer that an adapter may change
    end_ids: list[int]
    longest: int | None  # tokens of context the model was made for
    probe: list[int]  # token ids
    cache_shapes: list[list[int]]  # ReferenceLogits.shapes


@dataclass(frozen=True)
class PackedModel:
    """Tensors: "layers.N.PART.weights", ".scales" and ".bias" of each product, "layers.N.NORM", "rope.KIND" (angles per
    position), "embedding" where the output head is not it, "norm", "head.…", and what the probe gave: "probe.plain",
    "probe.adapted", "probe.NAME.a" and "probe.NAME.b"."""

    facts: Facts
    tensors: dict[str, Tensor]

    @property
    def reference(self) -> ReferenceLogits:
        shapes = tuple((heads, keys, values) for heads, keys, values in self.facts.cache_shapes)
        plain, adapted = (self.tensors[f"probe.{name}"] for name in ("plain", "adapted"))
        shares = {
            name: LoraShare(self.tensors[f"probe.{name}.a"], self.tensors[f"probe.{name}.b"])
            for name in self.facts.adaptable
        }
        return ReferenceLogits(tuple(self.facts.probe), plain, adapted, shares, shapes)

    def with_windows(self, longest: int) -> "PackedModel":
        """The same with sliding windows of `longest` at most."""
        windows = [min(window, longest) for window in self.facts.windows]
        return replace(self, facts=replace(self.facts, windows=windows))


def pack_model(model: Any, end_ids: set[int], longest: int | None, text_ids: Sequence[int] = ()) -> PackedModel:
    """`text_ids`: reference_of's. `model` may be dropped afterwards.

    Raises NativeUnavailable for one that decoder.cpp does not compute.
    """
    _refuse_unknown(model.config)
    reference = reference_of(model, text_ids)
    kinds = [_kind(model, layer) for layer in range(model.config.num_hidden_layers)]
    positions = min(CHECKED_POSITIONS, longest or CHECKED_POSITIONS)
    ropes = {kind: _rope(model, kind, reference.shapes[0][1], positions) for kind in dict.fromkeys(kinds) if kind}
    tensors = {name: tensor.contiguous() for name, tensor in _tensors(model)}
    tensors |= {f"rope.{kind}": angles for kind, (angles, _) in ropes.items()}
    tensors |= {f"probe.{name}": tensor.contiguous() for name, tensor in _probe(reference)}
    facts = Facts(
        shape=_shape(model, reference),
        windows=[_window(model, layer) for layer in range(model.config.num_hidden_layers)],
        ropes=kinds,
        rope_factors={kind: factor for kind, (_, factor) in ropes.items()},
        adaptable=_adaptable(reference),
        end_ids=sorted(end_ids),
        longest=longest,
        probe=list(reference.ids),
        cache_shapes=[list(shape) for shape in reference.shapes],
    )
    return PackedModel(facts, tensors)


def _refuse_unknown(config: Any) -> None:
    if config.model_type not in MODEL_TYPES:
        raise NativeUnavailable(f"it is a {config.model_type} model")
    sizes = (config.hidden_size, config.intermediate_size, getattr(config, "head_dim", None) or 0)
    if any(size % LANES for size in sizes):
        raise NativeUnavailable(f"its sizes {sizes} are no multiples of {LANES}")
    if _activation(config) not in GELU:
        raise NativeUnavailable(f"its activation is {_activation(config)}")
    if any(getattr(config, f"{name}_logit_softcapping", None) for name in ("attn", "final")):
        raise NativeUnavailable("it caps logits")


def _activation(config: Any) -> str:
    return str(getattr(config, "hidden_activation", None) or config.hidden_act)


def _shape(model: Any, reference: ReferenceLogits) -> dict[str, float]:
    config = model.config
    return {
        "layers": config.num_hidden_layers,
        "hidden": config.hidden_size,
        "heads": config.num_attention_heads,
        "kv_heads": config.num_key_value_heads,
        "head_size": reference.shapes[0][1],
        "intermediate": config.intermediate_size,
        "vocabulary": config.vocab_size,
        "gelu": GELU[_activation(config)],
        "norm_epsilon": config.rms_norm_eps,
        "attention_scale": model.model.layers[0].self_attn.scaling,
        "embedding_scale": _embedding_scale(model),
        "residual_scale": float(getattr(config, "residual_multiplier", 1.0)),
        "logit_scale": 1 / float(getattr(config, "logits_scaling", 1.0)),
    }


def _embedding_scale(model: Any) -> float:
    """Gemma's stands in its embedding, Granite's in its config."""
    scale = getattr(model.get_input_embeddings(), "scalar_embed_scale", None)
    return float(getattr(model.config, "embedding_multiplier", 1.0) if scale is None else scale)


def _adaptable(reference: ReferenceLogits) -> dict[str, list[int]]:
    if unknown := [name for name in reference.shares if not name.endswith(PARTS)]:
        raise NativeUnavailable(f"it has linear layers like {unknown[0]}")
    return {name: [share.a.shape[1], share.b.shape[0]] for name, share in reference.shares.items()}


def _kind(model: Any, layer: int) -> str:
    if not getattr(model.model.layers[layer].self_attn, "use_rope", True):
        return ""
    kinds = getattr(model.config, "layer_types", None)
    return str(kinds[layer]) if kinds else "full_attention"


def _window(model: Any, layer: int) -> int:
    holder = model.config if model.config.model_type in WINDOW_OF_CONFIG else model.model.layers[layer].self_attn
    return int(getattr(holder, "sliding_window", None) or 0)


def _probe(reference: ReferenceLogits) -> Tensors:
    yield "plain", reference.plain
    yield "adapted", reference.adapted
    for name, share in reference.shares.items():
        yield f"{name}.a", share.a
        yield f"{name}.b", share.b


def _tensors(model: Any) -> Tensors:
    for index, block in enumerate(model.model.layers):
        for name, tensor in _layer(block):
            yield f"layers.{index}.{name}", tensor
    embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings()
    if embedding is not head.weight:
        yield "embedding", embedding.detach().to(torch.bfloat16)
    yield "norm", _norm(model.model.norm)
    yield from _linear("head", [head])


def _layer(block: Any) -> Tensors:
    attention, mlp = block.self_attn, block.mlp
    gemma = hasattr(block, "pre_feedforward_layernorm")
    yield from _linear("qkv", [attention.q_proj, attention.k_proj, attention.v_proj])
    yield from _linear("o", [attention.o_proj])
    yield from _linear("gate_up", [mlp.gate_proj, mlp.up_proj])
    yield from _linear("down", [mlp.down_proj])
    norms = {
        "input_norm": block.input_layernorm,
        "attention_norm": block.post_attention_layernorm if gemma else None,
        "mlp_input_norm": block.pre_feedforward_layernorm if gemma else block.post_attention_layernorm,
        "mlp_norm": block.post_feedforward_layernorm if gemma else None,
        "q_norm": getattr(attention, "q_norm", None),
        "k_norm": getattr(attention, "k_norm", None),
    }
    for name, norm in norms.items():
        if norm is not None:
            yield name, _norm(norm)


def _linear(name: str, layers: Sequence[nn.Linear]) -> Tensors:
    """The layers side by side, quantized."""
    weights, scales = quantized(torch.cat([layer.weight.detach() for layer in layers]).float())
    yield f"{name}.weights", weights
    yield f"{name}.scales", scales
    if (bias := stacked_bias(layers)) is not None:
        yield f"{name}.bias", padded(bias.detach().float(), LANES)


def _norm(module: nn.Module) -> Tensor:
    """The norm's factors; Gemma's are stored less one."""
    weight = module.weight
    assert isinstance(weight, Tensor)
    return weight.detach().float() + (1 if type(module).__name__.startswith("Gemma") else 0)


def quantized(weight: Tensor) -> tuple[Tensor, Tensor]:
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


def _rope(model: Any, kind: str, head_size: int, positions: int) -> tuple[Tensor, float]:
    """Angles per position, float [head size / 2], and what scales their cosines and sines."""
    rotary = model.model.rotary_emb
    prefix = f"{kind}_" if hasattr(rotary, f"{kind}_inv_freq") else ""
    angles, factor = getattr(rotary, f"{prefix}inv_freq").float(), float(getattr(rotary, f"{prefix}attention_scaling"))
    if angles.shape[0] * 2 != head_size:
        raise NativeUnavailable(f"only {angles.shape[0] * 2} of a head's {head_size} numbers carry the position")
    place, like = torch.arange(positions)[None], torch.empty(1)
    cos, sin = rotary(like, place, kind) if prefix else rotary(like, place)
    if not torch.equal(rope_table(angles, factor, positions), torch.stack([cos[0], sin[0]], dim=1).float()):
        raise NativeUnavailable("its positions are turned in another way")
    return angles.clone(), factor


def rope_table(angles: Tensor, factor: float, positions: int) -> Tensor:
    """Cosines and sines, float [positions, 2, head size]: Su et al., "RoFormer", in the halves of GPT-NeoX."""
    turned = torch.arange(positions).float()[:, None] * angles
    both = torch.cat([turned, turned], dim=1)
    return torch.stack([both.cos() * factor, both.sin() * factor], dim=1)
