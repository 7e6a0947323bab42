"""The exchanges of a card's example dialogue."""

import itertools
import re
from collections.abc import Callable, Iterator

SampleExchange = tuple[str, str]  # what a user said and the character answered


def exchanges(dialogue: str, character: str, spoken: Callable[[str], str]) -> Iterator[SampleExchange]:
    """Of blocks after <START>, of lines that begin with a speaker or go on with theirs. `spoken` writes macros out."""
    speaker = re.compile(
        rf"^(?:(?P<user>\{{\{{user\}}\}}|<user>|user|you)|(?:\{{\{{char\}}\}}|<bot>|<char>|{re.escape(character)}))\s*:\s*",
        re.IGNORECASE,
    )
    for block in re.split(r"<START>", dialogue, flags=re.IGNORECASE):
        for (by_user, asked), (next_by_user, answered) in itertools.pairwise(_turns(block, speaker)):
            if by_user and not next_by_user:
                said = spoken("\n".join(asked)), spoken("\n".join(answered))
                if all(said):
                    yield said


def _turns(block: str, speaker: re.Pattern[str]) -> list[tuple[bool, list[str]]]:
    """(by the user, lines) of each turn."""
    turns: list[tuple[bool, list[str]]] = []
    for line in block.strip().splitlines():
        if match := speaker.match(line):
            turns.append((match["user"] is not None, [line[match.end() :]]))
        elif turns:
            turns[-1][1].append(line)
    return turns
