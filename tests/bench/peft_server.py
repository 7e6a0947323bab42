"""The work, done with PEFT: `set_adapter` for one request after another, and `adapter_names` for a mixed batch."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import transformers
from peft import PeftModel

from tests.bench.work import DISTINCT_8, LORA_1, NEW, TRIES, Case, Setting, Timing, prompts

WARM_UP_TOKENS = 4


@torch.inference_mode()
def run(setting: Setting) -> Iterator[Timing]:
    torch.set_num_threads(setting.threads)
    server = PeftServer(setting)
    server.one(0, max_new_tokens=WARM_UP_TOKENS)
    server.mixed(max_new_tokens=WARM_UP_TOKENS)
    for case, name, serve in (
        (LORA_1, "peft set_adapter", lambda: server.one(0)),
        (DISTINCT_8, "peft set_adapter", server.one_after_another),
        (DISTINCT_8, "peft adapter_names", server.mixed),
    ):
        for _ in range(TRIES):
            yield server.timed(name, case, serve)


class PeftServer:
    def __init__(self, setting: Setting) -> None:
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(setting.model, padding_side="left")
        self._tokenizer.pad_token = self._tokenizer.eos_token
        base = transformers.AutoModelForCausalLM.from_pretrained(setting.model, dtype=torch.float32)
        self._model = PeftModel.from_pretrained(base, setting.adapter, adapter_name="copy-0").eval()
        for n in range(1, 8):
            self._model.load_adapter(setting.adapter, adapter_name=f"copy-{n}")
        self._prompts = prompts(self._tokenizer)
        self._first_token_at = 0.0

    def timed(self, name: str, case: Case, serve: Callable[[], None]) -> Timing:
        started = time.perf_counter()
        serve()
        seconds = time.perf_counter() - started
        return Timing(name, case.name, case.tokens, seconds, self._first_token_at - started)

    def one(self, number: int, **limits: int) -> None:
        self._model.set_adapter(f"copy-{number}")
        self._generate(self._tokenizer(self._prompts[number], return_tensors="pt"), **limits)

    def one_after_another(self) -> None:
        for number in range(8):
            self.one(number)

    def mixed(self, **limits: int) -> None:
        batch = self._tokenizer(self._prompts, return_tensors="pt", padding=True)
        self._generate(batch, adapter_names=[f"copy-{n}" for n in range(8)], **limits)

    def _generate(self, batch: Any, max_new_tokens: int = NEW, **options: Any) -> None:
        """Generate, noting when the first token was there."""
        times: list[float] = []

        def note(ids: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
            times.append(time.perf_counter())
            return torch.zeros(ids.shape[0], dtype=torch.bool)

        out = self._model.generate(
            **batch,
            max_new_tokens=max_new_tokens,
            min_new_tokens=max_new_tokens,
            do_sample=False,
            **options,
            stopping_criteria=[note],
        )
        assert out.shape[1] - batch["input_ids"].shape[1] == max_new_tokens, "the work is exactly this many tokens"
        self._first_token_at = times[0]
