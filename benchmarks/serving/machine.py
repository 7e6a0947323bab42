"""What a figure was measured on: without it, tokens/s mean little."""

import importlib.metadata
import os
import platform
from pathlib import Path

import torch

# The instruction sets that decide how fast a forward pass is.
FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimddp", "i8mm", "sve")
PACKAGES = ("torch", "transformers", "peft")


def cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe_machine() -> dict[str, object]:
    facts = _cpu_facts()
    names = (facts.get("flags") or facts.get("Features") or "").split()
    return {
        "cpu": facts.get("model name") or platform.processor() or platform.machine(),
        "cores": cores(),
        "flags": [flag for flag in FLAGS if flag in names],
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{package: importlib.metadata.version(package) for package in PACKAGES},
    }


def _cpu_facts() -> dict[str, str]:
    """The first processor's lines of /proc/cpuinfo; nothing where there is none."""
    file = Path("/proc/cpuinfo")
    first = file.read_text(encoding="utf-8").split("\n\n")[0] if file.is_file() else ""
    lines = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}
