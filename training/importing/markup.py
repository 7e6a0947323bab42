"""What stands in a text but is not said: thoughts, control tokens of chat templates, macros of character cards.

Thoughts and tokens at an answer's ends are cut, macros are written out; what cannot be undone costs the row.
"""

import re
from dataclasses import dataclass

from training.importing.found import BadRow, shown

# As the example dialogue of a character card is written out.
USER = "friend"

_THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<reflection>", "</reflection>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
)
_CLOSES = {opens.casefold(): closes.casefold() for opens, closes in _THOUGHTS}
_THOUGHT = re.compile("|".join(re.escape(mark) for pair in _THOUGHTS for mark in pair), re.IGNORECASE)
_WRAPS = (
    ("<answer>", "</answer>"),
    ("<response>", "</response>"),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
)
_FINAL = "<|channel|>final<|message|>"  # gpt-oss: what is said, after what is thought
ENDS = (
    "</s>", "<eos>", "<end_of_turn>", "<turn|>", "[EOS]", "<|im_end|>", "<|endoftext|>", "<|end_of_text|>",
    "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|return|>", "<|EOT|>", "<|eod|>", "<|endofturn|>",
    "<|END_OF_TURN_TOKEN|>", "<|im_sep|>", "<|end_of_role|>", "<|endofprompt|>", "<｜end▁of▁sentence｜>",
    "<|stop|>", "<pad>", "<|pad|>", "<|user|>", "<|im_start|>", "<|observation|>", "<|end_of_response|>",
    "[|endofturn|]", "<|eot|>", "<|EOS|>", "<EOT>", "<|end_of_turn|>",
)  # fmt: skip
_BEGINS = ("<s>", "<bos>", "<|begin_of_text|>", "<|startoftext|>", "<｜begin▁of▁sentence｜>", "<|begin_of_sentence|>")
_CONTROL = re.compile(
    r"<\|[A-Za-z/][\w ▁-]{0,40}\|>|<｜[^<>｜\n]{1,40}｜>|</?s>|<(?:start|end)_of_(?:turn|role|image)>"
    r"|<(?:bos|eos|pad|unk)>"
    r"|<\|turn>|<turn\||<\|channel>|\[/?INST\]|<</?SYS>>|\[/?(?:AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT)\]"
    r"|</?(?:tool_call|tool_response|function_call)>|\[\|(?:system|user|assistant|endofturn)\|\]"
)
_SPEAKER = re.compile(r"\{\{\s{0,9}(char|user|bot)\s{0,9}\}\}|<(bot|user|char)>", re.IGNORECASE)
_SILENT = re.compile(r"\{\{\s{0,9}(?://[^{}]{0,2000}|trim|noop)\s{0,9}\}\}", re.IGNORECASE)
_NEWLINE = re.compile(r"\{\{\s{0,9}newline\s{0,9}\}\}", re.IGNORECASE)
_MACRO = re.compile(
    r"\{\{\s{0,9}(?:random|pick|roll|time|date|weekday|isotime|isodate|datetimeformat|idle_duration|original|persona"
    r"|personality|scenario|description|mesexamples|input|lastmessage|lastusermessage|lastcharmessage|lastmessageid"
    r"|charprompt|charjailbreak|group|groupnotmuted|notchar|model|getvar|setvar|addvar|incvar|decvar|getglobalvar"
    r"|setglobalvar|outlet|banned|reverse|bias|charversion|maxprompt|wibefore|wiafter|summary)\b[^{}\n]{0,200}\}\}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Cleaned:
    """A text as it is said, and the names of what was cut from it."""

    text: str
    cut: tuple[str, ...] = ()


def clean_answer(text: str, character: str) -> Cleaned:
    """Without thoughts and tokens at its ends, macros written out. Raises BadRow for what cannot be undone."""
    spoken = _without_thoughts(text)
    bare = _unwrapped(_trimmed(spoken))
    thought = ("a thought",) if spoken != text else ()
    token = ("an end token",) if bare != spoken.strip() else ()
    if not bare and (thought or token):
        raise BadRow("its answer is nothing but a thought" if thought else "its answer is nothing but a token")
    return Cleaned(_written_out(bare, character, "answer"), (*thought, *token))


def clean_prompt(text: str, character: str) -> str:
    """Without tokens at its ends, macros written out. Raises BadRow for what cannot be undone."""
    return _written_out(_trimmed(text), character, "prompt")


def is_tool_call(text: str) -> bool:
    """Whether an answer calls a tool, and says nothing beside it."""
    said = text.strip()
    return said.startswith(("<tool_call>", "[TOOL_CALLS]", "<function_call>", "<|python_tag|>"))


def _without_thoughts(text: str) -> str:
    kept: list[str] = []
    place, closes = 0, ""
    for mark in _THOUGHT.finditer(text):
        name = mark[0].casefold()
        if closes:
            if name == closes:
                place, closes = mark.end(), ""
        elif name in _CLOSES:
            kept.append(text[place : mark.start()])
            closes = _CLOSES[name]
        else:  # its opening was part of the template: all before it is thought
            kept, place = [], mark.end()
    if closes:
        raise BadRow("its answer is a thought that never ends")
    spoken = "".join([*kept, text[place:]])
    _, final, said = spoken.rpartition(_FINAL)
    return said if final else spoken


def _trimmed(text: str) -> str:
    """Without tokens that begin or end a text in a chat template."""
    start, end = 0, len(text)
    while end > start:
        if text[end - 1].isspace():
            end -= 1
        elif token := next((token for token in ENDS if text.endswith(token, start, end)), ""):
            end -= len(token)
        else:
            break
    while start < end:
        if text[start].isspace():
            start += 1
        elif token := next((token for token in _BEGINS if text.startswith(token, start, end)), ""):
            start += len(token)
        else:
            break
    return text[start:end]


def _unwrapped(text: str) -> str:
    for opens, closes in _WRAPS:
        if text.startswith(opens) and text.endswith(closes) and len(text) >= len(opens) + len(closes):
            return text[len(opens) : -len(closes)].strip()
    return text


def _written_out(text: str, character: str, part: str) -> str:
    if control := _CONTROL.search(text):
        raise BadRow(f"its {part} holds the control token {shown(control[0])}")
    text = _NEWLINE.sub("\n", _SILENT.sub("", text))
    if macro := _MACRO.search(text):
        raise BadRow(f"its {part} holds the macro {shown(macro[0])}")
    return _SPEAKER.sub(lambda match: USER if (match[1] or match[2]).casefold() == "user" else character, text).strip()
