"""How what several people wrote to each other becomes exchanges in which one of them answers, or running text.

Neighbouring messages of one author are one turn. A reply answers the message that it names; any other message answers
what others wrote since the speaker's last one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.errors import DatasetError
from bot.personas.catalog import Pair
from bot.prompt import Message
from training.importing.found import Found, Skipped, counted, shown
from training.importing.request import ImportRequest

CHUNK_CHARACTERS = 800  # about 200 tokens
TURNS_BEFORE = 6  # what is said before an exchange, at most
ASKED_CHARACTERS = 2_000  # of what several others said: the newest of it


@dataclass(frozen=True)
class Said:
    """One message. `author_id` tells authors of one name apart; `scene` changes where nothing before is answered.

    `id` and `answers` are the message's own id and that of the message it replies to, where the format says so.
    """

    line: int
    author: str
    text: str
    author_id: str = ""
    aliases: tuple[str, ...] = ()
    id: str = ""
    answers: str = ""
    scene: object = None

    @property
    def key(self) -> str:
        return self.author_id or self.author.casefold()


@dataclass
class _Run:
    """What one author says at a time."""

    first: Said
    texts: list[str]
    place: int = -1  # of the turn in its scene that it belongs to

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@dataclass
class _Turn:
    """What one side says at a time: the runs of several others, or one of the speaker."""

    is_answer: bool
    runs: list[_Run] = field(default_factory=list)

    def message(self) -> Message:
        return Message("assistant" if self.is_answer else "user", _newest(self.runs))


def read_chat(found: Iterable[Said | Skipped], request: ImportRequest, noun: str) -> Iterator[Found | Skipped]:
    """The chat's exchanges or, with --mode chunks, its text. Raises DatasetError without a known speaker.

    `noun` names the kind of file: “script”, “chat”.
    """
    said: list[Said] = []
    for one in found:
        if isinstance(one, Skipped):
            yield one
        else:
            said.append(one)
    if request.mode == "chunks":
        request.refuse_speaker("running text is everybody's")
        yield from chunks((one.line, f"{one.author}: {one.text}", one.scene) for one in said)
    else:
        yield from _exchanges(said, _speaker(said, request.speaker, noun))


def chunks(lines: Iterable[tuple[int, str, object]]) -> Iterator[Found | Skipped]:
    """Lines of text in pieces of whole ones; a piece ends with its scene."""
    piece: list[str] = []
    length, begins, open_scene = 0, 1, object()
    for number, line, scene in lines:
        if piece and (length + len(line) > CHUNK_CHARACTERS or scene != open_scene):
            yield Found(begins, "\n".join(piece).strip())
            piece, length = [], 0
        if not piece:
            begins, open_scene = number, scene
        if piece or line.strip():
            piece.append(line.rstrip())
            length += len(line) + 1
    if any(piece):
        yield Found(begins, "\n".join(piece).strip())


def _speaker(said: Sequence[Said], asked: str | None, noun: str) -> str:
    """The key of the author to learn. Raises DatasetError, with who there is."""
    spelled: dict[str, str] = {}
    called: dict[str, set[str]] = {}
    for one in said:
        spelled.setdefault(one.key, one.author)
        for name in {one.author, one.author_id, *one.aliases} - {""}:
            called.setdefault(name.strip().casefold(), set()).add(one.key)
    lines = Counter(one.key for one in said)
    listed = counted({_told(key, spelled): count for key, count in lines.items()}) or "no speakers"
    if asked is None:
        raise DatasetError(
            f"Choose whose lines the persona learns with --speaker NAME; this {noun} has {listed}. "
            "Or import it as running text with --mode chunks."
        )
    if not said:
        raise DatasetError(f"Nobody says anything in this {noun} that could be learned.")
    keys = called.get(asked.strip().casefold(), set())
    if not keys:
        raise DatasetError(f"--speaker {shown(asked)!r} says nothing in this {noun}; it has {listed}.")
    if len(keys) > 1:
        several = ", ".join(f"{shown(spelled[key])} ({shown(key)}, {lines[key]} messages)" for key in sorted(keys))
        raise DatasetError(f"--speaker {shown(asked)!r} is the name of several: {several}. Give the account.")
    return keys.pop()


def _told(key: str, spelled: dict[str, str]) -> str:
    """The author's name, with the id where another has the same."""
    name = spelled[key]
    twins = sum(other.casefold() == name.casefold() for other in spelled.values()) > 1
    return f"{shown(name)}, account {shown(key)}" if twins else name


def _exchanges(said: Sequence[Said], speaker: str) -> Iterator[Found | Skipped]:
    runs = _runs(said)
    by_id = {one: run for run, ids in runs for one in ids}
    scenes: dict[object, list[_Turn]] = {}
    for run, _ in runs:
        turns = scenes.setdefault(run.first.scene, [])
        is_answer = run.first.key == speaker
        if is_answer:
            yield _exchange(run, turns, by_id, speaker)
        if not turns or turns[-1].is_answer != is_answer:
            turns.append(_Turn(is_answer))
        turns[-1].runs.append(run)
        run.place = len(turns) - 1


def _exchange(run: _Run, turns: Sequence[_Turn], by_id: dict[str, _Run], speaker: str) -> Found | Skipped:
    line, name = run.first.line, shown(run.first.author)
    asked = by_id.get(run.first.answers)
    if run.first.answers and asked is None:
        return Skipped(line, "replies to a message that is not in the file")
    if asked is not None and asked.first.key != speaker and asked.first.scene == run.first.scene and asked.place >= 0:
        return Found(line, Pair(asked.text, run.text, _history(turns, asked.place)))
    if not turns or (len(turns) == 1 and turns[0].is_answer):
        return Skipped(line, f"opens a scene, so {name} answers nobody")
    if turns[-1].is_answer:
        return Skipped(line, f"{name} goes on speaking, so this is not an answer of its own")
    return Found(line, Pair(turns[-1].message().content, run.text, _history(turns, len(turns) - 1)))


def _history(turns: Sequence[_Turn], end: int) -> tuple[Message, ...]:
    """What was said before the turn at `end`, from a question to an answer."""
    before = [turn.message() for turn in turns[max(0, end - TURNS_BEFORE) : end]]
    return tuple(before[1:] if before and before[0].role == "assistant" else before)


def _runs(said: Sequence[Said]) -> list[tuple[_Run, list[str]]]:
    """Neighbouring messages of one author in a scene, with their ids; a reply to something else begins anew."""
    runs: list[tuple[_Run, list[str]]] = []
    spelled: dict[str, str] = {}
    for one in said:
        one = replace(one, author=spelled.setdefault(one.key, one.author))
        last = runs[-1][0] if runs else None
        if (
            last
            and (last.first.key, last.first.scene) == (one.key, one.scene)
            and one.answers in ("", last.first.answers)
        ):
            last.texts.append(one.text)
        else:
            runs.append((_Run(one, [one.text]), []))
        if one.id:
            runs[-1][1].append(one.id)
    return runs


def _goes_on(first: Said, one: Said) -> bool:
    return (first.key, first.scene) == (one.key, one.scene) and one.answers in ("", first.answers)


def _newest(runs: Sequence[_Run]) -> str:
    """What the runs say; of much said by many, as many of the newest as are read at once."""
    chosen: list[str] = []
    length = 0
    for run in reversed(runs):
        text = run.text
        if chosen and length + len(text) > ASKED_CHARACTERS:
            break
        chosen.append(text)
        length += len(text)
    return "\n".join(reversed(chosen))
