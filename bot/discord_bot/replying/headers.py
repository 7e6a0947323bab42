"""What stands above a persona's words: who speaks, and the question that nobody else in the channel can see."""

import re

from bot.discord_bot.replying.defusing import defused
from bot.personas.catalog import Persona

QUOTED = 300  # characters of the question
QUOTED_LINES = 6
_HEADER = re.compile(r"(?:> .*\n)*\S{1,16} \*\*.+\*\*\n")
_NOTE = re.compile(r"^-# .*(?:\n|$)", re.MULTILINE)


def titled(persona: Persona) -> str:
    return defused(f"{persona.avatar} **{persona.display_name}**")


def quoted(text: str) -> str:
    """The question as a quotation of at most a few lines."""
    short = text.strip()[:QUOTED] + (" …" if len(text.strip()) > QUOTED else "")
    return "\n".join(f"> {line}" for line in defused(short).replace("```", "").splitlines()[:QUOTED_LINES])


def words_of(content: str) -> str:
    """What the persona itself said in a message of ours: without the header and the bot's small-print notes."""
    said = _NOTE.sub("", content)
    header = _HEADER.match(said)
    return said[header.end() if header else 0 :].strip()
