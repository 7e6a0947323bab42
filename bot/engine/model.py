"""Owns the served model: an unmodified transformers causal LM with its linear layers and its cache exchanged for ours.

Before it serves, it must give the same answer through our rows and masks as through transformers' own.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from bot.engine.base_model import BaseModelFiles
from bot.engine.int8 import Int8Product
from bot.engine.kv_rows import ATTENTION, RowCache
from bot.engine.options import Placement
from bot.engine.projections import Binding, LoraShare, Projection, float_product, install_projections
from bot.engine.step import Segment, Step
from bot.errors import BaseModelError

log = logging.getLogger(__name__)

SERVED_LAYERS = {"full_attention", "sliding_attention"}
# These change with the longest position in the batch, so that rows would disturb each other.
BATCH_DEPENDENT_ROPE = {"dynamic", "longrope"}
PROBE_TOKENS = 12
# Greatest angle between our logits and transformers' on the probe. Random differences of rounding stay far below it;
# a wrong mask or position lies far above.
PROBE_TOLERANCE = 0.02


class ServedModel:
    """Runs steps: tokens of many rows in, the logits after each segment out."""

    def __init__(self, files: BaseModelFiles, placement: Placement, rows: int, context: int) -> None:
        """Raises BaseModelError for a model that cannot be read or served."""
        self.name = files.name
        self.placement = placement
        config = _read_config(files)
        _refuse_unservable(files, config)
        self._model = _load(files, placement)
        self._binding = Binding()
        self.projections = _exchange_projections(self._model, placement)
        self.context = min(context, _longest(config, context))
        self._ranks = [0]
        try:
            self._cache = self._probe(rows)
        except BaseModelError:
            raise
        except Exception as error:
            log.exception("%s failed its probe", files.name)
            raise BaseModelError(
                f"model.base = {files.name!r}: this engine cannot serve a {config.model_type} model "
                f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no details'}); "
                "choose a Llama-, Qwen3- or Gemma-3-like model."
            ) from error

    @property
    def vocabulary(self) -> int:
        return int(self._model.config.get_text_config().vocab_size)

    def end_ids(self) -> set[int]:
        """Token ids that end a turn, as the model's generation config names them."""
        ids = self._model.generation_config.eos_token_id
        return set(ids) if isinstance(ids, list) else {ids} - {None}

    def make_slots(self, slots: int, rank: int) -> None:
        """Room for `slots` adapters besides slot 0, the base model alone."""
        self._ranks = [0] * (slots + 1)
        like = torch.empty(0, device=self.placement.device, dtype=self.placement.dtype)
        for projection in self.projections:
            projection.make_slots(slots + 1, rank, like, self._binding)

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None:
        """Put an adapter into a slot that no row uses. Steps may run on another thread meanwhile."""
        for projection in self.projections:
            projection.write_slot(slot, shares)
        self._ranks[slot] = max((share.a.shape[0] for share in shares.values()), default=0)

    def adaptable_layers(self) -> dict[str, tuple[int, int]]:
        """Name → inputs and outputs of every linear layer that an adapter may change."""
        return {
            name: (projection.inputs, stop - start)
            for projection in self.projections
            for name, (start, stop) in zip(projection.names, projection.bounds, strict=True)
        }

    def run(self, step: Step) -> Tensor:
        """One forward pass: the logits after each segment's last token, float32 [segments, vocabulary]."""
        self._binding.bind(step, self._ranks)
        self._cache.step = step
        return self._forward(step.ids, step.positions, step.last_tokens, self._cache)

    def clear_row(self, row: int) -> None:
        self._cache.clear(row)

    def make_shelf(self, blocks: int) -> None:
        """Room for the keys and values of `blocks` blocks of kept beginnings."""
        self._cache.make_shelf(blocks)

    def shelve(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy what lies in the row from its block number `first` on to these blocks of the shelf."""
        self._cache.shelve(row, first, blocks)

    def unshelve(self, row: int, blocks: Sequence[int]) -> None:
        """Begin the row with copies of these blocks of the shelf."""
        self._cache.unshelve(row, blocks)

    def _forward(self, ids: Tensor, positions: Tensor, keep: Tensor, cache: transformers.Cache) -> Tensor:
        out = self._model(
            input_ids=ids,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=keep,
            rows=cache if isinstance(cache, RowCache) else None,
        )
        logits: Tensor = out.logits[0].float()
        return logits

    @torch.inference_mode()
    def _probe(self, rows: int) -> RowCache:
        """Compare our pass, in two chunks and a single token, with transformers' own; returns the rows' cache."""
        device = self.placement.device
        ids = [(7 * i + 3) % self.vocabulary for i in range(PROBE_TOKENS)]
        line = torch.tensor([ids], device=device)
        own_cache = transformers.DynamicCache()
        with _attention(self._model, "sdpa"):
            expected = self._forward(
                line,
                torch.arange(PROBE_TOKENS, device=device)[None],
                torch.tensor([PROBE_TOKENS - 1], device=device),
                own_cache,
            )
        shapes = [(layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3]) for layer in own_cache.layers]
        like = torch.empty(0, device=device, dtype=self.placement.dtype)
        cache = RowCache(shapes, rows, self.context, like)
        self._cache = cache
        row = rows - 1
        for start, stop in ((0, 5), (5, PROBE_TOKENS - 1), (PROBE_TOKENS - 1, PROBE_TOKENS)):
            got = self.run(Step.of([Segment(row, 0, start, tuple(ids[start:stop]))], device, self.placement.dtype))
        agreement = nn.functional.cosine_similarity(expected - expected.mean(), got - got.mean()).item()
        if not agreement > 1 - PROBE_TOLERANCE:
            raise BaseModelError(
                f"model.base = {self.name!r}: this engine computes something else than the model's own code "
                f"(agreement {agreement:.3f}, wanted 1), so it refuses to serve it; choose another model."
            )
        cache.clear(row)
        return cache


def _read_config(files: BaseModelFiles) -> Any:
    try:
        return transformers.AutoConfig.from_pretrained(files.path, local_files_only=True)
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        raise BaseModelError(
            f"model.base = {files.name!r}: {files.path / 'config.json'} cannot be used ({str(error).splitlines()[0]}); "
            "choose a complete transformers model folder."
        ) from error


def _refuse_unservable(files: BaseModelFiles, config: Any) -> None:
    text = config.get_text_config()
    layers = set(getattr(text, "layer_types", None) or [])
    problem = None
    if not layers <= SERVED_LAYERS:
        problem = f"it has {', '.join(sorted(layers - SERVED_LAYERS))} layers"
    elif ropes := BATCH_DEPENDENT_ROPE & set(_rope_types(text)):
        problem = f"its {ropes.pop()} position encoding depends on the other rows of a batch"
    elif getattr(config, "is_encoder_decoder", False):
        problem = "it is an encoder-decoder"
    if problem:
        raise BaseModelError(
            f"model.base = {files.name!r}: this engine cannot serve it, because {problem}; "
            "choose a Llama-, Qwen3- or Gemma-3-like model."
        )


def _rope_types(text_config: Any) -> Iterator[str]:
    """The rope types of a config, which holds one set of parameters or one set per layer type."""
    rope = getattr(text_config, "rope_parameters", None) or {}
    for parameters in (rope, *rope.values()):
        if isinstance(parameters, dict) and "rope_type" in parameters:
            yield str(parameters["rope_type"])


def _longest(config: Any, default: int) -> int:
    return int(getattr(config.get_text_config(), "max_position_embeddings", None) or default)


def _load(files: BaseModelFiles, placement: Placement) -> Any:
    transformers.utils.logging.disable_progress_bar()
    options: dict[str, Any] = {}
    if placement.device.type == "cuda":
        options["device_map"] = {"": placement.device}
        options["quantization_config"] = _bitsandbytes(placement)
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            files.path, dtype=placement.dtype, attn_implementation=ATTENTION, local_files_only=True, **options
        )
    except torch.OutOfMemoryError as error:
        raise BaseModelError(
            f"model.base = {files.name!r}: it does not fit into the memory of {placement.device} in "
            f"{placement.precision}; set model.precision to 'int8' or 'nf4', or choose a smaller model."
        ) from error
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise BaseModelError(
            f"model.base = {files.name!r}: it cannot be loaded from {files.path} "
            f"({str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__}); "
            "get the model again, or choose another one."
        ) from error
    return model.eval().requires_grad_(False)


def _bitsandbytes(placement: Placement) -> Any:
    if placement.precision == "nf4":
        return transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=placement.dtype
        )
    if placement.precision == "int8":
        return transformers.BitsAndBytesConfig(load_in_8bit=True)
    return None


def _exchange_projections(model: Any, placement: Placement) -> list[Projection]:
    head = model.get_output_embeddings()
    quantize = placement.precision == "int8" and placement.device.type == "cpu"
    projections = install_projections(model, head, Int8Product if quantize else float_product)
    if quantize and isinstance(head, nn.Linear):
        model.set_output_embeddings(Int8Product([head]))
    return projections


@contextmanager
def _attention(model: Any, name: str) -> Iterator[None]:
    """Another attention function for a moment."""
    model.set_attn_implementation(name)
    try:
        yield
    finally:
        model.set_attn_implementation(ATTENTION)
