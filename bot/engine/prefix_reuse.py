"""Lets a row begin with what past requests have computed, and keeps what it computes for later ones.

Runs on the engine's thread, between steps.
"""

from collections.abc import Sequence

from bot.engine.live_request import LiveRequest
from bot.engine.prefix_cache import BLOCK, PrefixCache, common_beginning
from bot.engine.runner import Runner
from bot.versions.registry import AdapterVersion

# A prompt waits for another one that is being read when they share this many tokens or more.
WORTH_WAITING = 64


class PrefixReuse:
    def __init__(self, runner: Runner, kept: PrefixCache) -> None:
        self._runner = runner
        self._kept = kept
        # By row, what the request that ended there had computed: it lies there until the next one begins.
        self._left: dict[int, tuple[AdapterVersion | None, list[int]]] = {}

    def begin(self, running: Sequence[LiveRequest]) -> None:
        """Fill the rows that have not begun with what is kept of their prompts.

        A prompt whose beginning another row is reading just now waits for it: it is computed once.
        """
        for live in running:
            if not live.begun and not self._is_being_read(live, running):
                blocks, known = self._kept.find(live.request.adapter, live.ids[:-1])
                self._runner.begin(live, self._blocks_in_row(live), blocks, known)
                live.begin(known)

    def keep(self, live: LiveRequest) -> None:
        """Copy what the row holds and the prefix cache does not; while it is read, in whole blocks."""
        assert live.row is not None
        held = live.cached if live.ended else live.cached // BLOCK * BLOCK
        if live.ended:
            self._left[live.row] = live.request.adapter, live.ids[:held]
        first, blocks = self._kept.keep(live.request.adapter, live.ids[:held])
        if blocks:
            self._runner.save_prefix(live, first, blocks)

    def _blocks_in_row(self, live: LiveRequest) -> int:
        """How many of its first blocks the last request has left in its row: a conversation goes on where it was."""
        assert live.row is not None
        adapter, ids = self._left.pop(live.row, (None, []))
        return common_beginning(ids, live.ids) // BLOCK if adapter == live.request.adapter else 0

    def _is_being_read(self, live: LiveRequest, running: Sequence[LiveRequest]) -> bool:
        if not self._kept.capacity:
            return False
        shared = max((_shared(live, other) for other in running if other.begun and other.pending > 1), default=0)
        return shared >= WORTH_WAITING and shared - self._kept.count(live.request.adapter, live.ids[:shared]) >= BLOCK


def _shared(live: LiveRequest, other: LiveRequest) -> int:
    """How many of its first tokens a request shares with another one of the same adapter."""
    if live.request.adapter != other.request.adapter:
        return 0
    return common_beginning(live.request.prompt_ids, other.ids)
