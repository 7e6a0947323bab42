"""The served model: a transformers causal LM, run by the decoder that suits it and this machine best.

Before it serves, a decoder must give the same answer through our rows and masks as transformers' own code.
"""

import ctypes
import gc
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import torch
import transformers
from torch import Tensor

from bot.engine.base_model import BaseModelFiles, load_tokenizer
from bot.engine.kv_cache import KVCache
from bot.engine.native import (
    NativeDecoder,
    NativeUnavailable,
    PackedModel,
    PackFile,
    compile_in_background,
    load_library,
    pack_model,
)
from bot.engine.options import DEFAULT_CACHE
from bot.engine.placement import Placement
from bot.engine.probe import TOLERANCE, agreement
from bot.engine.projections import LoraShare
from bot.engine.reference_logits import (
    PROBE_TEXT,
    PROBE_WINDOW,
    ReferenceLogits,
    Unservable,
    reference_of,
    short_windows,
)
from bot.engine.step import Step
from bot.engine.system_memory import give_back_freed
from bot.errors import BaseModelError

log = logging.getLogger(__name__)

SERVED_LAYERS = {"full_attention", "sliding_attention"}
# Beyond the context a model was first made for these change with the longest position in the batch, so that rows would
# disturb each other.
BATCH_DEPENDENT_ROPE = {"dynamic", "longrope"}


class Decoder(Protocol):
    """Runs steps on the rows of a cache. `arithmetic` names what computes, down to the last bit."""

    @property
    def arithmetic(self) -> str: ...

    def make_slots(self, slots: int, rank: int) -> None: ...

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None: ...

    def adaptable_layers(self) -> dict[str, tuple[int, int]]: ...

    def run(self, step: Step) -> Tensor: ...

    def save_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None: ...

    def restore_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None: ...


class ServedModel:
    """Runs steps: tokens of many rows in, the logits after each segment out."""

    def __init__(
        self, files: BaseModelFiles, placement: Placement, rows: int, context: int, cache_dir: Path = DEFAULT_CACHE
    ) -> None:
        """`cache_dir`: where the compiled decoder and its weights are kept. Raises BaseModelError for a model that
        cannot be read or served."""
        self.name = files.name
        self.placement = placement
        self.context = context
        self._rows = rows
        self._end_ids: set[int] = set()
        source = ModelSource(files, placement)
        try:
            self._decoder, self._cache = self._native(source, cache_dir) or self._eager(source)
        except BaseModelError:
            raise
        except Unservable as reason:
            raise _refusal(files, str(reason)) from reason
        except Exception as error:  # whatever the code of a model we do not know raises: the operator gets a sentence
            log.exception("%s failed its probe", files.name)
            kind = source.config.model_type
            raise _refusal(files, f"the code of {kind} models does not fit its rows and adapters") from error

    @property
    def compiled(self) -> bool:
        return isinstance(self._decoder, NativeDecoder)

    @property
    def arithmetic(self) -> str:
        return self._decoder.arithmetic

    def end_ids(self) -> set[int]:
        """Token ids that end a turn, as the model's generation config names them."""
        return set(self._end_ids)

    def make_slots(self, slots: int, rank: int) -> None:
        """Room for `slots` adapters besides slot 0, the base model alone."""
        self._decoder.make_slots(slots, rank)

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None:
        """Put an adapter into a slot that no row uses. Steps may run on another thread meanwhile."""
        self._decoder.write_slot(slot, shares)

    def adaptable_layers(self) -> dict[str, tuple[int, int]]:
        """Name → inputs and outputs of every linear layer that an adapter may change."""
        return self._decoder.adaptable_layers()

    def run(self, step: Step) -> Tensor:
        """One forward pass: the logits after each segment's last token, float32 [segments, vocabulary]."""
        return self._decoder.run(step)

    def clear_row(self, row: int) -> None:
        self._cache.clear(row)

    def make_prefix_blocks(self, blocks: int) -> None:
        """Room for the keys and values of `blocks` blocks of kept beginnings."""
        self._cache.make_prefix_blocks(blocks)

    def save_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy what lies in the row from its block number `first` on to these blocks of the prefix cache."""
        self._decoder.save_prefix(row, first, blocks)

    def restore_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy these blocks of the prefix cache to the row, from its block number `first` on."""
        self._decoder.restore_prefix(row, first, blocks)

    def _native(self, source: "ModelSource", cache_dir: Path) -> tuple[Decoder, KVCache] | None:
        """The compiled decoder, or None where there is none for this machine or model."""
        if self.placement.precision != "int8" or self.placement.device.type != "cpu":
            return None
        compile_in_background(cache_dir)
        file = PackFile(cache_dir, source.files)
        packed = file.read()
        if packed is None:
            source.load()  # while the library is compiled
        try:
            library = load_library(cache_dir)
            if packed and (served := self._compiled(library, packed)):
                return served
            packed = pack_model(source.model, source.end_ids, source.longest, source.text_ids)
        except NativeUnavailable as reason:
            log.info("%s is served without the compiled decoder: %s", self.name, reason)
            return None
        if served := self._compiled(library, packed):
            file.write(packed)
            source.drop()
        return served

    def _compiled(self, library: ctypes.CDLL, packed: PackedModel) -> tuple[Decoder, KVCache] | None:
        self._introduce(packed.facts.end_ids, packed.facts.longest)
        cache = self._make_cache(packed.reference, torch.bfloat16)
        probed = NativeDecoder(library, packed.with_windows(PROBE_WINDOW), cache)
        found = agreement(probed, cache, packed.reference, self.placement)
        probed.close()
        if min(found) > 1 - TOLERANCE:
            return NativeDecoder(library, packed, cache), cache
        log.warning(
            "The compiled decoder disagrees with %s (agreement %.3f, with an adapter %.3f), so it is not used",
            self.name,
            *found,
        )
        return None

    def _eager(self, source: "ModelSource") -> tuple[Decoder, KVCache]:
        from bot.engine.eager import EagerDecoder  # with transformers' modelling code: a second, and 80 MB

        self._introduce(source.end_ids, source.longest)
        reference = reference_of(source.model, source.text_ids)
        decoder = EagerDecoder(source.model, self.placement, reference.shares.keys())
        cache = self._make_cache(reference, self.placement.dtype)
        decoder.use(cache)
        with short_windows(source.model):
            plain, adapted = agreement(decoder, cache, reference, self.placement)
        if min(plain, adapted) > 1 - TOLERANCE:
            return decoder, cache
        if self.placement.precision == "int8" and self.placement.device.type == "cpu":
            return self._in_full(source, min(plain, adapted))
        raise Unservable(
            f"its results differ from those of the model's own code (agreement {plain:.3f}, with an adapter "
            f"{adapted:.3f}, wanted 1)"
        )

    def _in_full(self, source: "ModelSource", found: float) -> tuple[Decoder, KVCache]:
        log.warning("int8 changes what %s computes (agreement %.3f), so it is served in fp32", self.name, found)
        self.placement = replace(self.placement, precision="fp32")
        source.drop()
        return self._eager(source)

    def _introduce(self, end_ids: Iterable[int], longest: int | None) -> None:
        self._end_ids = set(end_ids)
        self.context = min(self.context, longest or self.context)

    def _make_cache(self, reference: ReferenceLogits, dtype: torch.dtype) -> KVCache:
        like = torch.empty(0, device=self.placement.device, dtype=dtype)
        return KVCache(reference.shapes, self._rows, self.context, like)


