"""Owns supervised fine-tuning: LoRA on the base model, loss on the completion only (TRL's SFTTrainer with PEFT).

It knows token ids and hyper-parameters; nothing of personas, votes or files of a version.
"""

import logging
import math
import platform
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import datasets
import safetensors.torch
import torch
import transformers
from peft import LoraConfig, get_peft_model_state_dict
from trl import SFTConfig, SFTTrainer

from bot.engine.base_model import BaseModelFiles
from bot.errors import BaseModelError, ConfigError, PublishError
from bot.prompt import TrainingExample
from training.prefix_tree import plant, target_losses

# What a step holds in memory grows with the nodes of its tree (about 2 MB a node for SmolLM2 in fp32); this many
# keep a training on a CPU below 2 GB. Larger batches are accumulated from parts.
CPU_NODES = 320
WARMUP_SHARE = 0.05

OnStep = Callable[[int, int, float], None]  # step, steps in all, loss


@dataclass(frozen=True)
class Hyperparameters:
    rank: int
    alpha: int
    epochs: float
    batch_size: int
    learning_rate: float
    seed: int
    precision: str  # fp32, bf16, int8, nf4: of the base model's weights
    device: str


@dataclass(frozen=True)
class LossPoint:
    step: int
    epoch: float
    loss: float


@dataclass(frozen=True)
class TrainedAdapter:
    """What a training leaves behind, not yet on disk."""

    weights: bytes  # safetensors, fp16, in PEFT's naming
    peft_config: dict[str, Any]
    loss_curve: tuple[LossPoint, ...]
    seconds: float


def resolve_device(device: str) -> str:
    """`auto` becomes CUDA where there is one. Raises ConfigError for a CUDA device that training cannot use."""
    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device.startswith("cuda") and not available:
        raise ConfigError(f"model.device = {device!r}: there is no CUDA device here; set it to auto or cpu.")
    if device not in ("cpu", "cuda", "cuda:0"):
        number = device.removeprefix("cuda:")
        raise ConfigError(
            f"model.device = {device!r}: training uses the first CUDA device it sees; "
            f"run it with CUDA_VISIBLE_DEVICES={number} TROUPE_MODEL__DEVICE=cuda."
        )
    return device


def resolve_precision(precision: str, device: str) -> str:
    """`auto` becomes what the device is good at. Raises ConfigError for quantized training without CUDA."""
    on_gpu = device.startswith("cuda")
    if precision == "auto":
        return "bf16" if on_gpu else "fp32"
    if precision in ("int8", "nf4") and not on_gpu:
        raise ConfigError(
            f"training.precision = {precision!r}: training on a quantized base model needs a CUDA device; "
            "set it to auto or fp32."
        )
    return precision


