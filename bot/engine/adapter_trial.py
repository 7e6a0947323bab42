"""Lets an adapter that has been loaded answer one token before it speaks to anybody."""

from bot.engine.request import Engine, GenerationRequest, SamplingParams
from bot.errors import AdapterError, GenerationFailed
from bot.versions.registry import AdapterVersion

QUESTION = "Who are you?"
ONE_TOKEN = SamplingParams(temperature=0.0, max_tokens=1)
PATIENCE = (
    15.0  # seconds; where nothing computes just now, as with servers that still start, the bot must not wait long
)


async def try_out(engine: Engine, version: AdapterVersion, seconds: float = PATIENCE) -> None:
    """Raises AdapterError when no answer can be computed with it.

    Raises QueueFull, DeadlineExceeded or EngineStopped when the engine had no time to find out.
    """
    ids = tuple(engine.tokenizer(QUESTION, add_special_tokens=False)["input_ids"])
    try:
        async for _ in engine.submit(GenerationRequest(ids, ONE_TOKEN, version, deadline_s=seconds)):
            pass
    except GenerationFailed as error:
        detail = f" ({error.detail})" if error.detail else ""
        raise AdapterError(f"{version} was loaded but cannot answer{detail}; train it again or roll back.") from error
