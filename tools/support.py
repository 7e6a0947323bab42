"""Which models the engine serves, tried: tiny random ones of many architectures, against transformers and PEFT.

`python -m tools.support` writes the table in docs/models.md; with names it prints their rows only.
"""

import argparse
import hashlib
import json
import logging
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor

from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_files import read_adapter
from bot.engine.base_model import PROJECTIONS, BaseModelFiles, fingerprint
from bot.engine.model import ServedModel
from bot.engine.options import EngineOptions
from bot.engine.placement import place
from bot.engine.step import Segment, Step
from bot.errors import BaseModelError
from bot.versions.registry import MANIFEST, WEIGHTS, AdapterVersion
from tools.architectures import ARCHITECTURES, VOCABULARY, Architecture

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
BEGIN, END = "<!-- made by `make support` -->", "<!-- end of what `make support` makes -->"
HEADING = "| Architecture | for example | on a CPU | adapters change |\n| --- | --- | --- | --- |\n"
MLP = ("gate_proj", "up_proj", "down_proj")
CONTEXT, RANK = 64, 4
EXACT, CLOSE = 0.9999, 0.95  # least cosine with transformers' logits: in fp32, in int8
# Prompts of the base model and two adapters, in one batch: longer than the windows, and of different lengths.
LENGTHS = (40, 33, 27)


class Wrong(AssertionError):
    """A model is served that does not give what transformers and PEFT give."""


class Served(StrEnum):
    COMPILED = "compiled, int8"
    INT8 = "int8"
    FP32 = "fp32"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """`targets`: the kinds of layers that an adapter may change; `refusal`: why it is not served."""

    architecture: Architecture
    served: Served
    targets: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def row(self) -> str:
        found = [self.served.value, _named(self.targets)]
        if self.served is Served.REFUSED:
            found = [f"not served: {self.refusal}", "–"]
        return f"| {self.architecture.name} | {' | '.join([self.architecture.models, *found])} |"


def _named(targets: Sequence[str]) -> str:
    if set(targets) == set(PROJECTIONS):
        return "all projections"
    return ", ".join(f"`{name}`" for name in targets) or "nothing: personas speak from their prompts"


def tried(architecture: Architecture, folder: Path) -> Outcome:
    """Serve a random model that is made in `folder`, in fp32 and as a CPU would. Raises Wrong."""
    made = architecture.write(folder / "model")
    files = BaseModelFiles("base", made, fingerprint(made))
    try:
        exact, usual = _served(files, "fp32"), _served(files, "int8")
    except BaseModelError as error:
        return Outcome(architecture, Served.REFUSED, refusal=_reason(str(error)))
    layers = [name for name in sorted(exact.adaptable_layers()) if not (_has_experts(made) and _kind(name) in MLP)]
    adapters = _adapters(files, layers, folder)
    expected = _by_peft(made, adapters)
    for model, least in ((exact, EXACT), (usual, CLOSE if usual.placement.precision == "int8" else EXACT)):
        found = _alike(_by_us(model, files, adapters), expected)
        if not found > least:
            raise Wrong(f"{architecture.name}: agreement {found:.4f} in {model.placement.precision}, wanted {least}")
    return Outcome(architecture, _how(usual), tuple(sorted({_kind(name) for name in layers})))


def _served(files: BaseModelFiles, precision: str) -> ServedModel:
    return ServedModel(files, place(EngineOptions(device="cpu", precision=precision)), len(LENGTHS), CONTEXT)


def _how(model: ServedModel) -> Served:
    return Served.COMPILED if model.compiled else Served(model.placement.precision)


def _kind(layer: str) -> str:
    """Its own name, or its container's where it is one of a numbered list."""
    return next(word for word in reversed(layer.split(".")) if not word.isdigit())


def _has_experts(path: Path) -> bool:
    """Where these names mean the experts to PEFT, whose weights lie together in one parameter: no linear layers."""
    return any(".experts." in name for name, _ in _loaded(path).named_parameters())


