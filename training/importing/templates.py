"""Reads conversations written out as one text: by chat templates, or with “### Response:” and “Assistant:”."""

import re
from typing import Any

_TURN = re.compile(
    r"<\|im_start\|>[^\S\n]{0,3}(?P<chatml>\w{1,20})[^\S\n]{0,3}\n?"
    r"|<\|start_header_id\|>(?P<llama>\w{1,20})<\|end_header_id\|>"
    r"|<start_of_turn>(?P<gemma>\w{1,20})[^\S\n]{0,3}\n?"
    r"|<\|turn>(?P<gemma4>\w{1,20})[^\S\n]{0,3}\n?"
    r"|<\|start_of_role\|>(?P<granite>\w{1,20})<\|end_of_role\|>"
    r"|<\|START_OF_TURN_TOKEN\|><\|(?P<cohere>SYSTEM|USER|CHATBOT)_TOKEN\|>"
    r"|<\|(?P<zephyr>system|user|assistant)\|>"
    r"|<｜(?P<deepseek>User|Assistant)｜>"
    r"|(?P<inst>\[INST\])|(?P<said>\[/INST\])"
)
_LABEL = re.compile(r"### ?(System|Instruction|Input|Human|User|Prompt|Response|Assistant|Output|Answer) ?:")
_HUMAN = re.compile(r"(?:\A|\n\n?)(Human|Assistant): ?")
_BEGINS = re.compile(r"(?:<s>|<bos>|<\|begin_of_text\|>|<\|startoftext\|>|<｜begin▁of▁sentence｜>|\[gMASK\]|<sop>|\s)*")
_ROLES = {
    "chatbot": "assistant",
    "model": "assistant",
    "human": "user",
    "instruction": "user",
    "input": "user",
    "prompt": "user",
    "response": "assistant",
    "output": "assistant",
    "answer": "assistant",
    "inst": "user",
    "said": "assistant",
}


def written_turns(text: str) -> list[dict[str, Any]] | None:
    """The turns, each with role and content; None for a text that is no conversation. An open last turn is left out."""
    stripped = text.strip()
    if _TURN.search(stripped):
        return _split(stripped, _TURN)
    if _LABEL.search(stripped):
        return _split(stripped, _LABEL)
    return _split(stripped, _HUMAN) if stripped.startswith("Human:") else None


def _split(text: str, pattern: re.Pattern[str]) -> list[dict[str, Any]] | None:
    marks = list(pattern.finditer(text))
    if pattern is not _LABEL and not _BEGINS.fullmatch(text, 0, marks[0].start()):
        return None
    turns = []
    for place, mark in enumerate(marks):
        name = mark.lastgroup if mark.lastgroup in ("inst", "said") else mark[mark.lastindex or 1]
        end = marks[place + 1].start() if place + 1 < len(marks) else len(text)
        content = text[mark.end() : end].rpartition("<</SYS>>")[2].strip()
        role = _ROLES.get(str(name).casefold(), str(name).casefold())
        if content or place + 1 < len(marks):
            turns.append({"role": role, "content": content})
    return turns if any(turn["role"] == "user" for turn in turns) else None