class ModelSource:
    """The base model as transformers loads it, once it is asked for. Raises BaseModelError."""

    def __init__(self, files: BaseModelFiles, placement: Placement) -> None:
        self.files = files
        self._placement = placement

    @cached_property
    def config(self) -> Any:
        config = _read_config(self.files)
        _refuse_unservable(self.files, config)
        return config

    @cached_property
    def model(self) -> Any:
        assert self.config is not None  # refused before seconds are spent on its weights
        return _load(self.files, self._placement)

    def load(self) -> None:
        assert self.model is not None

    def drop(self) -> None:
        """Free what `model` takes; another use would load it again."""
        del self.model
        gc.collect()
        give_back_freed()

    @property
    def longest(self) -> int | None:
        """Tokens of context that the model was made for, and in which its positions do not depend on the batch."""
        text = self.config.get_text_config()
        longest = getattr(text, "max_position_embeddings", None)
        first = [window for rope in _ropes(text) if (window := _first_window(rope, text)) is not None]
        return min([window for window in (longest, *first) if window], default=None)

    @property
    def text_ids(self) -> list[int]:
        """PROBE_TEXT as the model reads it; nothing where there is no tokenizer, which whoever needs one will tell."""
        try:
            return list(load_tokenizer(self.files)(PROBE_TEXT, add_special_tokens=False)["input_ids"])
        except BaseModelError:
            return []

    @property
    def end_ids(self) -> set[int]:
        found = self.model.generation_config.eos_token_id
        return set(found) if isinstance(found, list) else {found} - {None}


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
    elif getattr(config, "is_encoder_decoder", False):
        problem = "it is an encoder-decoder"
    if problem:
        raise _refusal(files, problem)


def _refusal(files: BaseModelFiles, reason: str) -> BaseModelError:
    return BaseModelError(
        f"model.base = {files.name!r}: this engine cannot serve it, because {reason}; "
        "choose a model of the table in docs/models.md."
    )


def _ropes(text_config: Any) -> Iterator[dict[str, Any]]:
    """The rope parameters of a config, which holds one set of them or one set per layer type."""
    rope = getattr(text_config, "rope_parameters", None) or {}
    for parameters in (rope, *rope.values()):
        if isinstance(parameters, dict) and "rope_type" in parameters:
            yield parameters


def _first_window(rope: dict[str, Any], text_config: Any) -> int | None:
    """Up to which context a rope that changes with the longest position stays as it is; None for other ropes."""
    if rope["rope_type"] not in BATCH_DEPENDENT_ROPE:
        return None
    name = "original_max_position_embeddings"
    return int(rope.get(name) or getattr(text_config, name, None) or text_config.max_position_embeddings)


def _load(files: BaseModelFiles, placement: Placement) -> Any:
    transformers.utils.logging.disable_progress_bar()
    options: dict[str, Any] = {}
    if placement.device.type == "cuda":
        options["device_map"] = {"": placement.device}
        options["quantization_config"] = _bitsandbytes(placement)
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            files.path, dtype=placement.dtype, local_files_only=True, **options
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