def _reason(refusal: str) -> str:
    """Without the figures, which differ from machine to machine."""
    return refusal.partition("because ")[2].partition(";")[0].partition(" (")[0]


def _adapters(files: BaseModelFiles, layers: list[str], folder: Path) -> list[AdapterVersion]:
    """One of all layers, one of a third of their kinds."""
    kinds = sorted({_kind(name) for name in layers})
    some = [name for name in layers if _kind(name) in kinds[::3]]
    chosen = {"all": layers, "some": some} if layers else {}
    return [_adapter(files, folder / name, targets, seed) for seed, (name, targets) in enumerate(chosen.items())]


def _adapter(files: BaseModelFiles, path: Path, targets: list[str], seed: int) -> AdapterVersion:
    torch.manual_seed(seed)
    settings = LoraConfig(r=RANK, lora_alpha=RANK, target_modules=targets, init_lora_weights=False)
    get_peft_model(_loaded(files.path), settings).save_pretrained(path)
    version = AdapterVersion(path.name, 1, hashlib.sha256((path / WEIGHTS).read_bytes()).hexdigest(), path)
    manifest = {"persona": path.name, "number": 1, "adapter_sha256": version.sha256}
    (path / MANIFEST).write_text(json.dumps({**manifest, "base_fingerprint": files.fingerprint}), encoding="utf-8")
    return version


def _loaded(path: Path) -> Any:
    return transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()


def _prompt(speaker: int) -> tuple[int, ...]:
    return tuple((11 * i * i + 5 * i + speaker) % VOCABULARY for i in range(LENGTHS[speaker]))


@torch.inference_mode()
def _by_peft(path: Path, adapters: Sequence[AdapterVersion]) -> Tensor:
    """Each speaker's logits after its prompt, one after another: [speakers, vocabulary]."""
    models = [_loaded(path), *(PeftModel.from_pretrained(_loaded(path), adapter.path).eval() for adapter in adapters)]
    return torch.stack([model(torch.tensor([_prompt(i)])).logits[0, -1] for i, model in enumerate(models)])


@torch.inference_mode()
def _by_us(model: ServedModel, files: BaseModelFiles, adapters: Sequence[AdapterVersion]) -> Tensor:
    """The same in one batch: the prompts, and then their last tokens."""
    target = AdapterTarget(files.fingerprint, model.adaptable_layers(), RANK)
    model.make_slots(len(adapters), RANK)
    for slot, adapter in enumerate(adapters, start=1):
        model.write_slot(slot, read_adapter(adapter, target))
    prompts = [_prompt(i) for i in range(len(adapters) + 1)]
    device, dtype = model.placement.device, model.placement.dtype
    model.run(Step.of([Segment(i, i, 0, ids[:-1]) for i, ids in enumerate(prompts)], device, dtype))
    return model.run(Step.of([Segment(i, i, len(ids) - 1, ids[-1:]) for i, ids in enumerate(prompts)], device, dtype))


def _alike(got: Tensor, expected: Tensor) -> float:
    got, expected = (logits - logits.mean(-1, keepdim=True) for logits in (got, expected))
    return torch.nn.functional.cosine_similarity(got, expected, dim=-1).nan_to_num(0).min().item()


def outcome_of(architecture: Architecture) -> Outcome:
    """In a folder that is gone afterwards. Raises Wrong."""
    with tempfile.TemporaryDirectory() as folder:
        return tried(architecture, Path(folder))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.support", description=__doc__)
    parser.add_argument("names", nargs="*", help="architectures, by their name in the table; all if none is given")
    names = parser.parse_args().names
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)  # refusals are what is looked for
    rows = []
    for architecture in ARCHITECTURES:
        if not names or architecture.name in names:
            rows.append(outcome_of(architecture).row)
            print(rows[-1], flush=True)
    if not names:
        page = PAGE.read_text(encoding="utf-8")
        before, after = page.partition(BEGIN)[0], page.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n{HEADING}{chr(10).join(rows)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
