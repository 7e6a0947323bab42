"""Every reason to refuse an adapter version, each a plain sentence: its files, its format, its base model, its values.

PEFT's LoRA format: adapter_config.json beside adapter_model.safetensors. Imports no torch: whoever has another server
compute checks adapters in the same way.
"""

import hashlib
import math
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray

from bot.errors import AdapterError
from bot.versions.registry import PEFT_CONFIG, WEIGHTS, AdapterVersion, read_manifest
from bot.versions.small_files import read_bytes, read_json

# What PEFT's options may be beside plain LoRA. Those that shape the training, say where the weights belong, or are read
# below (rank, alpha and their patterns): any value.
ANY_VALUE = frozenset(
    {
        "alpha_pattern",
        "auto_mapping",
        "base_model_name_or_path",
        "corda_config",
        "ensure_weight_tying",
        "eva_config",
        "exclude_modules",
        "inference_mode",
        "init_lora_weights",
        "layers_pattern",
        "layers_to_transform",
        "loftq_config",
        "lora_alpha",
        "lora_dropout",
        "lora_ga_config",
        "megatron_core",
        "peft_type",
        "peft_version",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "revision",
        "runtime_config",
        "target_modules",
        "task_type",
        "use_rslora",
    }
)
# Ways to begin that leave the base model's weights alone. The others (PiSSA, OLoRA, CorDA, LoftQ, LoRA-GA) change them,
# and what was trained beside changed weights is nonsense beside the plain ones.
PLAIN_STARTS = ("true", "false", "none", "gaussian", "eva", "orthogonal", "mica")
CONVERTIBLE = ("pissa", "olora", "corda", "lora_ga")  # PEFT can turn these into plain LoRA
Floats = NDArray[np.float32]
LARGEST_ALPHA = 1e9  # far above any that trains well, far below what overflows when it is divided
# What safetensors calls the types that weights may have; bfloat16 is the upper half of a float32.
DTYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": np.uint16}
LARGEST_CONFIG = 1 << 20  # bytes
MOST_PATTERNS = 4096  # a name for each projection of 500 layers
# A module's name or the end of one, as PEFT matches it: a dot may stand for any character, "^" for the name's start.
# Whatever else a regular expression can say is refused: there are some that no machine comes to the end of.
PLAIN_PATTERN = re.compile(r"\^?(?:[\w-]|\\?\.){1,200}", re.ASCII)
SPARE_BYTES = 16 << 20  # of a file of weights, beside its tensors: their names, and what stands with them
TENSOR_NAME = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")


@dataclass(frozen=True)
class AdapterTarget:
    """What adapters must fit: the base model's identity, its linear layers, and the slots."""

    fingerprint: str
    layers: Mapping[str, tuple[int, int]]  # name → inputs, outputs
    max_rank: int
    largest: float = float(np.finfo(np.float32).max)  # number of the type that the engine computes in

    @property
    def most_bytes(self) -> int:
        """What the weights of an adapter that fits can take, in the widest type."""
        return SPARE_BYTES + 8 * self.max_rank * sum(inputs + outputs for inputs, outputs in self.layers.values())


@dataclass(frozen=True)
class CheckedShare:
    """What an adapter adds to one linear layer: `scaling` times `b` [outputs, rank] times `a` [rank, inputs]."""

    a: Floats
    b: Floats
    scaling: float

    def bound(self) -> float:
        """No number met on the way is larger: of `a`, of `b` with its scaling, of the product that stands for both."""
        a = np.abs(self.a).max(axis=1, initial=0.0).astype(np.float64)
        b = abs(self.scaling) * np.abs(self.b).max(axis=0, initial=0.0).astype(np.float64)
        return float(max(a.max(), b.max(), a @ b))


