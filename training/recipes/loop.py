"""What the trainers of all methods share: arguments, progress, checkpoints, and going on after a kill.

A method's checkpoints lie in the folder of its stage. One that is finished there is not trained again: the trainer
goes on from its last checkpoint, which is its end. Continued or not, the weights are the same.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers
from peft.helpers import disable_input_dtype_casting
from safetensors import SafetensorError

from bot.errors import PublishError
from training.recipes.adapter import LossPoint

WARMUP_SHARE = 0.05
CHECKPOINT_STEPS = 10  # what a kill costs, at most

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
    preference_epochs: float = 2.0
    preference_learning_rate: float = 1e-4
    preference_margin: float = 12.0  # DPO: nats that the better answer of a pair gains over the other
    preference_beta: float = 0.1  # how much KTO holds to the adapter that it starts from
    grpo_steps: int = 40
    grpo_curriculum: bool = True

    @property
    def on_cpu(self) -> bool:
        return self.device == "cpu"

    @property
    def mixed(self) -> bool:
        """Whether products are computed in bf16, of LoRA weights that are kept in fp32."""
        return self.precision != "fp32"


@dataclass(frozen=True)
class Stage:
    """One method's turn in a training: its name, where its checkpoints lie, who is told of its steps."""

    name: str
    folder: Path
    on_step: OnStep


def common(parameters: Hyperparameters, stage: Stage, steps: int, part: int) -> dict[str, Any]:
    """Trainer arguments of every method. `part`: rows per forward pass, a divisor of the batch; `steps`: in all."""
    return {
        "output_dir": str(stage.folder),
        "per_device_train_batch_size": part,
        "gradient_accumulation_steps": parameters.batch_size // part,
        "lr_scheduler_type": "cosine",
        "warmup_steps": math.ceil(WARMUP_SHARE * steps),
        "seed": parameters.seed,
        "use_cpu": parameters.on_cpu,
        "bf16": parameters.mixed,
        "dataloader_pin_memory": not parameters.on_cpu,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # it would hide a divergence behind the average
        "report_to": [],
        "save_strategy": "steps",
        "save_steps": CHECKPOINT_STEPS,
        "save_total_limit": 1,
        "disable_tqdm": True,
    }


def one_device(arguments: Any) -> Any:
    """More than one would split a batch that has rows for one."""
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


def steps_of(rows: int, parameters: Hyperparameters, epochs: float) -> int:
    """How many optimizer steps the trainer takes."""
    return math.ceil(math.ceil(rows / parameters.batch_size) * epochs)


def follow(trainer: Any, stage: Stage, *, generates: bool = False) -> list[LossPoint]:
    """Train from the stage's last checkpoint, if there is one, to the end; the loss of every step.

    `generates`: the trainer lets the model answer, too, which happens outside of autocast.

    Raises PublishError when the loss stops being a number or a checkpoint cannot be written.
    """
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.add_callback(_Watch(stage.on_step))
    try:
        # Autocast casts what LoRA layers read; PEFT would cast it to fp32 before, which takes longer than the products.
        with disable_input_dtype_casting(trainer.model, active=trainer.args.bf16 and not generates):
            trainer.train(resume_from_checkpoint=_last_checkpoint(stage.folder))
    except (OSError, SafetensorError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "StreamWriter" not in str(error):  # torch.save's only word for it
            raise
        raise PublishError(
            f"{stage.folder}: the training's checkpoint cannot be written ({error}): free some space, then train "
            "again. Nothing was published, and the active version goes on speaking."
        ) from error
    return [
        LossPoint(entry["step"], round(float(entry["epoch"]), 3), round(float(entry["loss"]), 4), stage.name)
        for entry in trainer.state.log_history
        if "loss" in entry
    ]


def _last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; the trainer's state is the last file that it writes of one."""
    steps = {int(path.name.rpartition("-")[2]): path for path in folder.glob("checkpoint-*") if _is_whole(path)}
    return str(steps[max(steps)]) if steps else None


def _is_whole(checkpoint: Path) -> bool:
    try:
        return "global_step" in json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


class _Watch(transformers.TrainerCallback):  # type: ignore[misc] # transformers is untyped here
    """Reports the loss of every step; ends a training whose loss is no number. The last step is a checkpoint too."""

    def __init__(self, on_step: OnStep) -> None:
        self._on_step = on_step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if state.global_step >= state.max_steps:
            control.should_save = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any) -> None:  # noqa: ARG002
        if "loss" not in logs:
            return
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise PublishError(
                f"The training diverged at step {state.global_step} (its loss is {loss}): lower training.learning_rate "
                f"= {args.learning_rate}; nothing was published."
            )
        self._on_step(state.global_step, state.max_steps, loss)
