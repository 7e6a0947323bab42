"""Ids of forms, and of buttons that open one again: they tell what this start of the bot opened from what came before.

What a form is about lives in memory only, so a restart ends it; whoever sends it off must be told.
"""

import secrets
from collections import deque

_PREFIX = "form"
_GIVEN_UP = 256  # ids


class FormIds:
    def __init__(self) -> None:
        self._start = secrets.token_hex(8)
        self._given_up: deque[str] = deque(maxlen=_GIVEN_UP)

    def new(self) -> str:
        return f"{_PREFIX}:{self._start}:{secrets.token_hex(8)}"

    def give_up(self, custom_id: str) -> None:
        """The member may see that form, and yet nothing here waits for it."""
        self._given_up.append(custom_id)

    def is_orphaned(self, custom_id: str) -> bool:
        """Whether it is one of our forms, or a button to one, that nothing here waits for."""
        ours = custom_id.startswith(f"{_PREFIX}:")
        return ours and (not custom_id.startswith(f"{_PREFIX}:{self._start}:") or custom_id in self._given_up)
