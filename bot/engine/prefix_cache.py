"""Which beginnings of past requests are kept, and in which blocks their keys and values lie.

A tree per adapter version: every node is a block of tokens that follows its parent's. Pure bookkeeping: no tensors.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.versions.registry import AdapterVersion

# Tokens per block. Small: up to a block of a conversation's end is computed again at its next turn.
BLOCK = 8

Tokens = tuple[int, ...]


@dataclass(eq=False)
class _Node:
    block: int
    tokens: Tokens  # fewer than a block's at the end of a request
    siblings: "dict[Tokens, _Node]"  # where it hangs
    children: "dict[Tokens, _Node]" = field(default_factory=dict)


class PrefixCache:
    """At most `blocks` blocks; the least recently used ones make room, the ends of beginnings before their starts.

    Tokens are compared, not hashes of them, so that no request ever gets another one's past.
    """

    def __init__(self, blocks: int) -> None:
        self.capacity = blocks
        self._free = list(range(blocks - 1, -1, -1))
        self._trees: dict[AdapterVersion | None, dict[Tokens, _Node]] = {}
        # Least recently used first. A parent is always used after its children, so the first one has no children.
        self._order: OrderedDict[_Node, None] = OrderedDict()

    @property
    def used_blocks(self) -> int:
        return len(self._order)

    def count(self, adapter: AdapterVersion | None, ids: Sequence[int]) -> int:
        """How many of the first tokens are kept, in whole blocks."""
        return len(self._path(adapter, ids)) * BLOCK

    def find(self, adapter: AdapterVersion | None, ids: Sequence[int]) -> tuple[list[int], int]:
        """The blocks that hold the longest kept beginning of `ids`, in order, and how many tokens it has.

        The last block may go on with tokens of another request.
        """
        path = self._path(adapter, ids)
        known = len(path) * BLOCK
        nodes = path[-1].children if path else self._trees.get(adapter, {})
        nearest, more = _nearest(nodes, ids[known : known + BLOCK])
        if nearest is not None:
            path.append(nearest)
        self._touch(path)
        return [node.block for node in path], known + more

    def keep(self, adapter: AdapterVersion | None, ids: Sequence[int]) -> tuple[int, list[int]]:
        """Keep `ids`, whose end may fill a block in part: how many blocks are kept already, and where the others go.

        The caller must write the latter before the next `find`. They end early when the whole cache is this request's.
        """
        path = self._path(adapter, ids)
        known = len(path)
        self._touch(path)
        for tokens in _blocks(ids)[known:]:
            siblings = path[-1].children if path else self._trees.setdefault(adapter, {})
            if _nearest(siblings, tokens)[1] == len(tokens) or (block := self._take_block(len(path))) is None:
                break
            node = siblings[tokens] = _Node(block, tokens, siblings)
            self._order[node] = None
            path.append(node)
        self._touch(path)
        return known, [node.block for node in path[known:]]

    def _path(self, adapter: AdapterVersion | None, ids: Sequence[int]) -> list[_Node]:
        path = []
        nodes = self._trees.get(adapter, {})
        for start in range(0, len(ids) - BLOCK + 1, BLOCK):
            node = nodes.get(tuple(ids[start : start + BLOCK]))
            if node is None:
                break
            path.append(node)
            nodes = node.children
        return path

    def _touch(self, path: Sequence[_Node]) -> None:
        for node in reversed(path):
            self._order.move_to_end(node)

    def _take_block(self, spared: int) -> int | None:
        """A free block, or the least recently used one but for the `spared` most recent."""
        if self._free:
            return self._free.pop()
        if len(self._order) == spared:
            return None
        oldest, _ = self._order.popitem(last=False)
        assert not oldest.children, "a kept beginning lost its middle"
        del oldest.siblings[oldest.tokens]
        return oldest.block


def _nearest(nodes: Mapping[Tokens, _Node], tokens: Sequence[int]) -> tuple[_Node | None, int]:
    """The one that shares most of its first tokens, and how many; None where none shares any."""
    shared = ((common_beginning(node.tokens, tokens), node) for node in nodes.values())
    most, nearest = max(shared, key=lambda pair: pair[0], default=(0, None))
    return (nearest, most) if most else (None, 0)


def common_beginning(tokens: Sequence[int], others: Sequence[int]) -> int:
    """How many of their first tokens are the same."""
    pairs = zip(tokens, others, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(tokens), len(others)))


def _blocks(ids: Sequence[int]) -> list[Tokens]:
    return [tuple(ids[start : start + BLOCK]) for start in range(0, len(ids), BLOCK)]
