"""The serving engine: token ids in, token ids out, a different adapter per row. See README.md beside this file.

Importing it costs no torch; engines are imported from their own modules by whoever makes one.
"""

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
]
