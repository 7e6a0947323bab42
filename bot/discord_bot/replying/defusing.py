"""Makes what the model writes harmless: nothing in it looks like a ping, an invite or a bot's token."""

import re

from bot.wording import announce

# AllowedMentions.none() already keeps these from pinging; a zero-width space keeps them from looking like a ping.
_PINGS = re.compile(r"@(?=everyone\b|here\b)|<@(?=[!&]?\d)", re.IGNORECASE)
# Discord shows a button below any of these, however deep in a sentence they are: to join, to take a gift, to let an
# application in. What stands between the host and the word that counts may be written in many ways.
_INVITES = re.compile(
    r"\b(?:(?:discord(?:app)?\s?\.\s?(?:gg|gifts?|new|me|io|li)|dsc\.gg|invite\.gg)(?=\s?[/\\])"
    r"|discord(?:app)?\s?\.\s?com(?=\s?[/\\][^<>\n]{0,60}?(?:invite|oauth2|gift|promotions|%)))",
    re.IGNORECASE,
)

# A bot's token: its id in base64, a timestamp, a signature. A part of the signature is enough to be on the safe side.
_TOKENS = re.compile(r"(?:mfa\.[\w-]{60,}|[MNO][\w-]{22,27}\.[\w-]{6,7}\.[\w-]{20,})", re.ASCII)
_ZERO_WIDTH_SPACE = "\u200b"


def defused(text: str) -> str:
    """`text` with what looks like a mention or an invite broken by a zero-width space, and tokens taken out."""
    text = _TOKENS.sub(announce("token-removed"), text)
    text = _INVITES.sub(lambda match: match[0].replace(".", f"{_ZERO_WIDTH_SPACE}."), text)
    return _PINGS.sub(lambda match: match[0] + _ZERO_WIDTH_SPACE, text)
