"""What an import takes: the checks on what a reader found, and writing it beside a persona."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bot.errors import DatasetError, PublishError
from bot.personas.catalog import Pair, PersonaCatalog
from bot.versions.registry import write_atomically
from training.dataset.answer_quality import Flaw, flaw_of
from training.dataset.near_duplicates import normal
from training.dataset.personal_data import scrub
from training.importing.archives import open_sources
from training.importing.formats import format_of
from training.importing.found import BadRow, Found, Skipped, plural
from training.importing.markup import clean_answer, clean_prompt
from training.importing.request import ImportRequest

Key = tuple[str, ...]

LONGEST_TEXT = 8_000  # characters: far above what any training.max_tokens takes
_BROKEN = re.compile("[\ud800-\udfff\ufffd]")
_CONTROL = dict.fromkeys(set(range(32)) - {9, 10} | {127})


@dataclass(frozen=True)
class Import:
    """What one file gives: the examples that are taken and the rows that are not, in the file's order."""

    file: Path
    format: str
    encoding: str
    taken: tuple[Found, ...]
    skipped: tuple[Skipped, ...]

    @property
    def pairs(self) -> list[Pair]:
        return [found.example for found in self.taken if isinstance(found.example, Pair)]

    @property
    def texts(self) -> list[str]:
        return [found.example for found in self.taken if isinstance(found.example, str)]

    @property
    def rejected(self) -> int:
        """Examples that came with an answer which was liked less; that one is never learned as a good one."""
        return sum(found.rejected is not None for found in self.taken)

    @cached_property
    def reasons(self) -> Counter[str]:
        return Counter(skipped.reason for skipped in self.skipped)

    @cached_property
    def left_out(self) -> Counter[str]:
        """What the taken examples came without: thoughts, tools' turns, system prompts."""
        return Counter(what for found in self.taken for what in found.left_out)


def read_import(catalog: PersonaCatalog, persona: str, request: ImportRequest) -> Import:
    """What the file holds for the persona. Raises DatasetError, with counts and reasons, when nothing can be used."""
    sources = open_sources(request.file, request.encoding)
    kind = format_of(sources, request.format)
    checks = _Checks(catalog, persona)
    taken: list[Found] = []
    skipped: list[Skipped] = []
    for one in kind.read(sources, request):
        checked = checks.judged(one) if isinstance(one, Found) else one
        if isinstance(checked, Found):
            taken.append(checked)
        else:
            skipped.append(checked)
    result = Import(request.file, kind.name, sources[0].encoding, tuple(taken), tuple(skipped))
    if not taken:
        raise DatasetError(_nothing(result))
    return result


def write_import(result: Import, folder: Path, out: Path | None = None) -> list[tuple[Path, int]]:
    """Add the examples to the persona's files in `folder`, or write them to `out`; the files and their new rows.

    Each file is replaced at once or not at all. Raises DatasetError when it cannot be written.
    """
    rows = [_row(found.example) for found in result.taken]
    if out is not None:
        _replace(out, rows, b"")
        return [(out, len(rows))]
    written = []
    for name, kind in (("examples.jsonl", Pair), ("texts.jsonl", str)):
        chosen = [_row(found.example) for found in result.taken if isinstance(found.example, kind)]
        if chosen:
            path = folder / name
            _replace(path, chosen, path.read_bytes() if path.exists() else b"")
            written.append((path, len(chosen)))
    return written


