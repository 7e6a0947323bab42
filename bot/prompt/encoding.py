"""Text to token ids, so that only a chat template writes control tokens: what people write stays text.

A chat template and the words in it are encoded together, because tokens may span the seam between them. Control
tokens of the template travel under sealed names that nobody can type; under their own names they are plain text.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import tokenizers

# A template's control tokens, and tokens that others added in the manner of such: <think>, [INST], {{x}}, ◁think▷.
_CONTROL_LIKE = re.compile(r"[<\[{◁].*[>\]}▷]", re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udfff]")
# Noncharacters, which no text needs: they seal names here and mark places in `bot.prompt.chat_template`.
_RESERVED = re.compile("[\ufdd0-\ufdef]")

_NO_LETTER = "\U0010fffd"  # becomes what a model has for the unknown, which may well be a control token


class Piece(NamedTuple):
    """Text of a chat template, or `said`: words that somebody wrote."""

    text: str
    said: bool


def well_formed(text: str) -> str:
    """`text` without half surrogate pairs, which no encoder takes, and without what is reserved here."""
    if _SURROGATES.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _RESERVED.sub("\N{REPLACEMENT CHARACTER}", text)


class TextEncoder:
    """Encodes with a transformers tokenizer, fast or slow."""

    def __init__(self, tokenizer: Any) -> None:
        added = dict(tokenizer.added_tokens_decoder)
        names = {str(token): index for index, token in added.items() if _is_control(token)}
        self._control = any_of(names)
        self._splitting = re.compile(f"({self._control.pattern})")
        backend = getattr(tokenizer, "backend_tokenizer", None)
        self._runs: _SealedNames | _RunByRun
        if backend is None:
            self._runs = _RunByRun(tokenizer, names)
        else:
            self._runs = _SealedNames(backend, added, names)

    def ids(self, pieces: Sequence[Piece]) -> list[int]:
        """Control tokens are read in the template's pieces only."""
        runs = [run for piece in pieces for run in self._split(piece)]
        return self._runs.ids(runs)

    def up_to_control(self, text: str) -> str:
        """The beginning of a template's text up to its first control token; "" where it has none."""
        found = self._control.search(text)
        return text[: found.end()] if found else ""

    def _split(self, piece: Piece) -> list[Piece]:
        """The piece as runs of plain text (`said`) and names of control tokens."""
        if piece.said:
            return [Piece(well_formed(piece.text), True)]
        parts = self._splitting.split(piece.text)
        return [Piece(part, place % 2 == 0) for place, part in enumerate(parts) if part]


class _SealedNames:
    """One pass of a fast tokenizer whose control tokens bear sealed names: ordinary text gets the ids it always had.

    The twin shares the model, the normalizer and the pre-tokenizer; only its added tokens are its own.
    """

    def __init__(self, backend: tokenizers.Tokenizer, added: Mapping[int, Any], names: Mapping[str, int]) -> None:
        self._twin = tokenizers.Tokenizer(backend.model)
        if backend.normalizer is not None:
            self._twin.normalizer = backend.normalizer
        if backend.pre_tokenizer is not None:
            self._twin.pre_tokenizer = backend.pre_tokenizer
        self._sealed = {name: f"\ufdd0{index}\ufdd1" for name, index in names.items()}
        self._twin.add_tokens(
            [self._sealed_token(added[index]) for index in sorted(added)]
        )  # at once: each call is slow
        own = {index: self._twin.token_to_id(self._name(token)) for index, token in added.items()}
        self._true_ids = {twin: index for index, twin in own.items() if twin is not None}
        unknown = self._twin.encode(_NO_LETTER, add_special_tokens=False).ids
        self._leaks = set(names.values()) - set(self._true_ids) - set(unknown)
        self._typed = any_of(names)

    def _sealed_token(self, token: Any) -> tokenizers.AddedToken:
        flags = {flag: getattr(token, flag) for flag in ("single_word", "lstrip", "rstrip", "normalized")}
        return tokenizers.AddedToken(self._name(token), **flags)

    def _name(self, token: Any) -> str:
        return self._sealed.get(str(token), str(token))

    def ids(self, runs: Sequence[Piece]) -> list[int]:
        ids = self._encode(runs)
        if self._leaks.isdisjoint(ids):
            return [self._true_ids.get(index, index) for index in ids]
        # A model that looks whole words up finds a control token by its name alone: the name is broken.
        broken = [Piece(self._typed.sub(_broken, run.text), True) if run.said else run for run in runs]
        return [self._true_ids.get(index, index) for index in self._encode(broken) if index not in self._leaks]

    def _encode(self, runs: Sequence[Piece]) -> list[int]:
        text = "".join(run.text if run.said else self._sealed[run.text] for run in runs)
        return list(self._twin.encode(text, add_special_tokens=False).ids)


class _RunByRun:
    """A slow tokenizer, asked for each run of plain text alone."""

    def __init__(self, tokenizer: Any, names: Mapping[str, int]) -> None:
        self._tokenizer = tokenizer
        self._names = names

    def ids(self, runs: Sequence[Piece]) -> list[int]:
        ids: list[int] = []
        text = ""
        for run in runs:
            if run.said:
                text += run.text
            else:
                ids += [*self._plain(text), self._names[run.text]]
                text = ""
        return [*ids, *self._plain(text)]

    def _plain(self, text: str) -> list[int]:
        if not text:
            return []
        return list(self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def _is_control(token: Any) -> bool:
    """Added tokens for runs of white space or for words are ordinary text."""
    return bool(str(token).strip()) and (token.special or _CONTROL_LIKE.fullmatch(str(token).strip()) is not None)


def any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the names, the longest where several begin; nothing where there are none."""
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def _broken(match: re.Match[str]) -> str:
    return f"{match[0][:1]} {match[0][1:]}"
