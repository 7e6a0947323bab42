"""Behind `python -m bot chat`: a conversation in the terminal with the bot's own engine, prompt and store."""

import asyncio
import json
import sys
from typing import Any

from rich.console import Console

from bot.app import open_core
from bot.config import Config
from bot.conversation.core import Core
from bot.conversation.replies import Ask, Reply
from bot.errors import MemberError
from bot.personas.catalog import Persona
from bot.progress import progress_bar

# Discord's ids are never below 2^22; these stand for the terminal and the person at it.
MEMBER = 0
DIALOGUE = 0
SINGLE_QUESTION = 1


async def converse(config: Config, persona: Persona, message: str | None, *, as_json: bool) -> None:
    """One reply to `message`, or a dialogue read from stdin until its end. Raises TroupeError."""
    with progress_bar(Console(stderr=True)) as progress:
        async with open_core(config, progress) as core:
            if message is not None:
                await core.conversations.forget(SINGLE_QUESTION)
                await _answer(core, persona, SINGLE_QUESTION, message, as_json=as_json)
            else:
                await _dialogue(core, persona, as_json=as_json)


async def _dialogue(core: Core, persona: Persona, *, as_json: bool) -> None:
    if not as_json and sys.stdin.isatty():
        print(f"{persona.avatar} {persona.display_name}: {persona.welcome() or persona.description}")
        print("(/forget starts over, Ctrl-D leaves)")
    while (line := await asyncio.to_thread(_read_line)) is not None:
        if line.strip() == "/forget":
            await core.conversations.forget(DIALOGUE)
        elif line.strip():
            try:
                await _answer(core, persona, DIALOGUE, line, as_json=as_json)
            except MemberError as error:
                print(f"! {error}", file=sys.stderr)


async def _answer(core: Core, persona: Persona, channel: int, text: str, *, as_json: bool) -> None:
    ask = Ask(channel, None, MEMBER, "you", text, persona, source="cli")
    reply = await core.replies.begin(ask)
    async for delta in reply:
        if not as_json:
            print(delta, end="", flush=True)
    await reply.record()
    print(json.dumps(_as_object(reply), ensure_ascii=False) if as_json else "")


def _as_object(reply: Reply) -> dict[str, Any]:
    completion = reply.completion
    assert completion is not None
    return {
        "persona": reply.ask.persona.name,
        "adapter_version": completion.adapter.number if completion.adapter else None,
        "text": reply.text,
        "tokens": {"prompt": completion.prompt_tokens, "completion": len(completion.token_ids)},
        "finish_reason": completion.finish_reason.value,
        "seed": completion.seed,
        "timings": {
            "queued_s": round(completion.queued_s, 4),
            "first_token_s": None if completion.first_token_s is None else round(completion.first_token_s, 4),
            "total_s": round(completion.total_s, 4),
        },
    }


def _read_line() -> str | None:
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None