class _Checks:
    """Cleans examples and tells which cannot be learned; each is taken once."""

    def __init__(self, catalog: PersonaCatalog, persona: str) -> None:
        earlier: list[Pair | str] = [*catalog.examples(persona), *catalog.texts(persona)]
        self._known = {_key(example): "is there already" for example in earlier}
        self._held_out = frozenset(map(normal, catalog.heldout_prompts(persona)))
        self._character = catalog.get(persona).display_name

    def judged(self, found: Found) -> Found | Skipped:
        if any(len(text) > LONGEST_TEXT for text in _texts(found.example)):
            return Skipped(found.line, f"is longer than {LONGEST_TEXT:,} characters")
        try:
            cleaned = self._cleaned(found)
        except BadRow as bad:
            return Skipped(found.line, str(bad))
        key = _key(cleaned.example)
        reason = _fault(cleaned.example) or self._known.get(key) or self._prompt_fault(cleaned.example)
        if reason is not None:
            return Skipped(found.line, reason)
        self._known[key] = f"says the same as line {found.line}"
        return cleaned

    def _cleaned(self, found: Found) -> Found:
        """Without control characters, thoughts, tokens and macros; and all but an answer without personal data."""
        if isinstance(found.example, str):
            text = clean_answer(found.example, self._character)
            return replace(found, example=_public(text.text), left_out=(*found.left_out, *text.cut))
        answer = clean_answer(found.example.completion, self._character)
        prompt = _public(clean_prompt(found.example.prompt, self._character))
        history = tuple(replace(turn, content=self._said(turn.role, turn.content)) for turn in found.example.history)
        pair = Pair(prompt, _printable(answer.text), history if all(turn.content for turn in history) else ())
        return replace(found, example=pair, left_out=(*found.left_out, *answer.cut))

    def _said(self, role: str, content: str) -> str:
        if role == "user":
            return _public(clean_prompt(content, self._character))
        try:
            return _public(clean_answer(content, self._character).text)
        except BadRow as reason:
            raise BadRow(f"what was said before: {reason}") from None

    def _prompt_fault(self, example: Pair | str) -> str | None:
        if isinstance(example, Pair) and normal(example.prompt) in self._held_out:
            return "its prompt is in heldout.jsonl, which judges the persona"
        return None


def _public(text: str) -> str:
    return scrub(_printable(text))[0]


def _printable(text: str) -> str:
    return text.translate(_CONTROL).strip()


def _fault(example: Pair | str) -> str | None:
    """Why a checked example cannot be learned; None when it can."""
    answer = example if isinstance(example, str) else example.completion
    if not answer or (isinstance(example, Pair) and not example.prompt):
        return "has no text in it"
    if any(
        "\ud800" <= character <= "\udfff" or character == "\ufffd" for text in _texts(example) for character in text
    ):
        return "holds broken characters"
    flaw = flaw_of(answer)
    if flaw and not (isinstance(example, str) and flaw is Flaw.LOOPING):  # names and refrains repeat in a script
        return f"its answer is {flaw}"
    _, found = scrub(answer)
    return f"its answer holds {found[0]}" if found else None


def _texts(example: Pair | str) -> Iterator[str]:
    if isinstance(example, str):
        yield example
    else:
        yield from (example.prompt, example.completion, *(turn.content for turn in example.history))


def _key(example: Pair | str) -> Key:
    return tuple(map(normal, _texts(example)))


def _row(example: Pair | str) -> str:
    if isinstance(example, str):
        return json.dumps({"text": example}, ensure_ascii=False)
    row: dict[str, object] = {"prompt": example.prompt, "completion": example.completion}
    if example.history:
        row["history"] = [{"role": turn.role, "content": turn.content} for turn in example.history]
    return json.dumps(row, ensure_ascii=False)


def _replace(path: Path, rows: list[str], before: bytes) -> None:
    earlier = before.decode("utf-8")
    if earlier and not earlier.endswith("\n"):
        earlier += "\n"
    try:
        write_atomically(path, earlier + "".join(f"{row}\n" for row in rows))
    except PublishError as error:
        raise DatasetError(str(error)) from None


def _nothing(result: Import) -> str:
    listed = "; ".join(f"{count} × {reason}" for reason, count in result.reasons.most_common(3))
    first = f" (the first in line {result.skipped[0].line})" if result.skipped else ""
    return (
        f"{result.file}: nothing was taken of {plural(len(result.skipped), 'row')}, read as {result.format}{first}"
        + (f": {listed}." if listed else ".")
        + " Nothing was written."
    )