def check_adapter(version: AdapterVersion, target: AdapterTarget) -> dict[str, CheckedShare]:
    """The adapter's share of each linear layer it changes, by the layer's name in the model.

    Raises AdapterError, one plain sentence, unless the files are complete, unchanged since training, plain LoRA, of
    this base model, and of a rank that fits.
    """
    if not version.path.is_dir():
        raise AdapterError(f"{version}: {version.path} does not exist; train it again or roll back.")
    manifest = read_manifest(version.path)
    if (base := manifest.get("base_fingerprint")) != target.fingerprint:
        raise AdapterError(
            f"{version} was trained for another base model (fingerprint {str(base)[:80]}, running: "
            f"{target.fingerprint}); set model.base back, or train the persona again."
        )
    if not target.layers:
        raise AdapterError(
            f"{version}: the running base model has no linear layers that an adapter may change; choose another model "
            "of docs/models.md, or let the persona speak from its prompt."
        )
    config = _read_config(version)
    tensors = _read_weights(version, target)
    shares = {
        module: _share(version, module, sides, config, target) for module, sides in _by_module(version, tensors).items()
    }
    if not shares:
        raise AdapterError(f"{version}: {version.path / WEIGHTS} holds no LoRA weights; train it again.")
    return shares


def _read_config(version: AdapterVersion) -> dict[str, Any]:
    file = version.path / PEFT_CONFIG
    try:
        config = read_json(file, LARGEST_CONFIG)
    except (OSError, ValueError) as error:
        raise AdapterError(f"{version}: {file} cannot be read ({error}); train it again.") from error
    if not isinstance(config, dict):
        raise AdapterError(f"{version}: {file} is not a JSON object; train it again.")
    if (fault := fault_of(config)) is not None:
        raise AdapterError(f"{version}: {file} has {fault}")
    return config


def fault_of(config: Mapping[str, Any]) -> str | None:
    """The first option of a PEFT configuration that this engine would not compute exactly, and the remedy."""
    if config.get("peft_type", "LORA") != "LORA":
        return f"peft_type = {shown(config['peft_type'])}, which this engine cannot serve; train plain LoRA."
    start = str(config.get("init_lora_weights"))[:40].lower()
    if start not in PLAIN_STARTS:
        return f"init_lora_weights = {start!r}, which changed the base model as training began; {_remedy(start)}"
    for key, value in config.items():
        plain = not value or (key == "bias" and value == "none")
        if key not in ANY_VALUE and not plain:
            return f"{key[:40]} = {shown(value)}, which this engine cannot serve; train plain LoRA."
    return _fault_of_patterns("alpha_pattern", config) or _fault_of_patterns("rank_pattern", config)


def _fault_of_patterns(key: str, config: Mapping[str, Any]) -> str | None:
    patterns = config.get(key) or {}
    if not isinstance(patterns, dict) or len(patterns) > MOST_PATTERNS:
        return f"{key} that is no table of at most {MOST_PATTERNS} names; train it again."
    for pattern in patterns:
        if not PLAIN_PATTERN.fullmatch(pattern):
            return f"{key} with {shown(pattern)}, a regular expression; write modules' names or the ends of them there."
    return None


def shown(value: object) -> str:
    """A value as a sentence can hold it."""
    return reprlib.repr(value)


def _remedy(start: str) -> str:
    if not start.startswith(CONVERTIBLE):
        return "train plain LoRA."
    return (
        "convert it where it was trained: save the untrained adapter to INITIAL, and the trained one with PEFT's "
        "model.save_pretrained(OUT, path_initial_model_for_weight_conversion=INITIAL)."
    )


def _read_weights(version: AdapterVersion, target: AdapterTarget) -> dict[str, Floats]:
    file = version.path / WEIGHTS
    try:
        data = read_bytes(file, target.most_bytes)
    except FileNotFoundError:
        pickled = " (a pickle such as adapter_model.bin is never loaded)" if any(version.path.glob("*.bin")) else ""
        raise AdapterError(f"{version}: {file} is missing{pickled}; save the adapter as safetensors.") from None
    except OSError as error:
        raise AdapterError(f"{version}: {file} cannot be read: {error.strerror or error}.") from error
    try:
        entries = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise AdapterError(f"{version}: {file} is not a valid safetensors file ({error}); train it again.") from error
    if (found := hashlib.sha256(data).hexdigest()) != version.sha256:
        raise AdapterError(
            f"{version}: {file} was changed after training (sha256 {found[:12]}…, manifest: {version.sha256[:12]}…); "
            "restore it or train it again."
        )
    return {name: _floats(version, name, entry) for name, entry in entries}


