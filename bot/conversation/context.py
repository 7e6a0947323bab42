"""Chooses what the model reads of a conversation: from which exchange on, and with whose names.

The beginning moves in large steps: at the limit the older half goes, and then nothing moves until the limit is reached
again. So every prompt between two cuts continues the one before it, and the engine can reuse its keys and values. The
cuts follow from the stored conversation alone, so a restart finds the same ones.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.conversation.history import RECALLED, Conversations
from bot.prompt import Message, PromptRenderer
from bot.store import Exchange

REMEMBERED_BEGINNINGS = 10_000  # conversations whose beginning is known without reading them again


@dataclass(frozen=True)
class Turn:
    """One message of a conversation and the member who wrote it (None: the persona, or nobody knows who).

    `message_id`: the Discord message that it quotes.
    """

    message: Message
    author_id: int | None
    message_id: int | None = None


@dataclass(frozen=True)
class Quoted:
    """Somebody's words that a question is about; `author_id` is None where Discord does not say whose they are."""

    author_id: int | None
    name: str
    text: str
    message_id: int | None


@dataclass(frozen=True)
class MemberMessage:
    """A member's words, where they were said, and the reply they answer when it is not the last one."""

    channel_id: int
    author_id: int
    author_name: str
    text: str
    in_public: bool  # several members may speak there
    branch: int | None = None
    quotes: tuple[Quoted, ...] = ()


class Context:
    def __init__(self, conversations: Conversations, renderer: PromptRenderer) -> None:
        self._conversations = conversations
        self._overhead = renderer.overhead
        self._count = lru_cache(maxsize=4096)(renderer.count)
        self._beginnings: OrderedDict[tuple[int, str], int] = OrderedDict()

    async def turns(self, question: MemberMessage, persona: str, limit: int) -> list[Turn]:
        """What was said before, as far as the model reads it, and the question. `limit`: tokens of all of it."""
        if question.branch is not None:
            exchanges = await self._conversations.branch(question.branch)
            kept = exchanges[self._first_kept(exchanges, question, limit) :]
        else:
            kept = await self._running(question, persona, limit)
        others = any(exchange.asker_id != question.author_id for exchange in kept)
        named = bool(question.quotes) or (question.in_public and others)
        turns: list[Turn] = []
        for exchange in kept:
            turns.append(Turn(Message("user", _said(exchange, named)), exchange.asker_id))
            turns.append(Turn(Message("assistant", exchange.answered), None))
        asked = _prefixed(question.author_name, question.text) if named else question.text
        turns += [Turn(Message("user", _quotation(q)), q.author_id, q.message_id) for q in question.quotes]
        return [*turns, Turn(Message("user", asked), question.author_id)]

    async def _running(self, question: MemberMessage, persona: str, limit: int) -> list[Exchange]:
        where = (question.channel_id, persona)
        beginning = self._beginnings.get(where)
        wanted = RECALLED if beginning is None else self._conversations.max_turns + 2
        exchanges = await self._conversations.running(*where, wanted)
        if beginning is not None:
            exchanges = [exchange for exchange in exchanges if exchange.reply_id >= beginning]
        kept = exchanges[self._first_kept(exchanges, question, limit) :]
        if kept:
            self._beginnings[where] = kept[0].reply_id
            self._beginnings.move_to_end(where)
        if len(self._beginnings) > REMEMBERED_BEGINNINGS:
            self._beginnings.popitem(last=False)
        return kept

    def _first_kept(self, exchanges: Sequence[Exchange], question: MemberMessage, limit: int) -> int:
        sizes = [(self._size(_said(exchange, True)), self._size(exchange.answered)) for exchange in exchanges]
        asking = self._size(_prefixed(question.author_name, question.text))
        asking += sum(self._size(_quotation(quote)) for quote in question.quotes)
        return first_kept(sizes, asking, limit, self._conversations.max_turns)

    def _size(self, text: str) -> int:
        return self._count(text) + self._overhead


def first_kept(sizes: Sequence[tuple[int, int]], asking: int, limit: int, most: int) -> int:
    """The index of the exchange the model's view begins with when something of size `asking` is asked.

    sizes: of each exchange's question and answer, oldest first. limit: of all sizes together; most: exchanges.
    Replays the conversation: at each question that finds no room, the older half of what was kept goes.
    """
    first, total = 0, 0
    for index, (asked, answered) in enumerate([*sizes, (asking, 0)]):
        if index - first > most or total + asked > limit:
            while first < index and (index - first > max(1, most // 2) or total > limit // 2 or total + asked > limit):
                total -= sum(sizes[first])
                first += 1
        total += asked + answered
    return first


def _quotation(quote: Quoted) -> str:
    return _prefixed(quote.name, quote.text)


def _said(exchange: Exchange, named: bool) -> str:
    return _prefixed(exchange.asker_name or "someone", exchange.asked) if named else exchange.asked


def _prefixed(name: str, text: str) -> str:
    return f"{name}: {text}"
