"""The serving engine: token ids in, token ids out, a different adapter per row. See README.md beside this file."""

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
    "EngineStatus",
    "FinishReason",
    "Generation",
    "GenerationRequest",
    "SamplingParams",
]