def _floats(version: AdapterVersion, name: str, entry: dict[str, Any]) -> Floats:
    """A tensor's values. Raises AdapterError unless all are finite numbers."""
    if entry["dtype"] in DTYPES:
        stored = np.frombuffer(entry["data"], dtype=DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            stored = (stored.astype(np.uint32) << 16).view(np.float32)
        values: Floats = stored.astype(np.float32, copy=False).reshape(entry["shape"])
        if np.isfinite(values).all():
            return values
    raise AdapterError(f"{version}: {name} holds values that are not finite numbers; train it again.")


def _by_module(version: AdapterVersion, tensors: Mapping[str, Floats]) -> dict[str, dict[str, Floats]]:
    modules: dict[str, dict[str, Floats]] = {}
    for name, tensor in tensors.items():
        match = TENSOR_NAME.fullmatch(name)
        if match is None:
            remedy = "`python -m training adopt` leaves out what equals the base model; else train plain LoRA."
            raise AdapterError(f"{version}: {WEIGHTS} holds {name!r}, which is not a LoRA weight; {remedy}")
        modules.setdefault(match["module"], {})[match["side"]] = tensor
    return modules


def _share(
    version: AdapterVersion, module: str, sides: Mapping[str, Floats], config: dict[str, Any], target: AdapterTarget
) -> CheckedShare:
    if module not in target.layers:
        raise AdapterError(
            f"{version} adapts {module}, which is not a linear layer that can be adapted in the running base model; "
            "train it with the attention and MLP projections as targets."
        )
    a, b = sides.get("A"), sides.get("B")
    inputs, outputs = target.layers[module]
    if a is None or b is None or a.ndim != 2 or b.ndim != 2 or not 0 < a.shape[0] == b.shape[1]:
        raise AdapterError(f"{version}: {module} lacks a matching pair of LoRA weights; train it again.")
    if (a.shape[1], b.shape[0]) != (inputs, outputs):
        raise AdapterError(
            f"{version}: {module} is {a.shape[1]} × {b.shape[0]} in the adapter and {inputs} × {outputs} in the base "
            "model; train it for this base model."
        )
    rank = a.shape[0]
    if rank > target.max_rank:
        raise AdapterError(
            f"{version} has LoRA rank {rank}, above engine.max_rank = {target.max_rank}; raise engine.max_rank."
        )
    share = CheckedShare(a, b, _scaling(version, module, rank, config))
    if not share.bound() <= target.largest:
        raise AdapterError(
            f"{version}: what it adds to {module} can be larger than the numbers that the engine computes with; "
            "train it again, with a smaller learning rate or lora_alpha."
        )
    return share


def _scaling(version: AdapterVersion, module: str, rank: int, config: dict[str, Any]) -> float:
    """PEFT's: alpha / rank, or alpha / sqrt(rank) for rank-stabilised LoRA (Kalajdzievski, 2023)."""
    alpha = _alpha(module, config)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or alpha != alpha:  # NaN is a float, too
        raise AdapterError(f"{version}: {PEFT_CONFIG} has lora_alpha = {shown(alpha)}, not a number; train it again.")
    if abs(alpha) > LARGEST_ALPHA:
        raise AdapterError(
            f"{version}: {PEFT_CONFIG} has lora_alpha = {shown(alpha)}, and {LARGEST_ALPHA:g} is the most; "
            "train it again with a smaller one."
        )
    return alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank


def _alpha(module: str, config: dict[str, Any]) -> Any:
    """The module's own alpha where a pattern names it, as PEFT matches them: at the name's end."""
    for pattern, alpha in (config.get("alpha_pattern") or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", module):
            return alpha
    return config.get("lora_alpha")
