"""Why a file cannot be imported."""

from bot.errors import MemberError


class BadCard(MemberError):
    """The file is not a character card that can be used; the sentence says why."""