def load_base(files: BaseModelFiles, precision: str, device: str) -> Any:
    """The base model for training or for measuring losses: fp32 or bf16, or quantized by bitsandbytes."""
    options: dict[str, Any] = {"dtype": torch.float32 if precision == "fp32" else torch.bfloat16}
    if precision == "nf4":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    elif precision == "int8":
        options["quantization_config"] = transformers.BitsAndBytesConfig(load_in_8bit=True)
    with quiet_libraries():
        try:
            # Trees need an attention that takes any mask: sdpa does, flash attention does not.
            return transformers.AutoModelForCausalLM.from_pretrained(
                files.path, local_files_only=True, attn_implementation="sdpa", device_map=device, **options
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise BaseModelError(f"model.base = {files.name!r} cannot be loaded for training: {error}") from error


def train(
    files: BaseModelFiles,
    tokenizer: Any,
    examples: Sequence[TrainingExample],
    parameters: Hyperparameters,
    on_step: OnStep,
) -> TrainedAdapter:
    """Train a LoRA adapter on all linear layers but the output layer. The same input and seed give the same weights.

    Raises PublishError when the loss stops being a number; nothing is written to disk either way.
    """
    started = time.monotonic()
    model = load_base(files, parameters.precision, parameters.device)
    _require_window(model.config, examples)
    curve = _LossCurve(on_step)
    with quiet_libraries(), tempfile.TemporaryDirectory(prefix="troupe-training-") as scratch:
        trainer = _TreeTrainer(
            model,
            args=_arguments(parameters, examples, scratch),
            train_dataset=_columns(examples),
            data_collator=_collate,
            processing_class=tokenizer,
            peft_config=_lora(parameters, files.name),
            callbacks=[curve],
        )
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
    return TrainedAdapter(
        weights=_fp16_bytes(trainer.model),
        peft_config=_peft_config(trainer.model, files.name),
        loss_curve=tuple(curve.points),
        seconds=round(time.monotonic() - started, 1),
    )


class _TreeTrainer(SFTTrainer):  # type: ignore[misc] # trl is untyped
    """TRL's trainer with the loss of a prefix tree in place of that of a padded batch."""

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: ARG002 (the trainer's signature)
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        targets = inputs["shift_labels"]
        arguments = {name: value for name, value in inputs.items() if name not in ("labels", "shift_labels")}
        total = target_losses(model, arguments, targets).sum()
        return total / (len(targets) if num_items_in_batch is None else num_items_in_batch)


class _LossCurve(transformers.TrainerCallback):  # type: ignore[misc] # transformers is untyped here
    """Collects the loss of every step and reports progress; stops a training whose loss is no number."""

    def __init__(self, on_step: OnStep) -> None:
        self.points: list[LossPoint] = []
        self._on_step = on_step

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any) -> None:  # noqa: ARG002
        if "loss" not in logs:
            return
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise PublishError(
                f"The training diverged at step {state.global_step} (its loss is {loss}): lower training.learning_rate "
                f"= {args.learning_rate}; nothing was published."
            )
        self.points.append(LossPoint(state.global_step, round(float(state.epoch), 3), round(loss, 4)))
        self._on_step(state.global_step, state.max_steps, loss)


def _columns(examples: Sequence[TrainingExample]) -> datasets.Dataset:
    """Labels make TRL skip its own rendering: the ids are those of our one renderer."""
    return datasets.Dataset.from_list(
        [
            {
                "input_ids": example.ids,
                "labels": [
                    token if learn else -100 for token, learn in zip(example.ids, example.loss_mask, strict=True)
                ],
            }
            for example in examples
        ]
    )


def _collate(rows: Sequence[Mapping[str, list[int]]]) -> dict[str, torch.Tensor]:
    """The trainer counts the targets of a step by `shift_labels`, to weigh the parts of an accumulated batch."""
    tree = plant([TrainingExample(row["input_ids"], [int(label != -100) for label in row["labels"]]) for row in rows])
    return {**tree.inputs, "labels": tree.targets, "shift_labels": tree.targets}


def _arguments(parameters: Hyperparameters, examples: Sequence[TrainingExample], scratch: str) -> SFTConfig:
    on_cpu = parameters.device == "cpu"
    part, fits = _part_of_batch(examples, parameters.batch_size) if on_cpu else (parameters.batch_size, True)
    steps = math.ceil(len(examples) / parameters.batch_size * parameters.epochs)
    arguments = SFTConfig(
        output_dir=scratch,
        per_device_train_batch_size=part,
        gradient_accumulation_steps=parameters.batch_size // part,
        gradient_checkpointing=not fits,
        num_train_epochs=parameters.epochs,
        learning_rate=parameters.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=math.ceil(WARMUP_SHARE * steps),
        seed=parameters.seed,
        max_length=None,
        use_cpu=on_cpu,
        bf16=not on_cpu and parameters.precision != "fp32",
        remove_unused_columns=False,
        dataloader_pin_memory=not on_cpu,
        logging_steps=1,
        logging_nan_inf_filter=False,  # it would hide a divergence behind the average
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)  # more than one would split a batch that has rows for one
    return arguments


def _part_of_batch(examples: Sequence[TrainingExample], batch_size: int) -> tuple[int, bool]:
    """Rows per forward pass, a divisor of the batch, and whether even the largest such part fits into memory."""
    longest = sorted(examples, key=lambda example: len(example.ids), reverse=True)
    for part in range(batch_size, 0, -1):
        if batch_size % part == 0 and plant(longest[:part]).nodes <= CPU_NODES:
            return part, True
    return 1, False


def _lora(parameters: Hyperparameters, base: str) -> LoraConfig:
    return LoraConfig(
        r=parameters.rank,
        lora_alpha=parameters.alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        base_model_name_or_path=base,
    )


def _require_window(config: Any, examples: Sequence[TrainingExample]) -> None:
    """Trees attend to all earlier tokens of a row, which is right as long as no layer's window is shorter."""
    window = getattr(config.get_text_config(), "sliding_window", None)
    longest = max(len(example.ids) for example in examples)
    if window is not None and getattr(config, "use_sliding_window", True) and longest > window:
        raise ConfigError(
            f"The longest example has {longest} tokens and this base model attends to {window} at a time: "
            f"set training.max_tokens to {window} or less."
        )


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


def library_versions() -> dict[str, str]:
    """What the bytes of an adapter depend on beside its data and its seed."""
    import peft
    import trl

    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "transformers": transformers.__version__,
        "peft": peft.__version__,
        "trl": trl.__version__,
    }


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """The progress bar is ours: keep the libraries' bars and notices off the terminal."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    logging.getLogger("accelerate").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
