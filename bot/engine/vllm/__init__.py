"""The engine for GPUs and for more than one machine: vLLM servers compute, this process sees to all else.

`engine` is the Engine; `admission` decides whose turn it is and `servers` who is asked; `speaking` has a reply spoken,
through `client`, which speaks `dialect`; `published` is where servers find adapters; `constraints` are rules as they
keep them; `faults` is what may go wrong. Imports no torch.
"""

from bot.engine.vllm.engine import VllmEngine
from bot.engine.vllm.options import VllmOptions

__all__ = ["VllmEngine", "VllmOptions"]
