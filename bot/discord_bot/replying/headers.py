"""What stands above a persona's words: who speaks, and the question that nobody else in the channel can see."""

from bot.discord_bot.replying.defusing import defused
from bot.personas.catalog import Persona

QUOTED = 300  # characters of the question
QUOTED_LINES = 6


def titled(persona: Persona) -> str:
    return defused(f"{persona.avatar} **{persona.display_name}**")


def quoted(text: str) -> str:
    """The question as a quotation of at most a few lines."""
    short = text.strip()[:QUOTED] + (" …" if len(text.strip()) > QUOTED else "")
    return "\n".join(f"> {line}" for line in defused(short).replace("```", "").splitlines()[:QUOTED_LINES])
