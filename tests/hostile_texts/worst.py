"""Texts that take a careless pattern for ever, and what Troupe does with texts of others."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

from bot.discord_bot.replying.defusing import defused
from bot.discord_bot.replying.splitting import split
from bot.engine.ruled_ending import certain_part
from bot.errors import TroupeError
from bot.personas.catalog import PersonaCatalog
from bot.personas.character_cards import read_character_card
from bot.personas.character_cards.macros import Macros
from bot.personas.character_cards.shortening import cut, cut_speech, first_sentence
from bot.personas.letter_folding import compose, fold
from bot.personas.lore import LoreEntry, LoreRoom, told
from bot.personas.rules import Rules
from bot.prompt import Message, PromptRenderer
from bot.prompt.names import plain_name, visible_name
from bot.prompt.thoughts import ThoughtFilter, without_thoughts
from bot.retraining.runs import progress_in
from tests.fakes import CharacterTokenizer
from tests.personas.cards import v2
from training.dataset.answer_quality import echoes, flaw_of
from training.dataset.near_duplicates import NearDuplicates
from training.dataset.personal_data import scrub
from training.importing.importer import read_import
from training.importing.request import ImportRequest
from training.judging.answer_matching import agrees, denies, says, sentences_in
from training.judging.metrics import repetition
from training.studies.figures import is_script
from training.taste.rejection import beginnings

SIZE = 100_000
UNITS = (
    "a", "a ", "A. ", " ", "\n", " \n", "\t", "1", "0", "1 ", "1.", "+1 ", "-", "_", "*", "`", "```", "```a\n", "@",
    "<@1", "<", "<|", "[", "(", "()", "{", "{{", "{{a", "{{user}}", "{{roll:999d6}}", "{{trim}}", "# ", "<think>",
    "<START>\n", "a: ", "A: b\n", "http://", "www.a.", "a@b.c ", "a@", "discord.com/", "/", "\\", '"', "'", "…", "!",
    "。", "漢", "ไ", "e\u0301", "\u0301", "\u200d", "👨‍👩‍👧", "\U0001f1e9", "\u202e", "|", "&", "^", ";", ",", "? ",
    "word word2 ", "MTI.", "12/31/23, 9:15 PM - ", "[12:00] <", "\x1b[", "DE89 3704 ", "call me ",
)  # fmt: skip
ENDS = ("", "x", "\x00")  # a pattern that matched all the way is held up by what it cannot end with


def worst_texts(size: int = SIZE) -> Iterator[str]:
    yield from (row(unit, "x", size) for unit in UNITS)
    for beginning in ("<", "[", "{{", "```", "@", "("):
        yield from (beginning + unit * size for unit in "a \n")


def row(unit: str, end: str, size: int) -> str:
    return unit * (size // len(unit)) + end


def own_worst_rows(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Units and ends of rows, made of what the pattern's source is written with."""
    source = pattern.pattern
    letters = dict.fromkeys(["a", " ", "\n", "0", "A", "漢", *re.findall(r"[A-Za-z]+|\d|[^\w\s\\]", source)])
    for unit in [*list(letters)[:40], *(one + " " for one in list(letters)[6:14])]:
        yield from ((unit, end) for end in ENDS)


BOOK = [LoreEntry(keys=tuple("a" * (length + number + 1) for length in range(50)), content="x") for number in range(40)]
RULES = Rules(
    forbidden_characters=("q",), forbidden_words=("zebra", "a a b"), max_words=10**6, max_sentences=10**6,
    max_characters=10**6, endings=("!",),
)  # fmt: skip
RENDERER = PromptRenderer(CharacterTokenizer())


def _thoughts(text: str) -> None:
    thoughts = ThoughtFilter()
    for start in range(0, len(text), 90):
        thoughts.push(text[start : start + 90])


def _near(text: str) -> None:
    seen = NearDuplicates()
    seen.add(text)
    seen.add(text + "b")


def _card(text: str) -> None:
    told_of = {"name": text[:50], "description": text, "first_mes": text, "mes_example": text, "scenario": text}
    read_character_card(v2(**told_of))


def _imported(ending: str, speaker: str | None = None) -> Callable[[str], object]:
    folder = Path(mkdtemp())
    (folder / "parrot").mkdir()
    card = 'name = "parrot"\ndisplay_name = "Parrot"\ndescription = "A bird."\n'
    (folder / "parrot" / "persona.toml").write_text(card)
    file = folder / f"said{ending}"

    def read(text: str) -> None:
        file.write_text(text, encoding="utf-8")
        read_import(PersonaCatalog(folder), "parrot", ImportRequest(file, speaker=speaker))

    return read


def _ruled(text: str) -> None:
    RULES.accept(text)
    certain_part(text)


def _matched(text: str) -> None:
    says(text, ["a b c", "yes"])
    agrees(text)
    denies(text)
    sentences_in(text)


READERS: dict[str, Callable[[str], object]] = {
    "splitting": split,
    "defusing": defused,
    "a name in a prompt": plain_name,
    "a visible name": visible_name,
    "thoughts": without_thoughts,
    "thoughts in pieces": _thoughts,
    "prompts": lambda text: RENDERER.prompt_ids([Message("system", text), Message("user", text)]),
    "macros": lambda text: Macros("Bird", {"description": "x" * 100}).written_out(text, "you"),
    "shortening": lambda text: (cut(text, 5000), cut_speech(text, 5000), first_sentence(text, 100)),
    "lorebooks": lambda text: told(BOOK, [text], LoreRoom(), len),
    "folding": lambda text: (fold(text), compose(text)),
    "rules": _ruled,
    "personal data": scrub,
    "near duplicates": _near,
    "answer quality": lambda text: (flaw_of(text), echoes(text, text)),
    "answers": _matched,
    "repetition": repetition,
    "scripts": is_script,
    "beginnings": beginnings,
    "progress": progress_in,
    "cards": _card,
    "imported chats": _imported(".txt", "A"),
    "imported rows": _imported(".jsonl"),
    "imported tables": _imported(".csv"),
}


def read_worst(name: str, text: str) -> None:
    with contextlib.suppress(TroupeError):
        READERS[name](text)
