"""The serving engine: token ids in, token ids out, a different adapter per row. See README.md beside this file."""

from bot.engine.options import EngineOptions
from bot.engine.request import (
    Chunk,
    Completion,
    Engine,
    EngineStatus,
    FinishReason,
    Generation,
    GenerationRequest,
    SamplingParams,
)
from bot.engine.torch_engine import TorchEngine

__all__ = [
    "Chunk",
    "Completion",
    "Engine",
    "EngineOptions",
    "EngineStatus",
    "FinishReason",
    "Generation",
    "GenerationRequest",
    "SamplingParams",
    "TorchEngine",
]
