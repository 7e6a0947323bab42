"""Behind `python -m bot chat`: a conversation in the terminal with the bot's own engine, prompt and store."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from itertools import takewhile
from typing import Any

from rich.console import Console

from bot.app import open_core
from bot.config import Config
from bot.conversation.core import Core
from bot.conversation.replies import Ask, Reply
from bot.errors import CannotGoOn, MemberError
from bot.personas.catalog import Persona
from bot.progress import progress_bar
from bot.prompt.endings import whole_ending

# Discord's ids are never below 2^22; these stand for the terminal and the person at it.
MEMBER = 0
DIALOGUE = 0
SINGLE_QUESTION = 1


async def converse(
    config: Config, persona: Persona, message: str | None, *, as_json: bool, version: int | None = None
) -> None:
    """One reply to `message`, or a dialogue read from stdin until its end. `version`: who speaks, else the active one.

    Raises TroupeError.
    """
    with progress_bar(Console(stderr=True)) as progress:
        async with open_core(config, progress) as core:
            if version is not None:
                await core.active_versions.let_speak(persona.name, version)
            if message is not None:
                await core.conversations.forget(SINGLE_QUESTION)
                await _answer(core, persona, SINGLE_QUESTION, message, as_json=as_json)
            else:
                await _dialogue(core, persona, as_json=as_json)


async def compare(config: Config, persona: Persona, message: str, versions: Sequence[int]) -> None:
    """The same message answered by each version, afresh. Raises TroupeError."""
    with progress_bar(Console(stderr=True)) as progress:
        async with open_core(config, progress) as core:
            for number in versions:
                await core.active_versions.let_speak(persona.name, number)
                await core.conversations.forget(SINGLE_QUESTION)
                print(f"{persona.name} v{number}:" if number else f"{persona.name}, its card alone:")
                await _answer(core, persona, SINGLE_QUESTION, message, as_json=False)


async def _dialogue(core: Core, persona: Persona, *, as_json: bool) -> None:
    if not as_json and sys.stdin.isatty():
        print(f"{persona.avatar} {persona.display_name}: {persona.welcome() or persona.description}")
        print("(/forget starts over, /continue goes on where a reply was cut off, Ctrl-D leaves)")
    while (line := await asyncio.to_thread(_read_line)) is not None:
        if line.strip() == "/forget":
            await core.conversations.forget(DIALOGUE)
        elif line.strip():
            try:
                if line.strip() == "/continue":
                    await _tell(await go_on(core, persona), as_json=as_json)
                else:
                    await _answer(core, persona, DIALOGUE, line, as_json=as_json)
            except MemberError as error:
                print(f"! {error}", file=sys.stderr)


async def _answer(core: Core, persona: Persona, channel: int, text: str, *, as_json: bool) -> None:
    ask = Ask(channel, None, MEMBER, "you", text, persona, source="cli")
    await _tell(await core.replies.begin(ask), as_json=as_json)


async def _tell(reply: Reply, *, as_json: bool) -> None:
    async for piece in pieces(reply):
        if not as_json:
            print(piece, end="", flush=True)
    await reply.record()
    print(json.dumps(_as_object(reply), ensure_ascii=False) if as_json else "")
    if reply.goes_on and not as_json:
        print("(/continue goes on)", file=sys.stderr)


async def go_on(core: Core, persona: Persona) -> Reply:
    """The dialogue's last reply goes on. Raises CannotGoOn when it was not cut off."""
    last = await core.store.exchanges(DIALOGUE, persona.name, 1, since=0.0)
    stored = await core.store.reply(last[-1].reply_id) if last else None
    if stored is None:
        raise CannotGoOn
    return await core.replies.go_on(stored, persona)


async def pieces(reply: Reply) -> AsyncIterator[str]:
    """The reply as it can be printed: near its limit only whole sentences, for what is printed can't be taken back."""
    printed = ""
    async for _ in reply:
        certain = reply.text
        if reply.nears_limit and reply.completion is None:
            certain = _common_beginning(certain, whole_ending(certain))
        if certain.startswith(printed) and len(certain) > len(printed):
            yield certain[len(printed) :]
            printed = certain


def _common_beginning(one: str, other: str) -> str:
    return "".join(letter for letter, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


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
