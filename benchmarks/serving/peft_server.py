"""The work, done with PEFT: `set_adapter` for one request after another, and `adapter_names` for a mixed batch."""

import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from benchmarks.serving.work import DISTINCT_8, LORA_1, NEW, PLANS, Case, Plan, Setting, Timing, prompts

FIRST = "copy-0"
ONE_AFTER_ANOTHER, MIXED = "peft set_adapter", "peft adapter_names"


@torch.inference_mode()
def run(setting: Setting, part: str) -> Iterator[Timing]:
    torch.set_num_threads(setting.threads)
    plan = PLANS[part]
    tokenizer = transformers.AutoTokenizer.from_pretrained(setting.model, padding_side="left")
    tokenizer.pad_token = tokenizer.eos_token
    texts = prompts(tokenizer)
    base = transformers.AutoModelForCausalLM.from_pretrained(setting.model, dtype=torch.float32)
    server = PeftServer(
        base, setting.adapter, plan.registered,
        lambda asked: tokenizer([texts[i % 8] for i in asked], return_tensors="pt", padding=True),
    )  # fmt: skip
    if part == "cases":
        plan = Plan((LORA_1, DISTINCT_8), plan.rows, plan.registered, plan.slots, plan.tries)
        yield server.timed(ONE_AFTER_ANOTHER, DISTINCT_8, server.one_after_another)
    for case in plan.order():
        timing = server.timed(MIXED, case, server.mixed)
        if case.counts:
            yield timing


class PeftServer:
    """`base` with copies of one adapter. `batch` gives the inputs of questions, by their numbers."""

    def __init__(self, base: Any, adapter: Path, copies: int, batch: Callable[[Sequence[int]], Any]) -> None:
        self._model = PeftModel.from_pretrained(base, adapter, adapter_name=FIRST).eval()
        for n in range(1, copies):
            add_copy(self._model, f"copy-{n}")
        self._batch = batch
        self._first_token_at: list[float] = []

    def timed(self, name: str, case: Case, serve: Callable[[Case], None]) -> Timing:
        self._first_token_at.clear()
        started = time.perf_counter()
        serve(case)
        seconds = time.perf_counter() - started
        return Timing(name, case.name, case.tokens, seconds, self._first_token_at[-1] - started)

    def one_after_another(self, case: Case) -> None:
        for question, number in enumerate(case.adapters):
            self._model.set_adapter(f"copy-{number}")
            self._generate(self._batch([question]), case.new)

    def mixed(self, case: Case) -> None:
        names = [f"copy-{number}" for number in case.adapters]
        self._generate(self._batch(range(len(names))), case.new, adapter_names=names)

    def _generate(self, batch: Any, new: int = NEW, **options: Any) -> None:
        """Generate, noting when the first token was there."""
        times: list[float] = []

        def note(ids: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
            times.append(time.perf_counter())
            return torch.zeros(ids.shape[0], dtype=torch.bool, device=ids.device)

        out = self._model.generate(
            **batch, max_new_tokens=new, min_new_tokens=new, do_sample=False, stopping_criteria=[note], **options
        )
        assert out.shape[1] - batch["input_ids"].shape[1] == new, "the work is exactly this many tokens"
        self._first_token_at.append(times[0])


def add_copy(model: PeftModel, name: str) -> None:
    """The first adapter under another name, with weights of its own. PEFT's `load_adapter` does the same for this work,
    in a time that grows with the number of adapters: 64 of them take minutes."""
    model.peft_config[name] = model.peft_config[FIRST]
    for layer in model.modules():
        if isinstance(layer, LoraLayer):
            for part in (*layer.adapter_layer_names, *layer.other_param_names):
                held = getattr(layer, part)
                if FIRST in held:
                    held[name] = deepcopy(held[FIRST])
